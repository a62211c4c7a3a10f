//! An event on its way to the writer. All hashing that one event needs is done here, on the thread
//! that received it, so that the single writer stays lean. Knows no store.

use bytes::Bytes;
use prost::Message;

use super::identity::{Content, Identity};
use super::record::{self, Flags, Header, LENGTH_BYTES, Parts, RecordDamage, SALT_BYTES};
use crate::domain::delivery::Evidence;
use crate::domain::time::Timestamp;

/// A body of 256 KiB with all its signed headers takes half of this, and a page holds one such
/// record with room to spare.
pub const MAX_RECORD_BYTES: usize = 512 * 1024;

/// What is to be recorded.
pub struct Event {
    /// The configured name of the source.
    pub source: String,
    /// The provider whose rules the body follows.
    pub provider: String,
    /// What makes a repetition of it one.
    pub identity: Identity,
    /// The provider's id, for people.
    pub event_id: Option<String>,
    /// The provider's word for it, for searches.
    pub event_type: Option<String>,
    /// When it happened, for searches.
    pub occurred_at: Timestamp,
    /// Its signed time was too far from ours.
    pub stale: bool,
    /// What proves the signature again.
    pub evidence: Evidence,
    /// The exact bytes.
    pub body: Bytes,
    /// Their SHA-256; whoever makes the identity has it already.
    pub body_sha256: [u8; 32],
    /// Set for events of our own commands: the request, instead of the body, is what a repetition
    /// must have in common, and one that has not is a [`super::Receipt::Mismatch`], never recorded.
    pub request_sha256: Option<[u8; 32]>,
}

/// An [`Event`] with its salt and commitment, ready to be numbered.
pub struct Draft {
    /// On the heap: a draft is moved several times on its way.
    pub(super) header: Box<Header>,
    pub(super) identity: Identity,
    pub(super) content: Content,
    pub(super) is_request: bool,
    stale: bool,
    salt: [u8; SALT_BYTES],
    body_sha256: [u8; 32],
    body: Bytes,
    stored_bytes: usize,
}

/// The event is larger than a page can hold; nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is larger than {MAX_RECORD_BYTES} bytes; send a smaller one")]
pub struct TooLarge;

impl Draft {
    /// Hashes and salts the event.
    ///
    /// # Errors
    /// [`TooLarge`] where its stored form would exceed [`MAX_RECORD_BYTES`].
    pub fn new(event: Event) -> Result<Self, TooLarge> {
        let salt: [u8; SALT_BYTES] = rand::random();
        let body_sha256 = event.body_sha256;
        let header = Header {
            // The widest values they can take, so that the size below is never exceeded.
            seq: u64::MAX,
            recorded_at: Timestamp::MAX.as_millis(),
            flags: Flags {
                stale: true,
                conflicting: true,
            }
            .bits(),
            source: event.source,
            provider: event.provider,
            identity: event.identity.as_bytes().to_vec(),
            event_id: event.event_id,
            event_type: event.event_type,
            occurred_at: event.occurred_at.as_millis(),
            evidence: Some(event.evidence.into()),
            body_commitment: record::commitment(&salt, &event.body).to_vec(),
            body_len: u32::try_from(event.body.len()).map_err(|_| TooLarge)?,
        };
        let stored_bytes = LENGTH_BYTES + header.encoded_len() + SALT_BYTES + event.body.len();
        if stored_bytes > MAX_RECORD_BYTES {
            return Err(TooLarge);
        }
        Ok(Self {
            header: Box::new(header),
            identity: event.identity,
            content: Content::of_sha256(&event.request_sha256.unwrap_or(body_sha256)),
            is_request: event.request_sha256.is_some(),
            stale: event.stale,
            salt,
            body_sha256,
            body: event.body,
            stored_bytes,
        })
    }

    /// No more than this many bytes are stored for it.
    #[must_use]
    pub const fn stored_bytes(&self) -> usize {
        self.stored_bytes
    }

    /// What makes a repetition of it one.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The identity it takes where another body was recorded under its own.
    pub(super) fn conflicting_identity(&self) -> Identity {
        self.identity.with_other_body(&self.body_sha256)
    }

