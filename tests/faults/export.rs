//! An export comes back: whole, to the byte, with the same state; or not at all, whatever is wrong with the text, the disk or the process.

mod killed;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rand::Rng as _;
use serde_json::Value;

use super::full::Disk;
use super::load::{BODY_MARKER, Book};
use super::rig::{Rig, chance, pause, rounds};
use super::strace::{Call, Strace, calls};
use super::tools;

pub(super) const EVENTS: u64 = 60;
const KIB: usize = 1024;

/// A stopped ledger with some events, and its export.
pub(super) fn exported() -> (Rig, Vec<u8>) {
    let rig = Rig::new();
    let service = rig.start();
    Book::default().send(service.address, EVENTS);
    assert_eq!(service.terminate().code, Some(0));
    let text = export(&rig, "whole.ndjson", &[]);
    (rig, text)
}

pub(super) fn export(rig: &Rig, name: &str, args: &[&str]) -> Vec<u8> {
    let path = rig.path(name);
    let mut all = vec!["export", "--out", path.to_str().unwrap()];
    all.extend(args);
    let ended = rig.run(&all);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    fs::read(path).unwrap()
}

/// Imports files that hold these texts, in order.
fn import(rig: &Rig, texts: &[&[u8]]) -> super::process::Ended {
    let mut args = vec!["import".to_owned(), "--output".into(), "json".into()];
    for (n, text) in texts.iter().enumerate() {
        let path = rig.path(&format!("{n}.ndjson"));
        fs::write(&path, text).unwrap();
        args.push(path.to_str().unwrap().to_owned());
    }
    rig.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn report(ended: &super::process::Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

fn verified(rig: &Rig) -> Value {
    report(&rig.run(&["verify", "--output", "json"]))
}

/// The digest of the state that the log folds to.
fn digest(rig: &Rig) -> Value {
    let (code, report) = rig.replay();
    assert_eq!(code, Some(0), "{report}");
    report["digest"].clone()
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Nothing that an import made is in the data folder, besides the lock.
fn expect_nothing(rig: &Rig) {
    let left = fs::read_dir(&rig.data_dir).map_or(Vec::new(), |entries| {
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != "LOCK").collect::<Vec<_>>()
    });
    assert!(left.is_empty(), "{left:?}");
}

fn expect_no_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.starts_with(".subledger-") && !name.contains(".part"),
            "{name}"
        );
    }
}

#[test]
fn what_was_exported_is_imported_with_the_same_root_and_state() {
    let (rig, text) = exported();
    let other = Rig::new();
    let done = report(&import(&other, &[&text]));
    assert_eq!(done["imported"], EVENTS + 1, "{done}");
    let (here, there) = (verified(&rig), verified(&other));
    assert_eq!(here["root"], there["root"]);
    assert_eq!(here["root"], done["root"]);
    assert_eq!(there["witness_seq"], EVENTS + 1);
    assert_eq!(digest(&rig), digest(&other));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(&other.data_dir).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
    // It serves, under the same configuration with nothing to record, and knows every event.
    let service = other.start();
    assert_eq!(service.get("/readyz").status, 200);
    let book = Book::default();
    (0..EVENTS).for_each(|_| {
        book.next();
    });
    book.send(service.address, 2);
    assert_eq!(service.terminate().code, Some(0));
    // Exported again, under its own key, every record is the same line.
    let args = ["--to", &(EVENTS + 1).to_string()];
    let again = export(&other, "again.ndjson", &args);
    let (first, second) = (lines(&text), lines(&again));
    assert_eq!(first.len(), second.len());
    assert!(first[..first.len() - 1] == second[..second.len() - 1]);
    assert_ne!(first.last(), second.last(), "its own key signs");
}

