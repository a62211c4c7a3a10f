//! What happens because its time has come: the ends of trials and subscriptions, and of checkouts
//! that nobody paid. A thread looks at the clock and tells each as an event of its own, once; what
//! is due the fold knows. Knows neither a customer nor a plan.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use super::commands::{Refusal, append_as};
use super::{Ledger, own};
use crate::clock::Clock;
use crate::domain::event::Interpretation;
use crate::domain::own::OwnFact;
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::eventlog::{Command, Decision, Handle, Identity, Outcome, Receipt, Unavailable};

/// What is due is told this much later at most; looking costs one step of an ordered index.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// So many are handed to the writer at once: half of what one commit holds, and far less than may
/// wait, so that webhooks find room beside them.
const TOLD_AT_ONCE: usize = 256;
/// A start waits no longer for what fell due while nobody looked; the rest is told while it serves.
const START_BUDGET: Duration = Duration::from_secs(1);

/// What it takes to tell what is due.
#[derive(Clone)]
pub(super) struct Dues {
    pub(super) state: Arc<RwLock<State>>,
    pub(super) writer: Handle<Interpretation, Refusal>,
    pub(super) clock: Arc<dyn Clock>,
}

/// The running thread.
pub(super) struct Scheduler {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Ledger {
    /// Tells everything that is due by now, and waits until it is recorded and folded. Not to be
    /// called by a thread that serves requests.
    ///
    /// # Errors
    /// A sentence that says why the rest could not be told; asked again, it goes on.
    pub fn settle_due(&self) -> Result<(), String> {
        let told = self.dues().settle(&|| false);
        told.map(drop).map_err(|error| error.to_string())
    }

    /// Tells what fell due while the service was down, as far as a start may wait for it, and goes
    /// on telling what becomes due until [`Ledger::stop`].
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn keep_time(&self) -> io::Result<()> {
        let dues = self.dues();
        let deadline = Instant::now() + START_BUDGET;
        let told = dues.settle(&|| Instant::now() > deadline);
        let scheduler = Scheduler::start(dues, note(told, None))?;
        *self.scheduler.lock() = Some(scheduler);
        Ok(())
    }

    fn dues(&self) -> Dues {
        Dues {
            state: Arc::clone(&self.state),
            writer: self.writer.clone(),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl Scheduler {
    fn start(dues: Dues, trouble: Option<Unavailable>) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&stopping);
        let run = move || watch(&dues, &theirs, trouble);
        let thread = thread::Builder::new().name("scheduler".into()).spawn(run)?;
        Ok(Self { stopping, thread })
    }

    /// Asks it to begin nothing new.
    pub(super) fn end(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
    }

    /// Waits for its end. The writer has to be stopped before: it answers what is waited for.
    pub(super) fn wait(self) {
        if self.thread.join().is_err() {
            tracing::error!("the scheduler had stopped with a panic");
        }
    }
}

fn watch(dues: &Dues, stopping: &AtomicBool, mut trouble: Option<Unavailable>) {
    let is_stopping = || stopping.load(Ordering::Relaxed);
    while !is_stopping() {
        thread::park_timeout(LOOK_EVERY);
        if dues.is_anything_due() {
            trouble = note(dues.settle(&is_stopping), trouble);
        }
    }
}

/// Says what became of it, but not again and again while the same trouble lasts.
fn note(told: Result<u64, Unavailable>, before: Option<Unavailable>) -> Option<Unavailable> {
    match told {
        Ok(0) => None,
        Ok(told) => {
            tracing::debug!(told, "what was due is recorded");
            None
        }
        Err(Unavailable::Stopping) => before,
        Err(error) => {
            if before != Some(error) {
                tracing::warn!(%error, "what is due cannot be recorded now; it is tried again");
            }
            Some(error)
        }
    }
}

impl Dues {
    fn is_anything_due(&self) -> bool {
        let next = self.state.read().next_due();
        next.is_some_and(|due| due <= self.clock.now())
    }

    /// Tells what is due, the earliest first, until nothing is left or `give_up` says so. Answers
    /// how many events that were.
    fn settle(&self, give_up: &dyn Fn() -> bool) -> Result<u64, Unavailable> {
        let mut told = 0;
        while !give_up() {
            let now = self.clock.now();
            let due = self.state.read().due(now, TOLD_AT_ONCE);
            match self.tell(due)? {
                0 => break,
                more => told += more,
            }
        }
        Ok(told)
    }

    /// Hands these to the writer and waits for all. What is not due any more when its turn comes is
    /// not told.
    fn tell(&self, due: Vec<OwnFact>) -> Result<u64, Unavailable> {
        let mut answers = Vec::with_capacity(due.len());
        for fact in due {
            if let Some((id, due)) = named(&fact) {
                let conflict_keys = vec![id.to_owned()];
                let command = self.command(fact, due, conflict_keys);
                answers.push(self.writer.command(command)?);
            }
        }
        let mut told = 0;
        for answer in answers {
            match answer
                .blocking_recv()
                .unwrap_or(Err(Unavailable::Stopping))?
            {
                Outcome::Done(Receipt::Recorded { .. }) => told += 1,
                Outcome::Done(Receipt::Duplicate { .. } | Receipt::Mismatch { .. })
                | Outcome::Refused(_) => {}
            }
        }
        Ok(told)
    }

    fn command(
        &self,
        fact: OwnFact,
        due: Timestamp,
        conflict_keys: Vec<String>,
    ) -> Command<Interpretation, Refusal> {
        let (state, clock) = (Arc::clone(&self.state), Arc::clone(&self.clock));
        let decide = move || {
            // The clock may have been set back, and the end put off, since this was handed over.
            if due > clock.now() || !state.read().is_due(&fact) {
                return Decision::Refuse(Refusal::NothingChanges);
            }
            event(&fact, due)
        };
        Command {
            conflict_keys,
            request: None,
            decide: Box::new(decide),
        }
    }
}

/// The event: dated when it was due, and the same bytes under the same name whenever it is told.
fn event(fact: &OwnFact, due: Timestamp) -> Decision<Interpretation, Refusal> {
    let body = own::due_body(fact, due);
    append_as(own::SOURCE_SCHEDULER, body, due, None, |kind| {
        let (id, due) = (named(fact).map_or("", |(id, _)| id), due.as_millis());
        Identity::of_parts(own::SOURCE_SCHEDULER, &[kind, id, &due.to_string()])
    })
}

/// What is due, and when; `None` for a fact that no clock brings about.
fn named(fact: &OwnFact) -> Option<(&str, Timestamp)> {
    if let OwnFact::CheckoutExpired(checkout) = fact {
        return Some((&checkout.id, checkout.due));
    }
    if let OwnFact::TrialEnded(it) | OwnFact::SubscriptionEnded(it) = fact {
        return Some((&it.subscription_id, it.due));
    }
    None
}
