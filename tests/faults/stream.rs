//! Who follows the log, while the process is killed and started again, or is asked to stop.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::follower::Follower;
use super::load::Book;
use super::rig::{ADMIN_KEY, Rig, chance, eventually, pause, rounds};

const PATH: &str = "/v1/events/stream?after=0";
const CLIENTS: usize = 4;

/// Follows whatever process there is, and goes on after each break.
fn follow(address: &Mutex<String>, ends: &AtomicBool, got: &Mutex<Vec<u64>>) {
    while !ends.load(Ordering::Relaxed) {
        let last = got.lock().unwrap().last().copied();
        let at = address.lock().unwrap().clone();
        let Ok(mut follower) = Follower::open(&at, PATH, ADMIN_KEY, last) else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        assert_eq!(follower.status, 200, "{}", follower.head);
        while let Ok(Some(block)) = follower.event() {
            got.lock().unwrap().push(block.id.unwrap());
            if ends.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

#[test]
fn a_follower_misses_nothing_and_sees_nothing_twice_over_kills() {
    let mut chance = chance();
    let rig = Rig::new();
    let book = Book::default();
    let (ends, got) = (AtomicBool::new(false), Mutex::default());
    let address = Mutex::new("127.0.0.1:1".to_owned());
    thread::scope(|scope| {
        scope.spawn(|| follow(&address, &ends, &got));
        for _ in 0..rounds(20).div_ceil(4) {
            let service = rig.start();
            *address.lock().unwrap() = service.address.to_string();
            let (at, lasts) = (service.address, pause(&mut chance, 50, 400));
            book.during(at, CLIENTS, || {
                thread::sleep(lasts);
                service.kill()
            });
        }
        let service = rig.start();
        *address.lock().unwrap() = service.address.to_string();
        let last = service.get("/v1/stats").json()["last_seq"].as_u64();
        eventually("it has come to the end", || {
            got.lock().unwrap().last().copied() == last
        });
        // Lets the follower see that it is over.
        ends.store(true, Ordering::Relaxed);
        book.send(service.address, 1);
        book.check(service.address);
    });
    let got = got.into_inner().unwrap();
    assert!(got.len() > 10, "too little was sent: {}", got.len());
    assert_eq!(got, (1..=got.len() as u64).collect::<Vec<_>>());
}

#[test]
fn open_streams_end_at_a_stop_and_do_not_hold_it_up() {
    /// As for every stop: the contract's 5 s, and as much again for a busy machine.
    const STOP_MAX: Duration = Duration::from_secs(10);
    let rig = Rig::new();
    let service = rig.start();
    let address = service.address.to_string();
    let mut followers: Vec<Follower> = (0..20)
        .map(|_| Follower::open(&address, PATH, ADMIN_KEY, None).unwrap())
        .collect();
    for follower in &mut followers {
        assert_eq!(follower.event().unwrap().unwrap().id, Some(1));
    }
    let begun = Instant::now();
    assert_eq!(service.terminate().code, Some(0));
    assert!(begun.elapsed() < STOP_MAX, "{:?}", begun.elapsed());
    for follower in &mut followers {
        // An end, which a connection that was merely cut does not have.
        assert_eq!(follower.event().unwrap(), None);
    }
}
