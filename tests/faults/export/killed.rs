//! An import that is killed: what was there is there, or all of it is.

use super::*;

/// What a kill may leave of a log: what was there, or all of it, which a cut text has not.
fn all_or_nothing(before: u64, after: u64, is_cut: bool) -> bool {
    after == before || (after == EVENTS + 1 && !is_cut)
}

/// An import that wrote into the log while it reads would leave this.
#[test]
fn a_half_imported_log_would_be_found() {
    let (rig, _) = exported();
    let half = export(&rig, "half.ndjson", &["--to", "33"]);
    let other = Rig::new();
    report(&import(&other, &[&half]));
    let after = verified(&other)["events"].as_u64().unwrap();
    assert!(!all_or_nothing(0, after, false) && !all_or_nothing(20, after, false));
    assert!(all_or_nothing(after, after, true) && all_or_nothing(0, EVENTS + 1, false));
    assert!(!all_or_nothing(0, EVENTS + 1, true));
}

/// Killed while it reads, or while it puts the log in its place: what was there is there, or all of
/// it is.
#[test]
fn a_killed_import_leaves_the_log_that_was_there() {
    let mut chance = chance();
    let (rig, text) = exported();
    let part = export(&rig, "part.ndjson", &["--to", "20"]);
    let root = verified(&rig)["root"].clone();
    for round in 0..rounds(10) {
        let other = Rig::new();
        let before = if round % 2 == 0 { 0 } else { 20 };
        if before > 0 {
            report(&import(&other, &[&part]));
        }
        let is_cut = round % 3 == 0;
        let fed = match is_cut {
            true => chance.random_range(1..text.len()),
            false => text.len(),
        };
        let mut child = other.command(&["import"]);
        child
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&text[..fed]).unwrap();
        if is_cut {
            thread::sleep(Duration::from_millis(30));
        } else {
            drop(input);
            thread::sleep(pause(&mut chance, 0, 120));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let after = match other.db().exists() {
            true => verified(&other)["events"].as_u64().unwrap(),
            false => 0,
        };
        assert!(
            all_or_nothing(before, after, is_cut),
            "{after} after {before}"
        );
        report(&import(&other, &[&text]));
        expect_no_leftovers(&other.data_dir);
        assert_eq!(verified(&other)["root"], root);
        let service = other.start();
        assert_eq!(service.get("/readyz").status, 200);
        assert_eq!(service.terminate().code, Some(0));
    }
}
