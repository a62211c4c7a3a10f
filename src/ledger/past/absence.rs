//! Since when there is what was not there at a moment. Knows no more than whether it is found in a
//! state.

use std::sync::Arc;

use super::{Heard, Moment, Past, PastError, fold};
use crate::domain::state::{CustomerNotes, Named, State};
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
        let in_time = first_found(past.state.notes_in_use(), by_time(heard), &is_found);
        if let Some((time, _)) = in_time {
            return PastError::NotYet(format!(
                "There was no such {what} yet: the first event of it happened at {time}."
            ));
        }
        let recorded = now.heard.iter().map(|event| (event, Arc::clone(event)));
        match first_found(now.state.notes_in_use(), recorded, &is_found) {
            Some((event, _)) if event.seq > past.seq => PastError::NotYet(format!(
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

/// Each event at each time that it tells of, in the order of time.
fn by_time(heard: &[Arc<Heard>]) -> impl Iterator<Item = (Timestamp, Arc<Heard>)> {
    let mut times: Vec<(Timestamp, &Arc<Heard>)> = Vec::new();
    for event in heard {
        let told = event.meaning.told().iter();
        times.extend(told.map(|change| (change.occurred_at, event)));
    }
    times.sort_unstable_by_key(|(time, event)| (*time, event.seq));
    times.dedup_by_key(|(time, event)| (*time, event.seq));
    let until = |(time, event): (Timestamp, &Arc<Heard>)| Some((time, event.until(time)?));
    times.into_iter().filter_map(until)
}

/// The first of `events` with which it is found. An event that comes again, with more of it, counts
/// once: folding is no matter of order or number.
fn first_found<T>(
    notes: &CustomerNotes,
    mut events: impl Iterator<Item = (T, Arc<Heard>)>,
    is_found: impl Fn(&State) -> bool,
) -> Option<(T, Arc<Heard>)> {
    let mut state = State::new(notes.clone());
    events.find(|(_, event)| {
        fold(&mut state, event);
        is_found(&state)
    })
}
