//! The time in which use is counted together: from one reset to the next. Knows no customer and no
//! meter.

use super::catalog::Reset;
use super::time::Timestamp;

/// The time in which use is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning; `None` where all there was before counts too.
    pub start: Option<Timestamp>,
    /// When the count starts again; `None` where it never does.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Of the periods counted from `anchor` the one that `now` is in, else all before the first.
    #[must_use]
    pub fn at(reset: Reset, anchor: Timestamp, now: Timestamp) -> Self {
        let Some(length) = reset.length() else {
            return Self {
                start: None,
                end: None,
            };
        };
        let begun = length.begun(anchor, now);
        Self {
            start: begun
                .checked_sub(1)
                .map(|before| length.after(anchor, before)),
            end: Some(length.after(anchor, begun)).filter(|end| *end < Timestamp::MAX),
        }
    }

    /// From when on use counts at `now`, of a subscription and those that it took the place of one
    /// after the other: each with its reset and when it began, the newest first. The customer's
    /// `first` one began then. A counter stands at zero at a reset, and not because a plan changed:
    /// until its own first reset it goes on with what the one before it showed when it took its
    /// place. One that took the place of none goes on with what was counted since the last reset
    /// before it, by the days of the first one, and the first one with all that was used before.
    /// `None`: everything.
    #[must_use]
    pub fn counted_since(
        line: impl IntoIterator<Item = (Reset, Timestamp)>,
        first: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (mut until, mut oldest) = (now, None);
        for (reset, anchor) in line {
            let start = Self::at(reset, anchor, until).start;
            if start.is_some_and(|start| start > anchor) {
                return start;
            }
            until = until.min(anchor);
            oldest = Some(reset);
        }
        let before = Self::at(oldest?, first, until).start;
        before.filter(|start| *start > first)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn resets_are_counted_from_the_anchor() {
        let at = |text| Timestamp::parse(text).unwrap();
        let anchor = at("2027-01-31T10:00:00Z");
        let next = |reset, now| Window::at(reset, anchor, at(now)).end.unwrap();
        assert_eq!(
            next(Reset::EveryMonth, "2027-02-01T00:00:00Z"),
            at("2027-02-28T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryMonth, "2027-02-28T10:00:00Z"),
            at("2027-03-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryYear, "2030-06-01T00:00:00Z"),
            at("2031-01-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryQuarter, "2027-05-01T00:00:00Z"),
            at("2027-07-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryDay, "2027-02-03T09:59:59Z"),
            at("2027-02-03T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryDay, "2027-02-03T10:00:00Z"),
            at("2027-02-04T10:00:00Z")
        );
        assert_eq!(
            next(Reset::Every28Days, "2027-01-31T10:00:00Z"),
            at("2027-02-28T10:00:00Z")
        );
        assert_eq!(next(Reset::EveryMonth, "2020-01-01T00:00:00Z"), anchor);
        let never = Window::at(Reset::Never, anchor, anchor);
        assert_eq!((never.start, never.end), (None, None));
    }

    #[test]
    fn a_counter_goes_on_from_the_last_reset_by_the_days_of_the_first_subscription() {
        let at = |text| Timestamp::parse(text).unwrap();
        let first = at("2027-01-31T10:00:00Z");
        let since =
            |anchor, now| Window::counted_since([(Reset::EveryMonth, anchor)], first, at(now));
        assert_eq!(since(first, "2027-02-10T00:00:00Z"), None);
        let reset = at("2027-02-28T10:00:00Z");
        assert_eq!(since(first, "2027-03-01T00:00:00Z"), Some(reset));
        // Begun in the first one's first window, and in a later one.
        let soon = at("2027-02-10T00:00:00Z");
        assert_eq!(since(soon, "2027-02-11T00:00:00Z"), None);
        let own = at("2027-03-10T00:00:00Z");
        assert_eq!(since(soon, "2027-03-10T00:00:00Z"), Some(own));
        let late = at("2027-03-15T00:00:00Z");
        assert_eq!(since(late, "2027-03-16T00:00:00Z"), Some(reset));
        let never = Window::counted_since([(Reset::Never, late)], first, late);
        assert_eq!(never, None);
    }

    #[test]
    fn a_counter_goes_on_with_what_the_plan_before_showed() {
        use Reset::{EveryDay, EveryMonth, EveryYear, Never};
        let at = |text| Timestamp::parse(text).unwrap();
        let [one, two, three] = [
            "2027-01-10T00:00:00Z",
            "2027-01-25T00:00:00Z",
            "2027-02-20T00:00:00Z",
        ]
        .map(at);
        let since = |line: &[(Reset, Timestamp)], now| {
            Window::counted_since(line.iter().copied(), one, at(now))
        };
        // Twice in a month that begins anew with each change: nothing is given back.
        let line = [(EveryMonth, three), (EveryMonth, two), (EveryMonth, one)];
        assert_eq!(since(&line, "2027-02-21T00:00:00Z"), None);
        assert_eq!(
            since(&line, "2027-03-20T00:00:00Z"),
            Some(at("2027-03-20T00:00:00Z"))
        );
        // The months before stay over, whatever the cadence of the next plan.
        let march = "2027-03-15T00:00:00Z";
        let changed = at(march);
        for reset in [EveryYear, Never] {
            let line = [(reset, changed), (EveryMonth, one)];
            assert_eq!(since(&line, march), Some(at("2027-03-10T00:00:00Z")));
        }
        // At the moment of a reset nothing is passed on.
        let line = [(EveryMonth, at("2027-03-10T00:00:00Z")), (EveryMonth, one)];
        assert_eq!(since(&line, march), Some(at("2027-03-10T00:00:00Z")));
        // From a shorter one comes what that showed.
        let line = [(EveryMonth, changed), (EveryDay, one)];
        assert_eq!(since(&line, "2027-03-20T00:00:00Z"), Some(changed));
        let line = [(EveryMonth, changed), (Never, one)];
        assert_eq!(since(&line, "2027-03-20T00:00:00Z"), None);
    }

    /// The boundaries one after the other, from the anchor on.
    fn walked(reset: Reset, anchor: Timestamp, now: Timestamp) -> Window {
        let boundary = |period: u32| match reset {
            Reset::Never => Timestamp::MAX,
            Reset::EveryDay => anchor.plus_days(period),
            Reset::Every28Days => anchor.plus_days(period * 28),
            Reset::EveryMonth => anchor.plus_months(period),
            Reset::EveryQuarter => anchor.plus_months(period * 3),
            Reset::EveryYear => anchor.plus_months(period * 12),
        };
        let mut start = None;
        for period in 0.. {
            let end = boundary(period);
            if end > now {
                return Window {
                    start,
                    end: Some(end).filter(|end| *end < Timestamp::MAX),
                };
            }
            start = Some(end);
        }
        unreachable!("boundaries go on for ever")
    }

    proptest! {
        #[test]
        fn a_window_is_found_where_walking_finds_it(
            reset in prop::sample::select(vec![
                Reset::Never,
                Reset::EveryDay,
                Reset::Every28Days,
                Reset::EveryMonth,
                Reset::EveryQuarter,
                Reset::EveryYear,
            ]),
            anchor in 1_700_000_000_000_i64..1_900_000_000_000,
            passed in -40_000_000_000_i64..200_000_000_000,
        ) {
            let anchor = Timestamp::from_millis(anchor).unwrap();
            let now = anchor.plus_millis(passed);
            let found = Window::at(reset, anchor, now);
            prop_assert_eq!(found, walked(reset, anchor, now));
            // On a boundary the next window has begun.
            if let Some(end) = found.end {
                prop_assert_eq!(Window::at(reset, anchor, end).start, Some(end));
            }
        }
    }

    #[test]
    fn the_end_of_time_ends_nothing() {
        let anchor = Timestamp::parse("9999-12-15T00:00:00Z").unwrap();
        let window = Window::at(Reset::EveryMonth, anchor, Timestamp::MAX);
        assert_eq!((window.start, window.end), (Some(anchor), None));
    }
}
