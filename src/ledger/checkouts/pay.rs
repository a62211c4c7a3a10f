//! What a payer does on the page: pay, pretend to fail, call it off. Decided on the writer, so that
//! two tabs that pay at once make one attempt.

use super::super::Ledger;
use super::super::commands::{CommandError, Refusal, Request};
use super::target::{ChargedAlready, kept_by, target_now, unpaid_others};
use super::{conflicts, status_at};
use crate::domain::checkout::CheckoutView;
use crate::domain::own::{
    Begun, CheckoutAttempted, CheckoutCancelled, GATEWAY_NONE, Item, OwnFact, Pays, Pretend,
    SubscriptionBegun, Terms,
};
use crate::domain::state::State;
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;

/// Anybody with the address of the page can try, and each try is an event: a person needs a few.
const ATTEMPTS_MAX: u32 = 25;

impl Ledger {
    /// The payer wants to pay. The gateway is asked after this is recorded.
    ///
    /// # Errors
    /// [`CommandError`]: [`Refusal::CheckoutIs`] unless it is open or the last attempt failed,
    /// [`Refusal::NoSuchCheckout`].
    pub async fn pay_checkout(&self, id: &str, request: Request) -> Result<u64, CommandError> {
        let pretends = self
            .gateway
            .as_ref()
            .is_some_and(|gateway| gateway.pretends());
        self.attempt(id, pretends.then_some(Pretend::Paid), request)
            .await
    }

    /// The payer has the payment fail: where nobody takes money.
    ///
    /// # Errors
    /// As [`Ledger::pay_checkout`]; [`Refusal::Invalid`] where the gateway takes money.
    pub async fn fail_checkout(&self, id: &str, request: Request) -> Result<u64, CommandError> {
        self.attempt(id, Some(Pretend::Failed), request).await
    }

    /// The payer calls it off: where nobody takes money, and nothing is under way.
    ///
    /// # Errors
    /// As [`Ledger::fail_checkout`].
    pub async fn cancel_checkout(&self, id: &str, request: Request) -> Result<u64, CommandError> {
        let wanted = id.to_owned();
        let decide = move |state: &State, now: Timestamp| {
            let view = untaken(state, &wanted, now)?;
            let id = view.opened.id;
            Ok(OwnFact::CheckoutCancelled(CheckoutCancelled { id }))
        };
        self.pretended()?;
        self.about(id, request, decide).await
    }

    async fn attempt(
        &self,
        id: &str,
        pretend: Option<Pretend>,
        request: Request,
    ) -> Result<u64, CommandError> {
        if pretend.is_some() {
            self.pretended()?;
        }
        let gateway = self.gateway.as_ref().map(|gateway| gateway.name());
        let wanted = id.to_owned();
        let decide = move |state: &State, now: Timestamp| {
            let view = untaken(state, &wanted, now)?;
            let pays = payable(state, &view, gateway, now).map_err(Refusal::Invalid)?;
            if is_free(&view) {
                return begun(state, &view, pretend, now);
            }
            Ok(OwnFact::CheckoutAttempted(CheckoutAttempted {
                attempt: view.attempt.saturating_add(1),
                pretend,
                pays,
                id: view.opened.id,
            }))
        };
        self.about(id, request, decide).await
    }

    fn pretended(&self) -> Result<(), Refusal> {
        if self
            .gateway
            .as_ref()
            .is_some_and(|gateway| gateway.pretends())
        {
            return Ok(());
        }
        let sentence = "`action` must be `pay`: the gateway takes money.";
        Err(Refusal::Invalid(sentence.to_owned()))
    }

    async fn about(
        &self,
        id: &str,
        request: Request,
        decide: impl FnMut(&State, Timestamp) -> Result<OwnFact, Refusal> + Send + 'static,
    ) -> Result<u64, CommandError> {
        let view = self.state.read().checkout(id);
        let view = view.ok_or(Refusal::NoSuchCheckout)?;
        let conflicts = conflicts(&view.opened.identifier, Some(&view.opened.id));
        let told = self.tell(&request, conflicts, decide).await;
        self.wake_desk(id);
        told
    }
}

