//! Which event said the period that is shown of a subscription that is sold here. Knows no other
//! field.

use super::{Cell, Explanation, Told, is_end_date};
use crate::domain::subscription::PeriodView;
use crate::domain::time::Timestamp;

impl Told<'_, '_> {
    /// The period that is shown: as the gateway tells it, else the trial, else of what is paid for,
    /// by the payment for it.
    pub(super) fn period(&self, shown: PeriodView) -> Option<Explanation> {
        let charge = || {
            self.charge
                .newest(|fact| fact.period_start.is_some())
                .filter(|_| self.charges_period())
        };
        let standing = &self.standing;
        let trial_ends_at = standing.trial_ends_at;
        if trial_ends_at.is_some() && is_from(shown, standing.started_at, trial_ends_at) {
            let put_off = self.newest(is_end_date).filter(|_| standing.is_put_off);
            let begun = || self.begun().or_else(|| self.first_paid());
            return charge().or(put_off).or_else(begun);
        }
        charge()
            .or_else(|| self.paid_for(shown))
            .or_else(|| self.carried().filter(|_| standing.is_paid))
            .or_else(|| self.begun())
    }

    /// By which payment that is paid for: the last ones are for one period each.
    fn paid_for(&self, shown: PeriodView) -> Option<Explanation> {
        let periods = self.standing.periods.iter().rev();
        let mut paid = periods.zip(self.sources.periods.iter().rev());
        let (_, (payment, _)) = paid.find(|((start, end), _)| is_from(shown, *start, *end))?;
        self.paid(*payment)
    }

    fn charges_period(&self) -> bool {
        let newest = Cell::stamped(self.charge.snapshots().map(|(statement, _)| statement));
        let newest = newest.and_then(|cell| cell.holder.subscription());
        newest.is_some_and(|fact| fact.period_start.is_some())
    }
}

fn is_from(shown: PeriodView, start: Timestamp, end: Option<Timestamp>) -> bool {
    (shown.start, shown.end) == (Some(start), end)
}
