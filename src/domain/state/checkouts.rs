//! Reading checkouts that were opened here out of the state, with the payments that are linked to
//! them. Knows nothing of what follows for what they sell.

use hashbrown::HashSet;

use super::State;
use super::arena::Ix;
use super::entity::{Body, Kind, Role};
use crate::domain::checkout::{
    CheckoutView, GatewayWork, Heard, Outcome, OwnCheckout, PaymentMade,
};
use crate::domain::own::{CheckoutOpened, GATEWAY_SANDBOX, Item, PROVIDER};
use crate::domain::register::Stamp;
use crate::domain::standing::{PeriodPaid, Word, word_of};
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;

/// Payments hang under a checkout by an order, or by an invoice of a subscription.
const PAYMENT_DEPTH_MAX: usize = 4;

/// A payment that is linked to a checkout.
pub(super) struct Linked<'a> {
    pub(super) ix: Ix,
    pub(super) made: PaymentMade<'a>,
    /// When the attempt was asked for that it was made in.
    pub(super) asked: Option<Stamp>,
    /// The gateway's subscription that charged it, where one did.
    pub(super) charged_by: Option<Ix>,
}

impl<'a> Linked<'a> {
    /// Its place among the payments of the checkout.
    fn place(&self) -> (Word<'a>, Outcome) {
        let made = &self.made;
        (word_of(made.at, self.asked, made.id), made.outcome)
    }
}

impl State {
    /// A checkout that was opened here.
    #[must_use]
    pub fn checkout(&self, id: &str) -> Option<CheckoutView> {
        let ix = self.arena.find(Kind::Checkout, PROVIDER, id)?;
        self.checkout_view(ix)
    }

    pub(super) fn checkout_view(&self, ix: Ix) -> Option<CheckoutView> {
        let entity = self.arena.get(ix);
        let customer = self.owner_name(entity)?;
        entity.own_checkout()?.view(&self.heard_of(ix), customer)
    }

