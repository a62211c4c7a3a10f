//! Which of several statements holds a cell, and why the others do not. It knows stamps and ranks,
//! and nothing of what the statements say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::statements::Statement;
use crate::domain::explanation::{Explanation, LOST_MAX, Lost, Why};
use crate::domain::register::Stamp;

/// A statement that lost, and why.
pub(super) type Loser<'w, 'a> = (&'w Statement<'a>, Why);

/// Why `loser` stands behind `winner` where their stamps decide; nothing where both say the very
/// same, as an event and its acceptance do.
pub(super) fn by_stamp(loser: &Statement<'_>, winner: &Statement<'_>) -> Option<Why> {
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
    winner: &Statement<'a>,
    losers: impl IntoIterator<Item = Loser<'w, 'a>>,
) -> Explanation {
    let mut lost = BTreeMap::new();
    for (statement, why) in losers {
        if statement.seq() > winner.seq() {
            lost.entry(statement.seq()).or_insert((statement, why));
        }
    }
    let left_off = lost.len().saturating_sub(LOST_MAX);
    let newest = lost.into_values().skip(left_off);
    let named = newest.map(|(statement, why)| Lost {
        by: statement.event_name(),
        why,
    });
    Explanation {
        by: winner.event_name(),
        lost: named.collect(),
        lost_left_off: (left_off > 0).then_some(left_off),
    }
}

/// Of statements of one stamp the fold keeps the first.
fn place<R: Ord + Copy>((rank, statement): &(R, &Statement<'_>)) -> (R, Stamp, Reverse<u64>) {
    (*rank, statement.stamp, Reverse(statement.seq()))
}

/// A cell that keeps the greatest rank, and of equal ones the greatest stamp.
pub(super) struct Cell<'w, 'a> {
    pub(super) holder: &'w Statement<'a>,
    pub(super) losers: Vec<Loser<'w, 'a>>,
}

impl<'w, 'a> Cell<'w, 'a> {
    /// Nothing where no statement was offered.
    pub(super) fn ranked<R: Ord + Copy>(
        statements: impl Iterator<Item = (R, &'w Statement<'a>)>,
    ) -> Option<Self> {
        let statements: Vec<_> = statements.collect();
        let (rank, holder) = *statements.iter().max_by_key(|statement| place(statement))?;
        let why = |(other, statement): &(R, &'w Statement<'a>)| {
            let why = if *other < rank {
                Some(Why::LowerRank)
            } else {
                by_stamp(statement, holder)
            };
            Some((*statement, why?))
        };
        let losers = statements.iter().filter_map(why).collect();
        Some(Self { holder, losers })
    }

    /// A cell that keeps the greatest stamp.
    pub(super) fn stamped(statements: impl Iterator<Item = &'w Statement<'a>>) -> Option<Self> {
        Self::ranked(statements.map(|statement| ((), statement)))
    }

    /// The same, where the rank is not what a reader knows of: of what is also older, that is said.
    pub(super) fn dated(mut self) -> Self {
        for (loser, why) in &mut self.losers {
            *why = by_stamp(loser, self.holder).unwrap_or(*why);
        }
        self
    }

    pub(super) fn explanation(self) -> Explanation {
        explanation(self.holder, self.losers)
    }
}

/// The statement of the least stamp: it named first what never changes, so that none loses to it.
pub(super) fn first<'w, 'a: 'w>(
    statements: impl Iterator<Item = &'w Statement<'a>>,
) -> Option<Explanation> {
    let first = statements.min_by_key(|statement| (statement.stamp, statement.seq()))?;
    Some(explanation(first, []))
}

/// A field that shows several cells: the newest of their holders set it, and only an event that
/// holds none of them lost.
pub(super) fn together<'w, 'a: 'w>(
    cells: impl Iterator<Item = Cell<'w, 'a>>,
) -> Option<Explanation> {
    let cells: Vec<_> = cells.collect();
    let holders = cells.iter().map(|cell| cell.holder);
    let newest = holders.max_by_key(|statement| place(&((), *statement)))?;
    let holding: BTreeSet<u64> = cells.iter().map(|cell| cell.holder.seq()).collect();
    // What lost to the holder of its own cell by its stamp lost to the newest by the same.
    let losers = cells.iter().flat_map(|cell| {
        cell.losers.iter().map(|(statement, why)| {
            let is_by_stamp = by_stamp(statement, cell.holder) == Some(*why);
            let to_newest = by_stamp(statement, newest).filter(|_| is_by_stamp);
            (*statement, to_newest.unwrap_or(*why))
        })
    });
    let lost = losers.filter(|(statement, _)| !holding.contains(&statement.seq()));
    Some(explanation(newest, lost))
}
