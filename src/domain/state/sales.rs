//! Reading what is sold here out of the state: the subscriptions and add-ons that follow from
//! checkouts and their payments. Knows no rule of its own: how they stand is worked out elsewhere.

use hashbrown::HashMap;

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, Role};
use super::lineage::CarriedBy;
use crate::domain::activity::Activity;
use crate::domain::addon::AddonView;
use crate::domain::checkout::OwnCheckout;
use crate::domain::decided::{Decided, Replaced};
use crate::domain::own::{GATEWAY_NONE, GATEWAY_SANDBOX, Item};
use crate::domain::register::Stamp;
use crate::domain::standing::{Basis, Charged, PlanSold, Standing, SubscriptionStanding};
use crate::domain::status::{CheckoutStatus, Status};
use crate::domain::subscription::Subscription;
use crate::domain::time::Timestamp;

/// What an add-on is that was paid for.
const ADDON_ACTIVE: &str = "ACTIVE";

/// A subscription of our own as it is read: how it stands, and what said so.
pub(super) struct Sold {
    pub(super) standing: Standing,
    pub(super) activity: Activity,
    pub(super) sources: Sources,
}

/// The things that say how a subscription of our own stands, beside what was decided about it.
#[derive(Default)]
pub(super) struct Sources {
    /// The payments that pay for it.
    pub(super) payments: Vec<Ix>,
    /// Of them, those for one period each, in the order in which they count, with their checkouts.
    pub(super) periods: Vec<(Ix, Ix)>,
    /// The gateway's subscription that charges it, and the checkout that sold that.
    pub(super) charged: Option<(Ix, Ix)>,
    /// What put another in its place.
    pub(super) superseding: Option<Superseding>,
    /// The payments, and the gateway's subscriptions, that pay for what was changed into it.
    pub(super) carried: Vec<Ix>,
    /// What says until when they do.
    pub(super) carried_by: Option<CarriedBy>,
}

/// What puts another subscription in the place of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Superseding {
    /// A payment for the other.
    Payment(Ix),
    /// That the other was to be had instead, without a payment.
    Change(Replaced),
}

impl Sources {
    /// Everything of which an event is an event of the subscription too.
    pub(super) fn all(&self) -> impl Iterator<Item = Ix> {
        let charged = self.charged.map(|(ix, _)| ix);
        let payments = self.payments.iter().copied();
        let superseding = self.superseding.and_then(|by| match by {
            Superseding::Payment(ix) => Some(ix),
            Superseding::Change(_) => None,
        });
        let carried = self.carried.iter().copied();
        payments.chain(charged).chain(superseding).chain(carried)
    }
}

impl State {
    /// The checkouts that sell a subscription of our own.
    pub(super) fn checkouts_of(&self, sold: Ix) -> impl Iterator<Item = (Ix, &OwnCheckout)> {
        let below = self.below(sold).into_iter();
        below.filter_map(|ix| Some((ix, self.arena.get(ix).own_checkout()?)))
    }

    /// What belongs to a thing now, each once: what did before is among its children for ever.
    pub(super) fn below(&self, ix: Ix) -> Vec<Ix> {
        let belongs = |child: &Ix| self.arena.get(*child).parents().any(|parent| parent == ix);
        let children = self.arena.get(ix).children.iter().copied();
        let mut below: Vec<Ix> = children.filter(belongs).collect();
        below.sort_unstable();
        below.dedup();
        below
    }

    /// The subscription of our own that a gateway's is charged for.
    pub(super) fn charged_for(&self, entity: &Entity) -> Option<Ix> {
        let checkout = entity.linked(Role::Parent(Kind::Checkout))?;
        let sold = self.arena.get(checkout);
        sold.linked(Role::Parent(Kind::Subscription))
    }

    /// The subscriptions at gateways that came of the checkouts of one of ours, also before their
    /// payers agreed.
    pub(super) fn charges_of(&self, sold: Ix) -> impl Iterator<Item = (Ix, Ix, Charged<'_>)> {
        let under = self.checkouts_of(sold).flat_map(|(checkout, held)| {
            let plan = plan_sold(held);
            let below = self.below(checkout).into_iter();
            below.filter_map(move |ix| Some((ix, checkout, plan?)))
        });
        under.filter_map(|(ix, checkout, sold)| {
            let entity = self.arena.get(ix);
            let charged = Charged {
                id: &entity.name,
                cells: entity.subscription().filter(|cells| cells.is_known())?,
                since: entity.activity.first(),
                sold,
            };
            Some((ix, checkout, charged))
        })
    }

    /// The gateway's subscription that charges for one of ours: one that goes on before one that
    /// ended, then the newest word.
    pub(super) fn charging(&self, sold: Ix) -> Option<(Ix, Ix, Charged<'_>)> {
        let all = self.charges_of(sold);
        let charging = all.filter(|(_, _, held)| held.cells.status() != Status::Incomplete);
        charging.max_by_key(|(_, _, charged)| {
            let cells = charged.cells;
            (!cells.status().is_end(), cells.newest(), charged.id)
        })
    }

