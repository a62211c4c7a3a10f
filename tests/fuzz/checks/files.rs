//! The small files beside the store: any bytes in their place are what was written once, or are
//! refused in words.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use subledger::domain::state::{CustomerNotes, State};
use subledger::eventlog::Witness;
use subledger::eventlog::engine::memory::MemoryEngine;
use subledger::ledger::Keepsake;
use tempfile::TempDir;

use super::rig::{World, folder};

thread_local! {
    static FOLDER: TempDir = folder();
}

/// Two paths of this thread's own; the first holds `data`.
fn with_file(data: &[u8], examine: impl FnOnce(&Path, &Path)) {
    let paths: (PathBuf, PathBuf) =
        FOLDER.with(|folder| (folder.path().join("given"), folder.path().join("again")));
    std::fs::write(&paths.0, data).unwrap();
    examine(&paths.0, &paths.1);
}

pub fn check_witness(data: &[u8]) {
    with_file(data, |given, again| match Witness::read(given) {
        Ok(witness) => {
            let witness = witness.expect("the file is there");
            witness.write(again).unwrap();
            assert_eq!(Witness::read(again).unwrap(), Some(witness));
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    });
}

pub fn check_fingerprints(data: &[u8]) {
    with_file(data, |given, again| match Keepsake::read(given) {
        Ok(kept) => {
            let kept = kept.expect("the file is there");
            kept.write(again).unwrap();
            assert_eq!(Keepsake::read(again).unwrap().as_ref(), Some(&kept));
            assert!(kept.differences(&kept).is_empty());
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    });
}

pub fn witness_seeds() -> Vec<Vec<u8>> {
    let world = World::over(Arc::new(MemoryEngine::default()));
    let mut seeds = Vec::new();
    for n in 1..=5 {
        assert!(world.record(n).is_ok());
        let page = world.engine.read(n).unwrap().unwrap();
        let peaks = page.peaks().clone();
        with_file(b"", |given, _| {
            Witness {
                peaks,
                db_len: n * 8_388_608,
            }
            .write(given)
            .unwrap();
            seeds.push(std::fs::read(given).unwrap());
        });
    }
    world.stop();
    seeds
}

pub fn fingerprint_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    with_file(b"", |given, _| {
        Keepsake::of(&State::new(CustomerNotes::new()))
            .write(given)
            .unwrap();
        seeds.push(std::fs::read(given).unwrap());
    });
    seeds
}
