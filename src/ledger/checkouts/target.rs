//! Which subscription a payment for a plan is for, by what the customer has at that moment. Knows
//! neither prices nor gateways.

use std::collections::BTreeSet;

use super::super::ids;
use crate::domain::checkout::CheckoutView;
use crate::domain::id::Prefix;
use crate::domain::own::{Item, Pays, Quantity};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// The gateway charges the customer for that plan already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChargedAlready;

/// Who has the plan pays on for the same subscription, unless a gateway charges it otherwise than
/// by one of `pages`; else for the `planned` one or that of another checkout that waits, where it
/// can still begin or go on, or what it was changed into can; else for a `fresh` one. That takes the
/// place of what else there is, or is about to be paid.
pub(super) fn target(
    (state, now): (&State, Timestamp),
    (identifier, plan_id): (&str, &str),
    planned: Option<Box<str>>,
    pages: &[&str],
) -> Result<Pays, ChargedAlready> {
    let live = state.live_subscriptions(identifier);
    let has_plan = |held: &&SubscriptionStanding| held.plan_id.as_deref() == Some(plan_id);
    let same = live.iter().find(has_plan);
    let heirs = planned
        .as_deref()
        .map_or_else(Vec::new, |id| state.heirs_of(id));
    let mut heir = live.iter().filter(|held| is_among(&heirs, &held.id));
    let heir = heir.next();
    let charged = same.or(heir);
    let charged = charged.and_then(|held| held.gateway_subscription.as_deref());
    if charged.is_some_and(|reference| !pages.contains(&reference)) {
        return Err(ChargedAlready);
    }
    let can_go_on = |id: &str| {
        let held = state.standing_of(id);
        heir.is_some() || held.is_none_or(|held| !held.ended && !held.is_cancel_asked)
    };
    let planned = planned.filter(|id| can_go_on(id));
    let subscription_id = same
        .map(|held| held.id.as_str().into())
        .or(planned)
        .or_else(|| state.pending_subscription(identifier, plan_id, now))
        .unwrap_or_else(|| ids::fresh(state, Prefix::Subscription, now));
    Ok(Pays {
        identifier: identifier.into(),
        supersedes: others((state, now), identifier, &subscription_id),
        subscription_id,
        quantities: None,
    })
}

fn is_among(ids: &[Box<str>], id: &str) -> bool {
    ids.iter().any(|among| **among == *id)
}

/// How many of what a subscription has, where it is there and has that plan.
pub(super) fn kept(state: &State, subscription_id: &str, plan_id: &str) -> Vec<Quantity> {
    let held = state.standing_of(subscription_id);
    let held = held.filter(|held| held.plan_id.as_deref() == Some(plan_id));
    let terms = held.and_then(|held| held.terms);
    terms.map_or_else(Vec::new, |terms| terms.quantities)
}

/// The same of what a customer has with that plan now.
pub(super) fn kept_by(state: &State, (identifier, plan_id): (&str, &str)) -> Vec<Quantity> {
    let mut live = state.live_subscriptions(identifier).into_iter();
    let held = live.find(|held| held.plan_id.as_deref() == Some(plan_id));
    let terms = held.and_then(|held| held.terms);
    terms.map_or_else(Vec::new, |terms| terms.quantities)
}

/// What a subscription takes the place of: all else that the customer has, or is about to have paid,
/// but what it was changed into: that goes on with it.
pub(super) fn others(
    (state, now): (&State, Timestamp),
    identifier: &str,
    subscription_id: &str,
) -> Vec<Box<str>> {
    let live = state.live_subscriptions(identifier).into_iter();
    let live = live.map(|held| held.id.into_boxed_str());
    let all = live.chain(state.pending_subscriptions(identifier, now));
    let heirs = state.heirs_of(subscription_id);
    let others = all.filter(|id| **id != *subscription_id && !is_among(&heirs, id));
    let others: BTreeSet<Box<str>> = others.collect();
    others.into_iter().collect()
}

/// What a subscription takes the place of for which nothing is paid: what is paid for now stands
/// beside it.
pub(super) fn unpaid_others(
    (state, now): (&State, Timestamp),
    identifier: &str,
    subscription_id: &str,
) -> Vec<Box<str>> {
    let mut others = others((state, now), identifier, subscription_id);
    others.retain(|id| {
        let held = state.standing_of(id);
        !held.is_some_and(|held| held.is_paid_at(now))
    });
    others
}

/// What an attempt to pay a checkout that was opened pays for now; `None` where that is what it was
/// opened for.
pub(super) fn target_now(
    state: &State,
    view: &CheckoutView,
    now: Timestamp,
) -> Result<Option<Pays>, ChargedAlready> {
    let Item::Plan {
        plan_id,
        quantities,
        keeps_quantities,
        ..
    } = &view.opened.item
    else {
        return Ok(None);
    };
    let Some(opened) = view.opened.pays() else {
        return Ok(None);
    };
    let pages: Vec<&str> = view.pages.iter().map(|page| &*page.reference).collect();
    let bought = (&*view.opened.identifier, &**plan_id);
    let planned = Some(opened.subscription_id.clone());
    let mut pays = target((state, now), bought, planned, &pages)?;
    let kept = kept(state, &pays.subscription_id, plan_id);
    pays.quantities = Some(kept).filter(|kept| *keeps_quantities && kept != quantities);
    Ok(Some(pays).filter(|pays| *pays != opened))
}
