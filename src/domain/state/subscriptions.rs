//! Reading subscriptions out of the state.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, Role};
use super::page::{Gathering, Ident, Listing, Page, page};
use super::sales::{Sold, plan_sold};
use crate::domain::access::AsOf;
use crate::domain::activity::Activity;
use crate::domain::decided::Decided;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::standing::{self, Standing, SubscriptionStanding};
use crate::domain::status::{CheckoutStatus, Status};
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

/// The source of what is sold here, whichever surface sold it.
const SOURCE_OF_OWN: &str = "api";

/// A subscription as it is shown.
pub(super) struct ShownSubscription<'a> {
    pub(super) activity: Activity,
    pub(super) stands: Stands<'a>,
}

/// What says how a subscription stands.
pub(super) enum Stands<'a> {
    /// It is sold here.
    Sold(Standing),
    /// A provider does, and what was decided here about it stands above that.
    Provided {
        cells: Cow<'a, Subscription>,
        decided: Option<Box<Decided>>,
    },
}

impl ShownSubscription<'_> {
    pub(super) fn status(&self) -> Status {
        match &self.stands {
            Stands::Sold(standing) => standing.status,
            Stands::Provided { cells, decided } => {
                let decided = decided.as_deref();
                let ended = decided.and_then(standing::ended_by);
                ended.map_or(cells.status(), |end| end.status)
            }
        }
    }

    pub(super) fn plan_id(&self) -> Option<&str> {
        match &self.stands {
            Stands::Sold(standing) => Some(&standing.plan_id),
            Stands::Provided { cells, .. } => cells.plan_id(),
        }
    }
}

const SUBSCRIPTIONS: [Kind; 2] = [Kind::Subscription, Kind::SoleSubscription];

