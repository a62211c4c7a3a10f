//! Stores that are not as they were left: cut, flipped, emptied, put back, forged. They are refused
//! with a sentence, or `verify` names what is damaged; they never show wrong or fewer events.

#[path = "damage/forged.rs"]
mod forged;

use std::fs;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::Rng;
use subledger::eventlog::{
    Damage, Engine, Finding, OpenError, OpenOptions, Purpose, Walk, Warning, Witness, open,
};
use tempfile::TempDir;

use self::forged::forge;
use crate::rig::{World, body, copy_dir, folder, now, options, seeded};

const EVENTS: u64 = 240;

/// A store of [`EVENTS`] events in 24 pages or more, left as a kill or as a stop leaves it.
fn store(is_clean: bool) -> TempDir {
    let (data, copy) = (folder(), folder());
    let world = World::open(&options(data.path())).unwrap();
    for first in (0..EVENTS).step_by(10) {
        world.record_all(first + 1..=first + 10);
    }
    if is_clean {
        world.stop();
        // A store that was opened again has a snapshot of sled's tables.
        World::open(&options(data.path())).unwrap().stop();
        return data;
    }
    let witness = data.path().join("witness.json");
    crate::rig::eventually("a witness of all events", || {
        Witness::read(&witness)
            .unwrap()
            .is_some_and(|witness| witness.seq() == EVENTS)
    });
    copy_dir(data.path(), copy.path());
    world.stop();
    copy
}

fn damages(engine: &dyn Engine, witness: Option<&Witness>) -> Vec<Damage> {
    let mut found = Vec::new();
    let walk = Walk::new(engine, witness, &[]).unwrap();
    let mut take = |finding: Finding<'_>| match finding {
        Finding::Damage(damage) => found.push(damage),
        Finding::Record(record) => assert_eq!(record.body(), body(record.seq())),
    };
    walk.run(&mut take).unwrap();
    found
}

fn is_sentence(text: &str) -> bool {
    text.len() > 20 && !text.contains('\n')
}

/// Opens a damaged store for serving and for inspection; both must say what is wrong, or nothing
/// may be wrong. Answers whether anything was noticed.
fn examine(data: &Path) -> bool {
    let examined = catch_unwind(AssertUnwindSafe(|| {
        let copy = folder();
        copy_dir(data, copy.path());
        let mut noticed = false;
        for (data, purpose) in [(copy.path(), Purpose::Serve), (data, Purpose::Inspect)] {
            let witness = Witness::read(&data.join("witness.json")).ok().flatten();
            match open(
                &OpenOptions {
                    purpose,
                    ..options(data)
                },
                now(),
            ) {
                Err(error) => {
                    assert!(is_sentence(&error.to_string()), "{error}");
                    noticed = true;
                }
                Ok(opened) => {
                    let found = damages(opened.engine.as_ref(), witness.as_ref());
                    noticed |= !found.is_empty();
                    let last = opened.engine.last().unwrap().last_seq;
                    assert!(
                        !found.is_empty() || last == EVENTS,
                        "silently {last} events"
                    );
                }
            }
        }
        noticed
    }));
    examined.expect("a damaged store must never panic")
}

