//! New ids for what commands make: drawn, so that nobody who has one knows another. Knows nothing of
//! what they name.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::domain::id::{Prefix, Tsid};
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// Several times as many as the commands of one commit draw.
const DRAWN_MAX: usize = 4_096;

/// The last ones drawn. Commands of one commit are decided in one millisecond, and against a state
/// that has nothing yet of what the others make.
static DRAWN: Mutex<VecDeque<Tsid>> = Mutex::new(VecDeque::new());

/// An id that nothing else has.
pub(super) fn fresh(state: &State, prefix: Prefix, now: Timestamp) -> Box<str> {
    drawn(prefix, now, rand::random, |id| state.has_id(prefix, id))
}

fn drawn(
    prefix: Prefix,
    now: Timestamp,
    mut draw: impl FnMut() -> u32,
    is_taken: impl Fn(Tsid) -> bool,
) -> Box<str> {
    let mut drawn = DRAWN.lock();
    loop {
        let id = Tsid::at(now, draw());
        if drawn.contains(&id) || is_taken(id) {
            continue;
        }
        if drawn.len() == DRAWN_MAX {
            drawn.pop_front();
        }
        drawn.push_back(id);
        return id.with(prefix).to_string().into();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A millisecond of the test's own, for what is drawn is remembered by the process.
    fn moment(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_900_000_000_000 + millis).unwrap()
    }

    fn written(now: Timestamp, random: u32) -> Box<str> {
        let id = Tsid::at(now, random);
        id.with(Prefix::Checkout).to_string().into()
    }

    #[test]
    fn what_was_drawn_just_now_is_drawn_again() {
        let mut random = [7, 7, 7, 8].into_iter();
        let mut next = || {
            drawn(
                Prefix::Checkout,
                moment(0),
                || random.next().unwrap(),
                |_| false,
            )
        };
        assert_eq!(next(), written(moment(0), 7));
        assert_eq!(next(), written(moment(0), 8));
    }

    #[test]
    fn what_the_state_has_is_drawn_again() {
        let held = Tsid::at(moment(1), 7);
        let mut random = [7, 9].into_iter();
        let id = drawn(
            Prefix::Checkout,
            moment(1),
            || random.next().unwrap(),
            |id| id == held,
        );
        assert_eq!(id, written(moment(1), 9));
    }

    #[test]
    fn an_id_does_not_tell_the_next() {
        let state = State::default();
        let value = |_| {
            let id = fresh(&state, Prefix::Checkout, moment(2));
            Tsid::parse(Prefix::Checkout, &id).unwrap().as_u64()
        };
        let ids: Vec<u64> = (0..64).map(value).collect();
        let steps: std::collections::BTreeSet<u64> = ids
            .iter()
            .zip(ids.iter().skip(1))
            .map(|(one, next)| one.abs_diff(*next))
            .collect();
        assert!(steps.len() > 32, "{steps:?}");
    }
}
