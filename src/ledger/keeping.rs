//! Keeping the state on disk while the ledger runs: a thread that takes a snapshot whenever enough
//! events have come since the last one, and once more at a stop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use crate::domain::state::State;
use crate::eventlog::{Engine, Log, free_bytes};
use crate::snapshot::{self, Mark};

/// A start folds no more than about these: under half a second.
const EVENTS_BETWEEN: u64 = 100_000;
/// A large state costs more to write, and a start that loads it may fold more beside.
const EVENTS_A_PART: u64 = 128;
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// No more than a part takes on disk, as a rule: those of a million customers took half.
const PART_BYTES: u64 = 256 * 1024;

/// Where snapshots go and what they are taken of.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) state: Arc<RwLock<State>>,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) path: PathBuf,
    /// The free space that must be left for the log.
    pub(super) min_free_bytes: u64,
}

/// Why no snapshot was taken; the old one stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// There was no time left.
    #[error("there was no time for it")]
    Abandoned,
    /// The log's room comes first.
    #[error("the disk has too little free space for it")]
    NoRoom,
    /// The disk did not take it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The last event could not be read back.
    #[error("{0}")]
    Log(String),
}

/// The running thread.
pub(super) struct Keeper {
    subject: Subject,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Keeper {
    /// Starts the thread. `kept` is the event that the snapshot on disk begins after.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(super) fn start(subject: Subject, kept: u64) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let (mine, theirs) = (subject.clone(), Arc::clone(&stopping));
        let run = move || watch(&mine, &theirs, kept);
        let thread = thread::Builder::new().name("snapshots".into()).spawn(run)?;
        Ok(Self {
            subject,
            stopping,
            thread,
        })
    }

    /// Ends the thread and takes a last snapshot, or gives up at `deadline`.
    pub(super) fn stop(self, deadline: Instant) {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let kept = self.thread.join().unwrap_or(0);
        let folded = self.subject.state.read().counts().last_seq;
        if folded > kept {
            self.subject.take_and_tell(&|| Instant::now() > deadline);
        }
    }
}

/// How far the state was kept, and how far that was last tried.
struct Progress {
    kept: u64,
    tried: u64,
}

impl Progress {
    const fn from(kept: u64) -> Self {
        Self { kept, tried: kept }
    }

    /// Whether enough has been folded for another one.
    fn is_due(&self, folded: u64, parts: u64) -> bool {
        let due = EVENTS_BETWEEN.max(EVENTS_A_PART.saturating_mul(parts));
        folded.saturating_sub(self.tried) >= due
    }

    /// One that failed is tried again after as many events, or at the stop that ended it.
    fn note(&mut self, folded: u64, taken: Option<u64>) {
        self.kept = taken.unwrap_or(self.kept);
        self.tried = folded.max(self.kept);
    }
}

/// Answers the event that the snapshot on disk begins after.
fn watch(subject: &Subject, stopping: &AtomicBool, kept: u64) -> u64 {
    let is_stopping = || stopping.load(Ordering::Relaxed);
    let mut progress = Progress::from(kept);
    while !is_stopping() {
        thread::park_timeout(LOOK_EVERY);
        let (folded, parts) = {
            let state = subject.state.read();
            (state.counts().last_seq, state.snapshot_parts())
        };
        if progress.is_due(folded, parts) {
            progress.note(folded, subject.take_and_tell(&is_stopping));
        }
    }
    progress.kept
}

impl Subject {
    fn take_and_tell(&self, give_up: &dyn Fn() -> bool) -> Option<u64> {
        let began = Instant::now();
        match self.take(give_up) {
            Ok(seq) => {
                let seconds = began.elapsed().as_secs_f32();
                tracing::debug!(seq, seconds, "the state is kept");
                Some(seq)
            }
            Err(NotTaken::Abandoned) => None,
            Err(error) => {
                tracing::warn!(%error, "the state could not be kept; the next start takes longer");
                None
            }
        }
    }

    /// Takes a snapshot and answers the event that it begins after.
    fn take(&self, give_up: &dyn Fn() -> bool) -> Result<u64, NotTaken> {
        let (beginning, seq, parts) = {
            let state = self.state.read();
            let seq = state.counts().last_seq;
            (state.snapshot_beginning(), seq, state.snapshot_parts())
        };
        let wanted = parts.saturating_mul(PART_BYTES);
        let wanted = wanted.saturating_add(self.min_free_bytes);
        if self.min_free_bytes > 0 && self.free_bytes()? < wanted {
            return Err(NotTaken::NoRoom);
        }
        let mut draft = snapshot::Draft::create(&self.path)?;
        draft.beginning(&beginning)?;
        for number in 0.. {
            if give_up() {
                return Err(NotTaken::Abandoned);
            }
            let (part, end) = self.part(number);
            draft.part(&part)?;
            if let Some((end, last_seq)) = end {
                draft.finish(&end, self.mark(last_seq)?)?;
                break;
            }
        }
        Ok(seq)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        free_bytes(self.path.parent().unwrap_or_else(|| Path::new(".")))
    }

    /// One part, under a guard of its own, and with the last one what belongs to it.
    fn part(&self, number: usize) -> (Vec<u8>, Option<(Vec<u8>, u64)>) {
        let state = self.state.read();
        let part = state.snapshot_part(number);
        let is_last = state.is_last_snapshot_part(number);
        let end = is_last.then(|| (state.snapshot_end(), state.counts().last_seq));
        (part, end)
    }

    fn mark(&self, seq: u64) -> Result<Mark, NotTaken> {
        let record = Log::new(Arc::clone(&self.engine)).record(seq);
        let record = record.map_err(|fault| NotTaken::Log(fault.to_string()))?;
        let missing = || NotTaken::Log(format!("record {seq} is missing"));
        let leaf = record.ok_or_else(missing)?.leaf();
        Ok(Mark { seq, leaf })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a stop in the middle of one would find nothing to do, and the next start the old one.
    #[test]
    fn one_that_was_not_finished_counts_as_tried_and_not_as_kept() {
        let mut progress = Progress::from(7);
        assert!(!progress.is_due(EVENTS_BETWEEN, 1));
        assert!(progress.is_due(EVENTS_BETWEEN + 7, 1));
        progress.note(EVENTS_BETWEEN + 7, None);
        assert_eq!(progress.kept, 7);
        assert!(!progress.is_due(EVENTS_BETWEEN + 8, 1));
        assert!(progress.is_due(2 * EVENTS_BETWEEN + 7, 1));
        progress.note(2 * EVENTS_BETWEEN + 7, Some(2 * EVENTS_BETWEEN + 9));
        assert_eq!(progress.kept, 2 * EVENTS_BETWEEN + 9);
        assert!(!progress.is_due(3 * EVENTS_BETWEEN + 8, 1));
        assert!(!progress.is_due(3 * EVENTS_BETWEEN + 9, EVENTS_BETWEEN));
    }
}
