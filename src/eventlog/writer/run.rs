//! The writer's thread: takes what is queued, commits events, then decides commands, and brings the
//! store back after a fault. Knows the order of things; how a commit is made is `commit`'s.

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::commit::{Committer, Origin, Pending, Setback};
use super::health::{Health, State};
use super::queue::{Job, Next, Queue};
use super::{Command, Decision, Outcome, Unavailable};
use crate::eventlog::engine::Fault;
use crate::eventlog::page::{MAX_RECORDS, MAX_RECORDS_BYTES};

/// Another writer that wins this often in a row leaves us no turn.
const MAX_CONFLICTS: u32 = 8;
/// Reopening takes about 10 ms; a fault that stays is asked after less and less often.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
/// A provider that retries after a minute finds the log back within it.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

type Reply<R> = oneshot::Sender<Result<Outcome<R>, Unavailable>>;

pub(super) struct Writer<M, R> {
    committer: Committer<M>,
    queue: Queue<M, R>,
    health: Arc<Health>,
    events: Vec<Pending<M, R>>,
    commands: VecDeque<(Command<M, R>, Reply<R>)>,
    /// Taken from the queue, and too large for the batch in hand.
    held: Option<Job<M, R>>,
    is_ending: bool,
}

/// Whether the batch in hand is done with.
enum Attempt {
    /// Committed, or refused.
    Done,
    /// The log had moved on and was caught up with; the batch is to be committed again.
    Again,
}

impl<M, R> Writer<M, R> {
    pub(super) fn new(committer: Committer<M>, queue: Queue<M, R>, health: Arc<Health>) -> Self {
        Self {
            committer,
            queue,
            health,
            events: Vec::with_capacity(MAX_RECORDS),
            commands: VecDeque::new(),
            held: None,
            is_ending: false,
        }
    }

    /// Runs until it is told to stop, or nobody is left to tell it anything.
    pub(super) fn run(mut self) {
        while !self.is_ending {
            let first = self
                .held
                .take()
                .map_or_else(|| self.queue.wait(), Next::Job);
            let bytes = self.gather(first);
            self.commit_events();
            self.decide_commands();
            self.queue.release(bytes);
        }
        self.committer.close();
    }

    /// Takes what is there, at most a page of it, and answers how many bytes that were.
    fn gather(&mut self, first: Next<M, R>) -> usize {
        let mut next = first;
        let mut bytes = 0_usize;
        for count in 1.. {
            let job = match next {
                Next::Job(Job::Stop) | Next::Closed => {
                    self.is_ending = true;
                    break;
                }
                Next::Nothing => break,
                Next::Job(job) => job,
            };
            if bytes > 0 && bytes.saturating_add(job.bytes()) > MAX_RECORDS_BYTES {
                self.held = Some(job);
                break;
            }
            bytes = bytes.saturating_add(job.bytes());
            match job {
                Job::Event {
                    draft,
                    meaning,
                    reply,
                } => {
                    self.events.push(Pending {
                        draft,
                        meaning,
                        origin: Origin::Event(reply),
                    });
                }
                Job::Command { command, reply } => self.commands.push_back((command, reply)),
                Job::Stop => {}
            }
            if count >= MAX_RECORDS {
                break;
            }
            next = self.queue.poll();
        }
        bytes
    }

    fn commit_events(&mut self) {
        let mut batch = std::mem::take(&mut self.events);
        self.commit_until_done(&mut batch);
        // Its memory serves the next batch.
        batch.clear();
        self.events = batch;
    }

    fn commit_until_done(&mut self, batch: &mut Vec<Pending<M, R>>) {
        for _ in 0..MAX_CONFLICTS {
            match self.attempt(batch) {
                Attempt::Done => return,
                Attempt::Again => {}
            }
        }
        refuse(batch, Unavailable::Busy);
    }

    /// Commits once. A batch that cannot be committed is refused before the store is brought back,
    /// which may take long.
    fn attempt(&mut self, batch: &mut Vec<Pending<M, R>>) -> Attempt {
        if let Err(why) = self.health.serving() {
            refuse(batch, why);
            return Attempt::Done;
        }
        let fault = match self.committer.commit(batch) {
            Ok(()) => return Attempt::Done,
            Err(Setback::Leap) => {
                self.health.set(State::ClockLeap);
                refuse(batch, Unavailable::ClockLeap);
                return Attempt::Done;
            }
            Err(Setback::Conflict) => match self.committer.catch_up() {
                Ok(()) => return Attempt::Again,
                Err(fault) => fault,
            },
            Err(Setback::Fault(fault)) => fault,
        };
        self.health.counters.faults.fetch_add(1, Relaxed);
        self.health.set(state_after(&fault));
        refuse(
            batch,
            self.health.serving().err().unwrap_or(Unavailable::Faulted),
        );
        self.heal(fault);
        Attempt::Done
    }

