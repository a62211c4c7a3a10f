//! Lists in pages, newest change first: of a few things at once, or of all there are, piece by
//! piece, so that nobody waits for a list.

use std::cmp::Reverse;

use super::State;
use super::arena::Ix;
use crate::domain::time::Timestamp;

/// Things looked at under one guard: well under a millisecond.
pub(super) const PIECE_THINGS: usize = if cfg!(test) { 3 } else { 4_096 };

/// Where a page begins: after the thing last changed then, with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ident {
    /// `updated_at` of the last thing shown.
    pub updated_at: Timestamp,
    /// Its id.
    pub id: u64,
}

/// One page of a list that runs from the newest change to the oldest.
#[derive(Debug)]
pub struct Page<T> {
    /// At most as many as asked for.
    pub data: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Ident>,
}

/// A list over all things of a kind.
pub(super) trait Listing {
    /// Where a thing stands in the list; `None` for what is not in it.
    fn rank(&self, state: &State, ix: Ix) -> Option<Ident>;

    /// The thing that stands for this one now: things are found to be one.
    fn stands_for(&self, state: &State, ix: Ix) -> Option<Ix>;
}

/// A page being gathered. Between two pieces the state may change: what changed meanwhile may show
/// or not, as if it had been asked for before or after; what did not is where it belongs.
#[derive(Debug)]
pub struct Gathering {
    after: Option<Ident>,
    limit: usize,
    /// The next place to look at, and the first that was not there at the beginning.
    places: std::ops::Range<usize>,
    /// The best so far; often more than needed.
    best: Vec<(Ident, Ix)>,
}

fn order(at: Ident) -> (Reverse<Timestamp>, u64) {
    (Reverse(at.updated_at), at.id)
}

impl State {
    /// Begins a page over all that is there now.
    #[must_use]
    pub fn begin_page(&self, after: Option<Ident>, limit: usize) -> Gathering {
        Gathering {
            after,
            limit,
            places: 0..self.arena.len(),
            best: Vec::new(),
        }
    }

    /// Looks at the next things; says whether any are left.
    pub(super) fn gather(&self, listing: &impl Listing, page: &mut Gathering) -> bool {
        for _ in 0..PIECE_THINGS {
            let Some(ix) = page.places.next().map(Ix::at) else {
                return false;
            };
            if let Some(at) = listing.rank(self, ix) {
                page.offer(at, ix);
            }
        }
        !page.places.is_empty()
    }

    /// The page, once everything was looked at.
    pub(super) fn finish_page<T>(
        &self,
        listing: &impl Listing,
        mut page: Gathering,
        view: impl Fn(Ix) -> Option<T>,
    ) -> Page<T> {
        page.trim();
        page.best.sort_unstable_by_key(|(at, _)| order(*at));
        // Beyond this one lie things that were not kept.
        let edge = page.best.get(page.limit).map(|(at, _)| *at);
        let mut rest: Vec<(Ident, Ix)> = page
            .best
            .iter()
            .filter_map(|(_, ix)| listing.stands_for(self, *ix))
            .filter_map(|ix| Some((listing.rank(self, ix)?, ix)))
            .filter(|(at, _)| page.is_wanted(*at))
            .filter(|(at, _)| edge.is_none_or(|edge| order(*at) <= order(edge)))
            .collect();
        rest.sort_unstable_by_key(|(at, ix)| (order(*at), *ix));
        rest.dedup_by_key(|(_, ix)| *ix);
        rest.truncate(page.limit);
        let last = rest.last().map(|(at, _)| *at).or(edge);
        Page {
            data: rest.into_iter().filter_map(|(_, ix)| view(ix)).collect(),
            next: last.filter(|_| edge.is_some()),
        }
    }
}

impl Gathering {
    fn is_wanted(&self, at: Ident) -> bool {
        self.after.is_none_or(|after| order(at) > order(after))
    }

    fn offer(&mut self, at: Ident, ix: Ix) {
        if !self.is_wanted(at) {
            return;
        }
        self.best.push((at, ix));
        // One more than the page holds tells whether there is another page.
        if self.best.len() / 4 > self.limit {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let kept = self.limit.saturating_add(1);
        if self.best.len() > kept {
            self.best
                .select_nth_unstable_by_key(self.limit, |(at, _)| order(*at));
            self.best.truncate(kept);
        }
    }
}

/// Sorts what is asked for, newest change first, then by id, and cuts one page out of it.
pub(super) fn page<K, T>(
    ranked: impl Iterator<Item = (Ident, K)>,
    after: Option<Ident>,
    limit: usize,
    view: impl Fn(K) -> Option<T>,
) -> Page<T> {
    let mut rest: Vec<(Ident, K)> = ranked
        .filter(|(at, _)| after.is_none_or(|after| order(*at) > order(after)))
        .collect();
    if rest.len() > limit {
        rest.select_nth_unstable_by_key(limit, |(at, _)| order(*at));
        rest.truncate(limit + 1);
    }
    rest.sort_unstable_by_key(|(at, _)| order(*at));
    let more = rest.len() > limit;
    rest.truncate(limit);
    let next = rest.last().filter(|_| more).map(|(at, _)| *at);
    Page {
        data: rest.into_iter().filter_map(|(_, key)| view(key)).collect(),
        next,
    }
}
