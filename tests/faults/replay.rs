//! `subledger replay` tells the truth: identical after a clean stop, the differences where there
//! are some, and that it has nothing to compare with where that is so.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::load::Book;
use super::rig::{ADMIN_KEY, Rig};

fn kept(rig: &Rig) -> PathBuf {
    rig.data_dir.join("state.fingerprints")
}

fn stopped_with(events: u64) -> Rig {
    let rig = Rig::new();
    let service = rig.start();
    Book::default().send(service.address, events);
    assert_eq!(service.terminate().code, Some(0));
    rig
}

#[test]
fn a_clean_stop_is_replayed_identically() {
    let rig = stopped_with(30);
    let (code, report) = rig.replay();
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["identical"], true, "{report}");
    assert_eq!(report["differences"], serde_json::json!([]), "{report}");
    assert_eq!(report["events"], 31, "the settings and the deliveries");
}

/// The kept state says something else than the log: the replay fails and names what differs.
#[test]
fn a_state_that_was_otherwise_is_named() {
    let rig = stopped_with(3);
    let text = fs::read_to_string(kept(&rig)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let changed = lines
        .iter()
        .position(|line| line.starts_with("subscription\t"));
    let changed = &mut lines[changed.unwrap()];
    let last = if changed.ends_with('0') { "1" } else { "0" };
    changed.replace_range(changed.len() - 1.., last);
    let id = changed.split('\t').nth(1).unwrap().to_owned();
    // Sealed again, or the file would only be seen to be damaged.
    let prints = lines[1..]
        .iter()
        .map(|line| line.replace('\t', "\0") + "\n");
    let seal = hex::encode(Sha256::digest(prints.collect::<String>()));
    let (head, _) = lines[0].rsplit_once(' ').unwrap();
    lines[0] = format!("{head} {seal}");
    fs::write(kept(&rig), lines.join("\n") + "\n").unwrap();
    let (code, report) = rig.replay();
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(report["identical"], false, "{report}");
    let differences = report["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{report}");
    assert!(differences[0].as_str().unwrap().contains(&id), "{report}");
}

/// A damaged file is no evidence of anything, and is not mistaken for one that was never written.
#[test]
fn a_damaged_kept_state_is_called_damaged() {
    let rig = stopped_with(3);
    let mut bytes = fs::read(kept(&rig)).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(kept(&rig), bytes).unwrap();
    let (code, report) = rig.replay();
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["identical"], Value::Null, "{report}");
    let compared = report["compared_with"].as_str().unwrap();
    assert!(compared.contains("damaged"), "{compared}");
}

#[test]
fn a_killed_ledger_has_nothing_to_compare_with() {
    let rig = Rig::new();
    let service = rig.start();
    Book::default().send(service.address, 5);
    assert_eq!(service.kill().code, None);
    let (code, report) = rig.replay();
    assert_eq!((code, &report["identical"]), (Some(0), &Value::Null));
    let compared = report["compared_with"].as_str().unwrap();
    assert!(compared.starts_with("nothing: "), "{compared}");
}

/// Killed after an earlier clean stop: what was kept then is compared with the log up to there.
#[test]
fn a_kept_state_older_than_the_log_is_compared_as_of_then() {
    let rig = stopped_with(3);
    let service = rig.start();
    let book = Book::default();
    (0..3).for_each(|_| {
        book.next();
    });
    book.send(service.address, 2);
    assert_eq!(service.kill().code, None);
    let (code, report) = rig.replay();
    assert_eq!((code, &report["identical"]), (Some(0), &true.into()));
    assert_eq!(report["last_seq"], 6, "{report}");
    let compared = report["compared_with"].as_str().unwrap();
    assert!(compared.contains("kept at 4"), "{compared}");
}

/// The log is folded again beside a service that takes in webhooks all the while.
#[test]
fn a_running_service_is_what_its_log_says() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 30);
    let url = format!("http://{}", service.address);
    let ask = |more: &[&str]| {
        let ended = rig.run(&[&["replay", "--url", &url, "--output", "json"], more].concat());
        let report = serde_json::from_str::<Value>(&ended.stdout);
        let report = report.unwrap_or_else(|_| panic!("no report: {ended:?}"));
        (ended.code, report)
    };
    let (code, report) = book.during_few(service.address, || ask(&[]));
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["identical"], true, "{report}");
    assert_eq!(report["differences"], serde_json::json!([]), "{report}");
    let (code, report) = ask(&["--until", "5"]);
    assert_eq!((code, &report["identical"]), (Some(0), &Value::Null));
    assert_eq!(report["last_seq"], 5, "{report}");
    let (_, whole) = ask(&[]);
    assert_eq!(service.terminate().code, Some(0));
    let (_, stopped) = rig.replay();
    assert_eq!(stopped["digest"], whole["digest"], "{whole} {stopped}");
}

/// A stop does not wait for a replay, and whoever waits for its result is told.
#[test]
fn a_stop_ends_a_replay() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.during(service.address, 4, || {
        let url = format!("http://{}", service.address);
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| rig.run(&["replay", "--url", &url]));
            service.signal("TERM");
            let ended = asked.join().unwrap();
            assert!([Some(0), Some(2)].contains(&ended.code), "{ended:?}");
        });
    });
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

#[test]
fn what_a_running_service_refuses_is_said_and_the_code_is_2() {
    let rig = Rig::new();
    let service = rig.start();
    let url = format!("http://{}", service.address);
    let ended = rig.run(&["replay", "--url", &url, "--customer", "nobody"]);
    assert!(ended.refused(2).contains("404"), "{ended:?}");
    assert_eq!(service.terminate().code, Some(0));
}

/// While webhooks come in a replay rests more than it works. Whoever asks meanwhile is told; and a
/// client that goes away does not keep the turn.
#[test]
fn one_replay_has_the_turn_and_loses_it_with_its_client() {
    const TRIES: u32 = 200;
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 300);
    let bearer = format!("Bearer {ADMIN_KEY}");
    let headers = [("authorization", bearer.as_str())];
    let mut held = 0;
    let was_told = book.during(service.address, 2, || {
        (0..TRIES).any(|_| {
            let client = service.client();
            let socket = client.post_and_leave("/v1/audit/replay", &headers, b"{}", 0);
            let mut lines = BufReader::new(socket.unwrap()).lines().map(Result::unwrap);
            if !lines.next().unwrap().contains(" 200 ") {
                return false;
            }
            held += 1;
            let first = lines.find(|line| line.starts_with('{')).unwrap();
            assert!(first.contains("folded"), "{first}");
            let second = service.client().post("/v1/audit/verify", &headers, b"{}");
            let second = second.unwrap();
            second.status == 409 && second.word("code") == "audit_running"
        })
    });
    assert!(was_told, "{held} replays were through before anybody asked");
    super::rig::eventually("the turn is given back", || {
        let next = service.client().post("/v1/audit/verify", &headers, b"{}");
        next.unwrap().status == 200
    });
    assert_eq!(service.terminate().code, Some(0));
}
