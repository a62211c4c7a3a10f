//! Opening a checkout: what is sold, to whom, for how much, and which subscription it pays. Decided
//! on the writer, by the newest catalogue.

use super::super::commands::{CommandError, Refusal, Request, invalid};
use super::super::{Ledger, ids};
use super::offer::Offer;
use super::payer::{Found, Payer};
use super::target::{ChargedAlready, kept, target};
use super::{OPEN_FOR_MILLIS, address};
use crate::domain::catalog::{Catalog, Period, Plan, Price};
use crate::domain::id::Prefix;
use crate::domain::money::{Currency, Money};
use crate::domain::own::{CheckoutOpened, GATEWAY_NONE, Item, OwnFact};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::gateways::Gateway;

/// A checkout to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckout {
    /// Who pays.
    pub customer: Payer,
    /// What is to be paid.
    pub wanted: Wanted,
    /// The catalogue's country (`CON-…`) whose price counts; `None`: the price of everywhere.
    pub country: Option<String>,
    /// Where the payer goes when it is paid; http or https.
    pub success_url: Option<String>,
    /// Where the payer goes when it is called off; http or https.
    pub cancel_url: Option<String>,
}

/// What is to be paid at a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A period of a plan.
    Plan {
        /// `PLV-…`
        plan_id: String,
        /// For how long.
        period: Period,
    },
    /// An add-on.
    Addon {
        /// `ADV-…`
        version_id: String,
    },
    /// A plan as it is offered to this payer.
    Offer(Offer),
}

/// A checkout that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCheckout {
    /// `TRN-…`; its page is `/checkout/{id}`.
    pub id: String,
    /// The event's sequence number.
    pub seq: u64,
}

impl Ledger {
    /// Opens a checkout. A repetition of `request` is answered with the one that was opened first.
    ///
    /// # Errors
    /// [`CommandError`]: [`Refusal::NoSuchCustomer`], or [`Refusal::Invalid`] with a sentence that
    /// names `plan_id`, `success_url`, `cancel_url`, `customer`, `email` or a field of an
    /// [`Offer`]; unavailable where something has to be paid and no gateway is configured.
    pub async fn open_checkout(
        &self,
        wanted: NewCheckout,
        request: Request,
    ) -> Result<OpenedCheckout, CommandError> {
        let gateway = self.gateway.clone();
        if gateway.is_none() && !self.is_free(&wanted.wanted) {
            let why = "No payment gateway is configured; set `gateway` in [checkout].";
            return Err(CommandError::Unavailable(why.into()));
        }
        address::check("success_url", wanted.success_url.as_deref())?;
        address::check("cancel_url", wanted.cancel_url.as_deref())?;
        let payer = self.payer(&wanted.customer)?;
        let conflicts = payer.conflicts();
        let decide = move |state: &State, now: Timestamp| {
            let opened = decide((state, now), &wanted, &payer, gateway.as_deref())?;
            Ok(OwnFact::CheckoutOpened(opened))
        };
        let told = self.tell_shown(&request, conflicts, decide, opened).await;
        told.map(|(seq, id)| OpenedCheckout { id, seq })
    }

    /// Whether something costs nothing, so that nobody has to take money for it.
    fn is_free(&self, wanted: &Wanted) -> bool {
        let Wanted::Offer(offer) = wanted else {
            return false;
        };
        let is_free = |plan: &Plan| offer.amount.is_none() && !plan.is_paid();
        self.in_catalogue(|catalog| {
            let plan = catalog.plan_called(&offer.plan_identifier);
            plan.is_none_or(is_free)
        })
    }
}

/// The checkout that a fact opens.
fn opened(fact: &OwnFact, _: Timestamp) -> Option<String> {
    if let OwnFact::CheckoutOpened(opened) = fact {
        return Some(opened.id.clone().into());
    }
    None
}