#[test]
fn ranges_in_order_are_the_whole() {
    let (rig, whole) = exported();
    let first = export(&rig, "first.ndjson", &["--to", "20"]);
    let second = export(&rig, "second.ndjson", &["--from", "21", "--to", "40"]);
    let overlapping = export(&rig, "third.ndjson", &["--from", "33"]);
    let other = Rig::new();
    let early = import(&other, &[&second]);
    assert!(
        early
            .refused(1)
            .contains("begins with record 21 and the log ends with 0")
    );
    expect_nothing(&other);
    report(&import(&other, &[&first]));
    let done = report(&import(&other, &[&second, &overlapping]));
    assert_eq!(done["imported"], EVENTS + 1 - 20, "{done}");
    assert_eq!(done["known"], 8, "{done}");
    assert_eq!(verified(&other)["root"], verified(&rig)["root"]);
    assert_eq!(report(&import(&other, &[&whole]))["imported"], 0);
    // What another ledger says of those numbers is not taken.
    let (_stranger, theirs) = exported();
    let refused = import(&other, &[&theirs]);
    assert!(refused.refused(1).contains("another record"), "{refused:?}");
    assert_eq!(verified(&other)["root"], verified(&rig)["root"]);
}

#[test]
fn a_damaged_text_is_refused_at_its_line_and_nothing_of_it_stays() {
    let (_rig, text) = exported();
    let whole = lines(&text);
    let joined = |order: &mut dyn Iterator<Item = usize>| {
        order.flat_map(|n| whole[n].to_vec()).collect::<Vec<u8>>()
    };
    let count = whole.len();
    let swapped = |n| match n {
        4 => 5,
        5 => 4,
        n => n,
    };
    let long = [
        b"{\"seq\":1,\"record\":\"".to_vec(),
        vec![b'A'; 10 * KIB * KIB],
    ]
    .concat();
    let damaged: Vec<(u64, Vec<u8>)> = vec![
        (1, Vec::new()),
        (1, [b"\xef\xbb\xbf", &text[..]].concat()),
        (1, long),
        (
            1,
            String::from_utf8_lossy(&text)
                .replace('\n', "\r\n")
                .into_bytes(),
        ),
        (5, joined(&mut (0..count).map(swapped))),
        (7, joined(&mut (0..count).filter(|n| *n != 6))),
        (
            7,
            joined(&mut (0..count).flat_map(|n| vec![n; 1 + usize::from(n == 5)])),
        ),
        (count as u64, joined(&mut (0..count - 1))),
        (count as u64, text[..text.len() - 1].to_vec()),
        (count as u64 + 1, [&text[..], &text].concat()),
        (count as u64 + 1, [&text[..], b" "].concat()),
    ];
    let other = Rig::new();
    for (line, text) in damaged {
        let ended = import(&other, &[&text]);
        let said = ended.refused(1);
        let expected = format!("line {line} of the export is refused");
        assert!(said.contains(&expected), "{expected}: {said}");
        assert!(!said.contains(BODY_MARKER));
        expect_nothing(&other);
    }
    // A changed byte anywhere in it.
    let mut chance = chance();
    for _ in 0..rounds(12) {
        let mut changed = text.clone();
        let at = chance.random_range(0..changed.len());
        changed[at] ^= 1 << chance.random_range(0..8);
        let ended = import(&other, &[&changed]);
        assert!(ended.refused(1).contains("is refused"), "byte {at}");
        expect_nothing(&other);
    }
    report(&import(&other, &[&text]));
}

