//! A second state, folded from the log page by page, as far as it is asked to. It knows nothing of
//! what it is compared with.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::report::{Folded, Step, fields_that_differ};
use super::{ReplayError, ReplayOf, Steps, Until};
use crate::domain::state::{CustomerNotes, State};
use crate::eventlog::{Engine, Fault};
use crate::ledger::refold::{Refold, RefoldError, Stored, fold};

/// While the store of a running ledger is brought back after a fault.
const TRY_AGAIN: Duration = Duration::from_millis(200);

pub(super) struct Shadow {
    engine: Arc<dyn Engine>,
    pub(super) state: State,
    /// What of the log is folded; after the last record that was.
    refold: Refold,
    /// Whether nothing that comes is wanted.
    is_through: bool,
    watched: Watched,
}

/// Whose events are told step by step.
#[derive(Default)]
struct Watched {
    customer: String,
    events: Vec<u64>,
    before: Value,
    steps: Vec<Step>,
}

impl Shadow {
    pub(super) fn new(engine: Arc<dyn Engine>, of: &ReplayOf, notes: CustomerNotes) -> Self {
        let (until_seq, until) = match of.until {
            None => (None, None),
            Some(Until::Seq(seq)) => (Some(seq), None),
            Some(Until::Time(time)) => (None, Some(time)),
        };
        Self {
            engine,
            state: State::new(notes),
            refold: Refold {
                after: 0,
                until_seq,
                until,
                source: of.source.clone(),
            },
            is_through: false,
            watched: Watched::default(),
        }
    }

    /// Tells what each of these events changes of a customer.
    pub(super) fn watch(&mut self, customer: Option<&str>, events: Vec<u64>) {
        self.watched = Watched {
            customer: customer.unwrap_or_default().to_owned(),
            events,
            ..Watched::default()
        };
    }

    pub(super) fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.watched.steps)
    }

    /// Whether the settings that were folded say to read notes by other keys.
    pub(super) fn reads_other_notes(&self) -> bool {
        !self.state.reads_notes_as_configured()
    }

    /// Forgets all but how notes are read.
    pub(super) fn begin_again(&mut self) {
        self.state = State::new(self.state.configured_notes());
        self.refold.after = 0;
        self.is_through = false;
        self.watched.before = Value::Null;
        self.watched.steps.clear();
    }

    /// Folds through the event of that sequence number, or as far as was asked for.
    pub(super) fn follow(&mut self, seq: u64, step: Steps<'_>) -> Result<(), ReplayError> {
        let wanted = self.refold.until_seq;
        let last = wanted.map_or(seq, |until| until.min(seq));
        while self.refold.after < last && !self.is_through {
            step(Folded {
                folded: self.refold.after,
                of: last,
            })?;
            self.refold.until_seq = Some(last);
            let read = self.read_page();
            self.refold.until_seq = wanted;
            match read {
                Ok(()) => {}
                Err(
                    error @ (RefoldError::Damaged { .. }
                    | RefoldError::Store(Fault::Damaged { .. })),
                ) => {
                    return Err(error.into());
                }
                // A running ledger brings its store back.
                Err(RefoldError::Store(_)) => thread::sleep(TRY_AGAIN),
            }
        }
        Ok(())
    }

    fn read_page(&mut self) -> Result<(), RefoldError> {
        let next = self.refold.after.saturating_add(1);
        let Some(page) = self.engine.read(next)? else {
            self.is_through = true;
            return Ok(());
        };
        let records = self.refold.understand(&*self.engine, &page)?;
        // Recorded times never go back.
        let too_late = self.refold.until.is_some_and(|until| {
            let last = page.record(page.last_seq()).and_then(Result::ok);
            last.is_some_and(|record| record.recorded_at() > until)
        });
        for stored in &records {
            fold(&mut self.state, stored);
            self.watched.look(stored, &self.state);
        }
        let last = self.refold.until_seq.unwrap_or(u64::MAX);
        self.refold.after = page.last_seq().min(last);
        self.is_through |= too_late;
        Ok(())
    }
}

impl Watched {
    fn look(&mut self, stored: &Stored, state: &State) {
        let seq = stored.record.seq();
        if self.events.binary_search(&seq).is_err() {
            return;
        }
        let view = state.customer(&self.customer, None);
        let after = view.and_then(|view| serde_json::to_value(view).ok());
        let after = after.unwrap_or_default();
        let changed = fields_that_differ(&self.before, &after);
        let told = changed.into_iter();
        let told = told.map(|(field, before, after)| format!("{field}: {before} -> {after}"));
        self.steps.push(Step {
            seq,
            event_type: stored.meaning.event_type.as_deref().map(str::to_owned),
            changed: told.collect(),
        });
        self.before = after;
    }
}
