//! Lists in numbered pages, newest first, with how many things there are in all: gathered piece by
//! piece like the others. Knows no kind of thing.

use std::cmp::Reverse;
use std::ops::Range;

use super::State;
use super::arena::Ix;
use super::page::PIECE_THINGS;
use crate::domain::register::Stamp;
use crate::domain::time::Timestamp;

/// A page that begins after more things than this is counted for first: what may be past the end of
/// any list costs no memory.
const COUNTED_FIRST_FROM: usize = 10_000;

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Counted from 1.
    pub page: usize,
    /// How many things a page has; at least 1.
    pub size: usize,
}

/// One page of a list, and how long the list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedPage<T> {
    /// All things of the list.
    pub count: usize,
    /// Those of this page.
    pub items: Vec<T>,
}

/// Where a thing stands in a numbered list: the newest first, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The time that the list runs by.
    pub at: Timestamp,
    /// What else says which of one time is the newer.
    pub then: Then,
    /// What tells two things apart of which nothing says that.
    pub id: u64,
}

/// Of two things of one time the greater is the newer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Then {
    /// What was asked for here, of which it came.
    pub asked: Option<Stamp>,
    /// How many steps of the same thing come before it.
    pub step: u8,
}

impl Newest {
    /// Of what nothing but the time says how new it is.
    #[must_use]
    pub fn of(at: Timestamp, id: u64) -> Self {
        let then = Then::default();
        Self { at, then, id }
    }

    const fn order(self) -> (Reverse<(Timestamp, Then)>, u64) {
        (Reverse((self.at, self.then)), self.id)
    }
}

impl Numbered {
    /// The first thing of the page, and the first after it.
    const fn range(self) -> (usize, usize) {
        let before = self.page.saturating_sub(1).saturating_mul(self.size);
        (before, before.saturating_add(self.size))
    }
}

/// A numbered list over all things of a kind.
pub(super) trait NumberedListing {
    /// Where a thing stands in the list; `None` for what is not in it.
    fn rank(&self, state: &State, ix: Ix) -> Option<Newest>;
}

/// A numbered page being gathered. Between two pieces the state may change: what changed meanwhile
/// may show or not, as if it had been asked for before or after.
#[derive(Debug)]
pub struct Numbering<K = Place> {
    asked: Numbered,
    /// Where to look: until the first place that was not there at the beginning.
    places: Range<usize>,
    /// Those that were not looked at yet.
    left: Range<usize>,
    /// How many were found.
    count: usize,
    /// Whether what is found is not kept: it is not known yet that there is such a page.
    only_counts: bool,
    /// The best so far; often more than needed.
    best: Vec<(Newest, K)>,
}

/// Where a thing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub(super) Ix);

impl<K> Numbering<K> {
    fn over(places: Range<usize>, asked: Numbered) -> Self {
        let (before, _) = asked.range();
        Self {
            asked,
            left: places.clone(),
            places,
            count: 0,
            only_counts: before > COUNTED_FIRST_FROM,
            best: Vec::new(),
        }
    }

    pub(super) fn offer(&mut self, at: Newest, key: K) {
        self.count += 1;
        if self.only_counts {
            return;
        }
        self.best.push((at, key));
        let (_, kept) = self.asked.range();
        if self.best.len() / 4 > kept {
            keep(&mut self.best, kept);
        }
    }
}

impl<K> Numbering<K> {
    /// The next thing to look at.
    pub(super) fn next_place(&mut self) -> Option<Ix> {
        self.left.next().map(Ix::at)
    }

    /// Looks at none but that one, or at nothing at all.
    pub(super) fn look_only_at(&mut self, only: Option<Ix>) {
        self.places = only.map_or(0..0, |ix| ix.place()..ix.place().saturating_add(1));
        self.left = self.places.clone();
    }

    /// Whether any are left.
    pub(super) fn has_more(&self) -> bool {
        !self.left.is_empty()
    }

    /// Once everything was looked at: whether all of it has to be looked at again, because the page
    /// is there and only counting was done.
    pub fn begins_again(&mut self) -> bool {
        let (before, _) = self.asked.range();
        let is_there = self.only_counts && before < self.count;
        if is_there {
            self.left = self.places.clone();
            self.count = 0;
            self.only_counts = false;
        }
        is_there
    }

    /// The page, once everything was looked at; `None` past the last one.
    pub(super) fn cut<T>(self, view: impl Fn(K) -> Option<T>) -> Option<NumberedPage<T>> {
        cut(self.best, self.count, self.asked, view)
    }
}

/// Forgets all but the first so many.
fn keep<K>(best: &mut Vec<(Newest, K)>, kept: usize) {
    if let Some(last) = kept.checked_sub(1).filter(|_| best.len() > kept) {
        best.select_nth_unstable_by_key(last, |(at, _)| at.order());
        best.truncate(kept);
    }
}

fn cut<K, T>(
    mut best: Vec<(Newest, K)>,
    count: usize,
    asked: Numbered,
    view: impl Fn(K) -> Option<T>,
) -> Option<NumberedPage<T>> {
    let (before, end) = asked.range();
    if before >= count && before > 0 {
        return None;
    }
    keep(&mut best, end);
    best.sort_unstable_by_key(|(at, _)| at.order());
    let items = best.into_iter().skip(before);
    Some(NumberedPage {
        count,
        items: items.filter_map(|(_, key)| view(key)).collect(),
    })
}