/// What an attempt at a checkout that is not over pays for, where that is not what it was opened
/// for; or why there can be none, in a sentence.
pub(super) fn payable(
    state: &State,
    view: &CheckoutView,
    gateway: Option<&str>,
    now: Timestamp,
) -> Result<Option<Pays>, String> {
    let by = &view.opened.gateway;
    if gateway != Some(&**by) && !is_free(view) {
        return Err(format!(
            "It was to be paid by {by}, which is not in use any more."
        ));
    }
    if state.is_archived(&view.opened.identifier) {
        return Err(
            "It is for a customer who is no longer one: ask for a new payment link.".into(),
        );
    }
    if view.attempt >= ATTEMPTS_MAX {
        return Err("It was tried too often: ask for a new payment link.".to_owned());
    }
    if view.is_page_closed && !is_charged_again(&view.opened.item) {
        return Err(
            "The payment service closed its page for this payment: ask for a new payment link."
                .to_owned(),
        );
    }
    if !is_sold(state, &view.opened.item) {
        return Err("It is not sold any more: ask for a new payment link.".to_owned());
    }
    if is_free(view) {
        return Ok(None);
    }
    target_now(state, view, now).map_err(|ChargedAlready| {
        "The gateway charges that plan already: there is nothing to pay here.".to_owned()
    })
}

/// Whether there is nothing to pay, so that nobody takes money.
pub(super) fn is_free(view: &CheckoutView) -> bool {
    *view.opened.gateway == *GATEWAY_NONE
}

/// What there is nothing to pay for begins at once, in the place of what the customer has by now and
/// did not pay for.
fn begun(
    state: &State,
    view: &CheckoutView,
    pretend: Option<Pretend>,
    now: Timestamp,
) -> Result<OwnFact, Refusal> {
    let opened = &view.opened;
    let Item::Plan {
        plan_id,
        name,
        period,
        subscription_id,
        quantities,
        keeps_quantities,
        ..
    } = &opened.item
    else {
        return Err(Refusal::NoSuchCheckout);
    };
    if pretend == Some(Pretend::Failed) {
        let sentence = "`action` must be `pay`: where nothing is paid, no payment fails.";
        return Err(Refusal::Invalid(sentence.to_owned()));
    }
    Ok(OwnFact::SubscriptionCreated(SubscriptionBegun {
        identifier: opened.identifier.clone(),
        begun: Begun {
            id: subscription_id.clone(),
            plan_id: plan_id.clone(),
            plan_name: name.clone(),
            trial_ends_at: None,
            is_paid_plan: false,
        },
        terms: Terms {
            period: *period,
            price: opened.price,
            quantities: if *keeps_quantities {
                kept_by(state, (&opened.identifier, plan_id))
            } else {
                quantities.clone()
            },
        },
        through: None,
        supersedes: unpaid_others((state, now), &opened.identifier, subscription_id),
        checkout: Some(opened.id.clone()),
    }))
}

/// Whether the gateway charges it every period: then another attempt gets a page of its own, while a
/// single payment has one for the whole checkout.
const fn is_charged_again(item: &Item) -> bool {
    match item {
        Item::Plan { gateway_plan, .. } => gateway_plan.is_some(),
        Item::Addon { .. } => false,
    }
}

/// Whether the catalogue has that. A price that has changed since holds for as long as the checkout
/// is open.
fn is_sold(state: &State, item: &Item) -> bool {
    let catalog = state.catalog();
    match item {
        Item::Plan {
            plan_id, period, ..
        } => catalog.plan(plan_id).is_some_and(|plan| {
            // What costs nothing may have no price at all.
            !plan.is_paid() || plan.prices.iter().any(|price| price.period == *period)
        }),
        Item::Addon { version_id, .. } => catalog.addon_version(version_id).is_some(),
    }
}

/// A checkout that may be tried, or called off.
fn untaken(state: &State, id: &str, now: Timestamp) -> Result<CheckoutView, Refusal> {
    let view = state.checkout(id).ok_or(Refusal::NoSuchCheckout)?;
    match status_at(&view, now) {
        CheckoutStatus::Open | CheckoutStatus::Failed => Ok(view),
        taken @ (CheckoutStatus::Processing
        | CheckoutStatus::Cancelled
        | CheckoutStatus::Expired
        | CheckoutStatus::Paid) => Err(Refusal::CheckoutIs(taken)),
    }
}
