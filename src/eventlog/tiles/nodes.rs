//! Roots over any part of the tree: from the kept levels as far as they go, from the log's own
//! records after that. It never keeps anything.

use std::ops::Range;

use super::TreeError;
use super::levels::Levels;
use crate::eventlog::Fault;
use crate::eventlog::engine::Engine;
use crate::eventlog::merkle::{Hash, Peaks, node_hash};
use crate::eventlog::page::Page;
use crate::eventlog::proof::split;
use crate::eventlog::record::RecordDamage;

/// Works roots out.
pub(super) struct Nodes<'a> {
    engine: &'a dyn Engine,
    levels: Option<&'a Levels>,
    /// The page read last: the next leaf is mostly beside the last one.
    page: Option<(u64, Vec<Hash>)>,
}

impl<'a> Nodes<'a> {
    pub(super) const fn new(engine: &'a dyn Engine, levels: Option<&'a Levels>) -> Self {
        Self {
            engine,
            levels,
            page: None,
        }
    }

    /// The root over a range of leaves that is one of a proof's.
    pub(super) fn root(&mut self, range: &Range<u64>) -> Result<Hash, TreeError> {
        let len = range.end.saturating_sub(range.start);
        if len.is_power_of_two() {
            return self.perfect(len.trailing_zeros(), range.start / len);
        }
        let middle = range.start + split(len);
        let left = self.root(&(range.start..middle))?;
        Ok(node_hash(&left, &self.root(&(middle..range.end))?))
    }

    fn perfect(&mut self, height: u32, index: u64) -> Result<Hash, TreeError> {
        let kept = self.levels.map(|levels| levels.node(height, index));
        if let Some(hash) = kept.transpose()?.flatten() {
            return Ok(hash);
        }
        let Some(below) = height.checked_sub(1) else {
            return self.leaf(index);
        };
        let left = self.perfect(below, index * 2)?;
        Ok(node_hash(&left, &self.perfect(below, index * 2 + 1)?))
    }

    /// The leaf of an index, from the log.
    fn leaf(&mut self, index: u64) -> Result<Hash, TreeError> {
        let seq = index.saturating_add(1);
        let in_hand = |page: &Option<(u64, Vec<Hash>)>| {
            let (first, leaves) = page.as_ref()?;
            let place = usize::try_from(seq.checked_sub(*first)?).ok()?;
            leaves.get(place).copied()
        };
        if let Some(leaf) = in_hand(&self.page) {
            return Ok(leaf);
        }
        let page = page_of(self.engine, seq)?;
        self.page = Some((page.first_seq(), leaves(&page)?));
        in_hand(&self.page).ok_or_else(|| missing(seq).into())
    }
}

/// The peaks of the tree over the first `size` records: what a page states, and the leaves from
/// there on. Reads two pages, however long the log.
///
/// # Errors
/// [`Fault`] where the log has no such record, or it cannot be read.
pub fn peaks_at(engine: &dyn Engine, size: u64) -> Result<Peaks, Fault> {
    if size == 0 {
        return Ok(Peaks::default());
    }
    let page = page_of(engine, size)?;
    if page.last_seq() == size {
        return Ok(page.peaks().clone());
    }
    let before = page.first_seq().saturating_sub(1);
    let mut peaks = match before {
        0 => Peaks::default(),
        seq => page_of(engine, seq)?.peaks().clone(),
    };
    let wanted = size.saturating_sub(peaks.size());
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    for leaf in leaves(&page)?.into_iter().take(wanted) {
        peaks.push(leaf);
    }
    if peaks.size() == size {
        Ok(peaks)
    } else {
        Err(missing(size))
    }
}

/// The leaf of one record.
pub(super) fn leaf_at(engine: &dyn Engine, seq: u64) -> Result<Hash, Fault> {
    let leaf = page_of(engine, seq)?.leaf(seq);
    leaf.ok_or_else(|| missing(seq))?
        .map_err(|damage| damaged(seq, damage))
}

/// The leaves of a page's records.
pub(super) fn leaves(page: &Page) -> Result<Vec<Hash>, Fault> {
    (page.first_seq()..)
        .zip(page.leaves())
        .map(|(seq, leaf)| leaf.map_err(|damage| damaged(seq, damage)))
        .collect()
}

fn damaged(seq: u64, damage: RecordDamage) -> Fault {
    Fault::Damaged {
        seq,
        what: damage.to_string(),
    }
}

fn page_of(engine: &dyn Engine, seq: u64) -> Result<Page, Fault> {
    engine.read(seq)?.ok_or_else(|| missing(seq))
}

fn missing(seq: u64) -> Fault {
    Fault::Damaged {
        seq,
        what: "it is missing".into(),
    }
}
