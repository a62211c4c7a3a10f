//! A plan as it is offered at a checkout: by the merchant's word, for a country and a currency,
//! with what is bought beside it. Decided on the writer, by the newest catalogue. Knows no page.

use super::super::commands::{Refusal, invalid};
use super::super::ids;
use super::super::subscriptions::{checked, country_of, no_price};
use super::target::{ChargedAlready, kept, kept_by, target};
use crate::domain::catalog::{Catalog, Period, Plan};
use crate::domain::id::Prefix;
use crate::domain::money::Money;
use crate::domain::own::{Item, Quantity};
use crate::domain::pricing::{Buyer, NoPrice};
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::gateways::Gateway;

/// The longest trial before a first payment: a year.
pub const OFFER_TRIAL_DAYS_MAX: u32 = 365;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The merchant's word for the plan (`pro`).
    pub plan_identifier: String,
    /// For how long is paid at once.
    pub period: Period,
    /// Where the payer pays (ISO 3166-1 alpha-2); else where the customer is.
    pub country_code: Option<String>,
    /// The only currency (ISO 4217) that is wanted.
    pub currency: Option<String>,
    /// What it costs here, instead of what the catalogue says.
    pub amount: Option<Money>,
    /// How many of which features are bought with it.
    pub quantities: Vec<Quantity>,
    /// Days of trial before the first period that is paid for: at most [`OFFER_TRIAL_DAYS_MAX`].
    pub trial_days: u32,
    /// What the merchant notes of the checkout: a JSON object, as text.
    pub metadata: Option<Box<str>>,
}

/// What is sold, and for how much.
pub(super) type Priced = (Item, Money);

impl Offer {
    /// What it comes to for a customer now.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] that names `plan`, `period`, `country`, `currency`, `amount`,
    /// `quantities` or `trial_days`.
    pub(super) fn decide(
        &self,
        (state, now): (&State, Timestamp),
        identifier: &str,
        gateway: Option<&dyn Gateway>,
    ) -> Result<Priced, Refusal> {
        let catalog = state.catalog();
        let plan = catalog.plan_called(&self.plan_identifier);
        let plan =
            plan.ok_or_else(|| refused("plan", "Plan with this identifier does not exist."))?;
        checked(catalog, plan, &self.quantities)?;
        let (period, price, gateway_plan) =
            self.price((state, catalog), identifier, plan, gateway)?;
        if self.trial_days > 0 && period == Period::OneTime {
            let why = "A trial needs a plan that is paid for every period.";
            return Err(refused("trial_days", why));
        }
        let is_free = price.amount_minor == 0;
        let bought = (identifier, plan.id.as_str());
        let target = if is_free {
            // Of all that are opened most are never pressed: what it takes the place of is said
            // when it begins.
            let id = ids::fresh(state, Prefix::Subscription, now);
            (id, Vec::new())
        } else {
            let target = target((state, now), bought, None, &[]);
            let target = target.map_err(|ChargedAlready| {
                refused(
                    "plan",
                    "The gateway charges the customer for this plan already.",
                )
            })?;
            (target.subscription_id, target.supersedes)
        };
        let (subscription_id, supersedes) = target;
        let keeps_quantities = self.quantities.is_empty();
        let mut quantities = if !keeps_quantities {
            self.quantities.clone()
        } else if is_free {
            kept_by(state, bought)
        } else {
            kept(state, &subscription_id, &plan.id)
        };
        quantities.sort_by(|one, other| one.feature.cmp(&other.feature));
        // Who has the plan already pays on for it.
        let begins = state.standing_of(&subscription_id).is_none();
        let item = Item::Plan {
            plan_id: plan.id.as_str().into(),
            name: plan.name.as_str().into(),
            period,
            gateway_plan,
            subscription_id,
            supersedes,
            quantities,
            keeps_quantities,
            trial_days: if begins { self.trial_days } else { 0 },
        };
        Ok((item, price))
    }

    /// For how long is paid at once, how much, and the plan at the gateway that charges that again
    /// and again.
    fn price(
        &self,
        (state, catalog): (&State, &Catalog),
        identifier: &str,
        plan: &Plan,
        gateway: Option<&dyn Gateway>,
    ) -> Result<(Period, Money, Option<Box<str>>), Refusal> {
        let country: Option<Box<str>> = match self.country_code.as_deref() {
            // One that the catalogue does not have pays what is paid everywhere.
            Some(code) => {
                let found = catalog.country_coded(code);
                Some(found.map_or(code, |found| &found.id).into())
            }
            None => country_of(state, identifier),
        };
        let buyer = Buyer {
            country: country.as_deref(),
            currency: self.currency.as_deref(),
        };
        let cost = catalog.cost(plan, self.period, buyer);
        if let Some(amount) = self.amount {
            return match cost {
                // What it costs here is said; that it is had for that long is enough.
                Ok(_) | Err(NoPrice::Currency | NoPrice::Country) => {
                    Ok((self.period, amount, None))
                }
                Err(NoPrice::Period) => Err(no_price(NoPrice::Period)),
            };
        }
        let cost = cost.map_err(no_price)?;
        // A gateway that charges every period would begin to at once, trial or not.
        let charged = cost.price.filter(|_| self.trial_days == 0);
        let gateway_plan = charged.and_then(|price| gateway?.plan_of(price));
        Ok((cost.period, cost.money, gateway_plan.map(Into::into)))
    }
}

fn refused(field: &str, why: &str) -> Refusal {
    invalid(format!("`{field}`: {why}"))
}
