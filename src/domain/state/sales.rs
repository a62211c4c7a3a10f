//! Reading what is sold here out of the state: the subscriptions and add-ons that follow from
//! checkouts and their payments. Knows no rule of its own: how they stand is worked out elsewhere.

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, Role};
use crate::domain::activity::Activity;
use crate::domain::addon::AddonView;
use crate::domain::checkout::{Outcome, OwnCheckout};
use crate::domain::decided::{Decided, Replaced};
use crate::domain::own::{CheckoutOpened, Item, PROVIDER};
use crate::domain::register::Stamp;
use crate::domain::standing::{
    Basis, Charged, PeriodPaid, PlanSold, Standing, SubscriptionStanding, Word,
};
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
        payments.chain(charged).chain(superseding)
    }
}

impl State {
    /// The checkouts that sell a subscription of our own.
    fn checkouts_of(&self, sold: Ix) -> impl Iterator<Item = (Ix, &OwnCheckout)> {
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
            let plan = held.opened().and_then(plan_sold);
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
    fn charging(&self, sold: Ix) -> Option<(Ix, Ix, Charged<'_>)> {
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
        let mut sources = Sources::default();
        let mut paid = Vec::new();
        let mut chosen = Vec::new();
        for (checkout, held) in self.checkouts_of(ix) {
            let Some(sold) = held.opened().and_then(plan_sold) else {
                continue;
            };
            chosen.extend(self.chosen_by(checkout));
            let linked = self.linked_payments(checkout).into_iter();
            for linked in linked.filter(|linked| linked.made.outcome == Outcome::Pays) {
                sources.payments.push(linked.ix);
                let payment = PeriodPaid {
                    at: linked.made.at,
                    payment: linked.made.id,
                    checkout: &self.arena.get(checkout).name,
                    asked: held.asked_for(linked.made.id),
                };
                if linked.charged_by.is_none() {
                    paid.push((payment, sold, (linked.ix, checkout)));
                }
            }
        }
        paid.sort_by_key(|(payment, _, _)| *payment);
        sources.periods = paid.iter().map(|(_, _, source)| *source).collect();
        let charged = self.charging(ix);
        sources.charged = charged.map(|(ix, checkout, _)| (ix, checkout));
        let newest = chosen.iter().map(|(_, paid)| paid.word()).max();
        let newest = newest.max(decided.had_at().map(Stamp::word));
        let superseded = self.superseded(ix, decided, newest);
        sources.superseding = superseded.map(|(_, _, by)| by);
        let basis = Basis {
            decided,
            paid: paid
                .into_iter()
                .map(|(paid, sold, _)| (paid, sold))
                .collect(),
            charged: charged.map(|(_, _, charged)| charged),
            superseded: superseded.map(|(at, checkout, _)| (at, checkout)),
        };
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

    /// When another took its place, by which checkout (`TRN-…`) or which did (`SUA-…`), and what
    /// said so: the first of all that are newer than its own `newest`.
    fn superseded<'a>(
        &'a self,
        ix: Ix,
        decided: &'a Decided,
        newest: Option<Word<'a>>,
    ) -> Option<(Timestamp, &'a str, Superseding)> {
        let own = &self.arena.get(ix).name;
        let paid = decided.superseders().filter_map(|id| {
            let checkout = self.arena.find(Kind::Checkout, PROVIDER, id)?;
            let held = self.arena.get(checkout).own_checkout();
            held.filter(|held| held.supersedes(own))?;
            let chosen = self.chosen_by(checkout).into_iter();
            let newer = chosen.filter(|(_, paid)| Some(paid.word()) > newest);
            newer.min_by_key(|(_, paid)| paid.word())
        });
        let paid = paid.map(|(payment, paid)| {
            let by = Superseding::Payment(payment);
            (paid.word(), (paid.at, paid.checkout, by))
        });
        let changed = decided.replacements().map(|(id, replaced)| {
            let by = Superseding::Change(replaced);
            let stamp = replaced.stamp;
            (stamp.word(), (stamp.occurred_at, id, by))
        });
        let changed = changed.filter(|(word, _)| Some(*word) > newest);
        let first = paid.chain(changed).min_by_key(|(word, _)| *word);
        first.map(|(_, found)| found)
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

    /// In the order in which they were opened.
    fn pending_sales(&self, identifier: &str, now: Timestamp) -> Vec<Pending<'_>> {
        let Some(root) = self.named_here(identifier) else {
            return Vec::new();
        };
        let root = self.arena.get(root);
        let pending = self.members(root).filter_map(|(ix, member)| {
            let held = member.own_checkout()?;
            let opened = held.opened()?;
            let sold = plan_sold(opened)?;
            let waits = self.checkout_status(ix)? < CheckoutStatus::Cancelled;
            let (_, pays) = held.pays()?;
            let is_over = |held: SubscriptionStanding| held.ended || held.is_cancel_asked;
            let fits = waits
                && now < opened.expires_at
                && !self.standing_of(&pays.subscription_id).is_some_and(is_over);
            fits.then_some(Pending {
                opened: (held.opened_at()?, &member.name),
                plan_id: sold.plan_id,
                subscription: &pays.subscription_id,
            })
        });
        let mut pending: Vec<_> = pending.collect();
        pending.sort_unstable_by_key(|sale| sale.opened);
        pending
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

/// What a checkout sells of a plan; `None` for an add-on.
pub(super) fn plan_sold(opened: &CheckoutOpened) -> Option<PlanSold<'_>> {
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
    Some(PlanSold {
        plan_id,
        name,
        period: *period,
        price: opened.price,
        quantities,
        trial_days: *trial_days,
    })
}
