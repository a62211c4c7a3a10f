//! What an import may touch in a data folder, and what is there when it ends half way. Records are
//! pushed by hand: it never knows an export.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::domain::delivery::Evidence;
use crate::eventlog::forge::Forged;
use crate::eventlog::open_error::OpenError;
use crate::eventlog::{Event, Identity, Opened};

/// The folder of a ledger, with its witness beside it.
struct Folders {
    _all: TempDir,
    data: PathBuf,
    witness: PathBuf,
}

impl Folders {
    fn new() -> Self {
        let all = tempfile::tempdir().unwrap();
        let data = all.path().join("data");
        fs::create_dir(&data).unwrap();
        let witness = all.path().join("witness.json");
        Self {
            _all: all,
            data,
            witness,
        }
    }

    fn log(&self) -> PathBuf {
        self.data.join("log")
    }

    fn options(&self, purpose: Purpose) -> OpenOptions {
        OpenOptions {
            witness_path: Some(self.witness.clone()),
            min_free_bytes: 0,
            purpose,
            ..OpenOptions::new(self.data.clone())
        }
    }

    fn open(&self, purpose: Purpose) -> Result<Opened, OpenError> {
        open::open(&self.options(purpose), Timestamp::EPOCH)
    }

    fn begin(&self) -> Result<Staging, ImportError> {
        Staging::begin(self.options(Purpose::Serve), Timestamp::EPOCH)
    }

    /// A staging that took in the records up to `last`.
    fn staged(&self, last: u64) -> Staging {
        let mut staging = self.begin().unwrap();
        for seq in staging.began_at() + 1..=last {
            staging.importer.push(record(seq)).unwrap();
        }
        staging.importer.flush().unwrap();
        staging
    }
}

/// Always the same one of that number.
fn record(seq: u64) -> bytes::Bytes {
    static RECORDS: std::sync::OnceLock<Vec<Forged>> = std::sync::OnceLock::new();
    let make = |n| {
        let event = Event {
            source: "shop".into(),
            provider: "razorpay".into(),
            identity: Identity::of_parts("shop", &[&format!("{n}")]),
            event_id: None,
            event_type: None,
            occurred_at: Timestamp::EPOCH,
            stale: false,
            evidence: Evidence::default(),
            body: "{}".into(),
            body_sha256: [0; 32],
            request_sha256: None,
        };
        Forged::event(event, Timestamp::EPOCH)
    };
    let records = RECORDS.get_or_init(|| (0..20).map(make).collect());
    let at = usize::try_from(seq).unwrap();
    records.get(at).unwrap().stored(seq).0
}

#[test]
fn nothing_is_removed_but_what_has_the_whole_name() {
    let folders = Folders::new();
    folders.staged(3).publish().unwrap();
    let ours = [".subledger-import", ".subledger-inspect"].map(|name| folders.data.join(name));
    let parts = folders.data.join("import-parts");
    let theirs = [
        parts.join("part1.ndjson"),
        folders.data.join("inspect-me/a"),
    ];
    for file in &theirs {
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(file, "kept").unwrap();
    }
    fs::write(folders.data.join("import-1.ndjson"), "kept").unwrap();
    let leave = || {
        ours.iter()
            .for_each(|folder| fs::create_dir(folder).unwrap())
    };
    leave();
    drop(folders.open(Purpose::Serve).unwrap());
    assert!(ours.iter().all(|folder| !folder.exists()), "a start");
    leave();
    drop(folders.begin().unwrap());
    drop(folders.open(Purpose::Inspect).unwrap());
    assert!(
        ours.iter().all(|folder| !folder.exists()),
        "what is made anew"
    );
    assert!(theirs.iter().all(|file| file.exists()));
    assert!(folders.data.join("import-1.ndjson").exists());
    // A file or a link of that name is nobody's leftover.
    for folder in &ours {
        symlink(&parts, folder).unwrap();
    }
    drop(folders.open(Purpose::Serve).unwrap());
    assert!(ours.iter().all(|link| link.is_symlink()));
}

#[test]
fn a_log_that_is_gone_is_missed_until_another_is_in_its_place() {
    let folders = Folders::new();
    folders.staged(6).publish().unwrap();
    let mut witness = Witness::read(&folders.witness).unwrap().unwrap();
    // The file had grown beyond what a new one has.
    witness.db_len *= 2;
    witness.write(&folders.witness).unwrap();
    fs::remove_dir_all(folders.log()).unwrap();
    assert!(folders.open(Purpose::Serve).is_err());
    // It ends where a kill would end it: nothing can be put in the place of this link.
    let staging = folders.staged(9);
    let log = folders.log();
    symlink("nowhere", &log).unwrap();
    assert!(staging.publish().is_err());
    fs::remove_file(&log).unwrap();
    assert!(folders.open(Purpose::Serve).is_err(), "a new log was begun");
    assert!(folders.staged(5).publish().is_err(), "it forgot the sixth");
    assert_eq!(folders.staged(9).publish().unwrap().head.seq(), 9);
    assert_eq!(folders.open(Purpose::Serve).unwrap().head.seq(), 9);
}

#[test]
fn a_log_behind_a_link_is_not_replaced() {
    let folders = Folders::new();
    folders.staged(3).publish().unwrap();
    let log = folders.log();
    let elsewhere = folders.data.join("elsewhere");
    fs::rename(&log, &elsewhere).unwrap();
    symlink(&elsewhere, &log).unwrap();
    assert!(matches!(folders.begin(), Err(ImportError::Linked(_))));
    assert!(log.is_symlink());
}
