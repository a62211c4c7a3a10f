//! `subledger verify` against the real binary: what an auditor keeps, and what is done to a store
//! behind the ledger's back. Every damaged store stands beside the same one untouched.

use std::fs;

use serde_json::Value;

use super::load::Book;
use super::rig::{Rig, eventually};

/// As the engine lays its store out; both are fixed for a store's life.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
const HEADER_KEY: [u8; 10] = [0; 10];
const EVENTS: u64 = 30;

fn verify(rig: &Rig, args: &[&str]) -> (Option<i32>, Value) {
    let ended = rig.run(&[&["verify", "--output", "json"], args].concat());
    let report = serde_json::from_str(&ended.stdout);
    (ended.code, report.unwrap_or(Value::Null))
}

fn named(report: &Value) -> Vec<(u64, u64)> {
    let damaged = report["damaged"].as_array().unwrap().iter();
    let seq = |damage: &Value, name: &str| damage[name].as_u64().unwrap();
    damaged
        .map(|damage| (seq(damage, "first_seq"), seq(damage, "last_seq")))
        .collect()
}

/// A stopped ledger of some pages, and a checkpoint of it that was kept elsewhere: its file.
fn audited() -> (Rig, String) {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    for _ in 0..6 {
        book.send(service.address, EVENTS / 6);
    }
    let kept = rig.path("kept.txt");
    fs::write(&kept, service.get("/v1/audit/checkpoint").text).unwrap();
    assert_eq!(service.terminate().code, Some(0));
    (rig, kept.to_str().unwrap().to_owned())
}

#[test]
fn an_auditor_compares_a_log_with_the_checkpoint_they_kept() {
    let (rig, kept) = audited();
    let (code, report) = verify(&rig, &["--checkpoint", &kept]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["checkpoints"][0]["ok"], true, "{report}");
    assert_eq!(report["checkpoints"][0]["size"], EVENTS + 1, "{report}");
    assert_eq!(report["signatures"]["verified"], EVENTS, "{report}");
    assert_eq!(report["kept_checkpoints"], 1, "the one of the stop");
    let text = rig.run(&["verify", "--checkpoint", &kept]).stdout;
    assert!(
        text.contains("Proved: none of the first 31 events"),
        "{text}"
    );
    let without = rig.run(&["verify"]).stdout;
    assert!(without.contains("Not proved: "), "{without}");

    // Another ledger's, a changed one, none at all.
    let (other, foreign) = audited();
    let text = fs::read_to_string(&kept).unwrap();
    let changed = rig.path("changed.txt");
    fs::write(&changed, text.replacen("31", "30", 1)).unwrap();
    let missing = rig.path("missing.txt");
    for file in [
        &foreign,
        changed.to_str().unwrap(),
        missing.to_str().unwrap(),
    ] {
        let ended = rig.run(&["verify", "--checkpoint", file]);
        assert!(ended.refused(2).contains("checkpoint"), "{ended:?}");
    }
    drop(other);

    // The key may come from elsewhere than the folder, and must where it is not there.
    let service = rig.start();
    let key = service.get("/v1/audit/checkpoint/key").text;
    assert_eq!(service.terminate().code, Some(0));
    let own = rig.data_dir.join("checkpoint.key");
    fs::rename(&own, rig.path("away.key")).unwrap();
    let ended = rig.run(&["verify", "--checkpoint", &kept]);
    assert!(ended.refused(2).contains("--checkpoint-key"), "{ended:?}");
    let given = ["--checkpoint", &kept, "--checkpoint-key", key.trim()];
    assert_eq!(verify(&rig, &given).0, Some(0));
    fs::rename(rig.path("away.key"), own).unwrap();
}

#[test]
fn a_running_service_is_asked_the_same() {
    let (rig, kept) = audited();
    let service = rig.start();
    let url = format!("http://{}", service.address);
    let junk = rig.data_dir.join("checkpoints").join(format!("{:020}", 7));
    fs::write(junk, "no note").unwrap();
    let (code, report) = verify(&rig, &["--url", &url, "--checkpoint", &kept]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["unusable_checkpoints"], 1, "{report}");
    assert_eq!(report["kept_checkpoints"], 1, "{report}");
    assert_eq!(report["intact"], true, "{report}");
    assert_eq!(report["checkpoints"][0]["ok"], true, "{report}");
    let wrong = ["verify", "--url", &url, "--key", "sl_wrong"];
    assert!(rig.run(&wrong).refused(2).contains("401"));
    let (_other, foreign) = audited();
    let foreign = ["verify", "--url", &url, "--checkpoint", &foreign];
    assert!(rig.run(&foreign).refused(2).contains("400"));
    assert_eq!(service.terminate().code, Some(0));
    assert!(
        rig.run(&["verify", "--url", &url])
            .refused(2)
            .contains("cannot reach")
    );
}

#[test]
fn an_export_is_checked_without_its_store() {
    let (rig, kept) = audited();
    let (file, bad) = (rig.path("whole.ndjson"), rig.path("bad.ndjson"));
    let (file, bad) = (file.to_str().unwrap(), bad.to_str().unwrap());
    assert_eq!(rig.run(&["export", "--out", file]).code, Some(0));
    let (code, report) = verify(&rig, &["--export", file, "--checkpoint", &kept]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["signatures"]["verified"], EVENTS, "{report}");
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.remove(6);
    fs::write(bad, lines.concat()).unwrap();
    let (code, report) = verify(&rig, &["--export", bad]);
    assert_eq!((code, named(&report)), (Some(1), vec![(7, 7)]), "{report}");
    let (other, _) = audited();
    let ended = other.run(&["verify", "--export", file]);
    assert!(ended.refused(2).contains("another ledger"), "{ended:?}");
    let ended = rig.run(&["verify", "--export", "/nowhere"]);
    assert!(ended.refused(2).contains("cannot read"), "{ended:?}");
}

