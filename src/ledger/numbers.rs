//! Counting: what `/v1/stats` and `/metrics` show.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::{Ledger, Shown};

/// Counts since start that belong to no source.
#[derive(Debug, Default)]
pub struct Tally {
    unknown_source: AtomicU64,
}

impl Tally {
    /// Counts a delivery to a source that does not exist. Names are not kept: whoever sends them
    /// could fill the memory with them.
    pub fn unknown_source(&self) {
        self.unknown_source.fetch_add(1, Ordering::Relaxed);
    }
}

/// `GET /v1/stats`.
#[derive(Debug, Clone, Serialize)]
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

/// What `/metrics` shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Numbers {
    /// Source, outcome, count since start.
    pub deliveries: Vec<(String, &'static str, u64)>,
    pub events: u64,
    pub customers: u64,
    pub quarantined: u64,
    pub conflicting: u64,
    pub queue_depth: u64,
    pub commits: u64,
    pub committed_events: u64,
    pub last_commit_seconds: f64,
    pub store_bytes: u64,
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
        let state = self.state.read();
        let counts = state.counts();
        let stats = Stats {
            events: counts.events,
            last_seq: counts.last_seq,
            quarantined: state.quarantine().len() as u64,
            ignored: counts.ignored,
            conflicting: counts.conflicting,
            customers: state.customer_count(),
            subscriptions: state.subscriptions_by_status(),
            payments: state.payment_count() as u64,
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
        let mut deliveries: Vec<_> = self
            .sources
            .values()
            .flat_map(|source| {
                source
                    .counts()
                    .map(|(word, count)| (source.name().to_owned(), word, count))
            })
            .collect();
        let unknown = self.tally.unknown_source.load(Ordering::Relaxed);
        deliveries.push(("unknown".to_owned(), "refused", unknown));
        let health = self.writer.health();
        let writer = &health.counters;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let state = self.state.read();
        Numbers {
            deliveries,
            events: state.counts().events,
            customers: state.customer_count(),
            quarantined: state.quarantine().len() as u64,
            conflicting: state.counts().conflicting,
            queue_depth: writer.queued.load(Ordering::Relaxed) as u64,
            commits: count(&writer.batches),
            committed_events: count(&writer.events),
            last_commit_seconds: Duration::from_micros(count(&writer.last_commit_micros))
                .as_secs_f64(),
            store_bytes: self.engine.store_bytes().unwrap_or(0),
            streams: 0,
            ready: self.ready().is_ok(),
        }
    }
}
