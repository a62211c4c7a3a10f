//! Accepting an event that was set aside as stale. The event that says so names the record alone;
//! what it means is looked up in the log, the same way live, at a start and in every replay.

use std::sync::Arc;

use super::commands::{CommandError, Refusal, Request, Written, append};
use super::keys::Actor;
use super::refold::{self, RefoldError};
use super::{Ledger, ReadError, own};
use crate::domain::accepted::Said;
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::eventlog::{Decision, Engine, Record};

/// What an event that was set aside says, found for its acceptance.
#[derive(Debug, Clone)]
pub struct Acceptable {
    seq: u64,
    said: Said,
}

/// Why an event cannot be accepted: one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAcceptable {
    /// There is none.
    #[error("There is no such event.")]
    NoSuchEvent,
    /// It was folded when it came.
    #[error("The event is not in quarantine as stale, so that there is nothing to accept.")]
    NotStale,
    /// Whether it came in time makes no difference.
    #[error(
        "The event is set aside because it is not understood; a version that understands it folds \
         it by itself."
    )]
    NotUnderstood,
}

impl Ledger {
    /// Looks up what an event says that is to be accepted. Reads the store.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read; within, why the event cannot be accepted.
    pub fn acceptable(&self, seq: u64) -> Result<Result<Acceptable, NotAcceptable>, ReadError> {
        if seq == 0 || seq > self.last_seq() {
            return Ok(Err(NotAcceptable::NoSuchEvent));
        }
        let record = self.record(seq)?;
        let Some(record) = record else {
            return Ok(Err(NotAcceptable::NoSuchEvent));
        };
        let set_aside = |standing| matches!(standing, Standing::Quarantined(_));
        Ok(match said_by(&record) {
            Some(said) if set_aside(said.standing) => Err(NotAcceptable::NotUnderstood),
            Some(said) => Ok(Acceptable { seq, said }),
            None if set_aside(refold::interpret(&record).standing) => {
                Err(NotAcceptable::NotUnderstood)
            }
            None => Err(NotAcceptable::NotStale),
        })
    }

    /// Accepts it, recorded as an event, and answers that event's sequence number. One that was
    /// accepted before stays so, and the first acceptance is answered.
    ///
    /// # Errors
    /// [`CommandError`]; nobody may rely on the acceptance yet.
    pub async fn accept(&self, found: Acceptable, actor: Actor) -> Result<u64, CommandError> {
        let request = Request::once_for_all(actor, own::QUARANTINE_ACCEPTED, found.seq);
        let (state, clock) = (Arc::clone(&self.state), Arc::clone(&self.clock));
        let asked = request.clone();
        let decide = move || {
            if state.read().set_aside_as(found.seq) != Some(Reason::Stale) {
                return Decision::Refuse(Refusal::NothingChanges);
            }
            let now: Timestamp = clock.now();
            let body = own::acceptance_body(found.seq, &asked, now);
            match append(own::SOURCE_API, body, now, Some(&asked)) {
                Decision::Append(draft, mut meaning) => {
                    meaning.quote(found.said.clone());
                    Decision::Append(draft, meaning)
                }
                refused @ Decision::Refuse(_) => refused,
            }
        };
        match self.command(&request, Box::new(decide)).await? {
            Written::Now(seq) | Written::Before(seq) => Ok(seq),
        }
    }
}

/// Adds to an acceptance, recorded as `seq`, what the accepted event says.
///
/// # Errors
/// [`RefoldError`] where that event cannot be read.
pub(super) fn complete(
    meaning: &mut Interpretation,
    seq: u64,
    engine: &dyn Engine,
) -> Result<(), RefoldError> {
    // What comes later cannot have been accepted.
    let Some(wanted) = meaning.acceptance().map(|fact| fact.seq) else {
        return Ok(());
    };
    if wanted == 0 || wanted >= seq {
        return Ok(());
    }
    let Some(page) = engine.read(wanted)? else {
        return Ok(());
    };
    if let Some((seq, record)) = page.records().find(|(seq, _)| *seq == wanted) {
        let record = record.map_err(|damage| RefoldError::Damaged {
            seq,
            what: damage.to_string(),
        })?;
        said_by(&record)
            .into_iter()
            .for_each(|said| meaning.quote(said));
    }
    Ok(())
}

/// What a stale event says; `None` for any other.
fn said_by(record: &Record) -> Option<Said> {
    if !record.flags().stale {
        return None;
    }
    let meaning = refold::as_if_fresh(record);
    let content = own::content_of(record);
    let about = own::event_ref(record.seq(), record.source(), record.identity(), content);
    Some(Said {
        source: record.source().into(),
        tie: about.tie,
        standing: meaning.standing,
        changes: meaning.changes,
    })
}
