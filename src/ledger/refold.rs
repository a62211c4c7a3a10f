//! From the log to the state: the same walk for start-up, for `replay` and for audits.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::{acceptance, own};
use crate::domain::delivery::Received;
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::state::{CustomerNotes, State};
use crate::domain::time::Timestamp;
use crate::eventlog::page::Page;
use crate::eventlog::{Content, Engine, Fault, Record};
use crate::providers;

/// Pages read ahead for each worker, and understood ahead of the fold: enough to keep it busy, few
/// enough to bound memory.
const PAGES_AHEAD_MAX: usize = 4;
/// More would wait for the one thread that reads, and for the one that folds.
const WORKERS_MAX: usize = 8;

/// What one page says.
pub(super) type Understood = Result<Vec<Stored>, RefoldError>;

/// Where a worker's pages come from, and go back to.
struct Worker {
    read: Receiver<Understood>,
    give_back: Sender<Vec<Stored>>,
}

/// Why a log cannot be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefoldError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] Fault),
    /// A record is not what was written.
    #[error(
        "record {seq} is damaged: {what}; run `subledger verify`, then restore the data folder \
         from a backup"
    )]
    Damaged {
        /// Which.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// What a recorded event means: for live intake, start-up and every replay.
#[must_use]
pub fn interpret(record: &Record) -> Interpretation {
    let mut meaning = as_if_fresh(record);
    if record.flags().stale && !record.is_erased() {
        meaning.set_aside(Reason::Stale);
    }
    meaning
}

/// What it would mean, had it come in time.
pub(super) fn as_if_fresh(record: &Record) -> Interpretation {
    if record.is_erased() {
        // Whether it may be is for `verify` to say: what came later tells.
        let (kind, at) = (record.event_type(), record.occurred_at());
        Interpretation::without_changes(kind, at, Standing::Ignored)
    } else if record.provider() == own::PROVIDER {
        own::interpret(record.body())
    } else if let Some(interpret) = providers::interpreter(record.provider()) {
        interpret(&Received {
            body: record.body(),
        })
    } else {
        // Recorded by a version that knew the provider; a later one may again.
        let unknown = Standing::Quarantined(Reason::UnknownType);
        Interpretation::without_changes(record.event_type(), record.occurred_at(), unknown)
    }
}

/// A record read back, with its meaning worked out.
pub struct Stored {
    /// The record.
    pub record: Record,
    /// What it means.
    pub meaning: Interpretation,
    /// What a repetition must have in common with it.
    pub content: Content,
}

/// How far to read, and what of it.
#[derive(Debug, Clone, Default)]
pub struct Refold {
    /// Only records after this one.
    pub after: u64,
    /// No record after this one.
    pub until_seq: Option<u64>,
    /// No record that was recorded after this time.
    pub until: Option<Timestamp>,
    /// Only this source's records.
    pub source: Option<String>,
}

impl Refold {
    /// Hands every record to `visit`, in order. One thread reads; decoding, checking and
    /// understanding run on every core, ahead of the fold.
    ///
    /// # Errors
    /// [`RefoldError`] at the first record that cannot be read.
    pub fn walk(
        &self,
        engine: &dyn Engine,
        mut visit: impl FnMut(&Stored),
    ) -> Result<(), RefoldError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            // Pages go to the workers in turn and come back in turn, so they stay in order.
            let (desks, workers): (Vec<_>, Vec<_>) = (0..cores.min(WORKERS_MAX))
                .map(|_| {
                    let (desk, unread) = sync_channel(PAGES_AHEAD_MAX);
                    let (send, read) = sync_channel(PAGES_AHEAD_MAX);
                    let (give_back, spent) = channel();
                    scope.spawn(move || self.understand_all(engine, &unread, &send, &spent));
                    (desk, Worker { read, give_back })
                })
                .unzip();
            scope.spawn(move || self.read_ahead(engine, &desks));
            for worker in workers.iter().cycle() {
                // A worker ends when there is no page left for it, and so none for those after it.
                let Ok(page) = worker.read.recv() else { break };
                let page = page?;
                page.iter().for_each(&mut visit);
                // It has ended if that was its last one.
                let _ = worker.give_back.send(page);
            }
            Ok(())
        })
    }

    /// Reads page after page, for each worker in turn.
    fn read_ahead(&self, engine: &dyn Engine, desks: &[SyncSender<Result<Page, RefoldError>>]) {
        let mut next = self.after.saturating_add(1);
        for desk in desks.iter().cycle() {
            let page = match engine.read(next) {
                Ok(None) => return,
                Ok(Some(page)) => Ok(page),
                Err(fault) => Err(RefoldError::from(fault)),
            };
            let last_seq = page.as_ref().map_or(u64::MAX, Page::last_seq);
            next = last_seq.saturating_add(1);
            let is_last = page.is_err() || self.until_seq.is_some_and(|until| last_seq >= until);
            // A worker stopped listening only if the fold did, which met an error.
            if desk.send(page).is_err() || is_last {
                return;
            }
        }
    }

    /// A worker: what one page says, for each that it is handed. `spent` is what it made before,
    /// which is cheaper to drop on the thread that made it.
    fn understand_all(
        &self,
        engine: &dyn Engine,
        unread: &Receiver<Result<Page, RefoldError>>,
        send: &SyncSender<Understood>,
        spent: &Receiver<Vec<Stored>>,
    ) {
        for page in unread {
            spent.try_iter().for_each(drop);
            if send
                .send(page.and_then(|page| self.understand(engine, &page)))
                .is_err()
            {
                return;
            }
        }
    }

    pub(super) fn understand(&self, engine: &dyn Engine, page: &Page) -> Understood {
        let mut records = Vec::new();
        for (seq, record) in page.records() {
            let damaged = |what: String| RefoldError::Damaged { seq, what };
            let record = record.map_err(|damage| damaged(damage.to_string()))?;
            if self.wants(&record) {
                let mut meaning = interpret(&record);
                acceptance::complete(&mut meaning, seq, engine)?;
                let content = own::content_of(&record);
                records.push(Stored {
                    record,
                    meaning,
                    content,
                });
            }
        }
        Ok(records)
    }

    fn wants(&self, record: &Record) -> bool {
        // A page may begin before what is wanted of it.
        record.seq() > self.after
            && self.until_seq.is_none_or(|until| record.seq() <= until)
            && self.until.is_none_or(|until| record.recorded_at() <= until)
            && self
                .source
                .as_ref()
                .is_none_or(|source| record.source() == source)
    }

    /// Folds what this selects. `notes` are the keys to read notes by where the log does not say;
    /// it mostly does in its first page. Where its newest settings say otherwise than those, it is
    /// folded again by the newest.
    ///
    /// # Errors
    /// [`RefoldError`] at the first record that cannot be read.
    pub fn state(
        &self,
        engine: &dyn Engine,
        notes: CustomerNotes,
        mut visit: impl FnMut(&Stored),
    ) -> Result<State, RefoldError> {
        let mut state = State::new(self.first_notes(engine)?.unwrap_or(notes));
        self.walk(engine, |stored| {
            visit(stored);
            fold(&mut state, stored);
        })?;
        if state.reads_notes_as_configured() {
            return Ok(state);
        }
        let mut again = State::new(state.configured_notes());
        self.walk(engine, |stored| fold(&mut again, stored))?;
        Ok(again)
    }

    /// The keys that the settings in the first page name.
    fn first_notes(&self, engine: &dyn Engine) -> Result<Option<CustomerNotes>, RefoldError> {
        let Some(page) = engine.read(self.after.saturating_add(1))? else {
            return Ok(None);
        };
        let mut state = State::default();
        self.understand(engine, &page)?
            .iter()
            .filter(|stored| stored.record.provider() == own::PROVIDER)
            .for_each(|stored| fold(&mut state, stored));
        let said = state.settings().is_some();
        Ok(said.then(|| state.configured_notes()))
    }
}

/// Folds one record.
pub fn fold(state: &mut State, stored: &Stored) {
    let record = &stored.record;
    let about = own::event_ref(
        record.seq(),
        record.source(),
        record.identity(),
        stored.content,
    );
    state.fold(&stored.meaning, &about, record.flags().conflicting);
}
