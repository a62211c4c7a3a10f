//! Reading subscriptions out of the state.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind};
use super::page::{Gathering, Ident, Listing, Page, page};
use crate::domain::access::AsOf;
use crate::domain::activity::Activity;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::status::Status;
use crate::domain::subscription::{Identification, Subscription, SubscriptionView};

/// Which subscriptions.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionFilter {
    /// Of this customer, by any id.
    pub customer: Option<String>,
    /// With this status.
    pub status: Option<Status>,
    /// Of this provider.
    pub provider: Option<String>,
    /// Of this plan, by the provider's id.
    pub plan: Option<String>,
}

const SUBSCRIPTIONS: [Kind; 2] = [Kind::Subscription, Kind::SoleSubscription];

impl Listing for SubscriptionFilter {
    fn rank(&self, state: &State, ix: Ix) -> Option<Ident> {
        let entity = state.arena.get(ix);
        if !SUBSCRIPTIONS.contains(&entity.kind) || state.representative(ix) != ix {
            return None;
        }
        let cells = state.subscription_cells(ix);
        let provider = state.arena.provider(entity.space);
        let is_of = |wanted: &String| provider == *wanted;
        let is_on = |wanted: &String| cells.plan_id() == Some(wanted.as_str());
        let fits = cells.is_known()
            && self.status.is_none_or(|status| cells.status() == status)
            && self.provider.as_ref().is_none_or(is_of)
            && self.plan.as_ref().is_none_or(is_on);
        let (id, activity) = state.subscription_activity(ix);
        fits.then_some(Ident {
            updated_at: activity.last(),
            id: id.as_u64(),
        })
    }

    fn stands_for(&self, state: &State, ix: Ix) -> Option<Ix> {
        Some(state.representative(ix))
    }
}

impl State {
    pub(super) fn find_subscription(&self, id: &str) -> Option<Ix> {
        let by_name = |p: &&str| self.arena.find(Kind::Subscription, p, id);
        let by_id = || {
            self.arena
                .find_id(&SUBSCRIPTIONS, Tsid::parse(Prefix::Subscription, id)?)
        };
        self.providers.iter().find_map(by_name).or_else(by_id)
    }

    /// One subscription, by our id or the provider's.
    #[must_use]
    pub fn subscription(&self, id: &str, as_of: Option<AsOf>) -> Option<SubscriptionView> {
        self.subscription_view(self.find_subscription(id)?, as_of)
    }

    /// One customer's subscriptions, newest change first.
    #[must_use]
    pub fn subscriptions_held(
        &self,
        customer: &str,
        filter: &SubscriptionFilter,
        after: Option<Ident>,
        limit: usize,
        as_of: AsOf,
    ) -> Page<SubscriptionView> {
        let root = self.find_customer(customer).map(|ix| self.arena.get(ix));
        let held = root
            .into_iter()
            .flat_map(|root| self.subscriptions_of(root));
        let ranked = held.filter_map(|ix| Some((filter.rank(self, ix)?, ix)));
        page(ranked, after, limit, |ix| {
            self.subscription_view(ix, Some(as_of))
        })
    }

    /// Looks at the next things for a page of everybody's subscriptions; says whether any are left.
    pub fn gather_subscriptions(&self, filter: &SubscriptionFilter, page: &mut Gathering) -> bool {
        self.gather(filter, page)
    }

    /// The page of subscriptions, once everything was looked at, newest change first.
    #[must_use]
    pub fn subscriptions_page(
        &self,
        filter: &SubscriptionFilter,
        page: Gathering,
        as_of: AsOf,
    ) -> Page<SubscriptionView> {
        self.finish_page(filter, page, |ix| self.subscription_view(ix, Some(as_of)))
    }

    /// For each plan, by the provider's id, how many subscriptions have it and have not ended.
    #[must_use]
    pub fn plans_in_use(&self) -> BTreeMap<Box<str>, u64> {
        let mut counts = BTreeMap::new();
        let all = SUBSCRIPTIONS
            .into_iter()
            .flat_map(|kind| self.arena.of_kind(kind));
        for held in all.filter_map(|(_, entity)| entity.subscription()) {
            if let (Some(plan), false) = (held.plan_id(), held.status().is_end()) {
                *counts.entry(plan.into()).or_default() += 1;
            }
        }
        counts
    }

    /// A customer's subscriptions, each once.
    pub(super) fn subscriptions_of<'a>(
        &'a self,
        root: &'a Entity,
    ) -> impl Iterator<Item = Ix> + 'a {
        let held = self
            .members(root)
            .filter(|(_, e)| e.subscription().is_some());
        held.map(|(ix, _)| ix)
            .filter(|ix| self.representative(*ix) == *ix)
    }

    /// Where the provider names no subscription, a customer known by two names may have been
    /// recorded twice; the one under the merchant's identifier, else the smallest name, stands
    /// for all.
    pub(super) fn representative(&self, ix: Ix) -> Ix {
        let least = self
            .siblings(ix)
            .min_by_key(|(_, e)| (self.is_roots_name(e), &e.name));
        least.map_or(ix, |(least, _)| least)
    }

    fn is_roots_name(&self, entity: &Entity) -> Reverse<bool> {
        let root = entity.owner.map(|root| self.arena.get(root));
        Reverse(root.is_some_and(|root| root.is_identifier() && root.name == entity.name))
    }

    /// The records of the same sole subscription; nothing for one with an id of its own.
    pub(super) fn siblings(&self, ix: Ix) -> impl Iterator<Item = (Ix, &Entity)> {
        let entity = self.arena.get(ix);
        let sole = entity.kind == Kind::SoleSubscription;
        let root = entity
            .owner
            .filter(|_| sole)
            .map(|root| self.arena.get(root));
        let members = root.into_iter().flat_map(|root| self.members(root));
        members.filter(|(_, e)| e.kind == entity.kind && e.space == entity.space)
    }

    pub(super) fn subscription_cells(&self, ix: Ix) -> Cow<'_, Subscription> {
        let mut records = self.siblings(ix).filter_map(|(_, e)| e.subscription());
        let own = self.arena.get(ix).subscription();
        let Some(first) = records.next().or(own) else {
            return Cow::Owned(Subscription::default());
        };
        records.fold(Cow::Borrowed(first), |mut whole, other| {
            whole.to_mut().merge(other);
            whole
        })
    }

    fn subscription_activity(&self, ix: Ix) -> (Tsid, Activity) {
        let entity = self.arena.get(ix);
        let mut activity = entity.activity;
        self.siblings(ix)
            .for_each(|(_, e)| activity.merge(e.activity));
        (entity.id, activity)
    }

    pub(super) fn subscription_view(
        &self,
        ix: Ix,
        as_of: Option<AsOf>,
    ) -> Option<SubscriptionView> {
        let ix = self.representative(ix);
        let entity = self.arena.get(ix);
        let (id, activity) = self.subscription_activity(ix);
        let cells = self.subscription_cells(ix);
        let named = Identification {
            id: id.with(Prefix::Subscription).to_string(),
            provider: self.arena.provider(entity.space),
            provider_subscription_id: match entity.kind {
                Kind::Subscription => Some(entity.name.clone()),
                Kind::SoleSubscription
                | Kind::Party
                | Kind::Invoice
                | Kind::Order
                | Kind::Checkout
                | Kind::Payment
                | Kind::Addon => None,
            },
            source: self.source_name(cells.source()),
            customer: self.owner_name(entity),
            activity,
        };
        cells.view(named, as_of)
    }
}