    /// Decides what waits, each command after everything that came before it, and no two that share
    /// a key in one commit.
    fn decide_commands(&mut self) {
        let mut conflicts = 0;
        while !self.commands.is_empty() {
            if let Err(why) = self.health.serving() {
                self.commands
                    .drain(..)
                    .for_each(|(_, reply)| drop(reply.send(Err(why))));
                return;
            }
            let mut batch = self.decide_round();
            match self.attempt(&mut batch) {
                Attempt::Done => {}
                Attempt::Again if conflicts < MAX_CONFLICTS => {
                    conflicts += 1;
                    self.decide_again(batch);
                }
                Attempt::Again => refuse(&mut batch, Unavailable::Busy),
            }
        }
    }

    /// Decides all that may stand in one commit; the others stay, in their order.
    fn decide_round(&mut self) -> Vec<Pending<M, R>> {
        let mut taken_keys = HashSet::new();
        let mut batch = Vec::new();
        let mut bytes = 0_usize;
        for (mut command, reply) in std::mem::take(&mut self.commands) {
            // One that has to wait keeps its keys, so that a later one does not overtake it.
            let keys = &command.conflict_keys;
            let mut has_to_wait = batch.len() >= MAX_RECORDS;
            for key in keys {
                has_to_wait |= !taken_keys.insert(key.clone());
            }
            if has_to_wait {
                self.commands.push_back((command, reply));
                continue;
            }
            let known = command.request.map_or(Ok(None), |(identity, content)| {
                self.committer.known(identity, content)
            });
            match known {
                Ok(None) => {}
                Ok(Some(receipt)) => {
                    drop(reply.send(Ok(Outcome::Done(receipt))));
                    continue;
                }
                Err(fault) => {
                    drop(reply.send(Err(Unavailable::ReadOnly)));
                    self.health.set(state_after(&fault));
                    continue;
                }
            }
            match catch_unwind(AssertUnwindSafe(|| (command.decide)())) {
                Ok(Decision::Refuse(refusal)) => drop(reply.send(Ok(Outcome::Refused(refusal)))),
                Ok(Decision::Append(draft, meaning)) => {
                    let wanted = bytes.saturating_add(draft.stored_bytes());
                    if bytes > 0 && wanted > MAX_RECORDS_BYTES {
                        self.commands.push_back((command, reply));
                        continue;
                    }
                    bytes = wanted;
                    let origin = Origin::Command(command, reply);
                    batch.push(Pending {
                        draft,
                        meaning,
                        origin,
                    });
                }
                Err(_) => {
                    tracing::error!("a command panicked while it was decided");
                    drop(reply.send(Err(Unavailable::Faulted)));
                }
            }
        }
        batch
    }

    /// Puts commands back in front: what they were decided against is no longer the state.
    fn decide_again(&mut self, batch: Vec<Pending<M, R>>) {
        for pending in batch.into_iter().rev() {
            if let Origin::Command(command, reply) = pending.origin {
                self.commands.push_front((command, reply));
            }
        }
    }

    /// Brings the store back, refusing what slips in meanwhile; returns when it is back, when it
    /// cannot come back, or when it is time to end.
    fn heal(&mut self, fault: Fault) {
        let mut backoff = MIN_BACKOFF;
        let mut fault = fault;
        loop {
            let state = state_after(&fault);
            let is_final = matches!(state, State::ReadOnly(_));
            self.health.set(state);
            if is_final {
                return;
            }
            match self
                .committer
                .engine
                .reopen()
                .and_then(|()| self.committer.catch_up())
            {
                Ok(()) => return self.health.set(State::Serving),
                Err(again) => fault = again,
            }
            let until = Instant::now() + backoff;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                match self.queue.wait_for(left) {
                    Next::Job(Job::Stop) | Next::Closed => {
                        self.is_ending = true;
                        return;
                    }
                    Next::Job(job) => {
                        self.queue.release(job.bytes());
                        job.refuse(self.health.serving().err().unwrap_or(Unavailable::Faulted));
                    }
                    Next::Nothing => {}
                }
            }
            backoff = backoff.saturating_mul(2).min(MAX_BACKOFF);
        }
    }
}

fn refuse<M, R>(batch: &mut Vec<Pending<M, R>>, why: Unavailable) {
    batch
        .drain(..)
        .for_each(|pending| pending.origin.answer(Err(why)));
}

fn state_after(fault: &Fault) -> State {
    match fault {
        Fault::Full => State::Full,
        Fault::ReadOnly(_) => State::ReadOnly(fault.to_string()),
        Fault::Conflict | Fault::Poisoned(_) | Fault::Unknown(_) | Fault::Damaged { .. } => {
            State::Faulted(fault.to_string())
        }
    }
}
