//! The log read back: folding it again, verifying it, starting on it, and the memory that a start
//! takes. Folding and verifying are ratios to reading and decoding the same pages in the same run;
//! starts and memory are measured in processes of their own, so that nothing of the bench counts.
//!
//! `cargo bench --bench replay` (about three minutes; SUBLEDGER_BENCH_EVENTS, by default 1000000).
#![allow(
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/fill.rs"]
mod fill;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use subledger::clock::{Clock, SystemClock};
use subledger::domain::state::CustomerNotes;
use subledger::eventlog::{self, Engine, Log, OpenOptions};
use subledger::ledger::{Refold, Verification};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customers of the log whose length is what matters.
const FEW_CUSTOMERS: usize = 10_000;
const ROUNDS: usize = 3;
/// What a killed service had taken in since its last snapshot, at most about this.
const TAIL_EVENTS: usize = 90_000;
/// After a start the whole log is checked in the background; memory is looked at once more then.
const SETTLING: Duration = Duration::from_secs(8);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder, rest @ ..] = arguments.as_slice() {
        match word.as_str() {
            "start" => return start(Path::new(folder)),
            "kill" => return fill_and_die(Path::new(folder), rest),
            "fold" => return read_fold_verify(Path::new(folder)),
            "fill" => {
                return extend(
                    Path::new(folder),
                    0..rest[0].parse().unwrap(),
                    FEW_CUSTOMERS,
                );
            }
            _ => {}
        }
    }
    let events = std::env::var("SUBLEDGER_BENCH_EVENTS");
    let events: usize = events.map_or(1_000_000, |text| text.parse().unwrap());
    let empty = tempfile::tempdir().unwrap();
    fill::open(empty.path()).stop();
    let idle = started(empty.path(), "empty");
    few_customers(events);
    many_customers(events, &idle);
}

fn few_customers(events: usize) {
    let folder = tempfile::tempdir().unwrap();
    let tenth = events / 10;
    extend(folder.path(), 0..tenth, FEW_CUSTOMERS);
    let short = started(folder.path(), "a tenth of the log");
    extend(folder.path(), tenth..events, FEW_CUSTOMERS);
    let long = started(folder.path(), "the whole log");
    // Once settled, the store's cache is in it, which fills up to a bound of its own.
    for (what, from, to) in [
        ("at the start", short.kib, long.kib),
        ("settled", short.settled_kib, long.settled_kib),
    ] {
        let grown = to.saturating_sub(from) as f64 * 1024.0 / (events - tenth) as f64;
        println!("memory an event at constant customers, {what}: {grown:.1} bytes");
    }
    let disk = directory_bytes(&folder.path().join("log")) as f64 / events as f64;
    println!("disk an event: {disk:.0} bytes");
    read_fold_verify(folder.path());
    let end = (events + TAIL_EVENTS).to_string();
    child("kill", folder.path(), &[&events.to_string(), &end]);
    started(
        folder.path(),
        &format!("after a kill with a tail of {TAIL_EVENTS}"),
    );
}

fn many_customers(events: usize, idle: &Started) {
    let folder = tempfile::tempdir().unwrap();
    extend(folder.path(), 0..events, events);
    let full = started(folder.path(), &format!("{events} customers"));
    let per = |kib: u64| (kib.saturating_sub(idle.kib)) as f64 * 1024.0 / events as f64;
    println!(
        "memory a customer with one event: {:.0} bytes at the start",
        per(full.kib)
    );
    println!(
        "{:.0} bytes once the log was checked",
        per(full.settled_kib)
    );
    let disk = std::fs::metadata(folder.path().join(subledger::snapshot::FILE_NAME));
    let disk = disk.unwrap().len() as f64 / events as f64;
    println!("snapshot a customer: {disk:.0} bytes");
    read_fold_verify(folder.path());
}

fn extend(folder: &Path, numbers: std::ops::Range<usize>, customers: usize) {
    let (count, begun) = (numbers.len(), Instant::now());
    let ledger = fill::fill(fill::open(folder), numbers, customers);
    let seconds = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    ledger.stop();
    let stop = begun.elapsed();
    println!(
        "took in {count} events at {:.0}/s; stopped in {stop:.2?}",
        count as f64 / seconds
    );
}

/// Reading and decoding, folding and verifying, in turn.
fn read_fold_verify(folder: &Path) {
    let opened = eventlog::open(&OpenOptions::new(folder.to_owned()), SystemClock.now());
    let engine = opened.ok().unwrap().engine;
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    let mut events = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        events = decode_all(&engine);
        let decoded = begun.elapsed().as_secs_f64();
        let (begun, used) = (Instant::now(), processor_seconds());
        let state = Refold::default().state(&*engine, CustomerNotes::new(), |_| {});
        assert_eq!(state.unwrap().counts().events, events);
        let folded = begun.elapsed().as_secs_f64();
        let used = (processor_seconds() - used) * 1e6 / events as f64;
        println!("a round of folding used {used:.2} us of processor time an event");
        let begun = Instant::now();
        let verdict = Verification::new(Arc::clone(&engine)).run(&mut |_| Ok(()));
        assert!(verdict.unwrap().intact);
        rounds.push([decoded, folded, begun.elapsed().as_secs_f64()]);
    }
    for (place, what) in [(1, "folding"), (2, "verifying")] {
        rounds.sort_by(|a, b| (a[0] / a[place]).total_cmp(&(b[0] / b[place])));
        let median = rounds[ROUNDS / 2];
        let rate = |seconds: f64| events as f64 / seconds;
        println!(
            "{what} {:.0}/s; reading and decoding {:.0}/s; ratio {:.2}",
            rate(median[place]),
            rate(median[0]),
            median[0] / median[place]
        );
    }
}

fn decode_all(engine: &Arc<dyn Engine>) -> u64 {
    let mut events = 0;
    for page in Log::new(Arc::clone(engine)).pages(1) {
        for (_, record) in page.unwrap().records() {
            black_box(record.unwrap());
            events += 1;
        }
    }
    events
}

/// What a start in a process of its own came to.
struct Started {
    millis: u64,
    kib: u64,
    settled_kib: u64,
}

fn started(folder: &Path, what: &str) -> Started {
    let text = child("start", folder, &[]);
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let started = Started {
        millis: numbers[0],
        kib: numbers[1],
        settled_kib: numbers[2],
    };
    println!(
        "start with {what}: {} ms; {} MiB, {} MiB settled",
        started.millis,
        started.kib / 1024,
        started.settled_kib / 1024
    );
    started
}

fn child(word: &str, folder: &Path, rest: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg(word).arg(folder).args(rest).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn start(folder: &Path) {
    let begun = Instant::now();
    let ledger = fill::open(folder);
    let millis = begun.elapsed().as_millis();
    let kib = resident_kib();
    std::thread::sleep(SETTLING);
    println!("{millis} {kib} {}", resident_kib());
    // Left as a kill leaves it: the folder is measured, not changed.
    std::mem::forget(ledger);
    std::process::exit(0);
}

fn fill_and_die(folder: &Path, rest: &[String]) {
    let [from, to] = [0, 1].map(|place| rest[place].parse().unwrap());
    let ledger = fill::fill(fill::open(folder), from..to, FEW_CUSTOMERS);
    std::mem::forget(ledger);
    std::process::abort();
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What all threads of this process have used so far.
fn processor_seconds() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

fn directory_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let entries = entries.map(|entry| (entry.path(), entry.metadata().unwrap()));
    entries
        .map(|(path, metadata)| {
            if metadata.is_dir() {
                directory_bytes(&path)
            } else {
                metadata.len()
            }
        })
        .sum()
}
