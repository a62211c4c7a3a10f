//! Deliveries signed as `id.timestamp.body`, which two schemes share: reading the two headers, the
//! message they make, and how far a signed time may be off. It knows no names of headers, and no
//! clock but the time it is handed.

use super::{Rejection, sane_event_id};
use crate::domain::delivery::{Evidence, Headers, IdentityBasis, Verified};
use crate::domain::time::Timestamp;

/// What both schemes recommend. A delivery that is further off is authentic all the same: it is
/// recorded and set aside, so that neither a replayed body nor a wrong clock changes the state.
/// Whole seconds are compared, as senders write no others.
const TOLERANCE_SECONDS: u64 = 300;

/// The signed id and time of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dispatch<'a> {
    id: &'a str,
    /// As it is written, because that is what is signed.
    timestamp: &'a str,
    sent_at: Timestamp,
}

impl<'a> Dispatch<'a> {
    /// Reads both headers: each must be there once, the id must not be empty, and the time must be
    /// Unix seconds in digits alone.
    pub(super) fn read(
        headers: &'a Headers,
        id_header: &str,
        timestamp_header: &str,
    ) -> Result<Self, Rejection> {
        let single = |name| headers.single(name).map_err(|_| Rejection);
        Self::new(single(id_header)?, single(timestamp_header)?).ok_or(Rejection)
    }

    fn new(id: &'a str, timestamp: &'a str) -> Option<Self> {
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits)?;
        (!id.is_empty()).then_some(Self {
            id,
            timestamp,
            sent_at: Timestamp::from_seconds(seconds)?,
        })
    }

    /// The same from what a record keeps.
    pub(super) fn of_evidence(
        evidence: &'a Evidence,
        id_header: &str,
        timestamp_header: &str,
    ) -> Option<Self> {
        Self::new(
            kept(evidence, id_header)?,
            kept(evidence, timestamp_header)?,
        )
    }

    /// The message that is signed, in parts.
    pub(super) fn message<'b>(&self, body: &'b [u8]) -> [&'b [u8]; 5]
    where
        'a: 'b,
    {
        message(self.id, self.timestamp, body)
    }

    pub(super) const fn id(&self) -> &'a str {
        self.id
    }

    pub(super) const fn timestamp(&self) -> &'a str {
        self.timestamp
    }

    /// The delivery, once its signature was found good.
    pub(super) fn verified(&self, evidence: Evidence, now: Timestamp) -> Verified {
        let seconds = |time: Timestamp| time.as_millis().div_euclid(1000);
        let off_seconds = seconds(now).abs_diff(seconds(self.sent_at));
        Verified {
            event_id: sane_event_id(self.id).map(Into::into),
            identity: IdentityBasis::SignedId(self.id.to_owned()),
            evidence,
            stale: (off_seconds > TOLERANCE_SECONDS).then_some(self.sent_at),
        }
    }
}

/// The parts of the signed message. Cut elsewhere it is no other event: what would have to be the
/// time is not in digits alone, or the body then begins with a number and a full stop.
pub(super) fn message<'a>(id: &'a str, timestamp: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
}

/// A header that a record keeps.
pub(super) fn kept<'a>(evidence: &'a Evidence, header: &str) -> Option<&'a str> {
    let mut headers = evidence.headers.iter();
    headers
        .find(|(name, _)| name == header)
        .map(|(_, value)| value.as_str())
}

/// Unix seconds, as a sender writes them.
pub(super) fn unix_seconds(now: Timestamp) -> String {
    now.as_millis().div_euclid(1000).to_string()
}
