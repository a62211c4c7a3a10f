//! Does the log say what the ledger shows? The log is folded again beside the live state, and the
//! two are compared thing by thing. Nothing of the live state is changed, and its writer waits for
//! no more than it takes to look at a few things.
//!
//! The shadow is a second state: while a replay runs, the state takes its memory twice.

mod report;
mod shadow;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use serde_json::Value;

use self::shadow::Shadow;
use super::job::Ended;
use crate::domain::state::{Exhibit, State};
use crate::domain::time::Timestamp;
use crate::eventlog::Engine;
use crate::ledger::Ledger;
use crate::ledger::keepsake::Keepsake;
use crate::ledger::refold::RefoldError;

pub use self::report::{FieldDifference, Folded, Replayed, Step, fields_that_differ};

/// How long things are looked at under one guard: the writer waits for no more.
const GUARD_MAX: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 1 });
/// More would help nobody, and have to be held in memory.
const DIFFERENCES_MAX: usize = 1_000;

/// How far a replay folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// No event after that one.
    Seq(u64),
    /// No event that was recorded after that time.
    Time(Timestamp),
}

/// What to fold again, and what to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayOf {
    /// How far.
    pub until: Option<Until>,
    /// This customer and what it holds alone is compared, and shown.
    pub customer: Option<String>,
    /// Only this source's events are folded.
    pub source: Option<String>,
    /// What each of the customer's events changed is told.
    pub with_steps: bool,
}

/// Why a replay came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It was ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The log cannot be folded.
    #[error(transparent)]
    Log(#[from] RefoldError),
}

/// A replay that can be run. It does not hold the [`Ledger`].
pub struct Replay {
    engine: Arc<dyn Engine>,
    live: Arc<RwLock<State>>,
    of: ReplayOf,
}

type Steps<'a> = &'a mut dyn FnMut(Folded) -> Result<(), Ended>;

impl Ledger {
    /// Makes ready to fold the log again; nothing where the live state has no such customer.
    #[must_use]
    pub fn replay_beside(&self, of: ReplayOf) -> Option<Replay> {
        let has = |id: &String| self.state.read().has_customer(id);
        of.customer.as_ref().is_none_or(has).then(|| Replay {
            engine: Arc::clone(&self.engine),
            live: Arc::clone(&self.state),
            of,
        })
    }
}

impl Replay {
    /// Folds and compares. `step` is told how far it came after each page, a few milliseconds of
    /// work, and may end it.
    ///
    /// # Errors
    /// [`ReplayError`] where it came to nothing; differences are a result.
    pub fn run(&self, step: Steps<'_>) -> Result<Replayed, ReplayError> {
        let began = Instant::now();
        let wanted = self.wanted_steps();
        let mut shadow = Shadow::new(
            Arc::clone(&self.engine),
            &self.of,
            self.live.read().notes_in_use().clone(),
        );
        shadow.watch(self.of.customer.as_deref(), wanted);
        let until = self.live.read().counts().last_seq;
        shadow.follow(until, step)?;
        if shadow.reads_other_notes() {
            // As at a start: the newest settings folded say how notes are read.
            shadow.begin_again();
            shadow.follow(until, step)?;
        }
        let mut differences = Differences::default();
        let (compared_with, is_compared) = self.compare(&mut shadow, &mut differences, step)?;
        let state = &shadow.state;
        let seq = state.counts().last_seq;
        let so_far = Folded {
            folded: seq,
            of: seq,
        };
        let digest = Keepsake::of_while(state, || step(so_far))?.digest();
        let took = began.elapsed();
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
        let events = state.counts().events;
        let customer = self.of.customer.as_deref();
        let customer = customer.and_then(|id| state.customer(id, None));
        Ok(Replayed {
            events,
            seconds: took.as_secs_f64(),
            events_per_second: events.saturating_mul(1_000) / millis,
            until_seq: seq,
            compared_with,
            identical: is_compared.then(|| differences.is_empty()),
            digest,
            differences: differences.found,
            differences_left_off: differences.left_off,
            customer: customer.and_then(|view| serde_json::to_value(view).ok()),
            steps: shadow.take_steps(),
        })
    }

    /// The events of the customer whose steps are to be told.
    fn wanted_steps(&self) -> Vec<u64> {
        let customer = self.of.customer.as_deref().filter(|_| self.of.with_steps);
        let events = customer.and_then(|id| self.live.read().customer_events(id));
        events.unwrap_or_default()
    }

