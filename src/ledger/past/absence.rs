//! Since when there is what was not there at a moment. Knows no more than whether it is found in a
//! state.

use std::sync::Arc;

use super::{Heard, Moment, Past, PastError, folded};
use crate::domain::state::{Named, State};
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;

impl Ledger {
    /// Why `what` is not found in `past`: never, or only not yet.
    pub(super) fn absence(
        &self,
        named: Named<'_>,
        past: &Past,
        what: &'static str,
        is_found: impl Fn(&State) -> bool,
    ) -> PastError {
        let now = match self.past(named, Moment::default()) {
            Ok(now) => now,
            Err(error) => return error,
        };
        let known = now.heard.partition_point(|event| event.seq <= past.seq);
        let heard = now.heard.get(..known).unwrap_or(&now.heard);
        let notes = past.state.notes_in_use();
        if let Some(time) = first_time(heard, |part| is_found(&folded(notes.clone(), part))) {
            return PastError::NotYet(format!(
                "There was no such {what} yet: the first event of it happened at {time}."
            ));
        }
        let notes = now.state.notes_in_use();
        let first = first_event(&now.heard, |part| is_found(&folded(notes.clone(), part)));
        match first {
            Some(event) if event.seq > past.seq => PastError::NotYet(format!(
                "No such {what} was known yet: the first event of it was recorded as {} at {}.",
                event.seq, event.recorded_at
            )),
            // The event was known, and read by other keys of notes than now.
            Some(_) => PastError::NotYet(format!(
                "No such {what} was known yet: only later settings made it known by this name."
            )),
            None => PastError::Unknown(what),
        }
    }
}

/// The first time by which it is found, of all at which something happened.
fn first_time(heard: &[Arc<Heard>], is_found: impl Fn(&[Arc<Heard>]) -> bool) -> Option<Timestamp> {
    let told = heard.iter().flat_map(|event| event.meaning.told());
    let mut times: Vec<Timestamp> = told.map(|change| change.occurred_at).collect();
    times.sort_unstable();
    times.dedup();
    let by = |time: &Timestamp| {
        let part: Vec<_> = heard
            .iter()
            .filter_map(|event| event.until(*time))
            .collect();
        is_found(&part)
    };
    times
        .get(first(times.len(), |place| times.get(place).is_some_and(by)))
        .copied()
}

/// The first event with which it is found.
fn first_event(
    heard: &[Arc<Heard>],
    is_found: impl Fn(&[Arc<Heard>]) -> bool,
) -> Option<&Arc<Heard>> {
    let through = |place: usize| heard.get(..=place).is_some_and(&is_found);
    heard.get(first(heard.len(), through))
}

/// The first place at which it is so. What is found once stays found, so that halving finds it.
fn first(count: usize, is_so: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = from.midpoint(to);
        if is_so(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}
