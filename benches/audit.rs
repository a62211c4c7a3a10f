//! Auditing a ledger at work: what a check and a replay of the whole log take, alone and beside
//! ingest at half of its greatest rate, and what ingest has to wait for them. The check and the
//! replay are ratios to reading and decoding the same pages in the same run.
//!
//! `cargo bench --bench audit` (about four minutes; SUBLEDGER_BENCH_EVENTS, by default 1000000).
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/fill.rs"]
mod fill;
#[path = "support/load.rs"]
mod load;

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use subledger::app::{Acceptance, App, Running};
use subledger::clock::{Clock, SystemClock};
use subledger::eventlog::{self, Log, OpenOptions};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CUSTOMERS: usize = 10_000;
const CONNECTIONS: usize = 64;
const INTAKE: &str = "/webhooks/razorpay";
/// How long the greatest rate is looked for.
const AT_FULL: Duration = Duration::from_secs(4);
/// How long half of it is sent: longer than an audit takes.
const AT_HALF: Duration = Duration::from_secs(20);
const ROUNDS: usize = 3;

fn main() {
    let events = std::env::var("SUBLEDGER_BENCH_EVENTS");
    let events: usize = events.map_or(1_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    fill::fill(fill::open(folder.path()), 0..events, CUSTOMERS).stop();
    let reading = reading_seconds(folder.path());
    println!(
        "reading and decoding: {:.0} events/s",
        events as f64 / reading
    );
    let running = serve(folder.path());
    let address = running.address();
    for path in ["verify", "replay"] {
        let mut seconds: Vec<f64> = (0..ROUNDS).map(|_| audit(address, path).0).collect();
        seconds.sort_by(f64::total_cmp);
        let alone = seconds[ROUNDS / 2];
        let rate = events as f64 / alone;
        println!(
            "{path} alone: {rate:.0} events/s, ratio {:.2}",
            reading / alone
        );
    }
    let mut numbers = events..;
    let mut take = |count: usize| -> Vec<Vec<u8>> {
        let of = |n| bodies::request(INTAKE, n, &bodies::body(n, CUSTOMERS, false));
        numbers.by_ref().take(count).map(of).collect()
    };
    let full = load::run(address, &take(400_000), CONNECTIONS, AT_FULL).unwrap();
    let half = full.per_second() / 2.0;
    println!(
        "ingest at full: {:.0}/s; half is {half:.0}/s",
        full.per_second()
    );
    let count = (half * AT_HALF.as_secs_f64()) as usize;
    for path in ["", "verify", "replay"] {
        let requests = take(count);
        let auditor = (!path.is_empty()).then(|| thread::spawn(move || audit(address, path)));
        let paced = load::paced(address, &requests, CONNECTIONS, half, AT_HALF).unwrap();
        assert_eq!(paced.refused, 0, "every delivery is taken");
        let beside = auditor.map(|auditor| auditor.join().unwrap());
        println!(
            "ingest at {:.0}/s beside {}: p50 {:.2?}, p99 {:.2?}",
            paced.per_second(),
            if path.is_empty() { "nothing" } else { path },
            paced.p50,
            paced.p99
        );
        if let Some((seconds, last)) = beside {
            println!("  {path} took {seconds:.1} s: {last}");
        }
    }
    running.stop().unwrap();
}

fn serve(folder: &Path) -> Running {
    let config = bodies::config(folder);
    let accept = Acceptance::default();
    let app = App::open(&config, accept, Arc::new(SystemClock), &bodies::env);
    app.ok().unwrap().spawn().ok().unwrap()
}

/// The least that reading the log can take: the median of a few rounds.
fn reading_seconds(folder: &Path) -> f64 {
    let opened = eventlog::open(&OpenOptions::new(folder.to_owned()), SystemClock.now());
    let engine = opened.ok().unwrap().engine;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            for page in Log::new(Arc::clone(&engine)).pages(1) {
                for (_, record) in page.unwrap().records() {
                    black_box(record.unwrap());
                }
            }
            begun.elapsed().as_secs_f64()
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// Asks for an audit and reads it to its end: the seconds it took, and its verdict.
fn audit(address: SocketAddr, path: &str) -> (f64, String) {
    let begun = Instant::now();
    let answer = ureq::post(format!("http://{address}/v1/audit/{path}"))
        .header("authorization", format!("Bearer {}", bodies::ADMIN_KEY))
        .header("content-type", "application/json")
        .send("{}");
    let lines = BufReader::new(answer.unwrap().into_body().into_reader()).lines();
    let last = lines.last().unwrap().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let mut verdict: Value = serde_json::from_str(&last).unwrap();
    let sound = verdict.get("intact").or_else(|| verdict.get("identical"));
    assert_eq!(sound, Some(&Value::Bool(true)), "{last}");
    if let Some(fields) = verdict.as_object_mut() {
        fields.retain(|_, value| !value.is_array() && !value.is_object());
    }
    (seconds, verdict.to_string())
}
