//! Single bits of a store flipped, anywhere in it: each is refused at the opening or found by the
//! check, or the root and every record are what they were, because nothing was there.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rand::Rng as _;
use subledger::eventlog::{Log, OpenOptions, Purpose, open};
use subledger::ledger::audit::Verification;

use crate::rig::{folder, now, options, seeded};

const STORE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/store-v1.tar.gz"
);
/// A few seconds' worth; `FLIPS` asks for more, as `.ci/run` does.
const FLIPS: usize = 200;

/// What is there to be seen of a store: its root and every record, or that something is wrong.
#[derive(PartialEq)]
enum Seen {
    Refused,
    Damaged,
    Whole(String, Vec<bytes::Bytes>),
}

fn look(data: &Path) -> Seen {
    let inspect = OpenOptions {
        purpose: Purpose::Inspect,
        ..options(data)
    };
    let Ok(opened) = open(&inspect, now()) else {
        return Seen::Refused;
    };
    let mut against = Verification::new(Arc::clone(&opened.engine));
    against.witness.clone_from(&opened.witness);
    let report = against.run(&mut |_| Ok(())).unwrap();
    if !report.intact {
        return Seen::Damaged;
    }
    let records = Log::new(opened.engine).records(1);
    let stored = records.map(|record| record.unwrap().stored_bytes().clone());
    Seen::Whole(report.root, stored.collect())
}

fn files(log: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn a_flipped_bit_is_refused_or_found_or_nothing_was_there() {
    let data = folder();
    let unpacked = Command::new("tar")
        .args(["-xzf", STORE, "-C"])
        .arg(data.path())
        .status();
    assert!(unpacked.unwrap().success(), "tar is part of every system");
    let whole = look(data.path());
    assert!(matches!(whole, Seen::Whole(..)), "the control");
    let flips = std::env::var("FLIPS").map_or(FLIPS, |text| text.parse().unwrap());
    let (mut chance, mut noticed) = (seeded(), 0);
    let db = data.path().join("log/db");
    let files = files(db.parent().unwrap());
    for round in 0..flips {
        // Most where records are; the rest of the store's file, and those beside it, now and then.
        let path = match round % 8 {
            0 => &files[chance.random_range(0..files.len())],
            _ => &db,
        };
        let good = fs::read(path).unwrap();
        let used = good.iter().rposition(|byte| *byte != 0);
        let end = if round % 16 == 1 {
            good.len()
        } else {
            used.map_or(good.len(), |last| last + 1)
        };
        if end == 0 {
            continue;
        }
        let (at, bit) = (chance.random_range(0..end), chance.random_range(0..8_u8));
        let mut bad = good.clone();
        bad[at] ^= 1 << bit;
        fs::write(path, &bad).unwrap();
        let what = format!("{} at {at} bit {bit}", path.display());
        let seen = catch_unwind(AssertUnwindSafe(|| look(data.path())));
        let seen = seen.unwrap_or_else(|_| panic!("{what}: a panic"));
        match seen {
            Seen::Refused | Seen::Damaged => noticed += 1,
            Seen::Whole(..) => assert!(seen == whole, "{what}: other records, unnoticed"),
        }
        fs::write(path, &good).unwrap();
    }
    assert!(noticed * 2 > flips, "{noticed} of {flips} were noticed");
    assert!(look(data.path()) == whole);
}
