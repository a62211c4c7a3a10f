//! Counting: what `/v1/stats` and `/metrics` show.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Ledger, Shown};
use crate::histogram::Reading;

/// Counts since start that belong to no source.
#[derive(Debug, Default)]
pub struct Tally {
    unknown_source: AtomicU64,
    panicked_requests: AtomicU64,
}

impl Tally {
    /// Counts a delivery to a source that does not exist. Names are not kept: whoever sends them
    /// could fill the memory with them.
    pub fn unknown_source(&self) {
        self.unknown_source.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request whose handler panicked.
    pub fn panicked_request(&self) {
        self.panicked_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn panicked_requests(&self) -> u64 {
        self.panicked_requests.load(Ordering::Relaxed)
    }
}

/// `GET /v1/stats`.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Stats {
    pub events: u64,
    pub last_seq: u64,
    pub quarantined: u64,
    pub ignored: u64,
    pub conflicting: u64,
    pub customers: u64,
    pub subscriptions: BTreeMap<&'static str, u64>,
    pub payments: u64,
    /// Since start.
    pub duplicates: u64,
    /// Since start: deliveries whose signature was not accepted.
    pub rejected: u64,
}

/// What `/metrics` shows of one source, since start.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct SourceNumbers {
    pub name: String,
    /// Outcome and count.
    pub deliveries: Vec<(&'static str, u64)>,
    /// Authentic, and signed at a time too far from ours.
    pub stale: u64,
    /// Since the last delivery that was taken in, or since start.
    pub quiet_seconds: u64,
}

/// What `/metrics` shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Numbers {
    pub sources: Vec<SourceNumbers>,
    /// Deliveries to names that are no source, since start.
    pub unknown_source: u64,
    pub events: u64,
    pub customers: u64,
    pub quarantined: u64,
    pub conflicting: u64,
    pub queue_depth: u64,
    pub queue_bytes: u64,
    pub commits: u64,
    pub committed_events: u64,
    pub commit_faults: u64,
    pub commit_micros: Reading,
    pub batch_events: Reading,
    /// Durable events that the state does not show yet.
    pub fold_lag: u64,
    /// Since start: requests answered 500 because their handler panicked.
    pub panicked_requests: u64,
    pub store_bytes: u64,
    /// Absent where the log has no disk.
    pub free_bytes: Option<u64>,
    /// Who follow the log; the ledger itself counts none.
    pub streams: u64,
    pub ready: bool,
}

impl Ledger {
    /// What the ledger holds, in numbers.
    #[must_use]
    pub fn stats(&self) -> Shown<Stats> {
        let total = |outcome: &str| {
            let all = self.sources.values().flat_map(|source| source.counts());
            all.filter(|(word, _)| *word == outcome)
                .map(|(_, count)| count)
                .sum()
        };
        let (counts, customers, quarantined, mut census) = {
            let state = self.state.read();
            let quarantined = state.quarantine().len() as u64;
            let (counts, customers) = (state.counts(), state.customer_count());
            (counts, customers, quarantined, state.begin_census())
        };
        loop {
            // A guard for each piece: nobody waits for the numbers.
            let state = self.state.read();
            if !state.count(&mut census) {
                break;
            }
        }
        let stats = Stats {
            events: counts.events,
            last_seq: counts.last_seq,
            quarantined,
            ignored: counts.ignored,
            conflicting: counts.conflicting,
            customers,
            subscriptions: census.subscriptions,
            payments: census.payments,
            duplicates: total("duplicate"),
            rejected: total("rejected"),
        };
        Shown {
            seq: counts.last_seq,
            value: stats,
        }
    }

    /// Everything a monitoring system may want.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let now = self.clock.now();
        let sources = self.sources.values().map(|source| SourceNumbers {
            name: source.name().to_owned(),
            deliveries: source.counts().collect(),
            stale: source.stale(),
            quiet_seconds: source.quiet_seconds(now),
        });
        let health = self.writer.health();
        let writer = &health.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let size = |counter: &AtomicUsize| counter.load(Ordering::Relaxed) as u64;
        // The log's end is read before the state, so that the lag is never too small.
        let head = self.engine.last().map_or(0, |tail| tail.last_seq);
        let state = self.state.read();
        let counts = state.counts();
        Numbers {
            sources: sources.collect(),
            unknown_source: count(&self.tally.unknown_source),
            events: counts.events,
            customers: state.customer_count(),
            quarantined: state.quarantine().len() as u64,
            conflicting: counts.conflicting,
            queue_depth: size(&writer.queued),
            queue_bytes: size(&writer.queued_bytes),
            commits: count(&writer.batches),
            committed_events: count(&writer.events),
            commit_faults: count(&writer.faults),
            commit_micros: writer.commit_micros.read(),
            batch_events: writer.batch_events.read(),
            fold_lag: head.saturating_sub(counts.last_seq),
            panicked_requests: self.tally.panicked_requests(),
            store_bytes: self.engine.store_bytes().unwrap_or(0),
            free_bytes: self.engine.free_bytes().unwrap_or(None),
            streams: 0,
            ready: self.ready().is_ok(),
        }
    }
}
