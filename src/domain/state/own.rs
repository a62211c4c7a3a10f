//! Taking in what is born here: commands and what fell due. Each arm only puts a fact into the cells
//! of the thing that the event names; what follows from it is worked out when it is read.

use super::State;
use super::arena::Ix;
use super::entity::{Body, Kind};
use super::links::{Told, checkout_named};
use crate::domain::checkout::OwnCheckout;
use crate::domain::decided::{Decided, Replaced};
use crate::domain::event::{Naming, PaymentFact};
use crate::domain::id::Prefix;
use crate::domain::own::{
    About, Begun, CheckoutOpened, OwnFact, PROVIDER, Pays, SubscriptionBegun,
};
use crate::domain::register::{Origin, Stamp};
use crate::domain::time::Timestamp;

/// The key of the note that names an attempt at a checkout.
const ATTEMPT_NOTE: &str = "checkout_attempt";

/// Of a link that nobody told, because the ids alone say it: every other stands above it.
pub(super) const LEAST: Stamp = Stamp {
    occurred_at: Timestamp::EPOCH,
    origin: Origin::Ours { seq: 0 },
};

impl State {
    /// Takes in one fact of our own; says what it is about.
    pub(super) fn own_told(&mut self, fact: &OwnFact, told: &Told<'_>, seq: u64) -> Option<Ix> {
        let customer = self.customer_told(fact, told, seq);
        if let OwnFact::CustomerCreated(fact) = fact
            && let Some(begun) = &fact.subscription
        {
            self.begun(begun, &fact.identifier, told);
        }
        if customer.is_some() {
            return customer;
        }
        let about = self.thing_told(fact, told)?;
        self.touch(about, told.activity);
        Some(about)
    }

    fn begun(&mut self, begun: &Begun, identifier: &str, told: &Told<'_>) {
        let ix = self.decide(&begun.id, |held| held.begin(begun, told.stamp));
        self.belongs_to(ix, identifier, told);
        self.touch(ix, told.activity);
        self.mark_stale(ix);
    }

    /// A subscription begins without a payment, mostly in the place of others. What is changed into
    /// it goes on as it.
    fn had(&mut self, fact: &SubscriptionBegun, is_change: bool, told: &Told<'_>) -> Ix {
        let (stamp, new) = (told.stamp, &*fact.begun.id);
        let ix = self.decide(new, |held| {
            held.have(fact, stamp);
            if is_change {
                held.changed_from(&fact.supersedes);
            }
        });
        self.belongs_to(ix, &fact.identifier, told);
        for id in &fact.supersedes {
            let replaced = Replaced {
                stamp,
                seq: told.activity.last_seq(),
            };
            let before = self.decide(id, |held| {
                if is_change {
                    held.changed_into(new, replaced);
                } else {
                    held.replaced_by(new, replaced);
                }
            });
            self.meet(ix, before);
            self.mark_stale(before);
        }
        if let Some(id) = &fact.checkout {
            let checkout = self.own_checkout_mut(id, |held| held.take(stamp.occurred_at));
            self.meet(ix, checkout);
            self.mark_stale(checkout);
        }
        ix
    }

    /// Takes in what is told of a checkout or a subscription.
    fn thing_told(&mut self, fact: &OwnFact, told: &Told<'_>) -> Option<Ix> {
        let stamp = told.stamp;
        Some(match fact {
            OwnFact::CheckoutOpened(fact) => self.checkout_opened(fact, told),
            OwnFact::CheckoutAttempted(fact) => {
                let ix = self.own_checkout_mut(&fact.id, |held| held.attempt(fact, stamp));
                self.sale_told(ix, fact.pays.as_ref(), told);
                ix
            }
            OwnFact::CheckoutAtGateway(fact) => {
                self.own_checkout_mut(&fact.id, |held| held.at_gateway(fact, stamp))
            }
            OwnFact::CheckoutRefused(fact) => {
                self.own_checkout_mut(&fact.id, |held| held.refuse(fact, stamp))
            }
            OwnFact::CheckoutCancelled(fact) => {
                self.own_checkout_mut(&fact.id, |held| held.cancel(stamp.occurred_at))
            }
            OwnFact::CheckoutExpired(fact) => {
                self.own_checkout_mut(&fact.id, |held| held.end_passed(fact.due))
            }
            OwnFact::SubscriptionCreated(fact) => self.had(fact, false, told),
            OwnFact::PlanChanged(fact) => self.had(fact, true, told),
            OwnFact::CancelAsked(fact) => {
                self.decide(&fact.subscription_id, |held| held.cancel(fact, stamp))
            }
            OwnFact::CancelledAtGateway(fact) => self.decide(&fact.subscription_id, |held| {
                held.cancelled_at_gateway(fact, stamp);
            }),
            OwnFact::EndDateSet(fact) => self.decide(&fact.subscription_id, |held| {
                held.set_end_date(fact.ends_at, stamp);
            }),
            OwnFact::TrialEnded(fact) => {
                self.decide(&fact.subscription_id, |held| held.trial_passed(fact.due))
            }
            OwnFact::SubscriptionEnded(fact) => {
                self.decide(&fact.subscription_id, |held| held.end_passed(fact.due))
            }
            OwnFact::CustomerCreated(_)
            | OwnFact::CustomerUpdated(_)
            | OwnFact::CustomerArchived(_)
            | OwnFact::UsageReported(_)
            | OwnFact::UsageEvent(_)
            | OwnFact::AllowancesSet(_)
            | OwnFact::UsageRead(_)
            | OwnFact::UsageCounted(_) => return None,
        })
    }

