//! A stopped store is cut, replaced, emptied or overwritten behind the ledger's back. The next
//! start refuses with one sentence, or goes on with a warning; it never serves less than was
//! promised as if nothing had happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::load::Book;
use super::rig::{Launch, Rig, chance, eventually, rounds};

fn sha256(path: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(path).unwrap()))
}

/// A store with `events` in it, stopped as it should be.
fn stopped_with(events: u64) -> (Rig, Book) {
    let (rig, book) = (Rig::new(), Book::default());
    let service = rig.start();
    book.send(service.address, events);
    assert_eq!(service.terminate().code, Some(0));
    (rig, book)
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// Two writers would destroy the store; the second is told so, and the first does not notice.
#[test]
fn a_store_has_one_process() {
    let rig = Rig::new();
    let book = Book::default();
    let service = rig.start();
    book.send(service.address, 3);
    for _ in 0..2 {
        let second = rig.refused_start(&[]);
        let sentence = second.refused(1);
        assert!(sentence.contains("another process"), "{sentence}");
    }
    for command in ["verify", "replay"] {
        let ended = rig.run(&[command]);
        let sentence = ended.refused(2);
        assert!(sentence.contains("another process"), "{sentence}");
    }
    book.send(service.address, 3);
    book.check(service.address);
}

/// A restore that broke off, a file system that lost its end: sled alone would open it and cut it.
#[test]
fn a_cut_store_is_refused_and_left_as_it_is() {
    let (rig, _) = stopped_with(200);
    let whole = fs::read(rig.db()).unwrap();
    let mut chance = chance();
    let mut lengths = vec![0, 1, 511, whole.len() - 1];
    lengths.extend((0..4).map(|_| chance.random_range(1..whole.len())));
    for length in lengths {
        fs::write(rig.db(), &whole[..length]).unwrap();
        let before = sha256(&rig.db());
        let ended = rig.refused_start(&[]);
        let sentence = ended.refused(1);
        assert!(sentence.contains("was cut or replaced"), "{sentence}");
        let verified = rig.run(&["verify"]);
        assert_eq!(verified.code, Some(1), "{verified:?}");
        assert!(
            verified.stderr.contains("was cut or replaced"),
            "{verified:?}"
        );
        assert!(verified.stdout.contains("DAMAGED: "), "{verified:?}");
        // What is lost is named, and what is left is not.
        let lost = verified.stdout.starts_with("damaged  ");
        let kept = verified.stdout.contains("DAMAGED: 201 events");
        assert!(lost != kept, "{verified:?}");
        assert_eq!(sha256(&rig.db()), before, "cut to {length}, and touched");
    }
    fs::remove_file(rig.db()).unwrap();
    rig.refused_start(&[]).refused(1);
    assert!(!rig.db().exists());
    fs::write(rig.db(), &whole).unwrap();
    assert_eq!(rig.start().terminate().code, Some(0));
}

/// Yesterday's copy in the place of today's store.
#[test]
fn an_older_copy_is_refused_until_it_is_accepted() {
    let (rig, book) = stopped_with(5);
    let (store, older) = (rig.data_dir.join("log"), rig.path("older"));
    copy(&store, &older);
    let service = rig.start();
    let lost = book.send(service.address, 40);
    assert_eq!(service.terminate().code, Some(0));
    copy(&older, &store);
    let ended = rig.refused_start(&[]);
    let sentence = ended.refused(1);
    assert!(sentence.contains("--accept-rollback"), "{sentence}");
    let again = rig.refused_start(&[]);
    assert_eq!(again.refused(1), sentence, "a refusal changes nothing");
    let accepting = Launch {
        args: &["--accept-rollback"],
        ..Launch::default()
    };
    let service = rig.start_as(&accepting);
    let accepted = service.get("/v1/events?type=log.rollback_accepted").json();
    assert_eq!(accepted["data"].as_array().unwrap().len(), 1, "{accepted}");
    assert_eq!(accepted["data"][0]["source"], "api", "{accepted}");
    // What the provider sends again is recorded again.
    let mut client = service.client();
    for n in lost {
        let answer = super::load::delivery(n).post(&mut client).unwrap();
        assert_eq!(answer.word("status"), "recorded", "{}", answer.text);
    }
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
    let service = rig.start();
    let accepted = service.get("/v1/events?type=log.rollback_accepted").json();
    assert_eq!(
        accepted["data"].as_array().unwrap().len(),
        1,
        "accepted once"
    );
}

/// Without its witness the ledger runs, says that it has lost its protection, and has it again.
#[test]
fn a_missing_witness_is_a_warning() {
    let (rig, book) = stopped_with(5);
    fs::remove_file(rig.witness()).unwrap();
    let service = rig.start();
    book.check(service.address);
    book.send(service.address, 5);
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0));
    let warned = ended.stderr.lines().filter(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["level"] == "WARN" && line["message"].as_str().unwrap().contains("witness")
    });
    assert_eq!(warned.count(), 1, "{}", ended.stderr);
    assert!(rig.witness().exists());
    rig.verify();
}

