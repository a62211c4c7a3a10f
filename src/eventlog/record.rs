//! A stored record: header, salt and the exact body, in bytes that are for ever. Knows neither
//! what a body means nor where the bytes are kept.

use bytes::{BufMut, Bytes};
use prost::Message;
use sha2::{Digest, Sha256};

use super::identity::Identity;
use super::merkle::{Hash, leaf_hash};
use crate::domain::delivery::Evidence;
use crate::domain::time::Timestamp;

/// Enough chance that nobody can guess a body from its commitment.
pub(super) const SALT_BYTES: usize = 16;
/// The header's length, big-endian, before the header.
pub(super) const LENGTH_BYTES: usize = 4;

/// What only the intake could know of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Its signed time was too far from ours.
    pub stale: bool,
    /// Another body had been recorded for the same event.
    pub conflicting: bool,
}

impl Flags {
    const STALE: u32 = 1;
    const CONFLICTING: u32 = 2;

    pub(super) const fn bits(self) -> u32 {
        (if self.stale { Self::STALE } else { 0 })
            | (if self.conflicting {
                Self::CONFLICTING
            } else {
                0
            })
    }

    const fn from_bits(bits: u32) -> Self {
        Self {
            stale: bits & Self::STALE != 0,
            conflicting: bits & Self::CONFLICTING != 0,
        }
    }
}

/// The header's wire form. `docs/record.proto` describes it; numbers never change.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    #[prost(uint64, tag = "1")]
    pub(super) seq: u64,
    #[prost(int64, tag = "2")]
    pub(super) recorded_at: i64,
    #[prost(string, tag = "3")]
    pub(super) source: String,
    #[prost(string, tag = "4")]
    pub(super) provider: String,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) identity: Vec<u8>,
    #[prost(string, optional, tag = "6")]
    pub(super) event_id: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(super) event_type: Option<String>,
    #[prost(int64, tag = "8")]
    pub(super) occurred_at: i64,
    #[prost(uint32, tag = "9")]
    pub(super) flags: u32,
    #[prost(message, optional, tag = "10")]
    pub(super) evidence: Option<StoredEvidence>,
    #[prost(bytes = "vec", tag = "11")]
    pub(super) body_commitment: Vec<u8>,
    #[prost(uint32, tag = "12")]
    pub(super) body_len: u32,
}

/// [`Evidence`] on the wire.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredEvidence {
    #[prost(string, tag = "1")]
    scheme: String,
    #[prost(string, tag = "2")]
    pub(super) key_id: String,
    #[prost(message, repeated, tag = "3")]
    headers: Vec<SignedHeader>,
}

#[derive(Clone, PartialEq, Message)]
struct SignedHeader {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

impl From<Evidence> for StoredEvidence {
    fn from(evidence: Evidence) -> Self {
        let headers = evidence.headers.into_iter();
        Self {
            scheme: evidence.scheme,
            key_id: evidence.key_id,
            headers: headers
                .map(|(name, value)| SignedHeader { name, value })
                .collect(),
        }
    }
}

/// Why bytes are no record, or not the record that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordDamage {
    /// The bytes end too early, or go on too long.
    #[error("its length is not the one it states")]
    Length,
    /// The header is no such message, or a field of it is out of its range.
    #[error("its header cannot be read")]
    Header,
    /// The body or its salt is not what the header commits to.
    #[error("its body is not the one that was recorded")]
    Commitment,
}

/// SHA-256(salt ‖ body): lets a person's data be erased later while every proof stays valid.
pub(super) fn commitment(salt: &[u8; SALT_BYTES], body: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(body);
    hash.finalize().into()
}

