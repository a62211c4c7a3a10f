//! The secrets of one source through their rotation: which are tried when. It knows neither
//! headers nor bodies, only messages and their tags.

use super::Reverified;
use crate::domain::time::Timestamp;
use crate::signature::{Key, Tag};

/// A key with the part of time in which it takes deliveries.
pub(super) struct RotatingKey {
    pub(super) key: Key,
    /// Not tried after this.
    pub(super) not_after: Option<Timestamp>,
    /// Never tried for a delivery; kept so that old records can still be checked.
    pub(super) verify_only: bool,
}

/// A source's keys, in the order in which they are configured.
#[derive(Default)]
pub(super) struct KeyRing {
    keys: Vec<RotatingKey>,
}

impl KeyRing {
    pub(super) fn push(&mut self, key: RotatingKey) {
        self.keys.push(key);
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|rotating| rotating.key.id() == id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn takes_deliveries(&self) -> bool {
        self.keys.iter().any(|rotating| !rotating.verify_only)
    }

    /// The keys that take deliveries at `now`.
    pub(super) fn active(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.rotating(now).map(|rotating| &rotating.key)
    }

    /// The active key that made `tag` over the joined parts.
    pub(super) fn signer(&self, parts: &[&[u8]], tag: &Tag, now: Timestamp) -> Option<&Key> {
        self.active(now).find(|key| key.verifies(parts, tag))
    }

    /// The active key that lasts longest; of several without an end, the one listed first.
    pub(super) fn newest(&self, now: Timestamp) -> Option<&Key> {
        let lasts_until = |rotating: &&RotatingKey| rotating.not_after.unwrap_or(Timestamp::MAX);
        // `max_by_key` would take the last of several equals.
        let newest = self.rotating(now).reduce(|best, other| {
            if lasts_until(&other) > lasts_until(&best) {
                other
            } else {
                best
            }
        });
        newest.map(|rotating| &rotating.key)
    }

    /// Checks a stored tag with every key, whatever its time.
    pub(super) fn reverify(&self, parts: &[&[u8]], tag: &Tag, key_id: &str) -> Reverified {
        if self
            .keys
            .iter()
            .any(|rotating| rotating.key.verifies(parts, tag))
        {
            return Reverified::Valid;
        }
        if self.has(key_id) {
            Reverified::Invalid
        } else {
            Reverified::SecretUnknown
        }
    }

    fn rotating(&self, now: Timestamp) -> impl Iterator<Item = &RotatingKey> {
        self.keys.iter().filter(move |rotating| {
            !rotating.verify_only && rotating.not_after.is_none_or(|end| now <= end)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::signature::Secret;

    fn ring() -> KeyRing {
        let mut ring = KeyRing::default();
        let rows = [
            ("old", Some(100), false),
            ("new", None, false),
            ("newer", None, false),
        ];
        for (id, end, verify_only) in rows.into_iter().chain([("audit", None, true)]) {
            let secret = Secret::new(format!("secret of {id}")).unwrap();
            let not_after = end.and_then(Timestamp::from_seconds);
            let key = Key::new(secret, Some(id)).unwrap();
            ring.push(RotatingKey {
                key,
                not_after,
                verify_only,
            });
        }
        ring
    }

    fn tag_of(ring: &KeyRing, id: &str) -> Tag {
        ring.keys
            .iter()
            .find(|rotating| rotating.key.id() == id)
            .unwrap()
            .key
            .sign(&[b"m"])
    }

    #[test]
    fn a_key_is_tried_up_to_its_end_and_not_after() {
        let (ring, at) = (ring(), |millis| Timestamp::from_millis(millis).unwrap());
        let signer = |id, now| ring.signer(&[b"m"], &tag_of(&ring, id), now).map(Key::id);
        assert_eq!(signer("old", at(100_000)), Some("old"));
        assert_eq!(signer("old", at(100_001)), None);
        assert_eq!(signer("new", at(100_001)), Some("new"));
        assert_eq!(signer("newer", at(0)), Some("newer"));
        assert_eq!(signer("audit", at(0)), None);
        assert_eq!(ring.newest(at(0)).map(Key::id), Some("new"));
    }

    #[test]
    fn audits_know_every_key() {
        let ring = ring();
        for id in ["old", "new", "audit"] {
            let tag = tag_of(&ring, id);
            assert_eq!(ring.reverify(&[b"m"], &tag, id), Reverified::Valid);
            assert_eq!(ring.reverify(&[b"n"], &tag, id), Reverified::Invalid);
            assert_eq!(
                ring.reverify(&[b"n"], &tag, "gone"),
                Reverified::SecretUnknown
            );
        }
    }
}
