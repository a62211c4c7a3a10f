//! When a checkpoint is kept, and when none is. It must never wait for an hour.
#![allow(clippy::unwrap_used)]

use std::fs::File;

use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::ledger::audit::Origin;
use crate::ledger::{Ledger, Settings};

/// Nothing here takes a second; a machine under load may.
const PATIENCE: Duration = Duration::from_secs(60);

fn ledger() -> Ledger {
    let settings = Settings {
        origin: Origin::Named("a.example".into()),
        ..Settings::in_memory()
    };
    let opened = Ledger::open(settings, Arc::new(SystemClock));
    opened.ok().unwrap().ledger
}

/// Checkpoints of that ledger, kept in a folder.
fn checkpoints(ledger: &Ledger, folder: &Path) -> Checkpoints {
    Checkpoints::new(
        Some(folder.to_path_buf()),
        Arc::clone(&ledger.signer),
        Arc::clone(&ledger.engine),
        Arc::clone(&ledger.state),
    )
}

fn sizes(folder: &Path) -> Vec<u64> {
    let kept = kept_checkpoints(folder).unwrap();
    kept.into_iter().map(|kept| kept.size).collect()
}

fn backdate(kept: &Path, by: Duration) {
    let file = File::options().write(true).open(kept).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - by).unwrap();
}

#[test]
fn one_is_kept_when_the_newest_is_an_hour_old_and_events_have_come() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger();
    let first = checkpoints(&ledger, folder.path());
    let due = || first.shared.due_in(SystemClock.now());
    assert_eq!(
        due(),
        KEEP_EVERY,
        "the first one is due an hour after the start"
    );
    first.keep();
    first.keep();
    assert_eq!(sizes(folder.path()), [1]);
    assert!(due() > KEEP_EVERY - PATIENCE);
    let path = kept_checkpoints(folder.path()).unwrap().remove(0).path;
    backdate(&path, 2 * KEEP_EVERY);
    assert_eq!(due(), Duration::ZERO);

    ledger.record_operation("test.event", "one more").unwrap();
    first.start(SystemClock.now()).unwrap();
    let began = Instant::now();
    while sizes(folder.path()) != [1, 2] {
        assert!(began.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
    first.stop();
    assert_eq!(first.compare(), Vec::<String>::new());
    assert_eq!(first.contradiction(), None);
    ledger.stop();
}

#[test]
fn another_root_of_one_size_is_never_signed_and_what_was_signed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger();
    let forged = ledger.signer.sign(1, [7; 32]);
    write(folder.path(), 1, &forged).unwrap();
    let kept = checkpoints(&ledger, folder.path());
    kept.keep();
    assert!(kept.contradiction().unwrap().contains("kept at 1 events"));
    ledger.record_operation("test.event", "one more").unwrap();
    kept.keep();
    assert_eq!(sizes(folder.path()), [1], "nothing is signed any more");
    let path = kept_checkpoints(folder.path()).unwrap().remove(0).path;
    assert_eq!(fs::read_to_string(&path).unwrap(), forged);

    let next = checkpoints(&ledger, folder.path());
    assert_eq!(next.compare(), Vec::<String>::new());
    assert!(
        next.contradiction().is_some(),
        "the next start finds it too"
    );
    let accepting = checkpoints(&ledger, folder.path());
    assert_eq!(accepting.give_up_contradicted(), [1]);
    assert_eq!(accepting.compare(), Vec::<String>::new());
    assert_eq!(accepting.contradiction(), None);
    let name = format!("{:020}{GIVEN_UP}", 1);
    assert_eq!(
        fs::read_to_string(folder.path().join(name)).unwrap(),
        forged
    );
    ledger.stop();
}

/// A damaged file is no proof against the log; the one before it still is.
#[test]
fn a_damaged_one_is_named_and_the_one_before_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger();
    write(folder.path(), 1, &ledger.signer.sign(1, [7; 32])).unwrap();
    ledger.record_operation("test.event", "one more").unwrap();
    write(folder.path(), 2, "no note").unwrap();
    fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let kept = checkpoints(&ledger, folder.path());
    let notices = kept.compare();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices.iter().all(|notice| notice.contains("is damaged")));
    assert!(kept.contradiction().unwrap().contains("kept at 1 events"));
    ledger.stop();
}

/// Rolled back twice to the same place: both notes were signed, and somebody may hold either.
#[test]
fn what_was_given_up_before_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger();
    let notes = [7, 8, 9].map(|root| ledger.signer.sign(1, [root; 32]));
    for note in &notes {
        write(folder.path(), 1, note).unwrap();
        let accepting = checkpoints(&ledger, folder.path());
        assert_eq!(accepting.give_up_contradicted(), [1]);
    }
    let name = format!("{:020}{GIVEN_UP}", 1);
    for (ending, note) in ["", "-2", "-3"].iter().zip(&notes) {
        let path = folder.path().join(format!("{name}{ending}"));
        assert_eq!(fs::read_to_string(path).unwrap(), *note);
    }
    assert!(sizes(folder.path()).is_empty(), "none is kept any more");
    assert_eq!(given_up_checkpoints(folder.path()).unwrap().len(), 3);
    ledger.stop();
}

#[test]
fn a_key_that_others_may_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger();
    let kept = checkpoints(&ledger, &folder.path().join(CHECKPOINTS_FOLDER));
    let key = folder.path().join(CHECKPOINT_KEY_FILE);
    fs::write(&key, "").unwrap();
    for (mode, notices) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let told = kept.compare();
        assert_eq!(told.len(), notices, "{mode:o}: {told:?}");
        assert!(told.iter().all(|notice| notice.contains("chmod 600")));
    }
    ledger.stop();
}
