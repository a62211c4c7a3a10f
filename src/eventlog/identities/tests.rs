//! Against a plain map: batches that fail, seals, joins, restarts, and files that are damaged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn name(n: u8) -> Identity {
    Identity::of_signed_id("s", &n.to_string())
}

fn content(n: u8) -> Content {
    Content::of_body(&[n])
}

/// Peaks of a log of that many events.
fn peaks(count: u64) -> Peaks {
    let mut peaks = Peaks::default();
    (0..count)
        .for_each(|number| peaks.push(crate::eventlog::merkle::leaf_hash(&number.to_be_bytes())));
    peaks
}

fn open(folder: &Path) -> Identities {
    Identities::open_sealing(folder, 4, 0, |through, held| *held == peaks(through)).unwrap()
}

/// What happens between two batches.
#[derive(Debug, Clone)]
enum Then {
    Nothing,
    /// A stop and a start.
    Restart,
    /// A start after a kill: nothing was sealed at the end.
    Kill,
    /// A start after a bit of some run has changed.
    Damage(prop::sample::Index, prop::sample::Index, u8),
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        4 => Just(Then::Nothing),
        1 => Just(Then::Restart),
        1 => Just(Then::Kill),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..8)
            .prop_map(|(file, byte, bit)| Then::Damage(file, byte, bit)),
    ]
}

fn damage(folder: &Path, file: prop::sample::Index, byte: prop::sample::Index, bit: u8) {
    let mut paths = run::paths(folder).unwrap();
    if paths.is_empty() {
        return;
    }
    paths.sort();
    let path = &paths[file.index(paths.len())];
    let mut bytes = std::fs::read(path).unwrap();
    let byte = byte.index(bytes.len());
    bytes[byte] ^= 1 << bit;
    std::fs::write(path, bytes).unwrap();
}

/// What the log holds: identity, body, in order.
type Log = Vec<(u8, u8)>;

/// A start: opens the runs and reads the rest from the log.
fn start(folder: &Path, log: &Log) -> Identities {
    let mut identities = open(folder);
    let known = usize::try_from(identities.through()).unwrap();
    for (place, (id, body)) in log.iter().enumerate().skip(known) {
        identities.insert(name(*id), content(*body), place as u64 + 1);
        identities.through = place as u64 + 1;
    }
    identities
}

/// Damage that the start could not see is met by a lookup: then the next start must be right.
fn lookup(identities: &mut Identities, folder: &Path, log: &Log, id: u8, body: u8) -> Lookup {
    for _ in 0..=log.len() {
        match identities.lookup(name(id), content(body)) {
            Ok(known) => return known,
            Err(_) => {
                identities.sealer = None;
                *identities = start(folder, log);
            }
        }
    }
    unreachable!("each start takes one damaged run away")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn knows_what_was_committed_and_nothing_else(
        batches in prop::collection::vec(
            (any::<bool>(), prop::collection::vec((0..60_u8, 0..3_u8), 0..12), then()), 0..24)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut identities = start(folder, &Vec::new());
        let mut log = Log::new();
        let mut model: HashMap<u8, (u8, u64)> = HashMap::new();
        for (lands, batch, then) in batches {
            let mut next = identities.through() + 1;
            let mut added = Vec::new();
            for (id, body) in batch {
                let known = model.get(&id).or_else(|| {
                    added.iter().find(|(other, _)| *other == id).map(|(_, known)| known)
                });
                let expected = match known {
                    None => Lookup::New,
                    Some((same, seq)) if *same == body => Lookup::Duplicate(*seq),
                    Some((_, seq)) => Lookup::Other(*seq),
                };
                // A batch under way is not disturbed by a start.
                if added.is_empty() {
                    let found = lookup(&mut identities, folder, &log, id, body);
                    prop_assert_eq!(found, expected);
                } else if let Ok(found) = identities.lookup(name(id), content(body)) {
                    prop_assert_eq!(found, expected);
                }
                if expected == Lookup::New {
                    identities.insert(name(id), content(body), next);
                    added.push((id, (body, next)));
                    next += 1;
                }
            }
            if lands {
                log.extend(added.iter().map(|(id, (body, _))| (*id, *body)));
                model.extend(added);
                identities.confirm(&peaks(log.len() as u64));
            } else {
                added.iter().for_each(|(id, (_, seq))| identities.forget(name(*id), *seq));
            }
            match then {
                Then::Nothing => continue,
                Then::Restart => identities.close(&peaks(log.len() as u64)),
                Then::Kill => drop(identities),
                Then::Damage(file, byte, bit) => {
                    drop(identities);
                    damage(folder, file, byte, bit);
                }
            }
            identities = start(folder, &log);
        }
        for id in 0..60 {
            let found = lookup(&mut identities, folder, &log, id, 0) != Lookup::New;
            prop_assert_eq!(found, model.contains_key(&id));
        }
    }
}

/// Small runs are joined: what was sealed a hundred times lies in a handful of files.
#[test]
fn few_runs_have_to_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut identities = start(folder.path(), &Vec::new());
    for n in 0..200 {
        identities.insert(name(n), content(n), u64::from(n) + 1);
        identities.confirm(&peaks(u64::from(n) + 1));
    }
    identities.close(&peaks(200));
    let log = (0..200).map(|n| (n, n)).collect();
    // What a stop leaves is joined at the next start.
    drop(start(folder.path(), &log));
    let runs = run::paths(folder.path()).unwrap();
    assert!((1..=5).contains(&runs.len()), "{runs:?}");
    let identities = start(folder.path(), &log);
    assert_eq!(identities.through(), 200);
    assert!(identities.recent.sorted().is_empty());
    let known = |n| identities.lookup(name(n), content(n)).unwrap();
    assert!((0..200).all(|n| known(n) == Lookup::Duplicate(u64::from(n) + 1)));
    assert_eq!(known(200), Lookup::New);
}

/// The log was rolled back or is another: its runs are not believed.
#[test]
fn runs_of_another_log_are_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut identities = start(folder.path(), &Vec::new());
    for n in 0..9 {
        identities.insert(name(n), content(n), u64::from(n) + 1);
        identities.confirm(&peaks(u64::from(n) + 1));
    }
    identities.close(&peaks(9));
    let identities = Identities::open(folder.path(), 0, |_, _| false).unwrap();
    assert_eq!(identities.through(), 0);
    assert!(run::paths(folder.path()).unwrap().is_empty());
    assert_eq!(identities.lookup(name(1), content(1)).unwrap(), Lookup::New);
}
