//! What payments for single periods add up to, one after the other. Knows no cancel, no gateway and
//! no clock.

use super::basis::{PeriodPaid, PlanSold};
use crate::domain::catalog::Period;
use crate::domain::time::Timestamp;

/// What the payments for single periods add up to.
#[derive(Default)]
pub(super) struct Chain {
    /// What was had before, and each of them: from when and until when, where it ends.
    pub(super) periods: Vec<(Timestamp, Option<Timestamp>)>,
    /// What is tried before the first of them.
    pub(super) trial: Option<(Timestamp, Timestamp)>,
    /// The end of it all; nothing where there is no payment, or where one pays for ever.
    pub(super) through: Option<Timestamp>,
    pub(super) is_for_ever: bool,
    /// The last of them, with those before it that it follows.
    pub(super) run: Option<Run>,
}

/// Periods of one length that follow each other without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    period: Period,
    /// When the first of them begins.
    start: Timestamp,
    turns: u32,
}

impl Run {
    const fn first(period: Period, start: Timestamp) -> Self {
        let turns = 1;
        Self {
            period,
            start,
            turns,
        }
    }

    const fn next(self) -> Self {
        Self {
            turns: self.turns.saturating_add(1),
            ..self
        }
    }

    /// When the last of them ends; `None` where it never does.
    fn end(self) -> Option<Timestamp> {
        Some(self.period.length()?.after(self.start, self.turns))
    }
}

impl Chain {
    /// Each payment adds its period to what was paid before, or begins anew where that was over.
    /// Those for the same period that follow each other are counted from the first of them. What was
    /// paid for something else `had` before it may reach into it, and its `run` goes on. What
    /// `has_begun` without a payment is not tried once more with the first.
    pub(super) fn of(
        had: Option<(Timestamp, Timestamp)>,
        run: Option<Run>,
        has_begun: bool,
        paid: &[(PeriodPaid<'_>, PlanSold<'_>)],
    ) -> Self {
        let mut chain = Self {
            run,
            ..Self::default()
        };
        let first = paid.first().filter(|_| !has_begun);
        if let Some((start, end)) = had {
            chain.periods.push((start, Some(end)));
            chain.through = Some(end);
        } else if let Some((first, sold)) = first.filter(|(_, sold)| sold.trial_days > 0) {
            let end = first.at.plus_days(sold.trial_days);
            chain.trial = Some((first.at, end));
            chain.through = Some(end);
        }
        for (payment, sold) in paid {
            let start = chain.through.map_or(payment.at, |end| end.max(payment.at));
            let goes_on = |run: &Run| run.period == sold.period && run.end() == Some(start);
            let before = chain.run.filter(goes_on);
            let run = before.map_or_else(|| Run::first(sold.period, start), Run::next);
            let end = run.end();
            chain.run = Some(run);
            chain.is_for_ever |= end.is_none();
            chain.periods.push((start, end));
            chain.through = if chain.is_for_ever { None } else { end };
        }
        chain
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::domain::money::{Currency, Money};

    fn sold(period: Period) -> PlanSold<'static> {
        PlanSold {
            plan_id: "PLV-1",
            name: "Pro",
            period,
            price: Money {
                amount_minor: 100,
                currency: Currency::parse("USD").unwrap(),
            },
            quantities: &[],
            trial_days: 0,
        }
    }

    fn through(paid: &[(Timestamp, Period)]) -> Option<Timestamp> {
        let paid = paid.iter().map(|(at, period)| {
            let payment = PeriodPaid {
                at: *at,
                payment: "pay_1",
                checkout: "TRN-1",
                asked: None,
            };
            (payment, sold(*period))
        });
        let paid: Vec<_> = paid.collect();
        Chain::of(None, None, false, &paid).through
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}T10:00:00Z")).unwrap()
    }

    #[test]
    fn months_from_the_thirty_first_end_with_their_months() {
        let monthly = |days: &[&str]| {
            let paid: Vec<_> = days.iter().map(|day| (at(day), Period::Monthly)).collect();
            through(&paid)
        };
        let days = ["2027-01-31", "2027-02-20", "2027-03-20"];
        assert_eq!(monthly(&days[..1]), Some(at("2027-02-28")));
        assert_eq!(monthly(&days[..2]), Some(at("2027-03-31")));
        assert_eq!(monthly(&days), Some(at("2027-04-30")));
        // After a gap they are counted from the payment, and from where another period ends.
        let late = ["2027-01-31", "2027-03-01", "2027-03-20"];
        assert_eq!(monthly(&late), Some(at("2027-05-01")));
        let year = [
            (at("2027-01-31"), Period::Monthly),
            (at("2027-02-20"), Period::Yearly),
            (at("2027-02-21"), Period::Monthly),
        ];
        assert_eq!(through(&year), Some(at("2028-03-28")));
    }

    proptest! {
        /// Whenever each is paid, before the one before is over.
        #[test]
        fn so_many_periods_are_had_as_were_paid(
            period in prop::sample::select(vec![
                Period::Daily, Period::Weekly, Period::TwentyEightDays, Period::Monthly,
                Period::ThreeMonths, Period::SixMonths, Period::Yearly,
            ]),
            start in 1_700_000_000_000_i64..1_900_000_000_000,
            early in prop::collection::vec(0_i64..86_400_000, 0..14),
        ) {
            let start = Timestamp::from_millis(start).unwrap();
            let mut paid = vec![(start, period)];
            for early in early {
                let end = through(&paid).unwrap();
                let last = paid.last().map_or(start, |(at, _)| *at);
                paid.push((end.plus_millis(-early).max(last), period));
            }
            let turns = u32::try_from(paid.len()).unwrap();
            let whole = period.length().unwrap().after(start, turns);
            prop_assert_eq!(through(&paid), Some(whole));
        }
    }
}
