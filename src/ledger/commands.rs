//! Commands: what this ledger decides itself. Each is decided on the writer's thread, against the
//! state after every event before it, and becomes one event on the road of all others.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::ingest::RECEIPT_DEADLINE;
use super::keys::Actor;
use super::{Ledger, own};
use crate::domain::delivery::Evidence;
use crate::domain::event::{Interpretation, SettingsFact};
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;
use crate::eventlog::{Command, Content, Decision, Draft, Event, Identity, Outcome, Receipt};

/// Commands about the ledger as a whole: one a commit.
const CONFLICT_GLOBAL: &str = "global";

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is so already.
    #[error("nothing changes")]
    NothingChanges,
    /// There is no key of that id.
    #[error("there is no such key")]
    NoSuchKey,
    /// The catalogue has no company of that id.
    #[error("there is no such company")]
    NoSuchCompany,
    /// The catalogue has no country of that id.
    #[error("there is no such country")]
    NoSuchCountry,
    /// There is no customer of that id, or none that the merchant gave an identifier.
    #[error("there is no such customer")]
    NoSuchCustomer,
    /// There is a customer of that identifier already, or there was.
    #[error("there is such a customer already")]
    CustomerExists,
    /// The catalogue has no feature of that id, and no meter.
    #[error("there is no such feature")]
    NoSuchFeature,
    /// What was used would become less than nothing.
    #[error("usage cannot go below zero")]
    BelowZero,
    /// There is no subscription of that id, or it is another customer's.
    #[error("there is no such subscription")]
    NoSuchSubscription,
    /// There is no checkout of that id.
    #[error("there is no such checkout")]
    NoSuchCheckout,
    /// It does not fit what the ledger holds: a sentence that names the field, in backticks and by
    /// the command's word for it, so that a surface can put in its own.
    #[error("{0}")]
    Invalid(String),
    /// The checkout has come too far for it.
    #[error("the checkout is {0:?} already")]
    CheckoutIs(CheckoutStatus),
    /// It is larger than a record may be.
    #[error("it is too large to be recorded")]
    TooLarge,
}

/// [`Refusal::Invalid`] with that sentence.
pub(super) fn invalid(sentence: impl Into<String>) -> Refusal {
    Refusal::Invalid(sentence.into())
}

/// What an operator changed could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger could not record its settings: {0}")]
pub struct NotRecorded(String);

/// Why a command did nothing that anybody may rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It was decided against.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The same idempotency key came with another body before.
    #[error("the idempotency key was used with another body")]
    Mismatch,
    /// It cannot be recorded now; ask again.
    #[error("{0}")]
    Unavailable(String),
}

/// Who asks for a command, and by what its repetitions are known.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who.
    pub actor: Actor,
    /// Where the asker gave an idempotency key.
    once: Option<Once>,
}

#[derive(Debug, Clone)]
struct Once {
    identity: Identity,
    sha256: [u8; 32],
}

impl Request {
    /// A request of which each repetition counts.
    #[must_use]
    pub const fn of(actor: Actor) -> Self {
        Self { actor, once: None }
    }

    /// A request that counts once: the same actor, method, path and idempotency key. `body` is what
    /// a repetition must have in common with it, byte for byte.
    #[must_use]
    pub fn once(actor: Actor, method: &str, path: &str, key: &str, body: &[u8]) -> Self {
        let actor_name = actor.to_string();
        let parts = [actor_name.as_str(), method, path, key];
        let once = Once {
            identity: Identity::of_parts(own::SOURCE_API, &parts),
            sha256: Sha256::digest(body).into(),
        };
        Self {
            actor,
            once: Some(once),
        }
    }

    /// A request that counts once by a name of its own, whoever asks and whatever key they give.
    /// `content` is what a repetition must have in common with it.
    #[must_use]
    pub(super) fn known_by_parts(actor: Actor, parts: &[&str], content: &[u8]) -> Self {
        let once = Once {
            identity: Identity::of_parts(own::SOURCE_API, parts),
            sha256: Sha256::digest(content).into(),
        };
        Self {
            actor,
            once: Some(once),
        }
    }

    /// A request that nobody can make twice, whoever asks: it is about one event and says no more.
    #[must_use]
    pub(super) fn once_for_all(actor: Actor, what: &str, seq: u64) -> Self {
        let seq = seq.to_string();
        Self::known_by_parts(actor, &[what, &seq], seq.as_bytes())
    }

    /// The SHA-256 of the body, where the request counts once.
    pub(super) fn sha256(&self) -> Option<[u8; 32]> {
        self.once.as_ref().map(|once| once.sha256)
    }

    fn known_by(&self) -> Option<(Identity, Content)> {
        let once = self.once.as_ref()?;
        Some((once.identity, Content::of_sha256(&once.sha256)))
    }
}

