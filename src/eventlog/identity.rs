//! What makes two events the same: a hash over what their source says about them, and a short
//! digest of their content. Knows no provider's rules; it is told which parts count.

use sha2::{Digest, Sha256};

use crate::domain::time::Timestamp;

/// Separates the kinds of identity, so that no id can be chosen to look like a body's digest.
const SIGNED_ID: &str = "signed-id";
const BODY: &str = "body";
const STALE: &str = "stale";
const PARTS: &str = "parts";

/// The name under which an event is recorded once, for ever: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 32]);

impl Identity {
    /// An event whose id its source signed.
    #[must_use]
    pub fn of_signed_id(source: &str, id: &str) -> Self {
        Self::hash(SIGNED_ID, [source.as_bytes(), id.as_bytes()])
    }

    /// An event without a signed id: its exact bytes are what it is.
    #[must_use]
    pub fn of_body(source: &str, body_sha256: &[u8; 32]) -> Self {
        Self::hash(BODY, [source.as_bytes(), body_sha256])
    }

    /// An event of our own, for instance `("scheduler", ["trial.ended", subscription, due])`.
    #[must_use]
    pub fn of_parts(source: &str, parts: &[&str]) -> Self {
        let all = std::iter::once(source).chain(parts.iter().copied());
        Self::hash(PARTS, all.map(str::as_bytes))
    }

    /// The identity of a stale delivery, so that a fresh resend of the same event still counts.
    #[must_use]
    pub fn with_timestamp(self, signed_at: Timestamp) -> Self {
        Self::hash(
            STALE,
            [self.0.as_slice(), &signed_at.as_millis().to_be_bytes()],
        )
    }

    /// The identity under which another body of the same event is recorded:
    /// SHA-256(identity ‖ body digest).
    #[must_use]
    pub fn with_other_body(self, body_sha256: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(body_sha256);
        Self(hash.finalize().into())
    }

    /// All 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads an identity as a record keeps it; `None` unless it is 32 bytes long.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 16 bytes by which the index of identities knows it.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        first(&self.0)
    }

    /// The first bytes, which break ties between two sources' events with one body.
    #[must_use]
    pub fn tie(&self) -> [u8; 4] {
        first(&self.0)
    }

    /// Each part is preceded by its length: ("ab", "c") and ("a", "bc") must differ.
    fn hash<'a>(kind: &'a str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(kind.as_bytes()).chain(parts) {
            // 64 bits on every machine: the value is stored.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// The first 8 bytes of a SHA-256 over what a repetition must have in common with the original:
/// the body, or for a command the request that caused it. Of what was erased nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Content(Option<[u8; 8]>);

impl Content {
    /// Of an erased event: whatever comes under its identity repeats it.
    pub const ERASED: Self = Self(None);

    /// Takes the first 8 bytes.
    #[must_use]
    pub fn of_sha256(sha256: &[u8; 32]) -> Self {
        Self(Some(first(sha256)))
    }

    /// Hashes `body`.
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        Self::of_sha256(&Sha256::digest(body).into())
    }

    /// The 8 bytes; zeros where it was erased.
    #[must_use]
    pub fn as_bytes(self) -> [u8; 8] {
        self.0.unwrap_or_default()
    }

    /// Whether it is [`Self::ERASED`].
    #[must_use]
    pub const fn is_erased(self) -> bool {
        self.0.is_none()
    }
}

fn first<const N: usize>(bytes: &[u8; 32]) -> [u8; N] {
    const { assert!(N <= 32) };
    let mut taken = [0; N];
    taken
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    taken
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        let at = Timestamp::from_seconds(1).unwrap();
        let all = [
            Identity::of_signed_id("ab", "c"),
            Identity::of_signed_id("a", "bc"),
            Identity::of_parts("ab", &["c"]),
            Identity::of_parts("a", &["b", "c"]),
            Identity::of_parts("a", &["bc", ""]),
            Identity::of_body("ab", &[0; 32]),
            Identity::of_signed_id("ab", "c").with_timestamp(at),
            Identity::of_signed_id("ab", "c").with_timestamp(Timestamp::EPOCH),
            Identity::of_signed_id("ab", "c").with_other_body(&[0; 32]),
            Identity::of_signed_id("ab", "c").with_other_body(&[1; 32]),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(
            all.iter()
                .map(Identity::digest)
                .collect::<HashSet<_>>()
                .len(),
            all.len()
        );
    }

    /// Identities are on disk: this value may never change.
    #[test]
    fn the_encoding_is_for_ever() {
        let identity = Identity::of_signed_id("kelviq", "evt_1");
        assert_eq!(
            hex::encode(identity.digest()),
            "9ac23cb629f61988cb8c103047c93698"
        );
        assert_eq!(Identity::from_bytes(identity.as_bytes()), Some(identity));
        assert_eq!(Identity::from_bytes(&[0; 31]), None);
    }
}
