//! Tells the log a fact that a command decided, once, and answers what it became: of a repetition,
//! what the first became. Knows no fact.

use std::sync::Arc;

use parking_lot::Mutex;

use super::commands::{CommandError, Refusal, Request, Written, append};
use super::{Ledger, own};
use crate::domain::event::Fact;
use crate::domain::own::OwnFact;
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::eventlog::Decision;

impl Ledger {
    /// Decides something against the state after every event before it, records it and answers the
    /// sequence number: of the first event where `request` was made before. Commands that share a
    /// word of `conflicts` are decided one after the other.
    pub(super) async fn tell(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        mut decide: impl FnMut(&State, Timestamp) -> Result<OwnFact, Refusal> + Send + 'static,
    ) -> Result<u64, CommandError> {
        let decide = move |state: &State, now| Ok((decide(state, now)?, now));
        self.tell_dated(request, conflicts, decide).await
    }

    /// The same, for what counts from another time than now.
    pub(super) async fn tell_dated(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        decide: impl FnMut(&State, Timestamp) -> Result<(OwnFact, Timestamp), Refusal> + Send + 'static,
    ) -> Result<u64, CommandError> {
        match self.write(request, conflicts, decide).await? {
            Written::Now(seq) | Written::Before(seq) => Ok(seq),
        }
    }

    /// The same, answering beside the sequence number what `show` makes of the fact and its time: of
    /// a repetition, what the log has of the first.
    pub(super) async fn tell_shown<T>(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        mut decide: impl FnMut(&State, Timestamp) -> Result<OwnFact, Refusal> + Send + 'static,
        show: impl Fn(&OwnFact, Timestamp) -> Option<T>,
    ) -> Result<(u64, T), CommandError> {
        let decide = move |state: &State, now| Ok((decide(state, now)?, now));
        self.tell_dated_shown(request, conflicts, decide, show)
            .await
    }

    /// Both.
    pub(super) async fn tell_dated_shown<T>(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        mut decide: impl FnMut(&State, Timestamp) -> Result<(OwnFact, Timestamp), Refusal>
        + Send
        + 'static,
        show: impl Fn(&OwnFact, Timestamp) -> Option<T>,
    ) -> Result<(u64, T), CommandError> {
        let decided: Arc<Mutex<Option<(OwnFact, Timestamp)>>> = Arc::default();
        let remembered = Arc::clone(&decided);
        let decide = move |state: &State, now| {
            let told = decide(state, now)?;
            *remembered.lock() = Some(told.clone());
            Ok(told)
        };
        let (seq, shown) = match self.write(request, conflicts, decide).await? {
            Written::Now(seq) => {
                let decided = decided.lock().take();
                (seq, decided.and_then(|(fact, at)| show(&fact, at)))
            }
            Written::Before(seq) => (seq, self.told_before(seq, show)?),
        };
        let odd = || CommandError::Unavailable(format!("Event {seq} tells of something else."));
        Ok((seq, shown.ok_or_else(odd)?))
    }

    fn told_before<T>(
        &self,
        seq: u64,
        show: impl Fn(&OwnFact, Timestamp) -> Option<T>,
    ) -> Result<Option<T>, CommandError> {
        let heard = self.hear(&[seq]);
        let heard = heard.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let mut told = heard.iter().flat_map(|event| event.meaning.told());
        Ok(told.find_map(|change| {
            if let Fact::Own(fact) = &change.fact {
                return show(fact, change.occurred_at);
            }
            None
        }))
    }

    async fn write(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        mut decide: impl FnMut(&State, Timestamp) -> Result<(OwnFact, Timestamp), Refusal>
        + Send
        + 'static,
    ) -> Result<Written, CommandError> {
        let (state, time) = (Arc::clone(&self.state), Arc::clone(&self.log_time));
        let asked = request.clone();
        let decide = move || {
            let now = time.now();
            match decide(&state.read(), now) {
                Ok((fact, at)) => {
                    let body = own::fact_body(&fact, &asked, at);
                    append(own::SOURCE_API, body, now, Some(&asked))
                }
                Err(refusal) => Decision::Refuse(refusal),
            }
        };
        self.command_about(request, conflicts, Box::new(decide))
            .await
    }
}
