//! What comes round again and again from a beginning: periods that are paid for, and resets of
//! counters. Counted from there each time, so that months from the 31st do not creep towards the
//! 28th. Knows no subscription and no meter.

use super::catalog::{Period, Reset};
use super::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// No month is longer, so that this many days hold at least so many months less one.
const MONTH_MS_MAX: i64 = 31 * DAY_MS;

/// How long one turn is, by the calendar in UTC.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    /// So many days.
    Days(u32),
    /// So many months.
    Months(u32),
}

impl Length {
    /// When so many turns after `start` are over; the end of time where there is no such time.
    #[must_use]
    pub fn after(self, start: Timestamp, turns: u32) -> Timestamp {
        match self {
            Self::Days(days) => start.plus_days(turns.saturating_mul(days)),
            Self::Months(months) => start.plus_months(turns.saturating_mul(months)),
        }
    }

    /// How many turns have begun by `now`, of which the first begins at `start`.
    #[must_use]
    pub fn begun(self, start: Timestamp, now: Timestamp) -> u32 {
        let passed_ms = now.as_millis().saturating_sub(start.as_millis()).max(0);
        let longest_ms = match self {
            Self::Days(days) => DAY_MS.saturating_mul(days.into()),
            Self::Months(months) => MONTH_MS_MAX.saturating_mul(months.into()),
        };
        let least = u32::try_from(passed_ms / longest_ms).unwrap_or(u32::MAX);
        let has_begun = |turns: &u32| {
            let begins = self.after(start, *turns);
            begins <= now && begins < Timestamp::MAX
        };
        // Twelve months lack seven days to twelve of the longest: few steps in many years.
        let mut turns = (least..).skip_while(has_begun);
        turns.next().unwrap_or(u32::MAX)
    }
}

impl Period {
    /// How long it is; `None` where it never ends.
    #[must_use]
    pub const fn length(self) -> Option<Length> {
        Some(match self {
            Self::OneTime => return None,
            Self::Daily => Length::Days(1),
            Self::Weekly => Length::Days(7),
            Self::TwentyEightDays => Length::Days(28),
            Self::Monthly => Length::Months(1),
            Self::ThreeMonths => Length::Months(3),
            Self::SixMonths => Length::Months(6),
            Self::Yearly => Length::Months(12),
        })
    }

    /// When a period that begins then is over, by the calendar in UTC; `None` where it never is.
    #[must_use]
    pub fn end(self, start: Timestamp) -> Option<Timestamp> {
        Some(self.length()?.after(start, 1))
    }

    /// Of the periods counted from `start` the one that `now` is in; before `start` the first. Its
    /// end is nothing where it never ends.
    #[must_use]
    pub fn running(self, start: Timestamp, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
        let Some(length) = self.length() else {
            return (start, None);
        };
        let turns = length.begun(start, now).max(1);
        let begins = length.after(start, turns - 1);
        (begins, Some(length.after(start, turns)))
    }
}

impl Reset {
    /// How long a counter goes on; `None` where it always does.
    #[must_use]
    pub const fn length(self) -> Option<Length> {
        Some(match self {
            Self::Never => return None,
            Self::EveryDay => Length::Days(1),
            Self::Every28Days => Length::Days(28),
            Self::EveryMonth => Length::Months(1),
            Self::EveryQuarter => Length::Months(3),
            Self::EveryYear => Length::Months(12),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_month_ends_after_now_and_on_the_day_it_began() {
        let start = at("2026-01-31T10:00:00Z");
        for (now, end) in [
            ("2020-01-01T00:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-02-28T09:59:59.999Z", "2026-02-28T10:00:00Z"),
            ("2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z"),
            ("2026-03-30T10:00:00Z", "2026-03-31T10:00:00Z"),
            ("2126-01-31T10:00:00Z", "2126-02-28T10:00:00Z"),
        ] {
            let (_, found) = Period::Monthly.running(start, at(now));
            assert_eq!(found, Some(at(end)), "{now}");
        }
        let (_, last) = Period::Monthly.running(start, Timestamp::MAX);
        assert_eq!(last, Some(Timestamp::MAX));
        assert_eq!(Period::OneTime.running(start, start), (start, None));
    }

    proptest! {
        #[test]
        fn one_period_follows_the_other(
            period in prop::sample::select(vec![
                Period::Daily, Period::Weekly, Period::TwentyEightDays, Period::Monthly,
                Period::ThreeMonths, Period::SixMonths, Period::Yearly,
            ]),
            start in 1_700_000_000_000_i64..1_900_000_000_000,
            passed in 0_i64..200_000_000_000,
        ) {
            let start = Timestamp::from_millis(start).unwrap();
            let now = start.plus_millis(passed);
            let (from, until) = period.running(start, now);
            let until = until.unwrap();
            prop_assert!(from <= now && now < until, "{from} {now} {until}");
            prop_assert_eq!(period.running(start, until).0, until);
            prop_assert_eq!(period.running(start, from), (from, Some(until)));
            if from == start {
                prop_assert_eq!(Some(until), period.end(start));
            }
        }
    }
}
