//! Which of several words holds a cell, and why the others do not. It knows stamps and ranks, and
//! nothing of what the words say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::words::Word;
use crate::domain::explanation::{Explanation, Lost, Why};

/// A word that lost, and why.
pub(super) type Loser<'w, 'a> = (&'w Word<'a>, Why);

/// Why `loser` stands behind `winner` where their stamps decide; nothing where both say the very
/// same, as an event and its acceptance do.
pub(super) fn by_stamp(loser: &Word<'_>, winner: &Word<'_>) -> Option<Why> {
    if loser.stamp == winner.stamp {
        None
    } else if loser.stamp.occurred_at < winner.stamp.occurred_at {
        Some(Why::Older)
    } else {
        Some(Why::LowerRank)
    }
}

/// The explanation of a field that `winner` set.
pub(super) fn explanation<'w, 'a: 'w>(
    winner: &Word<'a>,
    losers: impl IntoIterator<Item = Loser<'w, 'a>>,
) -> Explanation {
    let mut lost = BTreeMap::new();
    for (word, why) in losers {
        if word.seq() > winner.seq() {
            let by = word.teller();
            lost.entry(word.seq()).or_insert(Lost { by, why });
        }
    }
    Explanation {
        by: winner.teller(),
        lost: lost.into_values().collect(),
    }
}

/// Of words of one stamp the fold keeps the first.
fn place<R: Ord + Copy>(
    (rank, word): &(R, &Word<'_>),
) -> (R, crate::domain::register::Stamp, Reverse<u64>) {
    (*rank, word.stamp, Reverse(word.seq()))
}

/// A cell that keeps the greatest rank, and of equal ones the greatest stamp.
pub(super) struct Cell<'w, 'a> {
    pub(super) holder: &'w Word<'a>,
    pub(super) losers: Vec<Loser<'w, 'a>>,
}

impl<'w, 'a> Cell<'w, 'a> {
    /// Nothing where no word was offered.
    pub(super) fn ranked<R: Ord + Copy>(
        words: impl Iterator<Item = (R, &'w Word<'a>)>,
    ) -> Option<Self> {
        let words: Vec<_> = words.collect();
        let (rank, holder) = *words.iter().max_by_key(|word| place(word))?;
        let why = |(other, word): &(R, &'w Word<'a>)| {
            let why = if *other < rank {
                Some(Why::LowerRank)
            } else {
                by_stamp(word, holder)
            };
            Some((*word, why?))
        };
        let losers = words.iter().filter_map(why).collect();
        Some(Self { holder, losers })
    }

    /// A cell that keeps the greatest stamp.
    pub(super) fn stamped(words: impl Iterator<Item = &'w Word<'a>>) -> Option<Self> {
        Self::ranked(words.map(|word| ((), word)))
    }

    pub(super) fn explanation(self) -> Explanation {
        explanation(self.holder, self.losers)
    }
}

/// The word of the least stamp: it named first what never changes, so that none loses to it.
pub(super) fn first<'w, 'a: 'w>(words: impl Iterator<Item = &'w Word<'a>>) -> Option<Explanation> {
    let first = words.min_by_key(|word| (word.stamp, word.seq()))?;
    Some(explanation(first, []))
}

/// A field that shows several cells: the newest of their holders set it, and only an event that
/// holds none of them lost.
pub(super) fn together<'w, 'a: 'w>(
    cells: impl Iterator<Item = Cell<'w, 'a>>,
) -> Option<Explanation> {
    let cells: Vec<_> = cells.collect();
    let holders = cells.iter().map(|cell| cell.holder);
    let newest = holders.max_by_key(|word| place(&((), *word)))?;
    let holding: BTreeSet<u64> = cells.iter().map(|cell| cell.holder.seq()).collect();
    // What lost to the holder of its own cell by its stamp lost to the newest by the same.
    let losers = cells.iter().flat_map(|cell| {
        cell.losers.iter().map(|(word, why)| {
            let is_by_stamp = by_stamp(word, cell.holder) == Some(*why);
            let to_newest = by_stamp(word, newest).filter(|_| is_by_stamp);
            (*word, to_newest.unwrap_or(*why))
        })
    });
    let lost = losers.filter(|(word, _)| !holding.contains(&word.seq()));
    Some(explanation(newest, lost))
}
