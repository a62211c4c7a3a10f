//! Taking in a webhook: verify, understand, record, answer. Understanding happens here, on the
//! worker's thread, so that the one writer stays lean.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use sha2::{Digest, Sha256};

use super::Ledger;
use crate::domain::delivery::{Delivery, Headers, IdentityBasis, Received};
use crate::domain::event::{Reason, Standing};
use crate::domain::time::Timestamp;
use crate::eventlog::{Draft, Event, Identity, Receipt};
use crate::providers::Provider;

/// Razorpay counts an answer after 5 s as a failure. What is committed after this is answered as a
/// duplicate when it is sent again.
pub(super) const RECEIPT_DEADLINE: Duration = Duration::from_secs(4);

/// A configured source that takes deliveries.
pub struct Source {
    name: String,
    /// Exchanged as a whole when secrets are read again; a delivery under way keeps the one that
    /// it began with.
    provider: RwLock<Arc<dyn Provider>>,
    outcomes: [AtomicU64; Self::OUTCOMES.len()],
    /// Authentic deliveries whose signed time was too far from ours.
    stale: AtomicU64,
    /// When the last delivery was taken in, in unix milliseconds; at first, when the ledger opened.
    last_event_millis: AtomicI64,
}

/// What became of an accepted delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On disk and folded.
    Recorded,
    /// Recorded before.
    Duplicate,
    /// Recorded; known to mean nothing.
    Ignored,
    /// Recorded and set aside.
    Quarantined(Reason),
}

/// The receipt of an accepted delivery.
#[derive(Debug, Clone)]
pub struct Intake {
    /// What became of it.
    pub outcome: Outcome,
    /// Its sequence number; a duplicate's is the first one's.
    pub seq: u64,
    /// The provider's id.
    pub event_id: Option<String>,
}

/// Why a delivery was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// It is not shown to come from the provider.
    #[error("the signature does not match")]
    InvalidSignature,
    /// It cannot be stored now; the sender should try again.
    #[error("{0}")]
    Unavailable(String),
}

impl Outcome {
    /// The word used in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Quarantined(_) => "quarantined",
        }
    }

    const fn of(standing: Standing) -> Self {
        match standing {
            Standing::Folded => Self::Recorded,
            Standing::Ignored => Self::Ignored,
            Standing::Quarantined(reason) => Self::Quarantined(reason),
        }
    }
}

impl Source {
    /// What deliveries are counted by, in the order of the counters.
    const OUTCOMES: [&'static str; 7] = [
        "recorded",
        "duplicate",
        "ignored",
        "quarantined",
        "rejected",
        "refused",
        "unavailable",
    ];

    pub(super) fn new(name: String, provider: Arc<dyn Provider>, opened_at: Timestamp) -> Self {
        Self {
            name,
            provider: RwLock::new(provider),
            outcomes: std::array::from_fn(|_| AtomicU64::new(0)),
            stale: AtomicU64::new(0),
            last_event_millis: AtomicI64::new(opened_at.as_millis()),
        }
    }

    /// The provider with the secrets of now. The guard is gone when this returns.
    pub(super) fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.provider.read())
    }

    pub(super) fn exchange(&self, provider: Arc<dyn Provider>) {
        *self.provider.write() = provider;
    }

    /// The configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The only headers its provider reads, in lower case.
    #[must_use]
    pub fn headers(&self) -> &'static [&'static str] {
        self.provider.read().headers()
    }

    /// Counts a delivery that was refused before the ledger was asked.
    pub fn refused(&self) {
        self.count("refused");
    }

    fn count(&self, outcome: &str) {
        let place = Self::OUTCOMES.iter().position(|known| *known == outcome);
        if let Some(counter) = place.and_then(|place| self.outcomes.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn stale(&self) -> u64 {
        self.stale.load(Ordering::Relaxed)
    }

    /// Whole seconds since the last delivery was taken in, or since the ledger opened.
    pub(super) fn quiet_seconds(&self, now: Timestamp) -> u64 {
        let last = self.last_event_millis.load(Ordering::Relaxed);
        let millis = now.as_millis().saturating_sub(last);
        u64::try_from(millis / 1_000).unwrap_or(0)
    }

    /// How many deliveries had each outcome since start.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .outcomes
            .iter()
            .map(|counter| counter.load(Ordering::Relaxed));
        Self::OUTCOMES.into_iter().zip(counts)
    }
}

impl Ledger {
    /// Takes in one delivery. When this answers, the event is on disk and every query shows it.
    ///
    /// # Errors
    /// [`IngestError`]; nothing was recorded, or nobody may rely on it yet.
    pub async fn ingest(
        &self,
        source: &Source,
        headers: &Headers,
        body: &Bytes,
    ) -> Result<Intake, IngestError> {
        let delivery = Delivery { headers, body };
        let (provider, now) = (source.provider(), self.clock.now());
        let verified = provider.verify(&delivery, now).map_err(|_| {
            source.count("rejected");
            IngestError::InvalidSignature
        })?;
        let mut meaning = provider.interpret(&Received { body });
        if verified.stale.is_some() {
            source.stale.fetch_add(1, Ordering::Relaxed);
            meaning.set_aside(Reason::Stale);
        }
        let outcome = Outcome::of(meaning.standing);
        let body_sha256: [u8; 32] = Sha256::digest(body).into();
        let identity = match &verified.identity {
            IdentityBasis::SignedId(id) => Identity::of_signed_id(&source.name, id),
            IdentityBasis::Body => Identity::of_body(&source.name, &body_sha256),
        };
        let identity = verified
            .stale
            .map_or(identity, |at| identity.with_timestamp(at));
        let event = Event {
            source: source.name.clone(),
            provider: provider.name().to_owned(),
            identity,
            event_id: verified.event_id.clone(),
            event_type: meaning.event_type.as_deref().map(str::to_owned),
            occurred_at: meaning.occurred_at,
            stale: verified.stale.is_some(),
            evidence: verified.evidence,
            body: body.clone(),
            body_sha256,
            request_sha256: None,
        };
        let unavailable = |why: String| {
            source.count("unavailable");
            IngestError::Unavailable(why)
        };
        let draft = Draft::new(event).map_err(|error| unavailable(error.to_string()))?;
        let receipt = self
            .writer
            .submit(draft, meaning)
            .map_err(|e| unavailable(e.to_string()))?;
        let receipt = match tokio::time::timeout(RECEIPT_DEADLINE, receipt).await {
            Ok(Ok(Ok(receipt))) => receipt,
            Ok(Ok(Err(error))) => return Err(unavailable(error.to_string())),
            Ok(Err(_)) => return Err(unavailable("The ledger is stopping; try again.".into())),
            Err(_) => return Err(unavailable("The store is slow; try again.".into())),
        };
        let (outcome, seq) = match receipt {
            Receipt::Recorded { seq, .. } => (outcome, seq),
            Receipt::Duplicate { seq } | Receipt::Mismatch { seq } => (Outcome::Duplicate, seq),
        };
        source.count(outcome.as_str());
        let millis = now.as_millis();
        source.last_event_millis.store(millis, Ordering::Relaxed);
        Ok(Intake {
            outcome,
            seq,
            event_id: verified.event_id,
        })
    }
}
