//! A subscription that is had without a payment, because somebody says so: whoever asks answers for
//! it. And what any subscription can be had for, by the newest catalogue.

use super::super::commands::{CommandError, Refusal, Request, invalid};
use super::super::customers::{customer_conflict, wanted_identifier};
use super::super::{Ledger, ids};
use crate::domain::catalog::{Catalog, Period, Plan};
use crate::domain::id::Prefix;
use crate::domain::own::{Begun, OwnFact, Quantity, SubscriptionBegun, Terms};
use crate::domain::pricing::{Buyer, NoPrice};
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// A subscription to be had without a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// The customer, by any id.
    pub customer: String,
    /// The plan, by the merchant's word (`pro`) or its id (`PLV-…`).
    pub plan_identifier: String,
    /// How often it would be paid for.
    pub period: Period,
    /// How many of its features.
    pub quantities: Vec<Quantity>,
    /// In which money its price is told (ISO 4217); `None`: best in the customer's.
    pub currency: Option<String>,
}

impl Ledger {
    /// Begins a subscription at once, beside whatever else the customer has: with the plan's trial,
    /// where it has one. It lasts until it is ended. Answers the event's sequence number and the
    /// subscription (`SUA-…`); of a repetition of `request` those of the first.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`]; [`Refusal::Invalid`] with a sentence that names `plan`,
    /// `period`, `currency`, `country` or `quantities`; [`CommandError`] where nothing was recorded.
    pub async fn create_subscription(
        &self,
        new: NewSubscription,
        request: &Request,
    ) -> Result<(u64, String), CommandError> {
        // Whether there is such a customer is decided later: a repetition gets the first answer.
        let conflicts = {
            let state = self.state.read();
            let identifier = state.identifier_of(&new.customer);
            vec![customer_conflict(identifier.unwrap_or(&new.customer))]
        };
        let decide = move |state: &State, now: Timestamp| {
            Ok(OwnFact::SubscriptionCreated(new.begun(state, now)?))
        };
        self.tell_begun(request, conflicts, decide).await
    }

    /// Tells that a subscription begins without a payment. Answers the event's sequence number and
    /// the subscription; of a repetition those of the first.
    pub(super) async fn tell_begun(
        &self,
        request: &Request,
        conflicts: Vec<String>,
        decide: impl FnMut(&State, Timestamp) -> Result<OwnFact, Refusal> + Send + 'static,
    ) -> Result<(u64, String), CommandError> {
        let begun = |fact: &OwnFact, _| Some(fact.subscription_begun()?.begun.id.clone().into());
        self.tell_shown(request, conflicts, decide, begun).await
    }
}

impl NewSubscription {
    fn begun(&self, state: &State, now: Timestamp) -> Result<SubscriptionBegun, Refusal> {
        let identifier = wanted_identifier(state, &self.customer)?;
        let wanted = PlanAsked {
            plan: &self.plan_identifier,
            period: self.period,
            currency: self.currency.as_deref(),
        };
        let catalog = state.catalog();
        let country = country_of(state, identifier);
        let (plan, terms) = wanted.found(catalog, country.as_deref())?;
        let quantities = checked(catalog, plan, &self.quantities)?;
        let trial = (plan.trial_days > 0).then(|| now.plus_days(plan.trial_days));
        Ok(SubscriptionBegun {
            identifier: identifier.into(),
            begun: begun(state, plan, trial, now),
            terms: Terms {
                quantities,
                ..terms
            },
            through: None,
            supersedes: Vec::new(),
            checkout: None,
        })
    }
}

/// A subscription to a plan that begins now, and is not to be paid for.
pub(super) fn begun(
    state: &State,
    plan: &Plan,
    trial_ends_at: Option<Timestamp>,
    now: Timestamp,
) -> Begun {
    Begun {
        id: ids::fresh(state, Prefix::Subscription, now),
        plan_id: plan.id.as_str().into(),
        plan_name: plan.name.as_str().into(),
        trial_ends_at,
        is_paid_plan: false,
    }
}

/// The catalogue's country (`CON-…`) whose prices a customer pays: that it was made for, else the one
/// it lives in.
pub(in crate::ledger) fn country_of(state: &State, identifier: &str) -> Option<Box<str>> {
    let customer = state.customer(identifier, None)?;
    if customer.country_id.is_some() {
        return customer.country_id;
    }
    let code = customer.address?.country_code?;
    let found = state.catalog().country_coded(&code);
    found.map(|found| found.id.as_str().into())
}

/// What is asked for of a plan.
pub(super) struct PlanAsked<'a> {
    /// By the merchant's word or its id.
    pub(super) plan: &'a str,
    pub(super) period: Period,
    /// The only money that is wanted.
    pub(super) currency: Option<&'a str>,
}

impl PlanAsked<'_> {
    /// The plan, and what it is had for, without quantities.
    pub(super) fn found<'c>(
        &self,
        catalog: &'c Catalog,
        country: Option<&str>,
    ) -> Result<(&'c Plan, Terms), Refusal> {
        let called = catalog.plan_called(self.plan);
        let plan = called.or_else(|| catalog.plan(self.plan));
        let plan =
            plan.ok_or_else(|| invalid("`plan`: Plan with this identifier does not exist."))?;
        let buyer = Buyer {
            country,
            currency: self.currency,
        };
        let cost = catalog.cost(plan, self.period, buyer);
        let cost = cost.map_err(no_price)?;
        let terms = Terms {
            period: cost.period,
            price: cost.money,
            quantities: Vec::new(),
        };
        Ok((plan, terms))
    }
}

/// Why a plan cannot be had: names `period`, `currency` or `country`.
pub(in crate::ledger) fn no_price(why: NoPrice) -> Refusal {
    invalid(match why {
        NoPrice::Period => "`period`: This plan has no price for this period.",
        NoPrice::Currency => "`currency`: This plan has no price in this currency.",
        NoPrice::Country => {
            "`country`: This plan is sold in some countries alone; the customer must be in one of \
             them."
        }
    })
}

/// The quantities that are asked for, by feature, where the plan has them.
pub(in crate::ledger) fn checked(
    catalog: &Catalog,
    plan: &Plan,
    asked: &[Quantity],
) -> Result<Vec<Quantity>, Refusal> {
    let mut quantities = asked.to_vec();
    quantities.sort_by(|one, other| one.feature.cmp(&other.feature));
    for quantity in &quantities {
        let feature = &quantity.feature;
        if quantity.count == 0 {
            return Err(invalid(format!(
                "`quantities`: That of `{feature}` must be 1 or more."
            )));
        }
        if !catalog.is_bought_in_numbers(plan, feature) {
            return Err(invalid(format!(
                "`quantities`: The plan has no feature `{feature}` that is bought in numbers."
            )));
        }
    }
    let named_twice = |pair: &[Quantity]| match pair {
        [one, other] => one.feature == other.feature,
        _ => false,
    };
    if quantities.windows(2).any(named_twice) {
        return Err(invalid("`quantities`: Each feature may be named once."));
    }
    Ok(quantities)
}