impl State {
    /// Begins a numbered page over all that is there now.
    #[must_use]
    pub fn begin_numbered<K>(&self, asked: Numbered) -> Numbering<K> {
        Numbering::over(0..self.arena.len(), asked)
    }

    /// Looks at the next things; says whether any are left.
    pub(super) fn gather_numbered(
        &self,
        listing: &impl NumberedListing,
        page: &mut Numbering,
    ) -> bool {
        for _ in 0..PIECE_THINGS {
            let Some(ix) = page.next_place() else {
                return false;
            };
            if let Some(at) = listing.rank(self, ix) {
                page.offer(at, Place(ix));
            }
        }
        page.has_more()
    }

    /// The page, once everything was looked at; `None` past the last one. The first one may be
    /// empty.
    pub(super) fn finish_numbered<T>(
        &self,
        listing: &impl NumberedListing,
        page: Numbering,
        view: impl Fn(Ix) -> Option<T>,
    ) -> Option<NumberedPage<T>> {
        // What is no longer in the list does not show any more.
        let view = |Place(ix)| listing.rank(self, ix).and_then(|_| view(ix));
        page.cut(view)
    }
}

/// One numbered page of what is asked for at once: the things of one customer; `None` past the last
/// one.
pub(super) fn numbered<K, T>(
    ranked: impl Iterator<Item = (Newest, K)>,
    asked: Numbered,
    view: impl Fn(K) -> Option<T>,
) -> Option<NumberedPage<T>> {
    let all: Vec<(Newest, K)> = ranked.collect();
    let count = all.len();
    cut(all, count, asked, view)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn newest(second: i64, id: u64) -> Newest {
        Newest::of(Timestamp::from_seconds(second).unwrap(), id)
    }

    /// The page of so many things, and for how many of them a place was kept.
    fn gathered(things: usize, page: usize) -> (Option<NumberedPage<Ix>>, usize) {
        let mut numbering = Numbering::over(0..things, Numbered { page, size: 10 });
        let look = |numbering: &mut Numbering<Ix>| {
            while let Some(ix) = numbering.next_place() {
                numbering.offer(newest(0, ix.place() as u64), ix);
            }
            false
        };
        while look(&mut numbering) || numbering.begins_again() {}
        let kept = numbering.best.capacity();
        (numbering.cut(Some), kept)
    }

    #[test]
    fn a_page_past_the_end_keeps_nothing_on_the_way() {
        let things = COUNTED_FIRST_FROM + 35;
        for page in [things / 10 + 2, 99_999_999_999, usize::MAX] {
            assert_eq!(gathered(things, page), (None, 0), "{page}");
        }
        let (last, kept) = gathered(things, things / 10 + 1);
        let last = last.unwrap();
        assert_eq!((last.count, last.items.len()), (things, 5));
        assert_eq!(last.items[0], Ix::at(things - 5));
        assert!(kept >= things, "what a page is cut from is kept");
    }

    proptest! {
        /// Put together the pages are the whole list in its order, and there is none after them.
        #[test]
        fn pages_put_together_are_the_list(
            seconds in prop::collection::vec(0_i64..6, 0..40),
            size in 1_usize..7,
        ) {
            let all: Vec<_> = seconds.iter().zip(0_u64..).map(|(at, id)| (newest(*at, id), id)).collect();
            let mut wanted = all.clone();
            wanted.sort_by_key(|(at, id)| (Reverse(at.at), *id));
            let wanted: Vec<u64> = wanted.into_iter().map(|(_, id)| id).collect();
            let page = |page| numbered(all.iter().copied(), Numbered { page, size }, Some);
            let mut found = Vec::new();
            for number in 1..=all.len().div_ceil(size).max(1) {
                let page = page(number).unwrap();
                prop_assert_eq!(page.count, all.len());
                prop_assert!(page.items.len() == size || found.len() + page.items.len() == all.len());
                found.extend(page.items);
            }
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(page(all.len().div_ceil(size).max(1) + 1), None);
            prop_assert_eq!(page(usize::MAX), None);
        }

        /// What is forgotten on the way is on no page before the end of the one that is asked for.
        #[test]
        fn what_is_gathered_is_cut_like_a_whole_list(
            seconds in prop::collection::vec(0_i64..20, 0..90),
            page in 1_usize..5,
            size in 1_usize..4,
        ) {
            let asked = Numbered { page, size };
            let mut gathered = Numbering::over(0..0, asked);
            for (place, second) in seconds.iter().enumerate() {
                gathered.offer(newest(*second, place as u64), Ix::at(place));
            }
            let (_, kept) = asked.range();
            prop_assert!(gathered.best.len() <= 4 * kept + 4);
            let all = seconds.iter().enumerate();
            let all = all.map(|(place, second)| (newest(*second, place as u64), Ix::at(place)));
            let whole = numbered(all, asked, Some);
            prop_assert_eq!(cut(gathered.best, gathered.count, asked, Some), whole);
        }
    }
}
