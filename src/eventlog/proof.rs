//! Inclusion and consistency proofs by RFC 6962 §2.1 and RFC 9162 §2.1: of which subtrees they
//! are made, and how they are checked. Knows hashes and numbers; never a log or a file.

use std::ops::Range;

use super::merkle::{Hash, node_hash};

/// The largest power of two below `len`: where RFC 6962 divides a tree of more than one leaf.
pub(super) const fn split(len: u64) -> u64 {
    match len {
        0..=2 => 1,
        more => 1 << (u64::BITS - 1 - (more - 1).leading_zeros()),
    }
}

/// The leaves under each hash of the proof that leaf `index` is in the tree of `size` leaves, in
/// the proof's order: from the leaf up. Empty unless `index` is below `size`.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if index >= size {
        return ranges;
    }
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The leaves under each hash of the proof that the tree of `from` leaves is the beginning of the
/// tree of `to`, in the proof's order. Empty where they are the same tree, and where there can be
/// no proof: `from` is 0 or above `to`.
#[must_use]
pub fn consistency_ranges(from: u64, to: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if from == 0 || from >= to {
        return ranges;
    }
    let (mut start, mut end, mut is_known) = (0, to, true);
    while from < end {
        let middle = start + split(end - start);
        if from <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
            is_known = false;
        }
    }
    // A subtree that is the whole of the old tree is known by the old root.
    if !is_known {
        ranges.push(start..end);
    }
    ranges.reverse();
    ranges
}

/// Whether `proof` shows that `leaf` is the leaf of that index in the tree of `size` leaves with
/// that root.
#[must_use]
pub fn shows_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let mut place = Place {
        node: index,
        last: size - 1,
    };
    let mut hash = *leaf;
    for sibling in proof {
        if place.last == 0 {
            return false;
        }
        if place.is_right() {
            hash = node_hash(sibling, &hash);
            place.climb_to_right();
        } else {
            hash = node_hash(&hash, sibling);
        }
        place.up();
    }
    place.last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `to` leaves begins with the one of `from`. Nothing is
/// shown of an empty tree.
#[must_use]
pub fn shows_consistency(from: (u64, &Hash), to: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((from, from_root), (to, to_root)) = (from, to);
    if from == 0 || from > to {
        return false;
    }
    if from == to {
        return proof.is_empty() && from_root == to_root;
    }
    let mut place = Place {
        node: from - 1,
        last: to - 1,
    };
    while place.node & 1 == 1 {
        place.up();
    }
    let mut hashes = proof.iter();
    // A perfect old tree is a node of the new one, and the proof leaves it out.
    let first = if from.is_power_of_two() {
        Some(from_root)
    } else {
        hashes.next()
    };
    let Some(first) = first else { return false };
    let (mut old, mut new) = (*first, *first);
    for sibling in hashes {
        if place.last == 0 {
            return false;
        }
        if place.is_right() {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            place.climb_to_right();
        } else {
            new = node_hash(&new, sibling);
        }
        place.up();
    }
    place.last == 0 && old == *from_root && new == *to_root
}

/// A node on the way up, and the last one of its row.
struct Place {
    node: u64,
    last: u64,
}

impl Place {
    /// Whether its sibling lies to its left.
    const fn is_right(&self) -> bool {
        self.node & 1 == 1 || self.node == self.last
    }

    /// A node at the end of its row has no sibling until it is a right one.
    const fn climb_to_right(&mut self) {
        while self.node & 1 == 0 && self.node != 0 {
            self.up();
        }
    }

