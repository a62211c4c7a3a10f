//! The process ends when nobody asked it to, or when somebody did: nothing that was acknowledged is
//! lost, nothing is stored twice, and the next start works.

use std::fs;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng as _;

use super::http::Client;
use super::load::{Book, PATH, delivery};
use super::rig::{Launch, Rig, chance, eventually, pause, rounds};
use super::strace::Strace;
use super::tools;

/// Providers deliver over a handful of connections.
const CLIENTS: usize = 8;

/// Kills while events come in, again and again on one store: what a power switch on the process,
/// an OOM killer or an impatient supervisor does.
#[test]
fn a_killed_ledger_keeps_every_acknowledged_event() {
    let mut chance = chance();
    let rig = Rig::new();
    let book = Book::default();
    let rounds = rounds(20);
    for round in 1..=rounds {
        let service = rig.start();
        let address = service.address;
        let lasts = pause(&mut chance, 5, 400);
        let ended = book.during(address, CLIENTS, || {
            thread::sleep(lasts);
            service.kill()
        });
        assert_eq!(ended.code, None, "killed, not ended: {ended:?}");
        if round % 5 == 0 {
            rig.verify();
            let service = rig.start();
            book.check(service.address);
            assert_eq!(service.kill().code, None);
        }
    }
    let service = rig.start();
    book.check(service.address);
    assert!(book.acknowledged() as u64 >= rounds, "too little was sent");
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

/// What a supervisor does at every update: the contract gives it 5 s, and exit code 0.
#[test]
fn a_terminated_ledger_finishes_what_it_began() {
    /// The contract's 5 s, and as much again for a machine that is busy with other tests.
    const STOP_MAX: Duration = Duration::from_secs(10);
    let mut chance = chance();
    let rig = Rig::new();
    let book = Book::default();
    for _ in 0..rounds(20).div_ceil(5) {
        let service = rig.start();
        let address = service.address;
        let lasts = pause(&mut chance, 50, 400);
        let (ended, took) = book.during(address, CLIENTS, || {
            thread::sleep(lasts);
            let begun = Instant::now();
            (service.terminate(), begun.elapsed())
        });
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(took < STOP_MAX, "it took {took:?} to stop");
        rig.verify();
        let (code, report) = rig.replay();
        assert_eq!((code, &report["identical"]), (Some(0), &true.into()));
    }
    assert!(book.acknowledged() > 0, "nothing was sent");
    let service = rig.start();
    book.check(service.address);
}

/// A connection that is open and silent, or in the middle of a request, does not hold up a stop.
#[test]
fn idle_and_half_sent_requests_do_not_hold_up_a_stop() {
    const STOP_MAX: Duration = Duration::from_secs(10);
    let rig = Rig::new();
    let service = rig.start();
    let mut kept_alive = service.client();
    assert_eq!(kept_alive.get("/healthz", "").unwrap().status, 200);
    let sent = delivery(1);
    let half_sent = Client::new(service.address)
        .post_and_leave(PATH, &sent.headers(), sent.body.as_bytes(), 9)
        .unwrap();
    assert_eq!(service.get("/healthz").status, 200);
    let begun = Instant::now();
    assert_eq!(service.terminate().code, Some(0));
    assert!(begun.elapsed() < STOP_MAX, "{:?}", begun.elapsed());
    drop(half_sent);
}

/// A machine that dies while it comes back, twice in a row, and leaves sled a half-written snapshot
/// each time.
#[test]
fn a_ledger_killed_while_it_opens_opens_the_next_time() {
    if !tools::can_trace() {
        return;
    }
    let mut chance = chance();
    let rig = Rig::new();
    let book = Book::default();
    let service = rig.start();
    book.send(service.address, 50);
    assert_eq!(service.kill().code, None);
    let plant = || {
        for name in ["snap.0000000000000009.generating", "snap.00.generating"] {
            fs::write(rig.data_dir.join("log").join(name), b"half a snapsho").unwrap();
        }
    };
    for _ in 0..rounds(20).div_ceil(4) {
        for _ in 0..2 {
            plant();
            // The n-th of the calls by which it opens files is its last.
            let call = chance.random_range(1..=90);
            let rule = format!("openat,pwrite64,fdatasync,fsync:signal=KILL:when={call}");
            let strace = Strace::injecting(rig.path("trace"), rule);
            let launch = Launch {
                strace: Some(&strace),
                ..Launch::default()
            };
            let process = rig.spawn(&launch);
            match process.serving() {
                Ok(late) => drop(late.kill()),
                Err(killed) => assert_eq!(killed.code, None, "{killed:?}"),
            }
        }
        let process = rig.spawn(&Launch::default());
        thread::sleep(pause(&mut chance, 0, 60));
        assert_eq!(process.kill().code, None);
        plant();
        let service = rig.start();
        book.send(service.address, 1);
        book.check(service.address);
        assert_eq!(service.kill().code, None);
    }
    rig.verify();
}

/// The provider's connection breaks before it has read the 200. It sends the event again, and is
/// told the place that it has had all along.
#[test]
fn a_lost_answer_is_told_again() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    for _ in 0..10 {
        let n = book.next();
        let sent = delivery(n);
        let before = service.get("/v1/stats").json()["events"].as_u64().unwrap();
        let socket = Client::new(service.address)
            .post_and_leave(PATH, &sent.headers(), sent.body.as_bytes(), 0)
            .unwrap();
        eventually("the event is stored", || {
            service.get("/v1/stats").json()["events"].as_u64() > Some(before)
        });
        drop(socket);
        let again = sent.post(&mut service.client()).unwrap();
        assert_eq!(again.word("status"), "duplicate", "{}", again.text);
        assert_eq!(again.seq(), before + 1);
        book.take(n, &again);
    }
    book.check(service.address);
}

/// A client that leaves at once, perhaps in the middle of its body: the event is stored once or not
/// at all, and sending it again settles it.
#[test]
fn a_client_that_leaves_at_once_does_no_harm() {
    let mut chance = chance();
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    for _ in 0..40 {
        let n = book.next();
        let sent = delivery(n);
        let body = sent.body.as_bytes();
        let is_whole = n % 2 == 0;
        let missing = if is_whole {
            0
        } else {
            chance.random_range(1..=body.len())
        };
        let socket = Client::new(service.address)
            .post_and_leave(PATH, &sent.headers(), body, missing)
            .unwrap();
        let _ = socket.shutdown(Shutdown::Both);
        let again = sent.post(&mut service.client()).unwrap();
        book.take(n, &again);
    }
    book.check(service.address);
    assert_eq!(book.acknowledged(), 40);
}
