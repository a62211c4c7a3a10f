//! What a subscription carries on that others were changed into: what was paid for them pays for it,
//! whenever that is heard of. Knows no clock.

use super::basis::{PeriodPaid, PlanSold};
use super::chain::{Chain, Run};
use crate::domain::decided::Decided;
use crate::domain::time::Timestamp;

/// What is paid for the subscriptions that were changed into one.
#[derive(Debug, Default)]
pub struct Carried<'a> {
    /// The end of it all; nothing where nothing is paid, or for ever.
    pub through: Option<Timestamp>,
    /// Whether one of them was paid for once for ever.
    pub is_for_ever: bool,
    /// The payments for single periods of them.
    pub paid: Vec<PeriodPaid<'a>>,
    /// The periods that the next one follows.
    pub(super) run: Option<Run>,
}

/// What said until when it is paid, of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extended {
    /// Nothing did: what was paid before it reaches as far.
    NotAtAll,
    /// What was known to be paid when it began.
    Told,
    /// A payment for it.
    Paid,
    /// The gateway that charges it.
    Charged,
}

impl<'a> Carried<'a> {
    /// Goes on with the next of them, the oldest first: what was decided about it, the payments for
    /// it in the order in which they count, and until when a gateway charged for it.
    pub fn go_on(
        &mut self,
        decided: &Decided,
        paid: &[(PeriodPaid<'a>, PlanSold<'a>)],
        charged: Option<Timestamp>,
    ) -> Extended {
        let before = self.through;
        let had = before.max(least(decided));
        let had_before = had.map(|end| (end, end));
        let chain = Chain::of(had_before, self.run, decided.begun().is_some(), paid);
        self.run = chain.run;
        self.paid.extend(paid.iter().map(|(paid, _)| *paid));
        let was_for_ever = self.is_for_ever;
        self.is_for_ever |= chain.is_for_ever;
        if self.is_for_ever {
            self.through = None;
            let is_new = !was_for_ever;
            return if is_new {
                Extended::Paid
            } else {
                Extended::NotAtAll
            };
        }
        self.through = chain.through.max(charged);
        if charged > chain.through {
            Extended::Charged
        } else if !paid.is_empty() {
            Extended::Paid
        } else if had > before {
            Extended::Told
        } else {
            Extended::NotAtAll
        }
    }
}

/// Until when something else was known to be paid for when it began: at least so long it is had.
pub(super) fn least(decided: &Decided) -> Option<Timestamp> {
    decided.had().and_then(|had| had.through)
}
