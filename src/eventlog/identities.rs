//! Which events were seen before: one table in memory, rebuilt from the log at every start. Knows
//! identities and content digests, not where records are kept.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::identity::{Content, Identity};
use super::record::Record;

/// A table that outgrows its memory is copied whole; 256 small ones are copied one at a time, so
/// that the writer never stands still for a table of millions.
const SHARDS: usize = 256;

/// 30 bytes: a hash table at its worst load then holds an event in 71, at its best in 36.
struct Seen {
    digest: [u8; 16],
    content: [u8; 8],
    /// 48 bits last for longer than any disk.
    seq: [u8; 6],
}

/// What is known of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Never seen.
    New,
    /// Seen with the same content.
    Duplicate(u64),
    /// Seen with other content.
    Other(u64),
}

/// Records must be remembered in order and without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {found} came where {expected} was expected; check the log with `subledger verify`")]
pub struct OutOfOrder {
    expected: u64,
    found: u64,
}

/// All identities of the log, 36 to 71 bytes each.
pub struct Identities {
    shards: Vec<HashTable<Seen>>,
    through: u64,
}

impl Default for Identities {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
            through: 0,
        }
    }
}

impl Identities {
    /// Adds the next record of the log; `content` is what repetitions of it are compared by.
    ///
    /// # Errors
    /// [`OutOfOrder`] where it is not the one after [`Self::through`].
    pub fn remember(&mut self, record: &Record, content: Content) -> Result<(), OutOfOrder> {
        let expected = self.through + 1;
        if record.seq() != expected {
            return Err(OutOfOrder {
                expected,
                found: record.seq(),
            });
        }
        self.insert(record.identity(), content, expected);
        self.through = expected;
        Ok(())
    }

    /// The seq of the last record that is remembered.
    #[must_use]
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// What is known of `identity`, compared by `content`.
    #[must_use]
    pub fn lookup(&self, identity: Identity, content: Content) -> Lookup {
        let digest = identity.digest();
        let found = self
            .shard(&digest)
            .and_then(|shard| shard.find(hash_of(&digest), |seen| seen.digest == digest));
        match found {
            None => Lookup::New,
            Some(seen) if seen.content == content.as_bytes() => Lookup::Duplicate(seen.seq()),
            Some(seen) => Lookup::Other(seen.seq()),
        }
    }

    /// Adds an event of a batch that is not committed yet, so that its duplicates in the same
    /// batch are seen. [`Self::confirm`] or [`Self::forget`] must follow.
    pub(super) fn insert(&mut self, identity: Identity, content: Content, seq: u64) {
        let digest = identity.digest();
        let seen = Seen {
            digest,
            content: content.as_bytes(),
            seq: low_bytes(seq),
        };
        if let Some(shard) = self.shard_mut(&digest) {
            let is_same = |old: &Seen| old.digest == digest;
            match shard.entry(hash_of(&digest), is_same, |old| hash_of(&old.digest)) {
                // The first record of an identity is the one that duplicates are answered with.
                Entry::Occupied(_) => {}
                Entry::Vacant(vacant) => {
                    vacant.insert(seen);
                }
            }
        }
    }

    /// The batch is durable: its events stay.
    pub(super) const fn confirm(&mut self, through: u64) {
        self.through = through;
    }

    /// The batch failed: the event was never recorded under `seq`.
    pub(super) fn forget(&mut self, identity: Identity, seq: u64) {
        let digest = identity.digest();
        if let Some(shard) = self.shard_mut(&digest) {
            let is_same = |seen: &Seen| seen.digest == digest && seen.seq() == seq;
            if let Ok(found) = shard.find_entry(hash_of(&digest), is_same) {
                found.remove();
            }
        }
    }

    fn shard(&self, digest: &[u8; 16]) -> Option<&HashTable<Seen>> {
        self.shards.get(usize::from(digest[15]))
    }

    fn shard_mut(&mut self, digest: &[u8; 16]) -> Option<&mut HashTable<Seen>> {
        self.shards.get_mut(usize::from(digest[15]))
    }
}

impl Seen {
    fn seq(&self) -> u64 {
        self.seq
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte))
    }
}

/// The digest is a hash already; its last byte has chosen the shard.
fn hash_of(digest: &[u8; 16]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

fn low_bytes(seq: u64) -> [u8; 6] {
    let [_, _, low @ ..] = seq.to_be_bytes();
    low
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn name(n: u8) -> Identity {
        Identity::of_signed_id("s", &n.to_string())
    }

    fn content(n: u8) -> Content {
        Content::of_body(&[n])
    }

    #[test]
    fn an_entry_has_the_size_the_design_counts_on() {
        assert_eq!(size_of::<Seen>(), 30);
        assert_eq!(
            Seen {
                digest: [0; 16],
                content: [0; 8],
                seq: low_bytes(1 << 40)
            }
            .seq(),
            1 << 40
        );
    }

    proptest! {
        /// Against a plain map, with batches that fail and are forgotten.
        #[test]
        fn knows_what_was_committed_and_nothing_else(
            batches in prop::collection::vec(
                (any::<bool>(), prop::collection::vec((0..40_u8, 0..3_u8), 0..12)), 0..30)
        ) {
            let mut identities = Identities::default();
            let mut model: HashMap<u8, (u8, u64)> = HashMap::new();
            for (lands, batch) in batches {
                let mut next = identities.through() + 1;
                let mut added = Vec::new();
                for (id, body) in batch {
                    let known = model.get(&id).or_else(|| {
                        added.iter().find(|(other, _)| *other == id).map(|(_, known)| known)
                    });
                    let expected = match known {
                        None => Lookup::New,
                        Some((same, seq)) if *same == body => Lookup::Duplicate(*seq),
                        Some((_, seq)) => Lookup::Other(*seq),
                    };
                    prop_assert_eq!(identities.lookup(name(id), content(body)), expected);
                    if expected == Lookup::New {
                        identities.insert(name(id), content(body), next);
                        added.push((id, (body, next)));
                        next += 1;
                    }
                }
                if lands {
                    identities.confirm(next - 1);
                    model.extend(added);
                } else {
                    added.iter().for_each(|(id, (_, seq))| identities.forget(name(*id), *seq));
                }
            }
            for id in 0..40 {
                let is_known = identities.lookup(name(id), content(0)) != Lookup::New;
                prop_assert_eq!(is_known, model.contains_key(&id));
            }
        }
    }
}