    /// What was compared, and whether anything was.
    fn compare(
        &self,
        shadow: &mut Shadow,
        found: &mut Differences,
        step: Steps<'_>,
    ) -> Result<(String, bool), ReplayError> {
        if self.of.source.is_some() {
            return Ok(("nothing: only one source was folded".into(), false));
        }
        if let Some(id) = &self.of.customer {
            let (seq, live) = {
                let state = self.live.read();
                (state.counts().last_seq, state.exhibits_of(id))
            };
            if let Some(behind) = stays_behind(shadow, seq, step)? {
                return Ok((behind, false));
            }
            found.compare_named(live, shadow.state.exhibits_of(id));
            return Ok((format!("that customer in the live state at {seq}"), true));
        }
        let mut place = 0_usize;
        loop {
            let piece = Piece::take(&self.live, place);
            // The live state has folded nothing that the log does not hold: the shadow arrives at
            // the very event at which the piece was looked at.
            if let Some(behind) = stays_behind(shadow, piece.seq, step)? {
                *found = Differences::default();
                return Ok((behind, false));
            }
            for live in piece.things {
                found.compare(live, shadow.state.exhibit(place));
                place += 1;
            }
            if let Some(beside) = piece.beside {
                for extra in place..shadow.state.things() {
                    found.compare(None, shadow.state.exhibit(extra));
                }
                found.compare_named(beside, shadow.state.exhibits_beside());
                return Ok((format!("the live state, through {}", piece.seq), true));
            }
        }
    }
}

/// Takes the shadow to the event at which the live state was looked at. Where the replay ends
/// before, says that there is nothing to compare.
fn stays_behind(
    shadow: &mut Shadow,
    seq: u64,
    step: Steps<'_>,
) -> Result<Option<String>, ReplayError> {
    shadow.follow(seq, step)?;
    let end = shadow.state.counts().last_seq;
    let why = || format!("nothing: the replay ends at {end}, and the live state is at {seq}");
    Ok((end != seq).then(why))
}

/// Some of the live state, as it was at one event.
struct Piece {
    seq: u64,
    things: Vec<Option<Exhibit>>,
    /// With the last piece.
    beside: Option<Vec<Exhibit>>,
}

impl Piece {
    fn take(live: &RwLock<State>, from: usize) -> Self {
        let state = live.read();
        let until = Instant::now() + GUARD_MAX;
        let mut things = Vec::new();
        let mut place = from;
        while place < state.things() && (things.is_empty() || Instant::now() < until) {
            things.push(state.exhibit(place));
            place += 1;
        }
        let is_last = place >= state.things();
        Self {
            seq: state.counts().last_seq,
            things,
            beside: is_last.then(|| state.exhibits_beside()),
        }
    }
}

#[derive(Default)]
struct Differences {
    found: Vec<FieldDifference>,
    left_off: u64,
}

impl Differences {
    fn is_empty(&self) -> bool {
        self.found.is_empty() && self.left_off == 0
    }

    /// Compares what is at one place.
    fn compare(&mut self, live: Option<Exhibit>, replayed: Option<Exhibit>) {
        if live == replayed {
            return;
        }
        match (live, replayed) {
            (Some(live), Some(replayed))
                if (live.kind, &live.id) == (replayed.kind, &replayed.id) =>
            {
                let (one, other) = (value(&live), value(&replayed));
                for (field, live_value, replayed) in fields_that_differ(&one, &other) {
                    self.note(&live, Some(field), live_value, replayed);
                }
            }
            (live, replayed) => {
                if let Some(live) = live {
                    self.note(&live, None, value(&live), Value::Null);
                }
                if let Some(replayed) = replayed {
                    self.note(&replayed, None, Value::Null, value(&replayed));
                }
            }
        }
    }

    /// Compares what has the same kind and id.
    fn compare_named(&mut self, live: Vec<Exhibit>, mut replayed: Vec<Exhibit>) {
        for live in live {
            let is_same = |other: &Exhibit| (other.kind, &other.id) == (live.kind, &live.id);
            let other = replayed.iter().position(is_same);
            let other = other.map(|place| replayed.swap_remove(place));
            self.compare(Some(live), other);
        }
        for extra in replayed {
            self.compare(None, Some(extra));
        }
    }

    fn note(&mut self, of: &Exhibit, field: Option<String>, live: Value, replayed: Value) {
        if self.found.len() >= DIFFERENCES_MAX {
            self.left_off += 1;
            return;
        }
        self.found.push(FieldDifference {
            kind: of.kind.to_owned(),
            id: of.id.clone(),
            field,
            live,
            replayed,
        });
    }
}

fn value(of: &Exhibit) -> Value {
    serde_json::from_slice(&of.json).unwrap_or_default()
}
