//! What is worked out from the log and kept beside it, the state and the identities of old events,
//! is damaged, old, of another log, or half written. It costs the next start time and nothing else:
//! what is answered is what a start without any of it answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::http::Client;
use super::load::{Book, delivery};
use super::process::{Ended, Service};
use super::rig::{ADMIN_KEY, Launch, Rig, chance, pause, rounds};
use super::strace::Strace;
use super::tools;

/// The state's file and the folder of identities, in the data folder.
const KEPT: [&str; 2] = ["state.snapshot", "identities"];

/// Everything that queries show, as one text.
fn picture(service: &Service) -> String {
    let mut client = service.client();
    let mut text = String::new();
    for list in ["/v1/customers", "/v1/subscriptions", "/v1/payments"] {
        let mut cursor = String::new();
        loop {
            let path = format!("{list}?limit=200&cursor={cursor}");
            let page = client.get(&path, ADMIN_KEY).unwrap().json();
            text.push_str(&page["data"].to_string());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
    }
    let mut stats = client.get("/v1/stats", ADMIN_KEY).unwrap().json();
    for since_start in ["duplicates", "rejected"] {
        stats[since_start].take();
    }
    text + &stats.to_string()
}

/// Old events are known: sent again, they are where they were.
fn assert_known(service: &Service, numbers: &[u64]) {
    let mut client = Client::new(service.address);
    for n in numbers.iter().step_by(7) {
        let answer = delivery(*n).post(&mut client).unwrap();
        assert_eq!(answer.json()["status"], "duplicate", "{n}: {}", answer.text);
    }
}

/// What the start said it took from the files, and from where on it read the log.
fn restored(ended: &Ended) -> (u64, u64) {
    let lines = ended.stderr.lines();
    let mut lines = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let line = lines.find(|line| line["kept_through"].is_u64());
    let fields = line.unwrap_or_else(|| panic!("{ended:?}"));
    (
        fields["kept_through"].as_u64().unwrap(),
        fields["read_from"].as_u64().unwrap(),
    )
}

fn remove_kept(rig: &Rig) {
    for name in KEPT {
        let path = rig.data_dir.join(name);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
    }
}

/// The files of identities and the state's.
fn kept_files(rig: &Rig) -> Vec<PathBuf> {
    let runs = fs::read_dir(rig.data_dir.join(KEPT[1])).unwrap();
    let mut files: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    files.push(rig.data_dir.join(KEPT[0]));
    files.sort();
    files
}

/// Copies what is kept from one folder to another, in place of what is there.
fn put(from: &Path, to: &Path, names: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for name in names {
        let _ = fs::remove_dir_all(to.join(name));
        let done = std::process::Command::new("cp")
            .arg("-a")
            .arg(from.join(name))
            .arg(to)
            .status();
        assert!(done.unwrap().success());
    }
}

/// A start, a look and a stop: the picture, and what the start said.
fn look(rig: &Rig, book: &Book) -> (String, Ended) {
    let service = rig.start();
    let shown = picture(&service);
    book.check(service.address);
    assert_known(&service, &book.numbers());
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    (shown, ended)
}

fn filled(rig: &Rig, book: &Book, events: u64) {
    let service = rig.start();
    book.send(service.address, events);
    assert_eq!(service.terminate().code, Some(0));
}

#[test]
fn a_stop_keeps_all_that_the_next_start_needs() {
    let (rig, book) = (Rig::new(), Book::default());
    filled(&rig, &book, 120);
    let (shown, ended) = look(&rig, &book);
    let last = book.acknowledged() as u64 + 1;
    assert_eq!(restored(&ended), (last, last + 1), "nothing is read again");
    // The control: without what is kept, all of it is read, and shows the same.
    remove_kept(&rig);
    let (truth, ended) = look(&rig, &book);
    assert_eq!(restored(&ended), (0, 1));
    assert_eq!(shown, truth);
    // And the picture would tell a difference.
    filled(&rig, &book, 1);
    assert_ne!(look(&rig, &book).0, truth);
}

fn damage(chance: &mut StdRng, path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let place = chance.random_range(0..bytes.len());
    match chance.random_range(0..5) {
        0 => return fs::remove_file(path).unwrap(),
        1 => bytes.truncate(place),
        2 => bytes.clear(),
        3 => {
            let end = (place + 64).min(bytes.len());
            bytes[place..end].fill(0xa5);
        }
        _ => bytes[place] ^= 1 << chance.random_range(0..8),
    }
    fs::write(path, bytes).unwrap();
}

/// A damaged run may be met only when an old event comes again: then nothing is taken in until the
/// next start, and that one is right.
#[test]
fn what_is_damaged_is_worked_out_again() {
    let mut chance = chance();
    let (rig, book) = (Rig::new(), Book::default());
    filled(&rig, &book, 60);
    filled(&rig, &book, 150);
    remove_kept(&rig);
    let (truth, _) = look(&rig, &book);
    for _ in 0..rounds(20).div_ceil(2) {
        let files = kept_files(&rig);
        let file = &files[chance.random_range(0..files.len())];
        damage(&mut chance, file);
        fs::write(rig.data_dir.join("state.new"), b"half").unwrap();
        fs::write(rig.data_dir.join("identities/1.new"), b"half").unwrap();
        let service = rig.start();
        assert_eq!(picture(&service), truth);
        let mut client = Client::new(service.address);
        let refused = (1..=book.acknowledged() as u64).any(|n| {
            let answer = delivery(n).post(&mut client).unwrap();
            match answer.status {
                200 => assert_eq!(answer.json()["status"], "duplicate", "{n}"),
                other => assert_eq!(other, 503, "{}", answer.text),
            }
            answer.status == 503
        });
        let ready = client.get("/readyz", "").unwrap();
        assert_eq!(ready.status == 503, refused, "{}", ready.text);
        assert!(!refused || ready.text.contains("index"), "{}", ready.text);
        assert_eq!(service.terminate().code, Some(0));
        assert_eq!(look(&rig, &book).0, truth);
    }
}

/// A backup restored in part: an older state, older identities, or both, under a newer log; and
/// those of another log altogether, which is longer.
#[test]
fn what_is_old_or_anothers_is_completed_or_not_used() {
    let (rig, book) = (Rig::new(), Book::default());
    filled(&rig, &book, 40);
    let older = rig.path("older");
    put(&rig.data_dir, &older, &KEPT);
    filled(&rig, &book, 90);
    let newer = rig.path("newer");
    put(&rig.data_dir, &newer, &KEPT);
    let (truth, _) = look(&rig, &book);
    for names in [&KEPT[..1], &KEPT[1..], &KEPT[..]] {
        put(&newer, &rig.data_dir, &KEPT);
        put(&older, &rig.data_dir, names);
        let (shown, ended) = look(&rig, &book);
        assert_eq!(shown, truth, "{names:?}");
        assert_eq!(restored(&ended).1, 42, "read from after the older one");
    }
    let (other, other_book) = (Rig::new(), Book::default());
    filled(&other, &other_book, 300);
    for names in [&KEPT[..1], &KEPT[1..], &KEPT[..]] {
        put(&newer, &rig.data_dir, &KEPT);
        put(&other.data_dir, &rig.data_dir, names);
        let (shown, ended) = look(&rig, &book);
        assert_eq!(shown, truth, "{names:?}");
        assert_eq!(restored(&ended).1, 1, "all is read");
    }
}

/// Killed at every moment of a stop, at which the state and the identities are written.
#[test]
fn a_ledger_killed_while_it_keeps_its_state_loses_nothing() {
    let mut chance = chance();
    let (rig, book) = (Rig::new(), Book::default());
    for _ in 0..rounds(20) {
        let service = rig.start();
        book.send(service.address, 30);
        service.signal("TERM");
        thread::sleep(pause(&mut chance, 0, 60));
        service.kill();
    }
    let (shown, _) = look(&rig, &book);
    remove_kept(&rig);
    assert_eq!(look(&rig, &book).0, shown);
}

/// The same, at each system call that makes a file durable or puts it in its place.
#[test]
fn a_ledger_killed_at_each_step_of_keeping_loses_nothing() {
    if !tools::can_trace() {
        return;
    }
    let (rig, book) = (Rig::new(), Book::default());
    filled(&rig, &book, 30);
    let mut killed = 0;
    for call in ["rename", "fsync"] {
        for nth in 1..=8 {
            let rule = format!("{call}:signal=SIGKILL:when={nth}");
            let strace = Strace::injecting(rig.path(&format!("{call}-{nth}")), rule);
            let launch = Launch {
                strace: Some(&strace),
                ..Launch::default()
            };
            let Ok(service) = rig.spawn(&launch).serving() else {
                killed += 1;
                continue;
            };
            let n = book.next();
            // Killed before its answer, it may be stored or not.
            if let Ok(answer) = delivery(n).post(&mut Client::new(service.address)) {
                book.take(n, &answer);
                service.signal("TERM");
                thread::sleep(Duration::from_millis(300));
            }
            killed += u64::from(service.kill().code.is_none());
            let (shown, _) = look(&rig, &book);
            remove_kept(&rig);
            assert_eq!(look(&rig, &book).0, shown, "{call} {nth}");
        }
    }
    assert!(killed > 0, "nothing was killed");
}
