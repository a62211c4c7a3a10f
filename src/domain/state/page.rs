//! Lists in pages, newest change first.

use std::cmp::Reverse;

use crate::domain::time::Timestamp;

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

/// Sorts what is asked for, newest change first, then by id, and cuts one page out of it.
pub(super) fn page<K, T>(
    ranked: impl Iterator<Item = (Ident, K)>,
    after: Option<Ident>,
    limit: usize,
    view: impl Fn(K) -> Option<T>,
) -> Page<T> {
    let order = |at: &Ident| (Reverse(at.updated_at), at.id);
    let mut rest: Vec<(Ident, K)> = ranked
        .filter(|(at, _)| after.is_none_or(|after| order(at) > order(&after)))
        .collect();
    if rest.len() > limit {
        rest.select_nth_unstable_by_key(limit, |(at, _)| order(at));
        rest.truncate(limit + 1);
    }
    rest.sort_unstable_by_key(|(at, _)| order(at));
    let more = rest.len() > limit;
    rest.truncate(limit);
    let next = rest.last().filter(|_| more).map(|(at, _)| *at);
    Page {
        data: rest.into_iter().filter_map(|(_, key)| view(key)).collect(),
        next,
    }
}