/// Appends the stored form to `out` and answers the Merkle leaf over its header.
pub(super) fn encode(
    header: &Header,
    salt: &[u8; SALT_BYTES],
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<Hash, RecordDamage> {
    let header_len = header.encoded_len();
    out.put_u32(u32::try_from(header_len).map_err(|_| RecordDamage::Length)?);
    let header_at = out.len();
    header.encode(out).map_err(|_| RecordDamage::Header)?;
    let leaf = leaf_hash(out.get(header_at..).ok_or(RecordDamage::Length)?);
    out.extend_from_slice(salt);
    out.extend_from_slice(body);
    Ok(leaf)
}

/// The Merkle leaf of a stored record. Nothing else of it is looked at.
pub(super) fn leaf_of(stored: &[u8]) -> Result<Hash, RecordDamage> {
    let (length, rest) = stored.split_first_chunk().ok_or(RecordDamage::Length)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok();
    let header = length.and_then(|length| rest.get(..length));
    header.map(leaf_hash).ok_or(RecordDamage::Length)
}

/// The three parts of a stored record; lengths agree, the commitment is not checked yet.
pub(super) struct Parts<'a> {
    pub(super) header: Header,
    pub(super) header_bytes: &'a [u8],
    /// Salt and body; `None` where both were erased. The shortest that was not erased has a salt.
    pub(super) content: Option<(&'a [u8; SALT_BYTES], &'a [u8])>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(bytes: &'a [u8]) -> Result<Self, RecordDamage> {
        let (length, rest) = bytes.split_first_chunk().ok_or(RecordDamage::Length)?;
        let header_len = usize::try_from(u32::from_be_bytes(*length));
        let (header_bytes, rest) = header_len
            .ok()
            .and_then(|header_len| rest.split_at_checked(header_len))
            .ok_or(RecordDamage::Length)?;
        let header = Header::decode(header_bytes).map_err(|_| RecordDamage::Header)?;
        let content = if rest.is_empty() {
            None
        } else {
            let (salt, body) = rest.split_first_chunk().ok_or(RecordDamage::Length)?;
            if u32::try_from(body.len()) != Ok(header.body_len) {
                return Err(RecordDamage::Length);
            }
            Some((salt, body))
        };
        Ok(Self {
            header,
            header_bytes,
            content,
        })
    }
}

/// One recorded event, as the store holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    header: Header,
    recorded_at: Timestamp,
    occurred_at: Timestamp,
    identity: Identity,
    header_len: usize,
    bytes: Bytes,
}

impl Record {
    /// Reads the stored form and checks that the body is the one the header commits to. The header
    /// alone is a record too: an erased one, if another event says so ([`Self::is_erased`]).
    ///
    /// # Errors
    /// [`RecordDamage`] where the bytes are not a record exactly as it was written.
    pub fn decode(bytes: Bytes) -> Result<Self, RecordDamage> {
        let parts = Parts::split(&bytes)?;
        if let Some((salt, body)) = parts.content
            && commitment(salt, body).as_slice() != parts.header.body_commitment
        {
            return Err(RecordDamage::Commitment);
        }
        let header_len = parts.header_bytes.len();
        let header = parts.header;
        let time = |millis| Timestamp::from_millis(millis).ok_or(RecordDamage::Header);
        Ok(Self {
            recorded_at: time(header.recorded_at)?,
            occurred_at: time(header.occurred_at)?,
            identity: Identity::from_bytes(&header.identity).ok_or(RecordDamage::Header)?,
            header,
            header_len,
            bytes,
        })
    }

    /// Its place in the log, from 1; the Merkle leaf's index is one less.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.header.seq
    }

    /// When the log took it in, by our clock; never earlier than the record before.
    #[must_use]
    pub const fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// When it happened, as far as the intake could tell: a hint for searches.
    #[must_use]
    pub const fn occurred_at(&self) -> Timestamp {
        self.occurred_at
    }

    /// The configured name of the source it came in by.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.header.source
    }

    /// The provider whose rules its body follows.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.header.provider
    }

    /// The name under which it was recorded once.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The provider's id for it, where there is one.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.header.event_id.as_deref()
    }

    /// The provider's word for it, where there is one: a hint for searches.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.header.event_type.as_deref()
    }

    /// What only the intake could know.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits(self.header.flags)
    }

    /// What an auditor needs to check the signature again.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        let stored = self.header.evidence.clone().unwrap_or_default();
        let headers = stored.headers.into_iter();
        Evidence {
            scheme: stored.scheme,
            key_id: stored.key_id,
            headers: headers.map(|header| (header.name, header.value)).collect(),
        }
    }

    /// Salt and body are gone, and what the header commits to is all that is left of them. That is
    /// damage, unless an event of the same log says that this one was erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.bytes.len() == LENGTH_BYTES + self.header_len
    }

    /// The exact bytes received; none of an erased record.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes
            .get(LENGTH_BYTES + self.header_len + SALT_BYTES..)
            .unwrap_or_default()
    }

    /// The exact bytes of the header, which the Merkle leaf covers.
    #[must_use]
    pub fn header_bytes(&self) -> &[u8] {
        self.bytes
            .get(LENGTH_BYTES..LENGTH_BYTES + self.header_len)
            .unwrap_or_default()
    }

    /// The whole stored form: what an export carries and an import brings back.
    #[must_use]
    pub const fn stored_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// SHA-256(0x00 ‖ header bytes).
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(self.header_bytes())
    }
}
