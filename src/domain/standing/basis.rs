//! What decides how a subscription that is sold here stands, and how that is begun to be worked out:
//! what was decided, the payments, the gateway that charges it. Knows no clock.

use super::carried::{Carried, least};
use super::chain::Chain;
use super::{Cause, Standing};
use crate::domain::catalog::Period;
use crate::domain::decided::Decided;
use crate::domain::money::Money;
use crate::domain::own::{Quantity, Terms};
use crate::domain::register::Stamp;
use crate::domain::status::Status;
use crate::domain::subscription::Subscription;
use crate::domain::time::Timestamp;

/// A payment for a period of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodPaid<'a> {
    /// When it was captured.
    pub at: Timestamp,
    /// The provider's id of the payment.
    pub payment: &'a str,
    /// The checkout (`TRN-…`) it pays.
    pub checkout: &'a str,
    /// When the attempt was asked for that it was made in.
    pub asked: Option<Stamp>,
}

/// The place of what was chosen, mostly by a payment, among all such of whichever subscription.
pub type Word<'a> = (Timestamp, Option<Stamp>, &'a str);

impl Stamp {
    /// The place among payments of what was said without one.
    #[must_use]
    pub const fn word(self) -> Word<'static> {
        (self.occurred_at, Some(self), "")
    }
}

/// The place among payments of one that was made `at` a time, in an attempt that was `asked` for:
/// from whichever is later. Gateways tell whole seconds.
#[must_use]
pub fn word_of(at: Timestamp, asked: Option<Stamp>, payment: &str) -> Word<'_> {
    let counts_from = asked.map_or(at, |asked| asked.occurred_at.max(at));
    (counts_from, asked, payment)
}

impl<'a> PeriodPaid<'a> {
    /// Whether it is a newer word than what was decided with that stamp. Gateways tell whole
    /// seconds: it is no older than the attempt it was made in.
    #[must_use]
    pub fn is_after(&self, stamp: Stamp) -> bool {
        self.at > stamp.occurred_at || self.asked.is_some_and(|asked| asked > stamp)
    }

    /// Its place among all payments: of two subscriptions of which one takes the other's place, the
    /// one paid later stands.
    #[must_use]
    pub fn word(&self) -> Word<'a> {
        word_of(self.at, self.asked, self.payment)
    }
}

/// What a checkout sells of a plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanSold<'a> {
    /// `PLV-…`
    pub plan_id: &'a str,
    /// The plan's name then.
    pub name: &'a str,
    /// What is paid for.
    pub period: Period,
    /// What that costs.
    pub price: Money,
    /// How many of what was bought with it.
    pub quantities: &'a [Quantity],
    /// How many days it is tried before the first period that is paid for.
    pub trial_days: u32,
}

impl PlanSold<'_> {
    /// What it is had for.
    fn terms(&self) -> Terms {
        Terms {
            period: self.period,
            price: self.price,
            quantities: self.quantities.to_vec(),
        }
    }
}

/// A subscription at a gateway that charges every period.
#[derive(Debug, Clone, Copy)]
pub struct Charged<'a> {
    /// The gateway's id (`sub_…`).
    pub id: &'a str,
    /// What the gateway says of it.
    pub cells: &'a Subscription,
    /// When it was first heard of.
    pub since: Timestamp,
    /// What the checkout sold.
    pub sold: PlanSold<'a>,
}

/// All that decides how a subscription of our own stands.
#[derive(Debug)]
pub struct Basis<'a> {
    /// What was decided here.
    pub decided: &'a Decided,
    /// The payments for one period each, in the order in which they count.
    pub paid: Vec<(PeriodPaid<'a>, PlanSold<'a>)>,
    /// What is paid for those that were changed into it.
    pub carried: Carried<'a>,
    /// Where a gateway charges it.
    pub charged: Option<Charged<'a>>,
    /// When another took its place, and by which checkout (`TRN-…`), or which did (`SUA-…`).
    pub superseded: Option<(Timestamp, &'a str)>,
}

