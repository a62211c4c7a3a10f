//! Proofs about a log of many events: how long one takes, and what the tree costs in memory and on
//! disk while it follows. The log is made up as it is read, so that the bench needs no room for it;
//! making a page takes about as long as reading one.
//!
//! `cargo bench --bench proofs` (about two minutes; SUBLEDGER_BENCH_EVENTS, by default 10000000).
#![allow(
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use subledger::eventlog::merkle::{Hash, Peaks, leaf_hash};
use subledger::eventlog::page::{Page, PageBuilder};
use subledger::eventlog::{Engine, Fault, Place, Tail, Tree};
use subledger::note::{Checkpoint, SigningKey};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a commit holds at full speed.
const RECORDS_A_PAGE: u64 = 80;
/// Of a usual event: its header, and its salt with its body.
const HEADER_BYTES: usize = 220;
const REST_BYTES: usize = 16 + 468;
const PROOFS: usize = 20_000;

fn main() {
    let events = std::env::var("SUBLEDGER_BENCH_EVENTS");
    let events: u64 = events.map_or(10_000_000, |text| text.parse().unwrap());
    let begun = Instant::now();
    let log = Arc::new(MadeUp::new(events / RECORDS_A_PAGE * RECORDS_A_PAGE));
    let size = log.last().unwrap().last_seq;
    println!("{size} leaves hashed in {:.1?}", begun.elapsed());
    let folder = tempfile::tempdir().unwrap();
    let (before, begun) = (resident_kib(), Instant::now());
    let place = Place {
        folder: Some(folder.path().to_owned()),
        min_free_bytes: 0,
    };
    let tree = Tree::start(Arc::clone(&log) as Arc<dyn Engine>, place).unwrap();
    let mut peak = before;
    while tree.kept() < size {
        std::thread::sleep(Duration::from_millis(100));
        peak = peak.max(resident_kib());
    }
    println!("followed in {:.1?}, at low priority", begun.elapsed());
    println!("memory grew by {} KiB at most", peak.saturating_sub(before));
    println!(
        "disk an event: {:.2} bytes",
        folder_bytes(folder.path()) as f64 / size as f64
    );
    prove(&log, &tree, size);
    println!(
        "memory after: {} KiB more",
        resident_kib().saturating_sub(before)
    );
    let begun = Instant::now();
    tree.stop();
    println!("stopped in {:.1?}", begun.elapsed());
}

fn prove(log: &MadeUp, tree: &Tree, size: u64) {
    let mut chance = StdRng::seed_from_u64(6962);
    measure("a page of the log alone", || {
        black_box(log.read(chance.random_range(1..=size)).unwrap());
    });
    let mut chance = StdRng::seed_from_u64(6962);
    measure("inclusion in the whole tree", || {
        included(tree, chance.random_range(0..size), size);
    });
    measure("inclusion in an earlier tree", || {
        let earlier = chance.random_range(1..=size);
        included(tree, chance.random_range(0..earlier), earlier);
    });
    measure("consistency of two earlier trees", || {
        let to = chance.random_range(1..=size);
        let from = chance.random_range(1..=to);
        let (old, new) = (tree.root(from).unwrap(), tree.root(to).unwrap());
        black_box(tree.consistency((from, &old), (to, &new)).unwrap());
    });
    let key = SigningKey::generate();
    measure("a checkpoint of the head, signed", || {
        let origin = "ledger.example.com".into();
        let root = tree.root(size).unwrap();
        black_box(key.sign(&Checkpoint { origin, size, root }));
    });
}

/// As the route does it: root, leaf, proof, and the proof's check.
fn included(tree: &Tree, index: u64, size: u64) {
    let (leaf, root) = (tree.leaf(index).unwrap(), tree.root(size).unwrap());
    black_box(tree.inclusion(&leaf, index, size, &root).unwrap());
}

fn measure(what: &str, mut once: impl FnMut()) {
    let mut times: Vec<Duration> = (0..PROOFS)
        .map(|_| {
            let begun = Instant::now();
            once();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |part: usize| times[(PROOFS - 1) * part / 1000];
    println!(
        "{what}: p50 {:.0?}, p99 {:.0?}, p99.9 {:.0?}",
        at(500),
        at(990),
        at(999)
    );
}

/// A log whose pages are made when they are read; only the peaks after each are kept.
struct MadeUp {
    peaks: Vec<Peaks>,
}

impl MadeUp {
    fn new(events: u64) -> Self {
        let mut growing = Peaks::default();
        let peaks = (1..=events / RECORDS_A_PAGE).map(|_| {
            for _ in 0..RECORDS_A_PAGE {
                growing.push(leaf(growing.size() + 1));
            }
            growing.clone()
        });
        Self {
            peaks: peaks.collect(),
        }
    }
}

fn header(seq: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0x5a; HEADER_BYTES];
    header[..8].copy_from_slice(&seq.to_be_bytes());
    header
}

fn leaf(seq: u64) -> Hash {
    leaf_hash(&header(seq))
}

impl Engine for MadeUp {
    fn last(&self) -> Result<Tail, Fault> {
        Ok(Tail {
            page_no: self.peaks.len() as u64,
            last_seq: self.peaks.last().map_or(0, Peaks::size),
        })
    }

    fn append(&self, _: u64, _: &Page) -> Result<(), Fault> {
        Err(Fault::Full)
    }

    fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
        let number = (seq - 1) / RECORDS_A_PAGE;
        let Some(peaks) = self.peaks.get(number as usize) else {
            return Ok(None);
        };
        let mut builder = PageBuilder::default();
        let first = number * RECORDS_A_PAGE + 1;
        for seq in first..first + RECORDS_A_PAGE {
            let write = |out: &mut Vec<u8>| {
                out.extend_from_slice(&(HEADER_BYTES as u32).to_be_bytes());
                out.extend_from_slice(&header(seq));
                out.extend_from_slice(&[0; REST_BYTES]);
                Ok::<_, ()>(())
            };
            builder.push(write).unwrap();
        }
        Ok(Some(builder.finish(number + 1, peaks).unwrap()))
    }

    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
        let next = seq.div_ceil(RECORDS_A_PAGE) * RECORDS_A_PAGE + 1;
        Ok(Some(next).filter(|next| *next <= self.peaks.len() as u64 * RECORDS_A_PAGE))
    }

    fn reopen(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn store_bytes(&self) -> Result<u64, Fault> {
        Ok(0)
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

fn folder_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}
