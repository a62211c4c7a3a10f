//! The hashes of a run of leaves in the middle of a tree, before it is known what lies to their
//! left: as few as prove the run once that is told. Knows hashes, not records.

use crate::eventlog::merkle::{Hash, Peaks, node_hash};

/// The largest perfect subtrees of the whole tree that the run fills, left to right: fewer than 128
/// however long the run.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    /// Leaves before the run.
    begin: u64,
    /// Leaves up to its end.
    end: u64,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// It stands over two to the power of this many leaves.
    level: u32,
    hash: Hash,
}

impl Range {
    /// An empty run after that many leaves.
    pub(super) const fn after(begin: u64) -> Self {
        Self {
            begin,
            end: begin,
            nodes: Vec::new(),
        }
    }

    /// Leaves before the run.
    pub(super) const fn begin(&self) -> u64 {
        self.begin
    }

    /// Leaves up to the end of the run.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Adds the next leaf.
    pub(super) fn push(&mut self, leaf: Hash) {
        let mut node = Node {
            level: 0,
            hash: leaf,
        };
        // It is a right child as long as the bit is set, and its sibling is ours where that begins
        // inside the run.
        while is_right(self.end, node.level) {
            let sibling_at = (self.end >> node.level << node.level) - (1 << node.level);
            if sibling_at < self.begin {
                break;
            }
            let Some(left) = self.nodes.pop() else { break };
            node = Node {
                level: node.level + 1,
                hash: node_hash(&left.hash, &node.hash),
            };
        }
        self.nodes.push(node);
        self.end = self.end.saturating_add(1);
    }

    /// The peaks of the tree up to the run's end; `None` unless `before` is the tree up to its
    /// beginning.
    pub(super) fn onto(&self, before: &Peaks) -> Option<Peaks> {
        if before.size() != self.begin {
            return None;
        }
        let mut hashes = before.hashes().to_vec();
        let mut at = self.begin;
        for node in &self.nodes {
            let Node {
                mut level,
                mut hash,
            } = *node;
            while is_right(at, level) {
                hash = node_hash(&hashes.pop()?, &hash);
                level += 1;
            }
            hashes.push(hash);
            at = at.checked_add(1 << node.level)?;
        }
        Peaks::from_parts(self.end, hashes)
    }
}

/// Whether the subtree of that level that holds leaf `at` is its parent's right child.
const fn is_right(at: u64, level: u32) -> bool {
    level < u64::BITS && (at >> level) & 1 == 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::eventlog::merkle::leaf_hash;

    #[test]
    fn every_range_onto_what_is_before_it_is_the_tree_of_all() {
        const SIZE: u64 = 70;
        let mut trees = vec![Peaks::default()];
        for leaf in 0..SIZE {
            let mut next = trees[trees.len() - 1].clone();
            next.push(leaf_hash(&leaf.to_be_bytes()));
            trees.push(next);
        }
        for (begin, before) in (0..).zip(&trees) {
            let mut range = Range::after(begin);
            for (leaf, tree) in (begin..SIZE).zip(&trees[usize::try_from(begin).unwrap()..]) {
                assert_eq!(range.onto(before).as_ref(), Some(tree), "{begin}..{leaf}");
                range.push(leaf_hash(&leaf.to_be_bytes()));
            }
            assert_eq!(range.onto(before).as_ref(), trees.last());
            assert_eq!(range.end(), SIZE);
            assert!(range.onto(&trees[usize::from(begin == 0)]).is_none() || begin == 1);
        }
    }
}
