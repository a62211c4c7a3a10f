//! The n-th write or sync fails, for the first few n: never a 200 after a failed sync, never a
//! loss, and the next start works. strace makes the calls fail.

use super::load::{Book, delivery};
use super::process::Service;
use super::rig::{Launch, Rig, eventually, rounds};
use super::strace::Strace;
use super::syscalls::answers_after_sync;
use super::tools;

/// The first so many calls fail, each in a life of its own.
const CALLS: u64 = 6;
/// sled spreads its writes over a pool of threads, and strace counts each thread's by itself: until
/// one thread has come to its n-th, the others have done a few.
const EVENTS_BEFORE_FAULT_MAX: u64 = 300;
/// So that each fault has a life after it.
const EVENTS_AFTER_FAULT: u64 = 10;

/// One life in which one call fails; `None` where it failed at the start, which was refused.
struct Life {
    rig: Rig,
    book: Book,
    strace: Strace,
    service: Option<Service>,
    statuses: Vec<u16>,
}

fn live(fault: &str, n: u64) -> Life {
    let rig = Rig::new();
    let rule = format!("{fault}:when={n}");
    let strace = Strace::injecting(rig.path("trace"), rule);
    let launch = Launch {
        strace: Some(&strace),
        ..Launch::default()
    };
    let book = Book::default();
    let (service, statuses) = match rig.spawn(&launch).serving() {
        Ok(service) => {
            let statuses = send(&service, &book, &strace);
            (Some(service), statuses)
        }
        Err(ended) => {
            println!("{fault} {n}: {}", ended.refused_after_log_lines(1));
            (None, Vec::new())
        }
    };
    Life {
        rig,
        book,
        strace,
        service,
        statuses,
    }
}

/// One after the other: each answer is seen before the next is asked for.
fn send(service: &Service, book: &Book, strace: &Strace) -> Vec<u16> {
    let mut client = service.client();
    let mut statuses = Vec::new();
    let mut left = EVENTS_BEFORE_FAULT_MAX;
    let mut has_failed = false;
    while left > 0 {
        let n = book.next();
        let answer = delivery(n).post(&mut client).unwrap();
        book.take(n, &answer);
        statuses.push(answer.status);
        left -= 1;
        if !has_failed && (answer.status == 503 || strace.has_injected()) {
            has_failed = true;
            left = EVENTS_AFTER_FAULT;
        }
    }
    statuses
}

impl Life {
    /// What holds after any fault: the answers were honest, and the next life has them all.
    fn end(self) {
        assert!(self.strace.has_injected(), "the fault never came");
        if let Some(service) = self.service {
            assert_eq!(service.kill().code, None);
        }
        let trace = self.strace.text();
        if let Err(what) = answers_after_sync(&only_webhooks(&trace), &self.rig.db()) {
            panic!("{what}");
        }
        let service = self.rig.start();
        self.book.check(service.address);
        self.book.send(service.address, 3);
        self.book.check(service.address);
        assert_eq!(service.get("/readyz").status, 200);
        assert_eq!(service.terminate().code, Some(0));
        self.rig.verify();
    }
}

/// Queries are answered with 200 and write nothing.
fn only_webhooks(trace: &str) -> String {
    let is_query = |line: &&str| !line.contains("HTTP/1.1 200") || line.contains("recorded");
    let kept = trace.lines().filter(is_query);
    kept.map(|line| format!("{line}\n")).collect()
}

/// The disk did not sync. The system may have dropped the very pages that it could not write, so a
/// later sync that succeeds proves nothing: read-only until an operator has looked.
#[test]
fn after_a_failed_sync_nothing_is_acknowledged() {
    if !tools::can_trace() {
        return;
    }
    let mut faults_while_serving = 0;
    for round in 0..rounds(CALLS) {
        let n = 1 + round % CALLS;
        let life = live("fdatasync:error=EIO", n);
        if let Some(service) = &life.service
            && life.strace.has_injected_on(&life.rig.db())
        {
            let first = life.statuses.iter().position(|status| *status == 503);
            let first = first.unwrap_or_else(|| panic!("{n}: all were taken"));
            let after = &life.statuses[first..];
            assert!(after.iter().all(|status| *status == 503), "{n}: {after:?}");
            let ready = service.get("/readyz");
            assert_eq!(ready.status, 503, "{}", ready.text);
            assert!(ready.text.contains("subledger verify"), "{}", ready.text);
            assert_eq!(service.get("/v1/stats").status, 200);
            faults_while_serving += 1;
        }
        life.end();
    }
    assert!(faults_while_serving > 0, "no fault hit a running ledger");
}

/// A write that failed has not happened: the store is reopened and goes on, by itself. Some fail
/// late, when sled waits for them already and nobody wakes it: a ledger that refused everything
/// from then on, and said that it was ready, would lose what its providers give up sending.
#[test]
fn a_failed_write_loses_nothing_and_heals() {
    if !tools::can_trace() {
        return;
    }
    let late = "error=EIO:delay_enter=200ms";
    for call in ["pwrite64", "sync_file_range"] {
        for round in 0..rounds(CALLS) {
            let how = if round % 2 == 0 { "error=EIO" } else { late };
            let life = live(&format!("{call}:{how}"), 1 + round % CALLS);
            if let Some(service) = &life.service {
                let n = life.book.next();
                let mut client = service.client();
                eventually("it heals by itself", || {
                    let answer = delivery(n).post(&mut client).unwrap();
                    life.book.take(n, &answer);
                    answer.status == 200
                });
                assert_eq!(service.get("/readyz").status, 200);
            }
            life.end();
        }
    }
}