fn damaged(template: &Path, damage: impl FnOnce(&Path)) -> TempDir {
    let data = folder();
    copy_dir(template, data.path());
    damage(data.path());
    data
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// The bytes of `db` that hold something; the rest of its segment is zeros.
fn used(db: &[u8]) -> usize {
    db.iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

#[test]
fn flipped_bits_zeroed_blocks_and_junk_never_go_unnoticed_or_panic() {
    let mut rng = seeded();
    for is_clean in [false, true] {
        let template = store(is_clean);
        assert!(
            !examine(damaged(template.path(), |_| {}).path()),
            "the harness is sound"
        );
        let mut noticed = 0;
        for round in 0..14 {
            let data = damaged(template.path(), |data| {
                change(&data.join("log/db"), |db| {
                    let at = rng.random_range(0..used(db));
                    match round % 7 {
                        0 => db.extend_from_slice(&[0x5A; 3_000]),
                        1 => {
                            let end = db.len().min(at + 4096);
                            db[at..end].fill(0);
                        }
                        _ => db[at] ^= 1 << rng.random_range(0..8),
                    }
                });
            });
            noticed += usize::from(examine(data.path()));
        }
        assert!(noticed > 0, "no damage was noticed at all");
    }
}

#[test]
fn a_shortened_file_is_refused_and_left_alone() {
    let template = store(true);
    let whole = fs::read(template.path().join("log/db")).unwrap();
    for len in [0, 1, 511, 4096, whole.len() / 2, whole.len() - 1] {
        let data = damaged(template.path(), |data| {
            change(&data.join("log/db"), |db| db.truncate(len))
        });
        for purpose in [Purpose::Serve, Purpose::Inspect] {
            let refused = open(
                &OpenOptions {
                    purpose,
                    ..options(data.path())
                },
                now(),
            )
            .err();
            assert!(
                matches!(refused, Some(OpenError::Shorter { .. })),
                "{refused:?}"
            );
        }
        assert_eq!(fs::read(data.path().join("log/db")).unwrap(), whole[..len]);
    }
    let data = damaged(template.path(), |data| {
        fs::remove_dir_all(data.join("log")).unwrap()
    });
    let refused = open(&options(data.path()), now()).err();
    assert!(
        matches!(refused, Some(OpenError::Shorter { found: 0, .. })),
        "{refused:?}"
    );
    assert!(
        !data.path().join("log").exists(),
        "nothing is made where a store is missing"
    );
}

#[test]
fn the_files_beside_it_may_be_damaged_too() {
    for is_clean in [false, true] {
        let template = store(is_clean);
        let names = fs::read_dir(template.path().join("log")).unwrap();
        let names: Vec<PathBuf> = names
            .map(|entry| entry.unwrap().file_name().into())
            .collect();
        for name in names
            .iter()
            .filter(|name| !name.ends_with("db") && !name.ends_with("blobs"))
        {
            let path = Path::new("log").join(name);
            examine(
                damaged(template.path(), |data| {
                    fs::remove_file(data.join(&path)).unwrap()
                })
                .path(),
            );
            let flip = |data: &Path| {
                change(&data.join(&path), |bytes| {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 0x10;
                });
            };
            examine(damaged(template.path(), flip).path());
        }
    }
}

#[test]
fn a_witness_that_is_missing_is_made_again_and_a_garbled_one_is_named() {
    let template = store(true);
    let missing = damaged(template.path(), |data| {
        fs::remove_file(data.join("witness.json")).unwrap()
    });
    let opened = open(&options(missing.path()), now()).unwrap();
    assert!(matches!(opened.warnings[..], [Warning::WitnessMissing(_)]));
    assert!(is_sentence(&opened.warnings[0].to_string()));
    drop(opened);
    assert_eq!(open(&options(missing.path()), now()).unwrap().warnings, []);

    let garbled = damaged(template.path(), |data| {
        change(&data.join("witness.json"), |bytes| bytes.truncate(40));
    });
    let refused = open(&options(garbled.path()), now()).err().unwrap();
    assert!(matches!(refused, OpenError::Witness(_)) && is_sentence(&refused.to_string()));
}

#[test]
fn an_older_copy_of_the_store_is_refused_unless_it_is_accepted() {
    let data = store(true);
    let backup = folder();
    copy_dir(&data.path().join("log"), backup.path());
    let world = World::open(&options(data.path())).unwrap();
    world.record_all(EVENTS + 1..=EVENTS + 5);
    world.stop();
    fs::remove_dir_all(data.path().join("log")).unwrap();
    copy_dir(backup.path(), &data.path().join("log"));

    let refused = open(&options(data.path()), now()).err().unwrap();
    assert!(
        matches!(
            refused,
            OpenError::RolledBack(_) | OpenError::Shorter { .. }
        ),
        "{refused}"
    );
    assert!(is_sentence(&refused.to_string()));
    let accepting = OpenOptions {
        accept_rollback: true,
        ..options(data.path())
    };
    let opened = open(&accepting, now()).unwrap();
    let rollback = opened.accepted_rollback.unwrap();
    assert_eq!(
        (rollback.witness_seq, rollback.store_seq),
        (EVENTS + 5, EVENTS)
    );
    drop(opened);
    let opened = open(&options(data.path()), now()).unwrap();
    assert_eq!(
        (opened.accepted_rollback, opened.head.seq()),
        (None, EVENTS)
    );
}

#[test]
fn another_store_of_the_same_length_is_refused() {
    let (data, other) = (store(true), store(true));
    fs::remove_dir_all(data.path().join("log")).unwrap();
    copy_dir(&other.path().join("log"), &data.path().join("log"));
    // Salts are random, so that two logs of the same events differ.
    let refused = open(&options(data.path()), now()).err().unwrap();
    assert!(matches!(refused, OpenError::RolledBack(_)), "{refused}");
}

#[test]
fn one_store_cannot_be_opened_twice() {
    let data = store(true);
    let opened = open(&options(data.path()), now()).unwrap();
    for purpose in [Purpose::Serve, Purpose::Inspect] {
        let refused = open(
            &OpenOptions {
                purpose,
                ..options(data.path())
            },
            now(),
        )
        .err()
        .unwrap();
        assert!(matches!(refused, OpenError::Locked(_)), "{refused}");
    }
    drop(opened);
    assert!(open(&options(data.path()), now()).is_ok());
}

#[test]
fn an_inspection_makes_no_store_and_writes_none() {
    let data = folder();
    let inspect = OpenOptions {
        purpose: Purpose::Inspect,
        ..options(data.path())
    };
    assert!(matches!(open(&inspect, now()), Err(OpenError::NoStore(_))));
    let data = store(true);
    let inspect = OpenOptions {
        purpose: Purpose::Inspect,
        ..options(data.path())
    };
    let witness = fs::read(data.path().join("witness.json")).unwrap();
    let world = World::open(&inspect).unwrap();
    assert!(world.record(EVENTS + 1).is_err());
    assert_eq!(world.log().last_seq(), Ok(EVENTS));
    world.stop();
    assert_eq!(fs::read(data.path().join("witness.json")).unwrap(), witness);
}

#[test]
fn a_store_of_a_later_format_is_left_alone() {
    let data = store(true);
    forge(data.path(), |db| {
        let header = br#"{"format":2,"who":"knows"}"#.as_slice();
        db.insert([0; 10], header).unwrap();
    });
    let refused = open(&options(data.path()), now()).err().unwrap();
    assert!(
        matches!(refused, OpenError::Newer { found: 2, .. }),
        "{refused}"
    );
}
