//! The writer's queue, bounded by count and by bytes. A full queue refuses at once: waiting would
//! only turn into the sender's timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::health::{Health, State};
use super::{Command, Outcome, Receipt, Unavailable};
use crate::eventlog::draft::Draft;

/// A sixth of a second's work at full speed: an event that waits for more would be answered late.
pub const MAX_QUEUED: usize = 10_000;
/// As many bytes as the largest bodies may take while they wait.
pub const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;
/// A command's draft is not there yet; this much is set aside for it.
const COMMAND_BYTES: usize = 1024;

/// What waits.
pub(super) enum Job<M, R> {
    Event {
        draft: Draft,
        meaning: M,
        reply: oneshot::Sender<Result<Receipt, Unavailable>>,
    },
    Command {
        command: Command<M, R>,
        reply: oneshot::Sender<Result<Outcome<R>, Unavailable>>,
    },
    Stop,
}

impl<M, R> Job<M, R> {
    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Event { draft, .. } => draft.stored_bytes(),
            Self::Command { .. } => COMMAND_BYTES,
            Self::Stop => 0,
        }
    }

    /// Answers that it cannot be taken. Nobody may be listening any more.
    pub(super) fn refuse(self, why: Unavailable) {
        match self {
            Self::Event { reply, .. } => drop(reply.send(Err(why))),
            Self::Command { reply, .. } => drop(reply.send(Err(why))),
            Self::Stop => {}
        }
    }
}

/// The queue's open end.
pub(super) struct Sender<M, R> {
    jobs: mpsc::Sender<Job<M, R>>,
    health: Arc<Health>,
}

impl<M, R> Clone for Sender<M, R> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            health: Arc::clone(&self.health),
        }
    }
}

impl<M, R> Sender<M, R> {
    pub(super) fn send(&self, job: Job<M, R>) -> Result<(), Unavailable> {
        self.health.admit()?;
        let bytes = job.bytes();
        let counters = &self.health.counters;
        reserve(&counters.queued, 1, MAX_QUEUED)?;
        if let Err(busy) = reserve(&counters.queued_bytes, bytes, MAX_QUEUED_BYTES) {
            counters.queued.fetch_sub(1, Relaxed);
            return Err(busy);
        }
        // The other end is gone only after the writer has ended; the counters no longer matter.
        self.jobs.send(job).map_err(|_| Unavailable::Stopping)
    }

    /// Closes the way in and lets the writer end after everything that is queued.
    pub(super) fn stop(&self) {
        self.health.begin_stop();
        // Where the writer has ended already there is nothing to tell it.
        let _ = self.jobs.send(Job::Stop);
    }

    pub(super) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }
}

/// Takes `amount` of what `limit` leaves, or nothing.
fn reserve(used: &AtomicUsize, amount: usize, limit: usize) -> Result<(), Unavailable> {
    let before = used.fetch_add(amount, Relaxed);
    if before.saturating_add(amount) > limit {
        used.fetch_sub(amount, Relaxed);
        return Err(Unavailable::Busy);
    }
    Ok(())
}

/// The writer's end.
pub(super) struct Queue<M, R> {
    jobs: mpsc::Receiver<Job<M, R>>,
    health: Arc<Health>,
}

/// What came of waiting.
pub(super) enum Next<M, R> {
    Job(Job<M, R>),
    Nothing,
    /// Nobody can send any more.
    Closed,
}

impl<M, R> Queue<M, R> {
    /// Waits for as long as it takes.
    pub(super) fn wait(&self) -> Next<M, R> {
        self.jobs.recv().map_or(Next::Closed, |job| self.take(job))
    }

    pub(super) fn wait_for(&self, limit: Duration) -> Next<M, R> {
        match self.jobs.recv_timeout(limit) {
            Ok(job) => self.take(job),
            Err(mpsc::RecvTimeoutError::Timeout) => Next::Nothing,
            Err(mpsc::RecvTimeoutError::Disconnected) => Next::Closed,
        }
    }

    pub(super) fn poll(&self) -> Next<M, R> {
        self.jobs
            .try_recv()
            .map_or(Next::Nothing, |job| self.take(job))
    }

    fn take(&self, job: Job<M, R>) -> Next<M, R> {
        if !matches!(job, Job::Stop) {
            self.health.counters.queued.fetch_sub(1, Relaxed);
        }
        Next::Job(job)
    }

    /// Gives back the bytes of jobs that were answered.
    pub(super) fn release(&self, bytes: usize) {
        self.health.counters.queued_bytes.fetch_sub(bytes, Relaxed);
    }
}

impl<M, R> Drop for Queue<M, R> {
    /// Whatever ends the writer, nobody is left waiting and nobody is let in.
    fn drop(&mut self) {
        self.health.begin_stop();
        if std::thread::panicking() {
            let why = "the writer stopped with a panic; restart the service";
            self.health.set(State::Faulted(why.to_owned()));
        } else {
            self.health.set(State::Stopped);
        }
        while let Ok(job) = self.jobs.try_recv() {
            job.refuse(Unavailable::Stopping);
        }
    }
}

pub(super) fn bounded<M, R>(health: Arc<Health>) -> (Sender<M, R>, Queue<M, R>) {
    let (sender, receiver) = mpsc::channel();
    let queue = Queue {
        jobs: receiver,
        health: Arc::clone(&health),
    };
    (
        Sender {
            jobs: sender,
            health,
        },
        queue,
    )
}