fn decide(
    (state, now): (&State, Timestamp),
    wanted: &NewCheckout,
    payer: &Found,
    gateway: Option<&dyn Gateway>,
) -> Result<CheckoutOpened, Refusal> {
    let (identifier, customer) = payer.settle(state, now)?;
    let identifier = &*identifier;
    let catalog = state.catalog();
    let (item, price) = match &wanted.wanted {
        Wanted::Plan { plan_id, period } => {
            let sold = priced(catalog, wanted, plan_id, *period)?;
            let price = money(sold.1.amount_minor, &sold.1.currency)?;
            (plan((state, now), identifier, sold, gateway)?, price)
        }
        Wanted::Addon { version_id } => {
            addon(catalog, version_id, &state.held_subscriptions(identifier))?
        }
        Wanted::Offer(offer) => offer.decide((state, now), identifier, gateway)?,
    };
    let metadata = match &wanted.wanted {
        Wanted::Offer(offer) => offer.metadata.clone(),
        Wanted::Plan { .. } | Wanted::Addon { .. } if price.amount_minor <= 0 => {
            return Err(invalid(
                "`plan_id` names what costs nothing, so there is nothing to pay.",
            ));
        }
        Wanted::Plan { .. } | Wanted::Addon { .. } => None,
    };
    Ok(CheckoutOpened {
        id: ids::fresh(state, Prefix::Checkout, now),
        identifier: identifier.into(),
        item,
        gateway: taker(price, gateway)?.into(),
        price,
        expires_at: now.plus_millis(OPEN_FOR_MILLIS),
        success_url: wanted.success_url.as_deref().map(Into::into),
        cancel_url: wanted.cancel_url.as_deref().map(Into::into),
        customer: customer.map(Box::new),
        metadata,
    })
}

/// Who takes the money.
fn taker(price: Money, gateway: Option<&dyn Gateway>) -> Result<&'static str, Refusal> {
    match gateway {
        _ if price.amount_minor == 0 => Ok(GATEWAY_NONE),
        Some(gateway) => Ok(gateway.name()),
        None => Err(invalid(
            "`plan_id` names what costs something, and no payment gateway is configured.",
        )),
    }
}

/// A plan, and what it costs there for that long.
fn priced<'a>(
    catalog: &'a Catalog,
    wanted: &NewCheckout,
    plan_id: &str,
    period: Period,
) -> Result<(&'a Plan, &'a Price), Refusal> {
    let plan = catalog.plan(plan_id);
    let plan = plan.ok_or_else(|| invalid("`plan_id` names no plan of the catalogue."))?;
    let price = catalog.price(plan, period, wanted.country.as_deref());
    let price = price
        .ok_or_else(|| invalid("`plan_id` names a plan that has no price for that period."))?;
    Ok((plan, price))
}

fn plan(
    (state, now): (&State, Timestamp),
    identifier: &str,
    (plan, price): (&Plan, &Price),
    gateway: Option<&dyn Gateway>,
) -> Result<Item, Refusal> {
    let target = target((state, now), (identifier, &plan.id), None, &[]);
    let target = target.map_err(|ChargedAlready| {
        invalid(
            "`plan_id` names a plan that the customer has, and that the gateway charges already.",
        )
    })?;
    let quantities = kept(state, &target.subscription_id, &plan.id);
    Ok(Item::Plan {
        plan_id: plan.id.as_str().into(),
        name: plan.name.as_str().into(),
        period: price.period,
        gateway_plan: gateway
            .and_then(|gateway| gateway.plan_of(price))
            .map(Into::into),
        subscription_id: target.subscription_id,
        supersedes: target.supersedes,
        quantities,
        keeps_quantities: true,
        trial_days: 0,
    })
}

fn addon(
    catalog: &Catalog,
    version_id: &str,
    held: &[SubscriptionStanding],
) -> Result<(Item, Money), Refusal> {
    let addon = catalog.addon_version(version_id);
    let addon =
        addon.ok_or_else(|| invalid("`plan_id` names no add-on version of the catalogue."))?;
    let has_plan = |one: &SubscriptionStanding| {
        let plan = one.plan_id.as_deref();
        plan.is_some_and(|plan| addon.plans.iter().any(|sold_with| sold_with == plan))
    };
    if !addon.plans.is_empty() && !held.iter().any(has_plan) {
        return Err(invalid(format!(
            "`plan_id` names an add-on that is sold with {} alone, which the customer does not have.",
            addon.plans.join(", ")
        )));
    }
    let item = Item::Addon {
        addon_id: addon.id.as_str().into(),
        version_id: addon.version_id.as_str().into(),
        name: addon.name.as_str().into(),
    };
    Ok((item, money(addon.amount_minor, &addon.currency)?))
}

fn money(amount_minor: i64, currency: &str) -> Result<Money, Refusal> {
    let currency = Currency::parse(currency);
    let currency =
        currency.ok_or_else(|| invalid("`plan_id` has a price in no known currency."))?;
    Ok(Money {
        amount_minor,
        currency,
    })
}