    /// How a subscription of our own stands; `None` for any other, and before it has begun.
    pub(super) fn sold(&self, ix: Ix) -> Option<Sold> {
        let entity = self.arena.get(ix);
        if !self.is_own(ix) {
            return None;
        }
        let none = Decided::default();
        let decided = entity.subscription()?.decided().unwrap_or(&none);
        let bought = self.purchases(ix);
        let charged = self.charging(ix);
        // Of all that checkouts were opened for, most may never begin: nobody looks at what would
        // take their place.
        if decided.begun().is_none() && bought.periods.is_empty() && charged.is_none() {
            return None;
        }
        let line = self.line(ix, decided);
        let told = decided.had().and_then(|had| had.through);
        let is_further = line.carried.is_for_ever || line.carried.through >= told;
        let mut sources = Sources {
            payments: bought.payments,
            periods: bought.things,
            charged: charged.map(|(ix, checkout, _)| (ix, checkout)),
            superseding: None,
            carried: line.things,
            carried_by: line.by.filter(|_| is_further),
        };
        let newest = bought.newest.max(line.newest);
        let newest = newest.max(decided.had_at().map(Stamp::word));
        let mut basis = Basis {
            decided,
            paid: bought.periods,
            carried: line.carried,
            charged: charged.map(|(_, _, charged)| charged),
            superseded: None,
        };
        let before = (entity, decided, line.members.as_slice());
        let superseded = self.superseded(before, newest, |at| basis.is_paid_at(at));
        sources.superseding = superseded.map(|(_, _, by)| by);
        basis.superseded = superseded.map(|(at, by, _)| (at, by));
        let standing = basis.standing()?;
        let mut activity = entity.activity;
        let about = sources.all();
        about.for_each(|ix| activity.merge(self.arena.get(ix).activity));
        if let Some(Superseding::Change(replaced)) = sources.superseding {
            let Replaced { stamp, seq } = replaced;
            activity.merge(Activity::at(stamp.occurred_at, seq));
        }
        Some(Sold {
            standing,
            activity,
            sources,
        })
    }

    /// The records of what was decided here about a provider's subscription that has no id but ours.
    pub(super) fn beside(&self, sole: Ix) -> Vec<Ix> {
        let records = self.siblings(sole).map(|(record, _)| record);
        records.flat_map(|record| self.below(record)).collect()
    }

    /// What was decided here about a provider's subscription that has no id but ours, as far as it
    /// is newer than the provider's newest word.
    pub(super) fn decided_on_sole(&self, ix: Ix) -> Option<Decided> {
        let mut whole: Option<Decided> = None;
        for beside in self.beside(ix) {
            let cells = self.arena.get(beside).subscription();
            if let Some(decided) = cells.and_then(Subscription::decided) {
                whole.get_or_insert_default().merge(decided);
            }
        }
        let newest = self.subscription_cells(ix).newest();
        whole.map(|whole| whole.after(newest))
    }

