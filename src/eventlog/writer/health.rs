//! How the writer is doing, for readiness and metrics; written by its thread, read by all others.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Unavailable;
use crate::histogram::{COUNT_BOUNDS, DURATION_BOUNDS, Histogram};

/// A commit takes milliseconds, and on a poor disk a second. One that is older hangs in the disk.
pub const COMMIT_AGE_MAX: Duration = Duration::from_secs(10);

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
#[derive(Debug)]
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
    /// Commits by their duration from append to durable, in microseconds.
    pub commit_micros: Histogram<{ DURATION_BOUNDS.len() }>,
    /// Commits by their number of events.
    pub batch_events: Histogram<{ COUNT_BOUNDS.len() }>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            queued: AtomicUsize::new(0),
            queued_bytes: AtomicUsize::new(0),
            batches: AtomicU64::new(0),
            events: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            conflicting: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            commit_micros: Histogram::new(&DURATION_BOUNDS),
            batch_events: Histogram::new(&COUNT_BOUNDS),
        }
    }
}

/// Shared by the writer and everyone who asks after it.
pub struct Health {
    birth: Instant,
    /// When the commit under way began, in microseconds since the birth; [`NO_COMMIT`] where
    /// there is none.
    commit_began: AtomicU64,
    state: Mutex<State>,
    /// What the state means for a new event, so that refusing one costs no lock.
    gate: AtomicU8,
    is_stopping: AtomicBool,
    /// Counts and durations.
    pub counters: Counters,
}

/// No commit is under way.
const NO_COMMIT: u64 = u64::MAX;

impl Default for Health {
    fn default() -> Self {
        Self {
            birth: Instant::now(),
            commit_began: AtomicU64::new(NO_COMMIT),
            state: Mutex::default(),
            gate: AtomicU8::default(),
            is_stopping: AtomicBool::default(),
            counters: Counters::default(),
        }
    }
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

    /// The clock is believed again, where it was not.
    pub(super) fn leap_is_over(&self) {
        let has_leapt = *self.state.lock() == State::ClockLeap;
        if has_leapt {
            self.set(State::Serving);
        }
    }

    /// Whether the commit under way is so old that the disk must have hung. It is still waited
    /// for: what it was to write may land.
    #[must_use]
    pub fn is_hung(&self) -> bool {
        let began = self.commit_began.load(Relaxed);
        began != NO_COMMIT
            && self
                .birth
                .elapsed()
                .saturating_sub(Duration::from_micros(began))
                >= COMMIT_AGE_MAX
    }

    /// Remembers that a commit is under way, until what it answers is dropped.
    pub(super) fn begin_commit(&self) -> UnderWay<'_> {
        let now = u64::try_from(self.birth.elapsed().as_micros()).unwrap_or(0);
        self.commit_began.store(now, Relaxed);
        UnderWay(self)
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
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let counters = &self.counters;
        counters.batches.fetch_add(1, Relaxed);
        counters.events.fetch_add(events, Relaxed);
        counters.commit_micros.count_duration(took);
        counters.batch_events.count(events);
    }
}

/// A commit that is under way.
pub(super) struct UnderWay<'a>(&'a Health);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.commit_began.store(NO_COMMIT, Relaxed);
    }
}