#[test]
fn a_garbled_witness_is_named() {
    let (rig, book) = stopped_with(5);
    let good = fs::read(rig.witness()).unwrap();
    let mut changed = good.clone();
    let at = changed.iter().position(u8::is_ascii_digit).unwrap() + 20;
    changed[at] ^= 1;
    let newer = String::from_utf8(good.clone()).unwrap();
    let newer = newer.replace("\"version\":1", "\"version\":2").into_bytes();
    for bytes in [
        b"".to_vec(),
        b"junk\xff\n".to_vec(),
        good[..60].to_vec(),
        changed,
        newer,
    ] {
        fs::write(rig.witness(), &bytes).unwrap();
        let ended = rig.refused_start(&[]);
        assert!(ended.refused(1).contains("witness.json"), "{ended:?}");
        assert_eq!(fs::read(rig.witness()).unwrap(), bytes, "it was touched");
    }
    fs::write(rig.witness(), good).unwrap();
    let service = rig.start();
    book.check(service.address);
}

/// A store that a later version wrote is left to that version.
#[test]
fn a_store_of_a_newer_version_is_refused() {
    /// As the engine lays its store out; both are fixed for a store's life.
    const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
    const HEADER_KEY: [u8; 10] = [0; 10];
    let (rig, _) = stopped_with(5);
    let db = sled::Config::default()
        .path(rig.data_dir.join("log"))
        .segment_size(SEGMENT_BYTES)
        .open()
        .unwrap();
    let header = db.get(HEADER_KEY).unwrap().unwrap();
    let mut header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["format"], 1, "{header}");
    header["format"] = 2.into();
    header["unheard_of"] = true.into();
    db.insert(HEADER_KEY, serde_json::to_vec(&header).unwrap())
        .unwrap();
    db.flush().unwrap();
    drop(db);
    let ended = rig.refused_start(&[]);
    let sentence = ended.refused(1);
    assert!(sentence.contains("run the newer version"), "{sentence}");
    let ended = rig.run(&["verify"]);
    assert!(ended.refused(2).contains("run the newer version"));
}

/// Looking changes nothing: sled, when it opens a log, cuts off everything behind the first damaged
/// byte, and with it what a person could still have recovered.
#[test]
fn looking_at_a_store_leaves_every_file_as_it_was() {
    let mut chance = chance();
    let (rig, _) = stopped_with(100);
    for is_damaged in [false, true] {
        if is_damaged {
            damage(&rig.db(), &mut chance, true);
        }
        let before = files(&rig.data_dir);
        for command in ["verify", "replay", "verify"] {
            let ended = rig.run(&[command]);
            assert!(is_damaged || ended.code == Some(0), "{ended:?}");
            assert_eq!(files(&rig.data_dir), before, "{command} changed something");
        }
        // What is left of one that was killed goes with the next.
        fs::create_dir(rig.data_dir.join(".subledger-inspect")).unwrap();
        rig.run(&["verify"]);
        assert_eq!(files(&rig.data_dir), before);
    }
    assert_ne!(rig.run(&["verify"]).code, Some(0), "the damage is seen");
}

/// Every file and folder below `folder`, with the digest of what it holds.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
            found.insert(path, "folder".to_owned());
        } else {
            found.insert(path.clone(), sha256(&path));
        }
    }
    found
}

/// A store as it is after its first life, after a second one, which has sled's own snapshot to
/// start from, and after being killed in its second life.
fn store_after(lives: usize, is_killed: bool) -> (Rig, Book) {
    let (rig, book) = (Rig::new(), Book::default());
    for life in 1..=lives {
        let service = rig.start();
        book.send(service.address, 100);
        if is_killed && life == lives {
            // It is written once a second; what it does not remember yet, it cannot miss.
            eventually("the witness remembers all", || {
                let text = fs::read(rig.witness()).unwrap();
                let witness: Value = serde_json::from_slice(&text).unwrap();
                witness["seq"] == service.get("/v1/stats").json()["last_seq"]
            });
            assert_eq!(service.kill().code, None);
        } else {
            assert_eq!(service.terminate().code, Some(0));
        }
    }
    (rig, book)
}