impl Listing for SubscriptionFilter {
    fn rank(&self, state: &State, ix: Ix) -> Option<Ident> {
        let entity = state.arena.get(ix);
        if !SUBSCRIPTIONS.contains(&entity.kind) || state.representative(ix) != ix {
            return None;
        }
        let shown = state.shown_subscription(ix)?;
        let provider = state.arena.provider(entity.space);
        let is_of = |wanted: &String| provider == *wanted;
        let is_on = |wanted: &String| shown.plan_id() == Some(wanted.as_str());
        let fits = self.status.is_none_or(|status| shown.status() == status)
            && self.provider.as_ref().is_none_or(is_of)
            && self.plan.as_ref().is_none_or(is_on);
        fits.then_some(Ident {
            updated_at: shown.activity.last(),
            id: entity.id.as_u64(),
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

    /// For each plan, by the provider's id, how many subscriptions have it and have not ended, or
    /// may begin with it because a payer was sent to a gateway. A checkout that nobody tried to pay
    /// cannot be paid any more once its plan is gone.
    #[must_use]
    pub fn plans_in_use(&self) -> BTreeMap<Box<str>, u64> {
        let mut counts = BTreeMap::new();
        let all = SUBSCRIPTIONS
            .into_iter()
            .flat_map(|kind| self.arena.of_kind(kind));
        for held in all.filter_map(|(ix, _)| self.shown_subscription(ix)) {
            let has_ended = held.status().is_end() || held.status() == Status::Superseded;
            if let (Some(plan), false) = (held.plan_id(), has_ended) {
                *counts.entry(plan.into()).or_default() += 1;
            }
        }
        for (ix, entity) in self.arena.of_kind(Kind::Checkout) {
            let Some(plan) = entity.own_checkout().and_then(plan_sold) else {
                continue;
            };
            let may_be_paid = [CheckoutStatus::Processing, CheckoutStatus::Failed];
            let status = self.checkout_status(ix);
            if status.is_some_and(|status| may_be_paid.contains(&status)) {
                *counts.entry(plan.plan_id.into()).or_default() += 1;
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

    /// What stands for a subscription where it is shown: for one that a gateway charges, ours that
    /// it is charged for; for what was decided about one that has no id but ours, that one. Where
    /// the provider names no subscription, a customer known by two names may have been recorded
    /// twice; the one under the merchant's identifier, else the smallest name, stands for all.
    pub(super) fn representative(&self, ix: Ix) -> Ix {
        let entity = self.arena.get(ix);
        let ix = match entity.kind {
            Kind::Subscription => {
                let sole = entity.linked(Role::Parent(Kind::SoleSubscription));
                let shown = sole.or_else(|| self.charged_for(entity));
                shown.unwrap_or(ix)
            }
            Kind::SoleSubscription
            | Kind::Party
            | Kind::Invoice
            | Kind::Order
            | Kind::Checkout
            | Kind::Payment
            | Kind::Addon
            | Kind::PaymentMethod => ix,
        };
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

    /// A subscription as it is shown; `None` for what is shown as part of another, or not at all.
    pub(super) fn shown_subscription(&self, ix: Ix) -> Option<ShownSubscription<'_>> {
        if self.representative(ix) != ix {
            return None;
        }
        if self.is_own(ix) {
            let Sold {
                standing, activity, ..
            } = self.sold(ix)?;
            let stands = Stands::Sold(standing);
            return Some(ShownSubscription { activity, stands });
        }
        let cells = self.subscription_cells(ix);
        if !cells.is_known() {
            return None;
        }
        let entity = self.arena.get(ix);
        let sole = entity.kind == Kind::SoleSubscription;
        let decided = sole
            .then(|| self.decided_on_sole(ix))
            .flatten()
            .map(Box::new);
        let (_, mut activity) = self.subscription_activity(ix);
        let beside = self.beside(ix).into_iter();
        beside.for_each(|ix| activity.merge(self.arena.get(ix).activity));
        let stands = Stands::Provided { cells, decided };
        Some(ShownSubscription { activity, stands })
    }

    pub(super) fn subscription_view(
        &self,
        ix: Ix,
        as_of: Option<AsOf>,
    ) -> Option<SubscriptionView> {
        let ix = self.representative(ix);
        let entity = self.arena.get(ix);
        let shown = self.shown_subscription(ix)?;
        let source = match &shown.stands {
            Stands::Sold(_) => SOURCE_OF_OWN.into(),
            Stands::Provided { cells, .. } => self.source_name(cells.source()),
        };
        let named = Identification {
            id: entity.id.with(Prefix::Subscription).to_string(),
            provider: self.arena.provider(entity.space),
            provider_subscription_id: match entity.kind {
                Kind::Subscription => match &shown.stands {
                    Stands::Sold(standing) => standing.charged_as.clone(),
                    Stands::Provided { .. } => Some(entity.name.clone()),
                },
                Kind::SoleSubscription
                | Kind::Party
                | Kind::Invoice
                | Kind::Order
                | Kind::Checkout
                | Kind::Payment
                | Kind::Addon
                | Kind::PaymentMethod => None,
            },
            source,
            customer: self.owner_name(entity),
            activity: shown.activity,
        };
        match shown.stands {
            Stands::Sold(standing) => {
                let mut view = standing.view(named, as_of);
                view.replaced_by = self.in_place_of(&standing);
                Some(view)
            }
            Stands::Provided { cells, decided } => {
                let mut view = cells.view(named, as_of)?;
                if let Some(decided) = &decided {
                    view.apply(decided, as_of);
                }
                Some(view)
            }
        }
    }

    /// How a subscription stands for whoever decides about it.
    pub(super) fn standing_at(&self, ix: Ix) -> Option<SubscriptionStanding> {
        let ix = self.representative(ix);
        let entity = self.arena.get(ix);
        let shown = self.shown_subscription(ix)?;
        let identifier = self
            .owner_name(entity)
            .and_then(|name| name.customer_identifier);
        let id = entity.id.with(Prefix::Subscription).to_string();
        let provider = self.arena.provider(entity.space);
        Some(match shown.stands {
            Stands::Sold(standing) => SubscriptionStanding {
                is_stop_refused: self.is_stop_refused(ix, &standing),
                ..standing.for_deciding(id, identifier)
            },
            Stands::Provided { cells, decided } => {
                let mut view = SubscriptionStanding::of_provider(provider, id, &cells);
                view.identifier = identifier;
                if let Some(decided) = &decided {
                    view.apply(decided);
                }
                view
            }
        })
    }
}