#[test]
fn a_kept_checkpoint_is_compared_with_what_is_imported() {
    let (rig, text) = exported();
    let last =
        |text: &[u8]| -> Value { serde_json::from_slice(lines(text).last().unwrap()).unwrap() };
    let keep = |name: &str, last: &Value| {
        fs::write(rig.path(name), last["checkpoint"].as_str().unwrap()).unwrap();
        rig.path(name).to_str().unwrap().to_owned()
    };
    let kept = keep("kept", &last(&export(&rig, "part.ndjson", &["--to", "17"])));
    let (_stranger, theirs) = exported();
    let theirs = last(&theirs);
    let another = keep("another", &theirs);
    let whole = rig.path("whole.ndjson");
    let whole = whole.to_str().unwrap();
    let other = Rig::new();
    let run = |args: &[&str]| other.run(&[&["import", whole, "--checkpoint"], args].concat());
    let key = theirs["key"].as_str().unwrap();
    assert!(
        run(&[&another])
            .refused(1)
            .contains("no signature of this key")
    );
    let refused = run(&[&another, "--checkpoint-key", key]);
    assert!(refused.refused(1).contains("not of the log"), "{refused:?}");
    expect_nothing(&other);
    let key = last(&text)["key"].clone();
    let done = run(&[&kept, "--checkpoint-key", key.as_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{done:?}");
}

/// The next start would find it, and answer 503 from then on.
#[test]
fn a_checkpoint_that_is_kept_beside_the_log_is_not_contradicted() {
    let (rig, text) = exported();
    let part = export(&rig, "part.ndjson", &["--to", "20"]);
    let (_stranger, theirs) = exported();
    let other = Rig::new();
    fs::create_dir_all(other.data_dir.join("checkpoints")).unwrap();
    for entry in fs::read_dir(rig.data_dir.join("checkpoints")).unwrap() {
        let entry = entry.unwrap();
        let to = other.data_dir.join("checkpoints").join(entry.file_name());
        fs::copy(entry.path(), to).unwrap();
    }
    let key = "checkpoint.key";
    fs::copy(rig.data_dir.join(key), other.data_dir.join(key)).unwrap();
    for contradicting in [&part, &theirs] {
        let refused = import(&other, &[contradicting]);
        assert!(refused.refused(1).contains("contradict"), "{refused:?}");
        assert!(!other.db().exists());
    }
    report(&import(&other, &[&text]));
    let service = other.start();
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(service.terminate().code, Some(0));
}

/// A data folder that the import makes is there after a power cut: its name is synced too.
#[test]
fn the_name_of_a_new_data_folder_is_made_durable() {
    if !tools::can_trace() {
        return;
    }
    let (rig, _) = exported();
    let other = Rig::new();
    let strace = Strace::watching(other.path("trace"));
    let mut import = strace.command(env!("CARGO_BIN_EXE_subledger"));
    import.args([
        "import",
        rig.path("whole.ndjson").to_str().unwrap(),
        "--config",
    ]);
    import.arg(other.path("faults.toml"));
    assert!(import.stdout(Stdio::null()).status().unwrap().success());
    let parent = format!("<{}>", other.data_dir.parent().unwrap().display());
    let is_synced = |call: &Call| call.name == "fsync" && call.text.contains(&parent);
    assert!(calls(&strace.text()).iter().any(is_synced), "{parent}");
}

#[test]
fn a_full_disk_leaves_no_half_of_an_export_and_none_of_an_import() {
    if !tools::can_mount() {
        return;
    }
    let (rig, text) = exported();
    let part = export(&rig, "part.ndjson", &["--to", "20"]);
    let disk = Disk::new();
    let there = Rig::on(&disk.data_dir(), "min_free_bytes = 0\n");
    let folder = disk.data_dir().parent().unwrap().to_owned();
    for left in [0, 20 * KIB] {
        let ballast = disk.fill(left);
        let out = folder.join("ledger.ndjson");
        let ended = rig.run(&["export", "--out", out.to_str().unwrap()]);
        assert!(ended.refused(1).contains("cannot write"), "{ended:?}");
        assert!(!out.exists());
        expect_no_leftovers(&folder);
        fs::remove_file(ballast).unwrap();
    }
    for before in [0, 20] {
        if before > 0 {
            report(&import(&there, &[&part]));
        }
        for left in [0, 16 * KIB, 40 * KIB] {
            let ballast = disk.fill(left);
            let ended = import(&there, &[&text]);
            assert!(
                ended.refused(1).contains("nothing was imported"),
                "{ended:?}"
            );
            fs::remove_file(ballast).unwrap();
            if before == 0 {
                expect_nothing(&there);
            } else {
                assert_eq!(verified(&there)["events"], before);
            }
        }
    }
    report(&import(&there, &[&text]));
    assert_eq!(verified(&there)["root"], verified(&rig)["root"]);
    // Below the watermark nothing is written at all.
    let careful = Rig::on(&disk.data_dir(), "min_free_bytes = 1073741824\n");
    fs::remove_dir_all(&careful.data_dir).unwrap();
    let refused = import(&careful, &[&text]);
    assert!(
        refused.refused(1).contains("the disk is full"),
        "{refused:?}"
    );
    expect_nothing(&careful);
}