/// The store's pages, as sled has them.
fn pages(rig: &Rig, change: impl FnOnce(&sled::Db, &[sled::IVec])) {
    let db = sled::Config::default()
        .path(rig.data_dir.join("log"))
        .segment_size(SEGMENT_BYTES)
        .open()
        .unwrap();
    let keys: Vec<sled::IVec> = db
        .iter()
        .keys()
        .map(Result::unwrap)
        .filter(|key| **key != HEADER_KEY)
        .collect();
    assert!(keys.len() >= 5, "{} pages", keys.len());
    change(&db, &keys);
    db.flush().unwrap();
    drop(db);
    // sled lets go of its lock a moment later.
    eventually("the store can be opened", || {
        rig.run(&["verify"]).code != Some(2)
    });
}

#[test]
fn pages_behind_the_ledgers_back_are_found() {
    let (rig, kept) = audited();
    let seq = |key: &sled::IVec| u64::from_be_bytes(key[..8].try_into().unwrap());
    let with_kept = ["--checkpoint", kept.as_str()];
    // The control: opened by hand, and nothing done.
    pages(&rig, |_, _| {});
    assert_eq!(verify(&rig, &with_kept).0, Some(0));
    let mut removed = Vec::new();
    let mut gone = (0, 0);
    pages(&rig, |db, keys| {
        gone = (seq(&keys[2]), seq(&keys[3]) - 1);
        removed = db.remove(&keys[2]).unwrap().unwrap().to_vec();
    });
    let (code, report) = verify(&rig, &[]);
    assert_eq!((code, named(&report)), (Some(1), vec![gone]), "{report}");
    // Another page in its place.
    pages(&rig, |db, keys| {
        let mut key = keys[2].to_vec();
        key[..8].copy_from_slice(&gone.0.to_be_bytes());
        let other = db.get(&keys[0]).unwrap().unwrap();
        db.insert(key, other).unwrap();
    });
    let (code, report) = verify(&rig, &[]);
    assert_eq!((code, named(&report)), (Some(1), vec![gone]), "{report}");
    // Put back as it was.
    pages(&rig, |db, keys| {
        let place = keys.iter().find(|key| seq(key) == gone.0).unwrap();
        db.insert(place, removed.clone()).unwrap();
    });
    assert_eq!(verify(&rig, &with_kept).0, Some(0));
    // The newest events dropped, with all that remembers them here: only what was kept elsewhere
    // can tell.
    let mut last = (0, EVENTS + 1);
    pages(&rig, |db, keys| {
        let key = keys.last().unwrap();
        last.0 = seq(key);
        db.remove(key).unwrap();
    });
    fs::remove_file(rig.witness()).unwrap();
    fs::remove_dir_all(rig.data_dir.join("checkpoints")).unwrap();
    let (code, report) = verify(&rig, &[]);
    assert_eq!(code, Some(0), "{report}");
    let (code, report) = verify(&rig, &with_kept);
    assert_eq!((code, named(&report)), (Some(1), vec![last]), "{report}");
}

/// A part of the log proves nothing of a checkpoint that lies before it.
#[test]
fn a_checkpoint_before_an_export_is_refused() {
    let (rig, kept) = audited();
    let service = rig.start();
    let book = Book::default();
    (0..EVENTS).for_each(|_| {
        book.next();
    });
    book.send(service.address, 5);
    assert_eq!(service.terminate().code, Some(0));
    let export = |from: u64| {
        let file = rig.path(&format!("{from}.ndjson"));
        let file = file.to_str().unwrap().to_owned();
        let ended = rig.run(&["export", "--from", &from.to_string(), "--out", &file]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        file
    };
    let (code, report) = verify(&rig, &["--export", &export(32), "--checkpoint", &kept]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["checkpoints"][0]["ok"], true, "{report}");
    let ended = rig.run(&["verify", "--export", &export(33), "--checkpoint", &kept]);
    let said = "the checkpoint is of 31 events and the export begins with 33";
    assert!(ended.refused(2).contains(said), "{ended:?}");
}

/// Far behind the end, so that a start does not meet it: what was sent is true, and has no last line.
#[test]
fn a_damaged_record_ends_a_running_export() {
    const MANY_EVENTS: usize = 1_200;
    let (rig, _) = audited();
    let service = rig.start();
    let book = Book::default();
    (0..EVENTS).for_each(|_| {
        book.next();
    });
    book.during(service.address, 4, || {
        eventually("it lies far back", || book.acknowledged() >= MANY_EVENTS);
    });
    assert_eq!(service.terminate().code, Some(0));
    pages(&rig, |db, keys| {
        let mut page = db.get(&keys[2]).unwrap().unwrap().to_vec();
        let middle = page.len() / 2;
        page[middle] ^= 1;
        db.insert(&keys[2], page).unwrap();
    });
    let service = rig.start();
    let url = format!("http://{}", service.address);
    let out = rig.path("broken.ndjson");
    let ended = rig.run(&["export", "--url", &url, "--out", out.to_str().unwrap()]);
    let said = ended.refused(1);
    assert!(said.contains("could not finish the export"), "{said}");
    assert!(!out.exists(), "it is not whole");
    assert_eq!(service.get("/v1/stats").status, 200);
    assert_eq!(service.terminate().code, Some(0));
}
