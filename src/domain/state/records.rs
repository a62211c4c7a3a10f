//! Reading one subscription in full: how it is shown, with what it is had for, its trial, its cancel
//! and the period that is running.

use super::State;
use super::arena::Ix;
use super::subscriptions::Stands;
use crate::domain::access::AsOf;
use crate::domain::catalog::Plan;
use crate::domain::decided::{CancelTold, Decided};
use crate::domain::entitlement::plan_of;
use crate::domain::event::Deal;
use crate::domain::money::{Currency, Money};
use crate::domain::own::{CancelWhen, Terms};
use crate::domain::standing::PeriodShown;
use crate::domain::subscription::{Subscription, SubscriptionView};
use crate::domain::time::Timestamp;

/// A subscription in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRecord {
    /// How it is shown.
    pub view: SubscriptionView,
    /// What it is had for: as it was said, else by the catalogue's price that its provider charges.
    pub terms: Option<Terms>,
    /// What is charged for one period, where that was said or its provider tells.
    pub price: Option<Money>,
    /// Its plan, where the newest catalogue has it.
    pub plan: Option<Plan>,
    /// When its trial ends or ended; `None` where it had none.
    pub trial_ends_at: Option<Timestamp>,
    /// The cancel that was asked for here and holds.
    pub cancel: Option<CancelRecord>,
    /// The cancel that its provider tells of: when it was asked for, and the provider's word for why.
    pub cancelled_there: Option<(Timestamp, Option<Box<str>>)>,
    /// The period that runs, of one that is over the last that ran: as its provider tells it; else
    /// its trial, or of what is paid for; else of its terms, counted from its start or its trial's
    /// end. No end: it never ends.
    pub running_period: PeriodShown,
    /// The gateway's or provider's id of it, where one has it.
    pub charged_as: Option<Box<str>>,
}

/// A cancel, with when and why it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRecord {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was to end.
    pub when: CancelWhen,
    /// When that is.
    pub ends_at: Timestamp,
    /// Why, in one of the surface's words.
    pub feedback: Option<Box<str>>,
    /// Why, in the customer's words.
    pub comment: Option<Box<str>>,
}

impl CancelRecord {
    fn of(told: CancelTold<'_>) -> Self {
        Self {
            asked_at: told.at,
            when: told.cancel.when,
            ends_at: told.cancel.ends_at,
            feedback: told.feedback.map(Into::into),
            comment: told.comment.map(Into::into),
        }
    }
}

impl State {
    /// One subscription in full, by our id or the provider's.
    #[must_use]
    pub fn subscription_record(&self, id: &str, as_of: AsOf) -> Option<SubscriptionRecord> {
        self.record_at(self.find_subscription(id)?, as_of)
    }

    pub(super) fn record_at(&self, ix: Ix, as_of: AsOf) -> Option<SubscriptionRecord> {
        let ix = self.representative(ix);
        let shown = self.shown_subscription(ix)?;
        let view = self.subscription_view(ix, Some(as_of))?;
        let plan_id = view.plan.id.as_deref();
        let plan = plan_id.and_then(|id| plan_of(self.catalog(), id));
        let charged = || charged_for(plan?, plan_id?);
        let period = view.current_period;
        let deal = match &shown.stands {
            Stands::Sold(_) => None,
            Stands::Provided { cells, .. } => cells.deal(),
        };
        let (terms, trial_ends_at, cancel, running_period) = match &shown.stands {
            Stands::Sold(standing) => {
                let decided = self.arena.get(ix).subscription();
                let decided = decided.and_then(Subscription::decided);
                let told = decided.and_then(Decided::cancel_told);
                let holds = standing.words.cancel;
                let told = told.and_then(|told| holds.map(|cancel| CancelTold { cancel, ..told }));
                (
                    standing.terms.clone(),
                    standing.trial_ends_at,
                    told.map(CancelRecord::of),
                    standing.running_period(as_of.now),
                )
            }
            Stands::Provided { decided, .. } => {
                let told = decided.as_deref().and_then(Decided::cancel_told);
                let told = told.map(CancelRecord::of);
                let terms = deal.and_then(agreed).or_else(charged);
                let trial_ends_at = deal.and_then(|deal| deal.trial_ends_at);
                (terms, trial_ends_at, told, (period.start, period.end))
            }
        };
        let cancelled_there = deal.and_then(|deal| {
            let why = deal.cancelled_because.clone();
            deal.cancelled_at.map(|at| (at, why))
        });
        let price = terms.as_ref().map(|terms| terms.price);
        Some(SubscriptionRecord {
            price: price.or(deal.and_then(|deal| deal.price)),
            terms,
            plan: plan.cloned(),
            trial_ends_at,
            cancel,
            cancelled_there,
            running_period,
            charged_as: view.provider_subscription_id.clone(),
            view,
        })
    }
}

/// What a provider says that it is had for, where it says all of it.
fn agreed(deal: &Deal) -> Option<Terms> {
    Some(Terms {
        period: deal.period?,
        price: deal.price?,
        quantities: Vec::new(),
    })
}

/// What a provider charges for a plan, where the catalogue says which of its prices that is.
fn charged_for(plan: &Plan, plan_id: &str) -> Option<Terms> {
    let mut prices = plan.prices.iter();
    let price = prices.find(|price| price.razorpay_plan.as_deref() == Some(plan_id))?;
    Some(Terms {
        period: price.period,
        price: Money {
            amount_minor: price.amount_minor,
            currency: Currency::parse(&price.currency)?,
        },
        quantities: Vec::new(),
    })
}
