//! How the writer is doing, for readiness and metrics; written by its thread, read by all others.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use super::Unavailable;

/// Whether events can be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// Yes.
    #[default]
    Serving,
    /// Not until there is room on the disk.
    Full,
    /// Not until the store is back; the sentence says what is wrong.
    Faulted(String),
    /// Not while this machine's clock is wrong; each event is tried, and the first that can be
    /// recorded ends this.
    ClockLeap,
    /// Not until an operator has looked; the sentence says at what.
    ReadOnly(String),
    /// No longer.
    Stopped,
}

/// Counts since the writer started. All are only ever read for display.
#[derive(Debug, Default)]
pub struct Counters {
    /// Events and commands that wait.
    pub queued: AtomicUsize,
    /// Bytes of the events that wait or are being committed.
    pub queued_bytes: AtomicUsize,
    /// Commits.
    pub batches: AtomicU64,
    /// Events recorded.
    pub events: AtomicU64,
    /// Repetitions answered.
    pub duplicates: AtomicU64,
    /// Events recorded beside another body of the same event: an alarm.
    pub conflicting: AtomicU64,
    /// Failed commits: an alarm.
    pub faults: AtomicU64,
    /// The last commit's duration from append to durable, in microseconds.
    pub last_commit_micros: AtomicU64,
    /// The sum of all such durations, in microseconds.
    pub commit_micros: AtomicU64,
    /// Commits by size, in powers of two: 1, 2, 3-4, 5-8, … 257-512 events.
    pub batch_sizes: [AtomicU64; 10],
}

/// Shared by the writer and everyone who asks after it.
#[derive(Default)]
pub struct Health {
    state: Mutex<State>,
    /// What the state means for a new event, so that refusing one costs no lock.
    gate: AtomicU8,
    is_stopping: AtomicBool,
    /// Counts and durations.
    pub counters: Counters,
}

impl Health {
    /// How the writer is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.lock().clone()
    }

    pub(super) fn set(&self, state: State) {
        let gate = match &state {
            State::Serving | State::ClockLeap => 0,
            State::Full => 1,
            State::Faulted(_) => 2,
            State::ReadOnly(_) => 3,
            State::Stopped => 4,
        };
        let mut held = self.state.lock();
        if *held != state {
            match &state {
                State::Serving => tracing::info!("the log is writable again"),
                // Whoever stops it, and the clock's keeper, have said so already.
                State::Stopped | State::ClockLeap => {}
                State::Full => tracing::error!("the disk is full; events are refused"),
                State::Faulted(why) => tracing::error!(%why, "the log has a fault"),
                State::ReadOnly(why) => tracing::error!(%why, "the log is read-only"),
            }
        }
        *held = state;
        self.gate.store(gate, Relaxed);
    }

    pub(super) fn begin_stop(&self) {
        self.is_stopping.store(true, Relaxed);
    }

    /// Whether a new event may be queued.
    pub(super) fn admit(&self) -> Result<(), Unavailable> {
        if self.is_stopping.load(Relaxed) {
            return Err(Unavailable::Stopping);
        }
        self.serving()
    }

    /// Whether a queued event may be committed.
    pub(super) fn serving(&self) -> Result<(), Unavailable> {
        match self.gate.load(Relaxed) {
            0 => Ok(()),
            1 => Err(Unavailable::Full),
            2 => Err(Unavailable::Faulted),
            3 => Err(Unavailable::ReadOnly),
            _ => Err(Unavailable::Stopping),
        }
    }

    pub(super) fn count_commit(&self, events: usize, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let counters = &self.counters;
        counters.batches.fetch_add(1, Relaxed);
        counters
            .events
            .fetch_add(u64::try_from(events).unwrap_or(u64::MAX), Relaxed);
        counters.last_commit_micros.store(micros, Relaxed);
        counters.commit_micros.fetch_add(micros, Relaxed);
        let bucket = usize::try_from(events.next_power_of_two().trailing_zeros()).unwrap_or(0);
        if let Some(bucket) = counters.batch_sizes.get(bucket) {
            bucket.fetch_add(1, Relaxed);
        }
    }
}
