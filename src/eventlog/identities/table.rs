//! Identities in memory: one hash table in many parts. Knows digests, not where records are kept.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::eventlog::identity::{Content, Identity};

/// A table that outgrows its memory is copied whole; 256 small ones are copied one at a time, so
/// that the writer never stands still for a table of millions.
const SHARDS: usize = 256;

/// Set in the first byte of [`Seen::seq`] where nothing is left to compare a repetition by. No
/// content can be mistaken for it.
const ERASED: u8 = 0x80;

/// 30 bytes: a hash table at its worst load then holds an event in 71, at its best in 36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) digest: [u8; 16],
    content: [u8; 8],
    /// [`ERASED`], and 47 bits, which last for longer than any disk.
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

/// See the module.
pub(super) struct Table {
    shards: Vec<HashTable<Seen>>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
        }
    }
}

impl Table {
    pub(super) fn lookup(&self, digest: &[u8; 16], content: [u8; 8]) -> Lookup {
        let found = self
            .shard(digest)
            .and_then(|shard| shard.find(prefix_of(digest), |seen| seen.digest == *digest));
        found.map_or(Lookup::New, |seen| seen.compared_by(content))
    }

    /// Adds an identity, unless it is there: the first record of an identity is the one that
    /// duplicates are answered with.
    pub(super) fn insert(&mut self, identity: Identity, content: Content, seq: u64) {
        let mut seen = Seen {
            digest: identity.digest(),
            content: content.as_bytes(),
            seq: low_bytes(seq),
        };
        if content.is_erased() {
            seen.seq[0] |= ERASED;
        }
        let Some(shard) = self.shard_mut(&seen.digest) else {
            return;
        };
        let is_same = |old: &Seen| old.digest == seen.digest;
        match shard.entry(seen.prefix(), is_same, Seen::prefix) {
            Entry::Occupied(_) => {}
            Entry::Vacant(vacant) => {
                vacant.insert(seen);
            }
        }
    }

    /// Takes an identity back that was added under that `seq`.
    pub(super) fn forget(&mut self, identity: Identity, seq: u64) {
        let digest = identity.digest();
        if let Some(shard) = self.shard_mut(&digest) {
            let is_same = |seen: &Seen| seen.digest == digest && seen.seq() == seq;
            if let Ok(found) = shard.find_entry(prefix_of(&digest), is_same) {
                found.remove();
            }
        }
    }

    /// All entries, sorted.
    pub(super) fn sorted(&self) -> Vec<Seen> {
        let mut all: Vec<Seen> = self.shards.iter().flatten().copied().collect();
        all.sort_unstable();
        all
    }

    fn shard(&self, digest: &[u8; 16]) -> Option<&HashTable<Seen>> {
        self.shards.get(usize::from(digest[15]))
    }

    fn shard_mut(&mut self, digest: &[u8; 16]) -> Option<&mut HashTable<Seen>> {
        self.shards.get_mut(usize::from(digest[15]))
    }
}

impl Seen {
    /// As it is on disk.
    pub(super) const BYTES: usize = 30;

    pub(super) fn compared_by(&self, content: [u8; 8]) -> Lookup {
        if self.content == content || self.seq[0] & ERASED != 0 {
            Lookup::Duplicate(self.seq())
        } else {
            Lookup::Other(self.seq())
        }
    }

    pub(super) fn prefix(&self) -> u64 {
        prefix_of(&self.digest)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.digest);
        out.extend(self.content);
        out.extend(self.seq);
    }

    /// `None` unless the bytes are [`Self::BYTES`] long.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk()?;
        let (content, rest) = rest.split_first_chunk()?;
        let seq = rest.try_into().ok()?;
        Some(Self {
            digest: *digest,
            content: *content,
            seq,
        })
    }

    fn seq(&self) -> u64 {
        let [first, rest @ ..] = self.seq;
        let first = u64::from(first & !ERASED);
        rest.iter()
            .fold(first, |value, byte| (value << 8) | u64::from(*byte))
    }
}

/// A digest is a hash already: its first bytes are as good as any other (the last chooses the
/// shard).
pub(super) fn prefix_of(digest: &[u8; 16]) -> u64 {
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whatever_comes_again_under_an_erased_identity_repeats_it() {
        let mut table = Table::default();
        let (identity, seq) = (Identity::of_signed_id("s", "1"), 1 << 40);
        table.insert(identity, Content::ERASED, seq);
        for body in [&b""[..], b"{}"] {
            let content = Content::of_body(body).as_bytes();
            let found = table.lookup(&identity.digest(), content);
            assert_eq!(found, Lookup::Duplicate(seq));
            // As it lies in a run.
            let mut bytes = Vec::new();
            table
                .sorted()
                .iter()
                .for_each(|seen| seen.write(&mut bytes));
            let read = Seen::read(&bytes).unwrap();
            assert_eq!(read.compared_by(content), Lookup::Duplicate(seq));
        }
        table.forget(identity, seq);
        assert!(table.sorted().is_empty());
    }

    #[test]
    fn an_entry_has_the_size_the_design_counts_on() {
        assert_eq!(size_of::<Seen>(), Seen::BYTES);
        let seen = Seen {
            digest: [1; 16],
            content: [2; 8],
            seq: low_bytes(1 << 40),
        };
        assert_eq!(seen.seq(), 1 << 40);
        let mut bytes = Vec::new();
        seen.write(&mut bytes);
        assert_eq!(Seen::read(&bytes), Some(seen));
        assert_eq!(Seen::read(bytes.get(1..).unwrap()), None);
    }
}