impl Basis<'_> {
    /// How it stands; `None` where it has not begun.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let begun = self.decided.begun();
        let sold = self.paid.last().map(|(_, sold)| *sold);
        let sold = sold.or(self.charged.map(|charged| charged.sold));
        let plan = sold.map(|sold| (sold.plan_id, sold.name));
        let plan = plan.or(begun.map(|(begun, _)| (&*begun.plan_id, &*begun.plan_name)));
        let (plan_id, plan_name) = plan?;
        let mut chain = self.chain();
        let terms = sold.map(|sold| sold.terms());
        let had = self.decided.had().map(|had| &had.terms);
        let charge = self.charged.map(|charged| charged.cells.charge());
        let is_undone = |stamp| self.payments().any(|paid| paid.is_after(stamp));
        let words = self.decided.words(is_undone);
        let mut standing = Standing {
            status: Status::Active,
            cause: Cause::Begun,
            provider_status: None,
            reason: None,
            plan_id: plan_id.into(),
            plan_name: plan_name.into(),
            quantity: None,
            terms: terms.or_else(|| had.cloned()),
            trial_ends_at: self.trial_ends_at(&chain),
            started_at: self.started_at()?,
            periods: std::mem::take(&mut chain.periods),
            period_told: None,
            trial: None,
            paid_through: chain.through,
            cancel_at: None,
            ends_at: None,
            ended_at: None,
            is_cancelled: false,
            is_prolonged: false,
            words,
            is_paid: self.is_paid_once(),
            must_be_paid: !self.is_paid() && begun.is_some_and(|(begun, _)| begun.is_paid_plan),
            is_put_off: false,
            due: None,
            charged_as: self.charged.map(|charged| charged.id.into()),
        };
        if let Some((last, _)) = self.paid.last() {
            standing.cause = Cause::Paid(last.payment.into());
        }
        if let Some(charge) = charge {
            standing.take_charge(charge);
        }
        standing.settle(self, &chain);
        Some(standing)
    }

    fn started_at(&self) -> Option<Timestamp> {
        let begun = self.decided.begun().map(|(_, at)| at);
        let paid = self.paid.first().map(|(paid, _)| paid.at);
        let charged = self.charged.map(|charged| {
            let started = charged.cells.started_at();
            started.unwrap_or(charged.since)
        });
        let bought = [paid, charged].into_iter().flatten().min();
        begun.or(bought)
    }

    /// Whether anything is paid for it: by payments, by charges, or for what it took the place of.
    pub(super) fn is_paid(&self) -> bool {
        self.charged.is_some() || self.is_paid_once()
    }

    /// Whether a single payment pays for it, or for what it took the place of.
    fn is_paid_once(&self) -> bool {
        !self.paid.is_empty() || self.carried.is_for_ever || self.had_through().is_some()
    }

    /// Whether what is paid for reaches beyond that time.
    #[must_use]
    pub fn is_paid_at(&self, at: Timestamp) -> bool {
        let chain = self.chain();
        let charged = self
            .charged
            .and_then(|charged| charged.cells.paid_through());
        chain.is_for_ever || chain.through.max(charged) > Some(at)
    }

    /// The payments for it, and for what was changed into it.
    fn payments(&self) -> impl Iterator<Item = &PeriodPaid<'_>> {
        let own = self.paid.iter().map(|(paid, _)| paid);
        own.chain(&self.carried.paid)
    }

    fn chain(&self) -> Chain {
        let mut chain = Chain::of(
            self.had_through(),
            self.carried.run,
            self.decided.begun().is_some(),
            &self.paid,
        );
        if self.carried.is_for_ever {
            chain.is_for_ever = true;
            chain.through = None;
            let began_at = self.decided.begun().map(|(_, at)| at);
            let last = chain.periods.pop().map(|(start, _)| start);
            let start = last.or(began_at);
            chain.periods.extend(start.map(|start| (start, None)));
        }
        chain
    }

    /// From when and until when it is had because something else was paid for.
    fn had_through(&self) -> Option<(Timestamp, Timestamp)> {
        let through = self.carried.through.max(least(self.decided))?;
        let (_, began_at) = self.decided.begun()?;
        Some((began_at, through))
    }

    /// The end of the trial that it began with, or that the first payment bought with it.
    fn trial_ends_at(&self, chain: &Chain) -> Option<Timestamp> {
        let sold = chain.trial.filter(|_| self.charged.is_none());
        let begun = || self.decided.begun()?.0.trial_ends_at;
        sold.map(|(_, end)| end).or_else(begun)
    }

    /// From when its trial runs, where it is not over by that it was paid.
    pub(super) fn tried_from(&self, chain: &Chain) -> Option<Timestamp> {
        if self.charged.is_some() {
            return None;
        }
        let sold = chain.trial.map(|(start, _)| start);
        sold.or_else(|| {
            let begun = self.decided.begun_stamp()?;
            let is_paid_since = self.carried.paid.iter().any(|paid| paid.is_after(begun));
            (self.paid.is_empty() && !is_paid_since).then_some(begun.occurred_at)
        })
    }
}