/// Where a command's event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Written now.
    Now(u64),
    /// Written when the same request came first.
    Before(u64),
}

pub(super) type Decide = Box<dyn FnMut() -> Decision<Interpretation, Refusal> + Send>;

impl Ledger {
    /// Records the settings that change what events mean, if the newest event says otherwise.
    pub(super) fn record_settings(&self, wanted: SettingsFact) -> Result<(), NotRecorded> {
        let state = Arc::clone(&self.state);
        let time = Arc::clone(&self.log_time);
        let decide = move || {
            let unchanged = state.read().settings().is_some_and(|held| **held == wanted);
            if unchanged {
                return Decision::Refuse(Refusal::NothingChanges);
            }
            let now = time.now();
            let body = own::settings_body(&wanted, now);
            append(own::SOURCE_CATALOGUE, body, now, None)
        };
        self.command_now(Box::new(decide))
    }

    /// Records what an operator did to the log itself.
    pub(super) fn record_operation(&self, what: &str, detail: &str) -> Result<(), NotRecorded> {
        let clock = Arc::clone(&self.clock);
        let (what, detail) = (what.to_owned(), detail.to_owned());
        let decide = move || {
            let now = clock.now();
            let body = own::operation_body(&what, &detail, now);
            append(own::SOURCE_API, body, now, None)
        };
        self.command_now(Box::new(decide))
    }

    /// Hands a command about the ledger as a whole to the writer.
    pub(super) async fn command(
        &self,
        request: &Request,
        decide: Decide,
    ) -> Result<Written, CommandError> {
        let conflicts = vec![CONFLICT_GLOBAL.to_owned()];
        self.command_about(request, conflicts, decide).await
    }

    /// Hands a command to the writer and waits, for as long as a sender would.
    pub(super) async fn command_about(
        &self,
        request: &Request,
        conflict_keys: Vec<String>,
        decide: Decide,
    ) -> Result<Written, CommandError> {
        let unavailable = CommandError::Unavailable;
        let command = Command {
            conflict_keys,
            request: request.known_by(),
            decide,
        };
        let answer = self
            .writer
            .command(command)
            .map_err(|error| unavailable(error.to_string()))?;
        match tokio::time::timeout(RECEIPT_DEADLINE, answer).await {
            Ok(Ok(Ok(Outcome::Done(receipt)))) => match receipt {
                Receipt::Recorded { seq, .. } => Ok(Written::Now(seq)),
                Receipt::Duplicate { seq } => Ok(Written::Before(seq)),
                Receipt::Mismatch { .. } => Err(CommandError::Mismatch),
            },
            Ok(Ok(Ok(Outcome::Refused(refusal)))) => Err(refusal.into()),
            Ok(Ok(Err(error))) => Err(unavailable(error.to_string())),
            Ok(Err(_)) => Err(unavailable("The ledger is stopping; try again.".into())),
            Err(_) => Err(unavailable("The store is slow; try again.".into())),
        }
    }

    /// For start-up, before anything is served: waits on this thread.
    fn command_now(&self, decide: Decide) -> Result<(), NotRecorded> {
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

/// An event of our own, under its request's identity, else under one that no other has.
pub(super) fn append(
    source: &str,
    body: Vec<u8>,
    now: Timestamp,
    request: Option<&Request>,
) -> Decision<Interpretation, Refusal> {
    append_as(source, body, now, request, |_| {
        let once: [u8; 16] = rand::random();
        Identity::of_parts(source, &[&hex::encode(once)])
    })
}

/// The same, where the event has a name of its own by its type, and nobody asked for it.
pub(super) fn append_as(
    source: &str,
    body: Vec<u8>,
    at: Timestamp,
    request: Option<&Request>,
    name: impl FnOnce(&str) -> Identity,
) -> Decision<Interpretation, Refusal> {
    let meaning = own::interpret(&body);
    let once = request.and_then(|request| request.once.as_ref());
    let kind = meaning.event_type.as_deref().unwrap_or_default();
    let event = Event {
        source: source.to_owned(),
        provider: own::PROVIDER.to_owned(),
        identity: once.map_or_else(|| name(kind), |once| once.identity),
        event_id: None,
        event_type: meaning.event_type.as_deref().map(str::to_owned),
        occurred_at: at,
        stale: false,
        evidence: Evidence::default(),
        body_sha256: Sha256::digest(&body).into(),
        body: Bytes::from(body),
        request_sha256: once.map(|once| once.sha256),
    };
    match Draft::new(event) {
        Ok(draft) => Decision::Append(draft, meaning),
        Err(_) => Decision::Refuse(Refusal::TooLarge),
    }
}
