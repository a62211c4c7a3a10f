//! From the log to the state: the same walk for start-up, for `replay` and for audits.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::{acceptance, own};
use crate::domain::delivery::Received;
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::state::{CustomerNotes, State};
use crate::domain::time::Timestamp;
use crate::eventlog::{Content, Engine, Fault, Record};
use crate::providers;

/// Pages read ahead of the fold: enough to keep it busy, few enough to bound memory.
const PAGES_AHEAD_MAX: usize = 8;

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
    if record.flags().stale {
        meaning.set_aside(Reason::Stale);
    }
    meaning
}

/// What it would mean, had it come in time.
pub(super) fn as_if_fresh(record: &Record) -> Interpretation {
    if record.provider() == own::PROVIDER {
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
    /// Hands every record to `visit`, in order. Reading, checking and understanding run on a
    /// thread of their own, ahead of the fold.
    ///
    /// # Errors
    /// [`RefoldError`] at the first record that cannot be read.
    pub fn walk(
        &self,
        engine: &dyn Engine,
        mut visit: impl FnMut(Stored),
    ) -> Result<(), RefoldError> {
        thread::scope(|scope| {
            let (send, receive): (_, Receiver<Result<Vec<Stored>, RefoldError>>) =
                sync_channel(PAGES_AHEAD_MAX);
            scope.spawn(move || self.read_ahead(engine, &send));
            for page in receive {
                page?.into_iter().for_each(&mut visit);
            }
            Ok(())
        })
    }

    fn read_ahead(&self, engine: &dyn Engine, send: &SyncSender<Result<Vec<Stored>, RefoldError>>) {
        let mut next = self.after.saturating_add(1);
        loop {
            let page = self.read_page(engine, next);
            let (done, message) = match page {
                Ok(None) => return,
                Ok(Some((last_seq, page))) => {
                    next = last_seq + 1;
                    (self.ends_before(next), Ok(page))
                }
                Err(error) => (true, Err(error)),
            };
            // The fold stopped listening only if it met an error itself.
            if send.send(message).is_err() || done {
                return;
            }
        }
    }

    fn ends_before(&self, seq: u64) -> bool {
        self.until_seq.is_some_and(|until| seq > until)
    }

    fn read_page(
        &self,
        engine: &dyn Engine,
        seq: u64,
    ) -> Result<Option<(u64, Vec<Stored>)>, RefoldError> {
        let Some(page) = engine.read(seq)? else {
            return Ok(None);
        };
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
        Ok(Some((page.last_seq(), records)))
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

    /// Folds what this selects. `notes` are the keys to read notes by to begin with; where the
    /// log's newest settings say otherwise, it is folded again by those.
    ///
    /// # Errors
    /// [`RefoldError`] at the first record that cannot be read.
    pub fn state(
        &self,
        engine: &dyn Engine,
        notes: CustomerNotes,
        mut visit: impl FnMut(&Stored),
    ) -> Result<State, RefoldError> {
        let mut state = State::new(notes);
        self.walk(engine, |stored| {
            visit(&stored);
            fold(&mut state, &stored);
        })?;
        if state.reads_notes_as_configured() {
            return Ok(state);
        }
        let mut again = State::new(state.configured_notes());
        self.walk(engine, |stored| fold(&mut again, &stored))?;
        Ok(again)
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
