//! Which of the periods that are paid for one after the other is running: counted from their start,
//! so that months from the 31st do not creep towards the 28th. Knows no subscription.

use super::catalog::Period;
use super::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// No month is longer, so that this many days hold at least so many months less one.
const MONTH_MS_MAX: i64 = 31 * DAY_MS;

/// What a period is made of.
#[derive(Clone, Copy)]
enum Length {
    Days(u32),
    Months(u32),
}

impl Length {
    const fn of(period: Period) -> Option<Self> {
        Some(match period {
            Period::OneTime => return None,
            Period::Daily => Self::Days(1),
            Period::Weekly => Self::Days(7),
            Period::TwentyEightDays => Self::Days(28),
            Period::Monthly => Self::Months(1),
            Period::ThreeMonths => Self::Months(3),
            Period::SixMonths => Self::Months(6),
            Period::Yearly => Self::Months(12),
        })
    }

    fn boundary(self, start: Timestamp, count: u32) -> Timestamp {
        match self {
            Self::Days(days) => start.plus_days(count.saturating_mul(days)),
            Self::Months(months) => start.plus_months(count.saturating_mul(months)),
        }
    }

    /// How many of them are over for certain after so many milliseconds.
    fn least_passed(self, passed_ms: i64) -> u32 {
        let longest_ms = match self {
            Self::Days(days) => DAY_MS.saturating_mul(days.into()),
            Self::Months(months) => MONTH_MS_MAX.saturating_mul(months.into()),
        };
        u32::try_from(passed_ms / longest_ms).unwrap_or(u32::MAX)
    }
}

impl Period {
    /// Of the periods counted from `start` the one that `now` is in; before `start` the first. Its
    /// end is nothing where it never ends.
    #[must_use]
    pub fn running(self, start: Timestamp, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
        let Some(length) = Length::of(self) else {
            return (start, None);
        };
        let passed_ms = now.as_millis().saturating_sub(start.as_millis()).max(0);
        let least = length.least_passed(passed_ms);
        let is_over = |count: &u32| {
            let end = length.boundary(start, count.saturating_add(1));
            end <= now && end < Timestamp::MAX
        };
        // Twelve months lack seven days to twelve of the longest: few steps in many years.
        let mut counts = (least..).skip_while(is_over);
        let count = counts.next().unwrap_or(u32::MAX);
        let end = length.boundary(start, count.saturating_add(1));
        (length.boundary(start, count), Some(end))
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