    fn checkout_opened(&mut self, fact: &CheckoutOpened, told: &Told<'_>) -> Ix {
        if let Some(customer) = &fact.customer {
            self.customer_made(customer, told);
        }
        let ix = self.own_checkout_mut(&fact.id, |held| held.open(fact, told.stamp));
        self.sale_told(ix, fact.pays().as_ref(), told);
        self.belongs_to(ix, &fact.identifier, told);
        ix
    }

    /// Notes which subscription the payments of a checkout may be for, and links it to the one that
    /// they are for: that of the newest attempt, whatever the times.
    fn sale_told(&mut self, ix: Ix, told_of: Option<&Pays>, told: &Told<'_>) {
        let checkout = self.arena.get(ix).name.clone();
        if let Some(pays) = told_of {
            let sold = self.own_subscription(&pays.subscription_id);
            self.belongs_to(sold, &pays.identifier, told);
            self.met.insert(ix, sold);
            for id in &pays.supersedes {
                let before = self.decide(id, |held| held.superseded_by(&checkout));
                self.meet(ix, before);
            }
        }
        let held = self.arena.get(ix).own_checkout();
        let pays = held.and_then(OwnCheckout::pays);
        let Some((stamp, id)) = pays.map(|(stamp, pays)| (stamp, pays.subscription_id.clone()))
        else {
            return;
        };
        let sold = self.own_subscription(&id);
        if self.link_instead(ix, Kind::Subscription, sold, stamp) {
            self.relink(ix);
        }
    }

    /// Notes whose it is, by the merchant's identifier.
    fn belongs_to(&mut self, ix: Ix, identifier: &str, told: &Told<'_>) {
        let naming = Naming {
            identifier: Some(identifier.into()),
            ..Naming::default()
        };
        if self.name(ix, &naming, told) {
            self.relink(ix);
        }
    }

    fn own_checkout_mut(&mut self, id: &str, tell: impl FnOnce(&mut OwnCheckout)) -> Ix {
        let ix = self.thing(Kind::Checkout, PROVIDER, id);
        if let Body::Checkout(held) = self.arena.body_mut(ix) {
            tell(held.own_mut());
        }
        ix
    }

    fn decide(&mut self, subscription: &str, tell: impl FnOnce(&mut Decided)) -> Ix {
        let ix = self.own_subscription(subscription);
        self.decided_mut(ix, tell);
        ix
    }

    fn decided_mut(&mut self, ix: Ix, tell: impl FnOnce(&mut Decided)) {
        if let Body::Subscription(held) = self.arena.body_mut(ix) {
            tell(held.decided_mut());
        }
    }

    /// What is decided here about the subscription of that id: of one of our own, or beside a
    /// provider's that has no id but ours.
    fn own_subscription(&mut self, id: &str) -> Ix {
        let (ix, is_new) = self.arena.intern(Kind::Subscription, PROVIDER, id);
        if is_new && let Some(sole) = self.sole_beside(ix) {
            self.decided_beside(ix, sole);
        }
        ix
    }

    /// The provider's subscription without an id that one of our own has the id of.
    pub(super) fn sole_beside(&self, ix: Ix) -> Option<Ix> {
        let entity = self.arena.get(ix);
        let is_own = entity.kind == Kind::Subscription && self.is_own(ix);
        let sole = || self.arena.find_id(&[Kind::SoleSubscription], entity.id);
        is_own.then(sole).flatten()
    }

    /// A provider's subscription that has no id but ours was met first: something may have been
    /// decided about it already.
    pub(super) fn sole_met(&mut self, sole: Ix) {
        if !self.arena.has_space(PROVIDER) {
            return;
        }
        let id = self.arena.get(sole).id.with(Prefix::Subscription);
        let found = self
            .arena
            .find(Kind::Subscription, PROVIDER, &id.to_string());
        if let Some(ix) = found {
            self.decided_beside(ix, sole);
        }
    }

    fn decided_beside(&mut self, ix: Ix, sole: Ix) {
        if self.link(ix, Kind::SoleSubscription, sole, LEAST) {
            self.relink(ix);
        }
    }

    /// Notes the attempt at a checkout that a payment's notes name.
    pub(super) fn attempt_named(&mut self, fact: &PaymentFact) {
        let mut notes = fact.naming.notes.iter();
        let note = notes.find(|(key, _)| **key == *ATTEMPT_NOTE);
        let attempt = note.and_then(|(_, value)| value.parse().ok());
        if let Some(attempt) = attempt
            && let Some(checkout) = checkout_named(&fact.naming)
        {
            self.own_checkout_mut(checkout, |held| held.paid_in(&fact.id, attempt));
        }
    }

    /// What a fact of our own is about; nothing for what is said of a customer alone.
    pub(super) fn own_thing_of(&self, fact: &OwnFact) -> Option<Ix> {
        let (kind, id) = match fact.about() {
            About::Customer => return None,
            About::Checkout(id) => (Kind::Checkout, id),
            About::Subscription(id) => (Kind::Subscription, id),
        };
        self.arena.find(kind, PROVIDER, id)
    }

    /// Whether something is born here.
    pub(super) fn is_own(&self, ix: Ix) -> bool {
        self.arena.provider(self.arena.get(ix).space) == PROVIDER
    }
}
