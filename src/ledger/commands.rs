//! Commands: what this ledger decides itself. Each is decided on the writer's thread, against the
//! state after every event before it, and becomes one event on the road of all others.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Ledger, own};
use crate::domain::delivery::Evidence;
use crate::domain::event::{Interpretation, SettingsFact};
use crate::domain::time::Timestamp;
use crate::eventlog::{Command, Decision, Draft, Event, Identity, Outcome};

/// Commands about the ledger as a whole: one a commit.
const CONFLICT_GLOBAL: &str = "global";

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is so already.
    #[error("nothing changes")]
    NothingChanges,
    /// It is larger than a record may be.
    #[error("it is too large to be recorded")]
    TooLarge,
}

/// What an operator changed could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger could not record its settings: {0}")]
pub struct NotRecorded(String);

impl Ledger {
    /// Records the settings that change what events mean, if the newest event says otherwise.
    pub(super) fn record_settings(&self, wanted: SettingsFact) -> Result<(), NotRecorded> {
        let state = Arc::clone(&self.state);
        let clock = Arc::clone(&self.clock);
        let decide = move || {
            let unchanged = state.read().settings().is_some_and(|held| **held == wanted);
            if unchanged {
                return Decision::Refuse(Refusal::NothingChanges);
            }
            let now = clock.now();
            append(own::SOURCE_CATALOGUE, own::settings_body(&wanted, now), now)
        };
        self.command_now(Box::new(decide))
    }

    /// Records what an operator did to the log itself.
    pub(super) fn record_operation(&self, what: &str, detail: &str) -> Result<(), NotRecorded> {
        let clock = Arc::clone(&self.clock);
        let (what, detail) = (what.to_owned(), detail.to_owned());
        let decide = move || {
            let now = clock.now();
            append(
                own::SOURCE_API,
                own::operation_body(&what, &detail, now),
                now,
            )
        };
        self.command_now(Box::new(decide))
    }

    /// For start-up, before anything is served: waits on this thread.
    fn command_now(
        &self,
        decide: Box<dyn FnMut() -> Decision<Interpretation, Refusal> + Send>,
    ) -> Result<(), NotRecorded> {
        let failed = NotRecorded;
        let conflict_keys = vec![CONFLICT_GLOBAL.to_owned()];
        let command = Command {
            conflict_keys,
            request: None,
            decide,
        };
        let answer = self
            .writer
            .command(command)
            .map_err(|error| failed(error.to_string()))?;
        match answer.blocking_recv() {
            Ok(Ok(Outcome::Done(_) | Outcome::Refused(Refusal::NothingChanges))) => Ok(()),
            Ok(Ok(Outcome::Refused(refusal))) => Err(failed(refusal.to_string())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed("the writer stopped".to_owned())),
        }
    }
}

/// An event of our own, under an identity that no other has.
fn append(source: &str, body: Vec<u8>, now: Timestamp) -> Decision<Interpretation, Refusal> {
    let meaning = own::interpret(&body);
    let once: [u8; 16] = rand::random();
    let event = Event {
        source: source.to_owned(),
        provider: own::PROVIDER.to_owned(),
        identity: Identity::of_parts(source, &[&hex::encode(once)]),
        event_id: None,
        event_type: meaning.event_type.as_deref().map(str::to_owned),
        occurred_at: now,
        stale: false,
        evidence: Evidence::default(),
        body_sha256: Sha256::digest(&body).into(),
        body: Bytes::from(body),
        request_sha256: None,
    };
    match Draft::new(event) {
        Ok(draft) => Decision::Append(draft, meaning),
        Err(_) => Decision::Refuse(Refusal::TooLarge),
    }
}
