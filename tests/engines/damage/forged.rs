//! Stores that somebody changed who knows their format: every checksum is right, and `verify` names
//! what was changed all the same.

use super::*;

/// Writes through sled, so that its checksums are right.
pub(super) fn forge(data: &Path, forge: impl FnOnce(&sled::Db)) {
    let config = sled::Config::default()
        .path(data.join("log"))
        .segment_size(8 * 1024 * 1024);
    let db = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        config.open().ok()
    });
    let db = db.unwrap();
    forge(&db);
    db.flush().unwrap();
}

/// The first page after seq 100 with at least three records, as sled holds it in its one chunk.
fn victim(db: &sled::Db) -> (sled::IVec, Vec<u8>, RangeInclusive<u64>) {
    let seq = |key: &[u8]| u64::from_be_bytes(key[..8].try_into().unwrap());
    let chunks: Vec<_> = db.iter().map(Result::unwrap).collect();
    let pair = chunks.windows(2).find(|pair| {
        let (this, next) = (seq(&pair[0].0), seq(&pair[1].0));
        this > 100 && next >= this + 3 && pair[0].0[8..] == [0, 0]
    });
    let [(key, page), (next, _)] = pair.unwrap() else {
        unreachable!()
    };
    (key.clone(), page.to_vec(), seq(key)..=seq(next) - 1)
}

fn checksummed(mut page: Vec<u8>) -> Vec<u8> {
    let covered = page.len() - 4;
    let checksum = crc32fast::hash(&page[..covered]);
    page[covered..].copy_from_slice(&checksum.to_be_bytes());
    page
}

fn find(page: &[u8], text: &[u8]) -> usize {
    page.windows(text.len())
        .position(|window| window == text)
        .unwrap()
}

/// Forges a store and answers what `verify` finds, with and without the witness.
fn forged(
    forgery: impl FnOnce(&sled::Db) -> RangeInclusive<u64>,
) -> (Vec<Damage>, RangeInclusive<u64>) {
    let data = store(true);
    let mut seqs = 0..=0;
    forge(data.path(), |db| seqs = forgery(db));
    let inspect = OpenOptions {
        purpose: Purpose::Inspect,
        ..options(data.path())
    };
    let opened = open(&inspect, now()).unwrap();
    (
        damages(opened.engine.as_ref(), opened.witness.as_ref()),
        seqs,
    )
}

#[test]
fn a_forged_body_is_named_exactly() {
    let (found, seqs) = forged(|db| {
        let (key, mut page, seqs) = victim(db);
        let at = find(&page, b"event 1");
        page[at + 8] ^= 1;
        db.insert(key, checksummed(page)).unwrap();
        seqs
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(seqs.contains(&found[0].first_seq) && found[0].first_seq == found[0].last_seq);
}

#[test]
fn a_forged_header_breaks_the_tree() {
    let (found, seqs) = forged(|db| {
        let (key, mut page, seqs) = victim(db);
        let at = find(&page, b"subscription.created");
        page[at] = b'S';
        db.insert(key, checksummed(page)).unwrap();
        seqs
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].first_seq..=found[0].last_seq, seqs);
}

#[test]
fn a_missing_page_and_one_that_is_there_twice_are_named() {
    let (found, seqs) = forged(|db| {
        let (key, _, seqs) = victim(db);
        db.remove(key).unwrap();
        seqs
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].first_seq..=found[0].last_seq, seqs);

    let (found, seqs) = forged(|db| {
        let (mut key, page, seqs) = victim(db);
        let inside = (seqs.start() + 1).to_be_bytes();
        key[..8].copy_from_slice(&inside);
        db.insert(key, page).unwrap();
        seqs
    });
    assert!(
        found.iter().any(|damage| seqs.contains(&damage.first_seq)),
        "{found:?}"
    );
}