    /// The add-ons that were bought here, with their payments' names.
    pub(super) fn addons_sold<'a>(
        &'a self,
        root: &'a Entity,
    ) -> impl Iterator<Item = (&'a Box<str>, AddonView)> {
        self.members(root).filter_map(|(ix, member)| {
            let opened = member.own_checkout()?.opened()?;
            let Item::Addon {
                addon_id,
                version_id,
                name,
            } = &opened.item
            else {
                return None;
            };
            let paid = self.first_payment(ix)?;
            let activity = self.arena.get(paid.ix).activity;
            let addon = AddonView {
                id: Some(addon_id.clone()),
                version_id: Some(version_id.clone()),
                name: Some(name.clone()),
                price: Some(opened.price.in_major_units()),
                transaction_id: Some(opened.id.clone()),
                status: Some(ADDON_ACTIVE.into()),
                purchased_at: paid.made.at,
                last_seq: activity.last_seq(),
            };
            Some((&member.name, addon))
        })
    }

    /// The payments of those add-ons.
    pub(super) fn addons_paid(&self, root: Ix) -> Vec<Ix> {
        let root = self.arena.get(root);
        let paid = self.members(root).filter_map(|(ix, member)| {
            let opened = member.own_checkout()?.opened()?;
            let is_addon = matches!(opened.item, Item::Addon { .. });
            self.first_payment(ix)
                .filter(|_| is_addon)
                .map(|paid| paid.ix)
        });
        paid.collect()
    }

    /// How a subscription stands, by our id or the provider's.
    #[must_use]
    pub fn standing_of(&self, id: &str) -> Option<SubscriptionStanding> {
        self.standing_at(self.find_subscription(id)?)
    }

    /// The subscription (`SUA-…`) of a checkout that a customer can still pay for the plan: paid
    /// after another for that plan, it is to add to that and not to begin anew. Of several, that of
    /// the checkout opened first; of none that is over or is to be ended by a cancel.
    #[must_use]
    pub fn pending_subscription(
        &self,
        identifier: &str,
        plan_id: &str,
        now: Timestamp,
    ) -> Option<Box<str>> {
        let pending = self.pending_sales(identifier, now);
        let mut of_plan = pending.into_iter().filter(|sale| sale.plan_id == plan_id);
        of_plan.next().map(|sale| sale.subscription.into())
    }

    /// Those of all checkouts that a customer can still pay for a plan.
    #[must_use]
    pub fn pending_subscriptions(&self, identifier: &str, now: Timestamp) -> Vec<Box<str>> {
        let pending = self.pending_sales(identifier, now).into_iter();
        pending.map(|sale| sale.subscription.into()).collect()
    }

    /// In the order in which they were opened. What is free is none of them: nobody is about to pay
    /// for it, and anybody may open as many as they like.
    fn pending_sales(&self, identifier: &str, now: Timestamp) -> Vec<Pending<'_>> {
        let Some(root) = self.named_here(identifier) else {
            return Vec::new();
        };
        let root = self.arena.get(root);
        let is_over = |held: SubscriptionStanding| held.ended || held.is_cancel_asked;
        // Many checkouts sell one subscription, and how that stands follows from all of them.
        let mut over: HashMap<&str, bool> = HashMap::new();
        let pending = self.members(root).filter_map(|(ix, member)| {
            let held = member.own_checkout()?;
            let opened = held.opened()?;
            if now >= opened.expires_at || *opened.gateway == *GATEWAY_NONE {
                return None;
            }
            let sold = plan_sold(held)?;
            let waits = self.checkout_status(ix)? < CheckoutStatus::Cancelled;
            let (_, pays) = held.pays().filter(|_| waits)?;
            let subscription = &*pays.subscription_id;
            let is_over = *over
                .entry(subscription)
                .or_insert_with(|| self.standing_of(subscription).is_some_and(is_over));
            (!is_over).then_some(Pending {
                opened: (held.opened_at()?, &member.name),
                plan_id: sold.plan_id,
                subscription,
            })
        });
        let mut pending: Vec<_> = pending.collect();
        pending.sort_unstable_by_key(|sale| sale.opened);
        pending
    }

    /// Whether a payment may still come by a checkout of a customer that somebody tried to pay.
    #[must_use]
    pub fn is_being_paid(&self, identifier: &str) -> bool {
        let root = self.named_here(identifier).map(|ix| self.arena.get(ix));
        let mut members = root.into_iter().flat_map(|root| self.members(root));
        members.any(|(ix, _)| match self.checkout_status(ix) {
            Some(CheckoutStatus::Processing) => true,
            // Its page is where it was, and may be paid at another try.
            Some(CheckoutStatus::Failed) => self.checkout_view(ix).is_some_and(|view| {
                let is_real = *view.opened.gateway != *GATEWAY_SANDBOX;
                is_real && !view.pages.is_empty() && !view.is_page_closed
            }),
            Some(
                CheckoutStatus::Open
                | CheckoutStatus::Cancelled
                | CheckoutStatus::Expired
                | CheckoutStatus::Paid,
            )
            | None => false,
        })
    }

    /// The subscriptions of ours that a customer has: not ended, not superseded. Oldest first.
    #[must_use]
    pub fn held_subscriptions(&self, identifier: &str) -> Vec<SubscriptionStanding> {
        let Some(root) = self.named_here(identifier) else {
            return Vec::new();
        };
        let root = self.arena.get(root);
        let all = self
            .subscriptions_of(root)
            .filter_map(|ix| self.standing_at(ix));
        let mut held: Vec<_> = all
            .filter(|standing| standing.is_ours && !standing.ended)
            .collect();
        held.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        held
    }

    /// A customer's subscriptions that are sold here and go on: not ended, not to be ended by a
    /// cancel, in the order in which they began.
    #[must_use]
    pub fn live_subscriptions(&self, identifier: &str) -> Vec<SubscriptionStanding> {
        let mut held = self.held_subscriptions(identifier);
        held.retain(|standing| !standing.is_cancel_asked);
        held
    }
}

/// A checkout of a plan that can still be paid.
struct Pending<'a> {
    opened: (Timestamp, &'a str),
    plan_id: &'a str,
    subscription: &'a str,
}

/// What a checkout sells of a plan; `None` for an add-on, and while it is not known.
pub(super) fn plan_sold(held: &OwnCheckout) -> Option<PlanSold<'_>> {
    let opened = held.opened()?;
    let Item::Plan {
        plan_id,
        name,
        period,
        quantities,
        trial_days,
        ..
    } = &opened.item
    else {
        return None;
    };
    let decided = held.pays().and_then(|(_, pays)| pays.quantities.as_ref());
    Some(PlanSold {
        plan_id,
        name,
        period: *period,
        price: opened.price,
        quantities: decided.unwrap_or(quantities),
        trial_days: *trial_days,
    })
}