    /// What others say of a checkout.
    pub(super) fn heard_of(&self, checkout: Ix) -> Heard<'_> {
        let linked = self.linked_payments(checkout);
        let below = self.below(checkout).into_iter();
        let closed = below.filter_map(|ix| {
            let entity = self.arena.get(ix);
            let is_closed = match &entity.body {
                Body::Checkout(held) => matches!(
                    held.status(),
                    Some(CheckoutStatus::Cancelled | CheckoutStatus::Expired)
                ),
                Body::Subscription(held) => held.is_known() && held.status().is_end(),
                Body::Party(_)
                | Body::Payment(_)
                | Body::Addon(_)
                | Body::PaymentMethod(_)
                | Body::Links => false,
            };
            is_closed.then_some(&*entity.name)
        });
        Heard {
            payments: linked.into_iter().map(|linked| linked.made).collect(),
            closed_pages: closed.collect(),
        }
    }

    /// How far a checkout has come.
    pub(super) fn checkout_status(&self, ix: Ix) -> Option<CheckoutStatus> {
        let held = self.arena.get(ix).own_checkout()?;
        held.opened()?;
        Some(held.status(&self.heard_of(ix)))
    }

    /// The payments that are linked to a checkout of our own, each once, in the order in which they
    /// count.
    pub(super) fn linked_payments(&self, checkout: Ix) -> Vec<Linked<'_>> {
        let held = self.arena.get(checkout).own_checkout();
        let Some((held, opened)) = held.and_then(|held| Some((held, held.opened()?))) else {
            return Vec::new();
        };
        // One that may be found in several ways pays the checkout that it is nearest to.
        let is_nearest = |ix: &Ix| self.booked_on(*ix, 0) == Some(checkout);
        let found = self.payments_below(checkout);
        let linked = found
            .into_iter()
            .filter(is_nearest)
            .filter_map(|ix| self.linked(ix, checkout, (held, opened)));
        let mut linked: Vec<Linked<'_>> = linked.collect();
        linked.sort_by(|one, other| one.place().cmp(&other.place()));
        linked
    }

    /// The payments that belong to a thing, or to what belongs to it; itself, where it is one.
    pub(super) fn payments_below(&self, thing: Ix) -> Vec<Ix> {
        let mut found = Vec::new();
        let mut pending = vec![(thing, 0)];
        while let Some((ix, depth)) = pending.pop() {
            let kind = self.arena.get(ix).kind;
            if kind == Kind::Payment {
                found.push(ix);
            } else if kind != Kind::Party && depth < PAYMENT_DEPTH_MAX {
                let below = self.below(ix).into_iter();
                pending.extend(below.map(|child| (child, depth + 1)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn linked<'a>(
        &'a self,
        ix: Ix,
        checkout: Ix,
        (held, opened): (&OwnCheckout, &CheckoutOpened),
    ) -> Option<Linked<'a>> {
        let entity = self.arena.get(ix);
        let payment = entity.payment()?;
        let charging = self.subscription_billed(entity);
        let charging = charging.filter(|charging| {
            let sold = Role::Parent(Kind::Checkout);
            self.arena.get(*charging).linked(sold) == Some(checkout)
        });
        // What Razorpay's plan costs is said there: a charge of it is never too small, once it
        // pays for a period.
        let pays_a_period = charging.is_some_and(|charging| {
            let cells = self.arena.get(charging).subscription();
            cells.is_some_and(|cells| cells.paid_through().is_some())
        });
        let outcome = if payment.is_captured() && (pays_a_period || payment.covers(opened.price)) {
            Outcome::Pays
        } else if payment.has_failed() {
            Outcome::Failed
        } else {
            Outcome::Neither
        };
        let made = PaymentMade {
            at: self.payment_time(ix)?,
            id: &entity.name,
            outcome,
        };
        Some(Linked {
            ix,
            asked: held.asked_for(made.id),
            made,
            charged_by: charging,
        })
    }

    /// When the attempt was asked for that a payment was made in, at a checkout that was opened
    /// here.
    pub(super) fn asked_for(&self, payment: Ix) -> Option<Stamp> {
        let checkout = self.arena.get(self.booked_on(payment, 0)?);
        let name = &self.arena.get(payment).name;
        checkout.own_checkout()?.asked_for(name)
    }

    /// What the checkout sells that a payment was made at.
    pub(super) fn offered_to(&self, payment: Ix) -> Option<&Item> {
        let checkout = self.arena.get(self.booked_on(payment, 0)?);
        Some(&checkout.own_checkout()?.opened()?.item)
    }

    /// When a payment was made.
    pub(super) fn payment_time(&self, ix: Ix) -> Option<Timestamp> {
        let entity = self.arena.get(ix);
        let made_at = entity.payment()?.made_at();
        Some(made_at.unwrap_or(entity.activity.first()))
    }

    /// The payment that paid a checkout first.
    pub(super) fn first_payment(&self, checkout: Ix) -> Option<Linked<'_>> {
        let mut linked = self.linked_payments(checkout).into_iter();
        linked.find(|linked| linked.made.outcome == Outcome::Pays)
    }

    /// The payments by which somebody chose what a checkout sells, in the order in which they
    /// count: of what a gateway's subscription charges, only the first.
    pub(super) fn chosen_by(&self, checkout: Ix) -> Vec<(Ix, PeriodPaid<'_>)> {
        let linked = self.linked_payments(checkout);
        self.chosen_among(checkout, &linked).collect()
    }

    /// The same among all payments of the checkout, in the order in which they count.
    pub(super) fn chosen_among<'a>(
        &'a self,
        checkout: Ix,
        linked: &[Linked<'a>],
    ) -> impl Iterator<Item = (Ix, PeriodPaid<'a>)> {
        let mut charging = HashSet::new();
        let paying = linked.iter();
        let paying = paying.filter(|linked| linked.made.outcome == Outcome::Pays);
        let chosen =
            paying.filter(move |linked| linked.charged_by.is_none_or(|ix| charging.insert(ix)));
        chosen.map(move |linked| {
            let paid = PeriodPaid {
                at: linked.made.at,
                payment: linked.made.id,
                checkout: &self.arena.get(checkout).name,
                asked: linked.asked,
            };
            (linked.ix, paid)
        })
    }

    /// What must be asked of gateways, in the order of first mention.
    #[must_use]
    pub fn gateway_work(&self) -> Vec<GatewayWork> {
        let open = self.dues.with_work();
        open.flat_map(|ix| self.work_of(ix)).collect()
    }

    /// Whether that must be asked of a gateway.
    #[must_use]
    pub fn has_gateway_work(&self, work: &GatewayWork) -> bool {
        let (kind, id) = match work {
            GatewayWork::Open { checkout, .. } => (Kind::Checkout, checkout),
            GatewayWork::Cancel {
                subscription_id, ..
            } => (Kind::Subscription, subscription_id),
        };
        let found = self.arena.find(kind, PROVIDER, id);
        found.is_some_and(|ix| self.work_of(ix).contains(work))
    }

    /// What must be asked of a gateway about one checkout (`TRN-…`).
    #[must_use]
    pub fn gateway_work_about(&self, checkout: &str) -> Vec<GatewayWork> {
        let found = self.arena.find(Kind::Checkout, PROVIDER, checkout);
        found.map_or_else(Vec::new, |ix| self.work_of(ix))
    }

    /// What must be asked of a gateway about a checkout or a subscription of our own.
    pub(super) fn work_of(&self, ix: Ix) -> Vec<GatewayWork> {
        if self.arena.get(ix).kind == Kind::Subscription {
            return self.stops_of(ix);
        }
        self.opening_of(ix).into_iter().collect()
    }

    fn opening_of(&self, ix: Ix) -> Option<GatewayWork> {
        if self.checkout_status(ix)? != CheckoutStatus::Processing {
            return None;
        }
        let entity = self.arena.get(ix);
        let view = self.checkout_view(ix)?;
        let has_page = view.at_gateway.is_some() && *view.opened.gateway != *GATEWAY_SANDBOX;
        (!has_page).then(|| GatewayWork::Open {
            checkout: entity.name.clone(),
            attempt: view.attempt,
        })
    }
}