    const fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::super::merkle::leaf_hash;
    use super::*;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    /// RFC 6962 §2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [leaf] => *leaf,
            more => {
                let k = more.len().next_power_of_two() / 2;
                node_hash(&naive_root(&more[..k]), &naive_root(&more[k..]))
            }
        }
    }

    /// PATH(m, D[n]) of §2.1.1.
    fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (mut path, last) = if m < k {
            (naive_path(m, &leaves[..k]), naive_root(&leaves[k..]))
        } else {
            (naive_path(m - k, &leaves[k..]), naive_root(&leaves[..k]))
        };
        path.push(last);
        path
    }

    /// SUBPROOF(m, D[n], b) of §2.1.2.
    fn naive_subproof(m: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if is_known {
                Vec::new()
            } else {
                vec![naive_root(leaves)]
            };
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (mut proof, last) = if m <= k {
            let inner = naive_subproof(m, &leaves[..k], is_known);
            (inner, naive_root(&leaves[k..]))
        } else {
            let inner = naive_subproof(m - k, &leaves[k..], false);
            (inner, naive_root(&leaves[..k]))
        };
        proof.push(last);
        proof
    }

    fn resolved(ranges: &[Range<u64>], leaves: &[Hash]) -> Vec<Hash> {
        let at = |n: u64| usize::try_from(n).unwrap();
        ranges
            .iter()
            .map(|range| naive_root(&leaves[at(range.start)..at(range.end)]))
            .collect()
    }

    #[test]
    fn every_proof_up_to_fifty_leaves_is_the_rfcs() {
        for size in 1..50_u64 {
            let leaves = leaves(size);
            let n = usize::try_from(size).unwrap();
            let root = naive_root(&leaves);
            for index in 0..size {
                let m = usize::try_from(index).unwrap();
                let proof = resolved(&inclusion_ranges(index, size), &leaves);
                assert_eq!(proof, naive_path(m, &leaves), "{index} of {size}");
                assert!(shows_inclusion(&leaves[m], index, size, &proof, &root));
                let from = index + 1;
                let proof = resolved(&consistency_ranges(from, size), &leaves);
                assert_eq!(
                    proof,
                    naive_subproof(m + 1, &leaves[..n], true),
                    "{from} of {size}"
                );
                let old = naive_root(&leaves[..=m]);
                assert!(shows_consistency((from, &old), (size, &root), &proof));
            }
        }
    }

    #[test]
    fn what_cannot_be_proved_has_no_proof() {
        let root = naive_root(&leaves(3));
        assert!(inclusion_ranges(3, 3).is_empty() && consistency_ranges(0, 3).is_empty());
        assert!(consistency_ranges(4, 3).is_empty());
        assert!(!shows_inclusion(&root, 0, 0, &[], &root));
        assert!(!shows_inclusion(&root, 3, 3, &[], &root));
        assert!(!shows_consistency((0, &root), (3, &root), &[]));
        assert!(!shows_consistency((4, &root), (3, &root), &[]));
        assert!(!shows_consistency((2, &root), (3, &root), &[]));
        assert!(!shows_consistency((3, &root), (3, &root), &[root]));
        assert!(shows_consistency((3, &root), (3, &root), &[]));
    }

    #[test]
    fn the_division_is_the_largest_power_of_two_below() {
        for (len, expected) in [
            (2, 1),
            (3, 2),
            (4, 2),
            (5, 4),
            (8, 4),
            (9, 8),
            (1 << 40, 1 << 39),
        ] {
            assert_eq!(split(len), expected, "{len}");
        }
        assert_eq!(split(u64::MAX), 1 << 63);
    }

    /// `ct-merkle` hashes what it is given itself, so it gets what our leaves are hashed from.
    fn theirs(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
        let mut tree = MemoryBackedTree::new();
        (0..size).for_each(|n| tree.push(n.to_be_bytes().to_vec()));
        tree
    }

    proptest! {
        #[test]
        fn an_independent_implementation_makes_and_takes_the_same(
            size in 1_u64..600, index: u64, from: u64, flip: u64,
        ) {
            let (index, from) = (index % size, from % size + 1);
            let leaves = leaves(size);
            let (n, m) = (usize::try_from(index).unwrap(), usize::try_from(from).unwrap());
            let (tree, old_tree) = (theirs(size), theirs(from));
            let root: RootHash<Sha256> = tree.root();
            let (ours, our_old) = (naive_root(&leaves), naive_root(&leaves[..m]));
            prop_assert_eq!(root.as_bytes().as_slice(), ours.as_slice());

            let proof = resolved(&inclusion_ranges(index, size), &leaves);
            let made = tree.prove_inclusion(n);
            prop_assert_eq!(made.as_bytes(), proof.concat());
            let given = InclusionProof::<Sha256>::from_bytes(proof.concat());
            let item = index.to_be_bytes().to_vec();
            prop_assert!(root.verify_inclusion(&item, index, &given).is_ok());
            // The same verdict on a proof with one changed bit, and on one that is cut or longer.
            if !proof.is_empty() {
                let mut bad = proof.clone();
                let at = usize::try_from(flip).unwrap_or(0) % bad.len();
                bad[at][usize::try_from(flip % 32).unwrap()] ^= 1;
                prop_assert!(!shows_inclusion(&leaves[n], index, size, &bad, &ours));
                prop_assert!(!shows_inclusion(&leaves[n], index, size, &proof[1..], &ours));
            }
            let longer = [proof.as_slice(), &[ours]].concat();
            prop_assert!(!shows_inclusion(&leaves[n], index, size, &longer, &ours));
            prop_assert_eq!(shows_inclusion(&leaves[n], (index + 1) % size, size, &proof, &ours), size == 1);

            let proof = resolved(&consistency_ranges(from, size), &leaves);
            if from < size {
                let additions = usize::try_from(size - from).unwrap();
                let made = tree.prove_consistency(additions);
                prop_assert_eq!(made.as_bytes(), proof.concat());
                let given = ConsistencyProof::<Sha256>::try_from_bytes(proof.concat()).unwrap();
                prop_assert!(root.verify_consistency(&old_tree.root(), &given).is_ok());
                prop_assert!(!shows_consistency((from, &ours), (size, &ours), &proof));
                prop_assert!(!shows_consistency((from, &our_old), (size, &our_old), &proof));
                let longer = [proof.as_slice(), &[ours]].concat();
                prop_assert!(!shows_consistency((from, &our_old), (size, &ours), &longer));
            }
        }
    }
}
