//! The growing end of an RFC 6962 Merkle tree (§2.1): its peaks. Knows hashes, not records.

use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// SHA-256(0x00 ‖ `bytes`), the leaf over a record's header.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(bytes);
    hash.finalize().into()
}

/// SHA-256(0x01 ‖ `left` ‖ `right`), an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// The roots of the perfect trees that a tree of some size falls into, largest first: one for each
/// bit set in the size, so never more than 64. With them a restart never rehashes the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peaks {
    size: u64,
    hashes: Vec<Hash>,
}

impl Peaks {
    /// Peaks read back from where they were kept; `None` unless there are as many as the size has
    /// bits set.
    #[must_use]
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        (hashes.len() == expected).then_some(Self { size, hashes })
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut top = leaf;
        // As many perfect trees merge as the old size has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                top = node_hash(&left, &top);
            }
        }
        self.hashes.push(top);
        self.size = self.size.saturating_add(1);
    }

    /// The tree's root; for an empty tree SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_right = self.hashes.iter().rev();
        let Some(last) = from_right.next() else {
            return Sha256::digest(b"").into();
        };
        from_right.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes, largest tree first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// RFC 6962 §2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => Sha256::digest(b"").into(),
            1 => leaves[0],
            n => {
                let split = n.next_power_of_two() / 2;
                node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_root_is_the_rfcs_at_every_size() {
        let mut peaks = Peaks::default();
        let mut leaves = Vec::new();
        for size in 0_u64..300 {
            assert_eq!(peaks.root(), naive_root(&leaves), "{size}");
            assert_eq!(peaks.size(), size);
            assert_eq!(
                peaks.hashes().len(),
                usize::try_from(size.count_ones()).unwrap()
            );
            let leaf = leaf_hash(&size.to_be_bytes());
            peaks.push(leaf);
            leaves.push(leaf);
        }
    }

    #[test]
    fn known_vectors_of_certificate_transparency() {
        let mut peaks = Peaks::default();
        let root = |peaks: &Peaks| hex::encode(peaks.root());
        assert!(root(&peaks).starts_with("e3b0c44298fc1c14"));
        peaks.push(leaf_hash(b""));
        assert!(root(&peaks).starts_with("6e340b9cffb37a98"));
        peaks.push(leaf_hash(&[0]));
        assert!(root(&peaks).starts_with("fac54203e7cc696c"));
        peaks.push(leaf_hash(&[0x10]));
        assert!(root(&peaks).starts_with("aeb6bcfe274b70a1"));
    }

    #[test]
    fn peaks_are_taken_back_only_when_they_fit_the_size() {
        assert!(Peaks::from_parts(5, vec![[0; 32]; 2]).is_some());
        assert!(Peaks::from_parts(5, vec![[0; 32]; 3]).is_none());
    }
}