    /// Gives it its place; may be done again when the log turns out to have moved on.
    pub(super) fn number(&mut self, seq: u64, recorded_at: Timestamp, conflicting: bool) -> Flags {
        let flags = Flags {
            stale: self.stale,
            conflicting,
        };
        let identity = if conflicting {
            self.conflicting_identity()
        } else {
            self.identity
        };
        self.header.seq = seq;
        self.header.recorded_at = recorded_at.as_millis();
        self.header.flags = flags.bits();
        self.header.identity.clear();
        self.header.identity.extend_from_slice(identity.as_bytes());
        flags
    }

    /// Appends the stored form to `out` and answers the Merkle leaf.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<super::merkle::Hash, RecordDamage> {
        record::encode(&self.header, &self.salt, &self.body, out)
    }

    /// Whether `stored` decodes to exactly this event: asked of every record right before it is
    /// written, in production too.
    pub(super) fn is_stored_as(&self, stored: &[u8]) -> bool {
        Parts::split(stored).is_ok_and(|parts| {
            let content = Some((&self.salt, &self.body[..]));
            parts.header == *self.header && parts.content == content
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::super::record::Record;
    use super::*;

    fn event(body: Vec<u8>) -> Event {
        Event {
            source: "razorpay".into(),
            provider: "razorpay".into(),
            identity: Identity::of_signed_id("razorpay", "e1"),
            event_id: Some("e1".into()),
            event_type: None,
            occurred_at: Timestamp::EPOCH,
            stale: false,
            evidence: Evidence {
                scheme: "s".into(),
                key_id: "k".into(),
                headers: vec![("a".into(), "b".into()), ("a".into(), String::new())],
            },
            body_sha256: Sha256::digest(&body).into(),
            body: body.into(),
            request_sha256: None,
        }
    }

    fn stored(draft: &mut Draft, seq: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        draft.number(seq, Timestamp::from_seconds(5).unwrap(), false);
        draft.encode(&mut bytes).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(body: Vec<u8>, seq: u64) {
            let mut draft = Draft::new(event(body.clone())).unwrap();
            let bytes = stored(&mut draft, seq);
            prop_assert!(bytes.len() <= draft.stored_bytes());
            prop_assert!(draft.is_stored_as(&bytes));
            let record = Record::decode(bytes.clone().into()).unwrap();
            prop_assert_eq!(record.seq(), seq);
            prop_assert_eq!(record.body(), body);
            prop_assert_eq!(record.evidence(), event(Vec::new()).evidence);
            prop_assert_eq!(record.identity(), draft.identity());
            prop_assert_eq!(record.stored_bytes(), &bytes);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Record::decode(bytes.into());
        }

        #[test]
        fn a_changed_record_is_never_taken_for_the_draft(body: Vec<u8>, at: usize, bit in 0..8u8) {
            let mut draft = Draft::new(event(body)).unwrap();
            let mut bytes = stored(&mut draft, 7);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(!draft.is_stored_as(&bytes));
        }

        #[test]
        fn a_changed_body_or_salt_breaks_the_commitment(body: Vec<u8>, at: usize, bit in 0..8u8) {
            let mut draft = Draft::new(event(body.clone())).unwrap();
            let mut bytes = stored(&mut draft, 7);
            let covered = SALT_BYTES + body.len();
            let at = bytes.len() - 1 - at % covered;
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Record::decode(bytes.into()), Err(RecordDamage::Commitment));
        }
    }

    #[test]
    fn an_event_too_large_for_a_page_is_refused() {
        assert!(Draft::new(event(vec![0; 256 * 1024])).is_ok());
        assert_eq!(
            Draft::new(event(vec![0; MAX_RECORD_BYTES])).err(),
            Some(TooLarge)
        );
    }

    #[test]
    fn two_drafts_of_one_body_commit_differently() {
        let one = Draft::new(event(b"x".to_vec())).unwrap();
        let two = Draft::new(event(b"x".to_vec())).unwrap();
        assert_ne!(one.header.body_commitment, two.header.body_commitment);
        assert!(one.content == two.content);
    }
}
