//! Looking back over HTTP: one customer of a hundred and of a thousand events in a log of a
//! million, as it was at a moment; asked for the first time and again.
//!
//! `cargo bench --bench past` (about two minutes; SUBLEDGER_BENCH_EVENTS, by default 1000000).
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

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use subledger::app::{Acceptance, App as Ledger, Running};
use subledger::clock::SystemClock;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// So many customers are asked about, each for the first time and then again.
const ASKED: usize = 11;
const AGAIN: usize = 5;

fn main() {
    let events = std::env::var("SUBLEDGER_BENCH_EVENTS");
    let events: usize = events.map_or(1_000_000, |text| text.parse().unwrap());
    for of_one in [100, 1_000] {
        let customers = events / of_one;
        let folder = tempfile::tempdir().unwrap();
        fill::fill(fill::open(folder.path()), 0..events, customers).stop();
        println!("{events} events, {of_one} of each customer");
        let running = serve(folder.path());
        let middle = written(1_790_000_000 + events as i64 / 2);
        for (number, moment) in [
            format!("known_at=seq:{}", events / 2),
            format!("as_of={middle}"),
            format!("as_of={middle}&known_at=2099-01-01T00:00:00Z"),
        ]
        .iter()
        .enumerate()
        {
            let first = (number * ASKED..).take(ASKED);
            ask(running.address(), first, moment);
        }
        running.stop().unwrap();
    }
}

fn written(seconds: i64) -> String {
    let time = subledger::domain::time::Timestamp::from_seconds(seconds);
    time.unwrap().to_string()
}

/// The same question about some customers that nobody asked about before.
fn ask(address: SocketAddr, customers: impl Iterator<Item = usize>, moment: &str) {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for customer in customers {
        let path = format!("/v1/customers/user_{customer}?{moment}");
        first.push(get(address, &path));
        again.extend((0..AGAIN).map(|_| get(address, &path)));
    }
    let [(first, first_max), (again, again_max)] = [first, again].map(|mut took| {
        took.sort();
        (took[took.len() / 2], *took.last().unwrap())
    });
    println!(
        "  {moment}: first {first:.1?} (at most {first_max:.1?}), again {again:.1?} (at most \
         {again_max:.1?})"
    );
}

/// One question over a connection of its own.
fn get(address: SocketAddr, path: &str) -> Duration {
    let mut socket = TcpStream::connect(address).unwrap();
    let key = bodies::ADMIN_KEY;
    let text = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
         Connection: close\r\n\r\n"
    );
    let begun = Instant::now();
    socket.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let took = begun.elapsed();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    took
}

fn serve(folder: &Path) -> Running {
    let config = bodies::config(folder);
    let app = Ledger::open(
        &config,
        Acceptance::default(),
        Arc::new(SystemClock),
        &bodies::env,
    );
    app.ok().unwrap().spawn().ok().unwrap()
}
