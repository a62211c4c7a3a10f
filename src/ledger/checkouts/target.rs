//! Which subscription a payment for a plan is for, by what the customer has at that moment. Knows
//! neither prices nor gateways.

use crate::domain::checkout::CheckoutView;
use crate::domain::own::{Item, Pays};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// The gateway charges the customer for that plan already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChargedAlready;

/// Who has the plan pays on for the same subscription, unless a gateway charges it otherwise than
/// by one of `pages`; else for the first of those `planned` that can still begin or go on; else for
/// a `fresh` one. That takes the place of what else there is.
pub(super) fn target(
    state: &State,
    (identifier, plan_id): (&str, &str),
    planned: impl IntoIterator<Item = Box<str>>,
    pages: &[&str],
    fresh: impl FnOnce() -> Box<str>,
) -> Result<Pays, ChargedAlready> {
    let live = state.live_subscriptions(identifier);
    let has_plan = |held: &&SubscriptionStanding| held.plan_id.as_deref() == Some(plan_id);
    let same = live.iter().find(has_plan);
    let charged = same.and_then(|held| held.gateway_subscription.as_deref());
    if charged.is_some_and(|reference| !pages.contains(&reference)) {
        return Err(ChargedAlready);
    }
    let can_go_on = |id: &Box<str>| {
        let held = state.standing_of(id);
        held.is_none_or(|held| !held.ended && !held.is_cancel_asked)
    };
    let subscription_id = match same {
        Some(held) => held.id.as_str().into(),
        None => planned.into_iter().find(can_go_on).unwrap_or_else(fresh),
    };
    let others = live.iter().filter(|held| *held.id != *subscription_id);
    let supersedes = others.map(|held| held.id.as_str().into()).collect();
    Ok(Pays {
        identifier: identifier.into(),
        subscription_id,
        supersedes,
    })
}

/// What an attempt to pay a checkout that was opened pays for now; `None` where that is what it was
/// opened for.
pub(super) fn target_now(
    state: &State,
    view: &CheckoutView,
    now: Timestamp,
    fresh: impl FnOnce() -> Box<str>,
) -> Result<Option<Pays>, ChargedAlready> {
    let (Item::Plan { plan_id, .. }, Some(opened)) = (&view.opened.item, view.opened.pays()) else {
        return Ok(None);
    };
    let identifier = &view.opened.identifier;
    let pages: Vec<&str> = view.pages.iter().map(|page| &*page.reference).collect();
    let pending = state.pending_subscription(identifier, plan_id, now);
    let planned = [Some(opened.subscription_id.clone()), pending];
    let planned = planned.into_iter().flatten();
    let pays = target(state, (identifier, plan_id), planned, &pages, fresh)?;
    Ok(Some(pays).filter(|pays| *pays != opened))
}