/// Changed bytes anywhere in the store: refused with one sentence, or served and found by `verify`,
/// or of no consequence. Never a panic on the operator's screen. Unchanged stores are the control:
/// nothing may be found in them, and something must be in the changed ones.
#[test]
fn changed_bytes_never_show_a_panic() {
    let mut chance = chance();
    for (lives, is_killed) in [(1, false), (2, false), (2, true)] {
        let (rig, book) = store_after(lives, is_killed);
        let good = rig.path("good");
        copy(&rig.data_dir, &good);
        assert!(!examine(&rig, &book), "something is found in a good store");
        let mut found = 0;
        for round in 0..rounds(20).div_ceil(3) {
            copy(&good, &rig.data_dir);
            damage(&rig.db(), &mut chance, round % 2 == 0);
            found += u64::from(examine(&rig, &book));
        }
        assert!(found > 0, "no damage was found at all");
    }
}

/// Flips one bit or zeroes a block, where data is: most of a segment may still be empty.
fn damage(db: &Path, chance: &mut StdRng, one_bit: bool) {
    let mut bytes = fs::read(db).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let at = chance.random_range(0..=last);
    if one_bit {
        bytes[at] ^= 1 << chance.random_range(0..8);
    } else {
        let end = (at + 512).min(bytes.len());
        bytes[at..end].fill(0);
    }
    fs::write(db, bytes).unwrap();
    println!("changed at {at} of {last}, one bit: {one_bit}");
}

/// Whether anything was found: a refusal, or damage that `verify` names.
fn examine(rig: &Rig, book: &Book) -> bool {
    let before = sha256(&rig.db());
    let started = match rig.spawn(&Launch::default()).serving() {
        Err(ended) => {
            println!("{}", ended.refused(1));
            // sled would have cut off everything behind the damage.
            assert_eq!(
                sha256(&rig.db()),
                before,
                "a refused start touched the store"
            );
            false
        }
        Ok(service) => {
            let events = service.get("/v1/stats").json()["events"].as_u64();
            let is_whole = events > Some(book.acknowledged() as u64);
            let ended = service.terminate();
            assert!(!ended.stderr.contains("panicked at"), "{}", ended.stderr);
            let verified = rig.run(&["verify"]);
            assert!(is_whole || verified.code == Some(1), "{verified:?}");
            true
        }
    };
    let verified = rig.run(&["verify"]);
    // It ran: whatever was found, it is no failure of the check.
    assert!(matches!(verified.code, Some(0 | 1)), "{verified:?}");
    assert!(!verified.stderr.contains("panicked at"), "{verified:?}");
    !started || verified.code != Some(0)
}

/// Something behind the store's end, as a copy that went wrong leaves it.
#[test]
fn junk_behind_the_end_is_no_harm_or_refused() {
    let (rig, book) = store_after(2, false);
    let whole = fs::read(rig.db()).unwrap();
    let good = rig.path("good");
    copy(&rig.data_dir, &good);
    for junk in [vec![0x5A; 3], vec![0; 4_096], vec![0xFF; 700_000]] {
        fs::write(rig.db(), [&whole[..], &junk].concat()).unwrap();
        examine(&rig, &book);
        // Its witness as well: a store that was started has grown.
        copy(&good, &rig.data_dir);
    }
    let service = rig.start();
    book.check(service.address);
}

/// What lies beside the store's one file: sled's settings and snapshots, and our lock. Each of them
/// gone, emptied or garbled is a refusal in one sentence, or nothing is missing.
#[test]
fn the_other_files_may_be_lost_or_garbled() {
    let (rig, book) = store_after(2, false);
    let good = rig.path("good");
    copy(&rig.data_dir, &good);
    let beside = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        path.is_file() && (name == "LOCK" || name == "conf" || name.starts_with("snap"))
    };
    let found = files(&rig.data_dir).into_keys().filter(beside);
    let found: Vec<PathBuf> = found.collect();
    assert!(found.len() >= 3, "{found:?}");
    for path in found {
        for garbled in [None, Some(b"".to_vec()), Some(b"\xffgarbled\0".repeat(20))] {
            copy(&good, &rig.data_dir);
            match garbled {
                None => fs::remove_file(&path).unwrap(),
                Some(bytes) => fs::write(&path, bytes).unwrap(),
            }
            match rig.spawn(&Launch::default()).serving() {
                Err(ended) => println!("{}: {}", path.display(), ended.refused(1)),
                Ok(service) => {
                    book.check(service.address);
                    assert_eq!(service.terminate().code, Some(0));
                    rig.verify();
                }
            }
        }
    }
}
