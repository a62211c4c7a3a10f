//! Reading payments out of the state.

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, Role};
use super::page::{Gathering, Ident, Listing, Page, page};
use crate::domain::id::Prefix;
use crate::domain::payment::{PaymentLinks, PaymentView};

const TO_SUBSCRIPTION: Role = Role::Parent(Kind::Subscription);

/// See [`State::payments_wanted`].
#[derive(Debug, Clone, Copy, Default)]
pub struct PaymentsWanted {
    /// Of this subscription; of none where there is no such one.
    subscription: Option<Option<Ix>>,
}

impl Listing for PaymentsWanted {
    fn rank(&self, state: &State, ix: Ix) -> Option<Ident> {
        let entity = state.arena.get(ix);
        let pays = |wanted: Option<Ix>| wanted.is_some() && state.subscription_paid(ix) == wanted;
        let fits = entity.payment()?.is_known() && self.subscription.is_none_or(pays);
        fits.then_some(Ident {
            updated_at: entity.activity.last(),
            id: entity.id.as_u64(),
        })
    }

    fn stands_for(&self, _: &State, ix: Ix) -> Option<Ix> {
        Some(ix)
    }
}

impl State {
    /// One payment, by the provider's id.
    #[must_use]
    pub fn payment(&self, id: &str) -> Option<PaymentView> {
        let find = |provider: &&str| self.arena.find(Kind::Payment, provider, id);
        self.payment_view(self.providers.iter().find_map(find)?)
    }

    /// One customer's payments, newest change first, of one subscription where it is given.
    #[must_use]
    pub fn payments_made(
        &self,
        customer: &str,
        subscription: Option<&str>,
        after: Option<Ident>,
        limit: usize,
    ) -> Page<PaymentView> {
        let wanted = self.payments_wanted(subscription);
        let root = self.find_customer(customer).map(|ix| self.arena.get(ix));
        let made = root.into_iter().flat_map(|root| self.members(root));
        let ranked = made.filter_map(|(ix, _)| Some((wanted.rank(self, ix)?, ix)));
        page(ranked, after, limit, |ix| self.payment_view(ix))
    }

    /// Which payments: all, or those of one subscription, by any id.
    #[must_use]
    pub fn payments_wanted(&self, subscription: Option<&str>) -> PaymentsWanted {
        PaymentsWanted {
            subscription: subscription
                .map(|id| Some(self.representative(self.find_subscription(id)?))),
        }
    }

    /// Looks at the next things for a page of everybody's payments; says whether any are left.
    pub fn gather_payments(&self, wanted: &PaymentsWanted, page: &mut Gathering) -> bool {
        self.gather(wanted, page)
    }

    /// The page of payments, once everything was looked at, newest change first.
    #[must_use]
    pub fn payments_page(&self, wanted: &PaymentsWanted, page: Gathering) -> Page<PaymentView> {
        self.finish_page(wanted, page, |ix| self.payment_view(ix))
    }

    /// Which subscription a payment pays, as it is shown.
    pub(super) fn subscription_paid(&self, ix: Ix) -> Option<Ix> {
        let payment = self.arena.get(ix);
        let sold = || {
            self.arena
                .get(self.booked_on(ix, 0)?)
                .linked(TO_SUBSCRIPTION)
        };
        let paid = self.subscription_billed(payment).or_else(sold)?;
        Some(self.representative(paid))
    }

    /// Which subscription a payment names where it is shown: one that no payment has begun yet is
    /// shown nowhere.
    pub(super) fn subscription_shown(&self, ix: Ix) -> Option<Ix> {
        let paid = self.subscription_paid(ix)?;
        let is_shown = !self.is_own(paid) || self.shown_subscription(paid).is_some();
        is_shown.then_some(paid)
    }

    /// Which of the provider's subscriptions a payment pays: said outright, or by way of its
    /// invoice.
    pub(super) fn subscription_billed(&self, payment: &Entity) -> Option<Ix> {
        let by_invoice = || {
            let invoice = payment.linked(Role::Parent(Kind::Invoice))?;
            self.arena.get(invoice).linked(TO_SUBSCRIPTION)
        };
        let outright = payment.linked(TO_SUBSCRIPTION);
        outright.or_else(by_invoice)
    }

    pub(super) fn payment_view(&self, ix: Ix) -> Option<PaymentView> {
        self.payment_for(ix, self.subscription_shown(ix))
    }

    /// The same, where it is known which subscription it names.
    pub(super) fn payment_for(&self, ix: Ix, subscription: Option<Ix>) -> Option<PaymentView> {
        let entity = self.arena.get(ix);
        let name = |parent: Option<Ix>| parent.map(|ix| self.arena.get(ix).name.clone());
        let payment = entity.payment()?;
        payment.view(PaymentLinks {
            id: entity.name.clone(),
            provider: self.arena.provider(entity.space),
            source: self.source_name(payment.source()),
            customer: self.owner_name(entity),
            subscription_id: subscription
                .map(|ix| self.arena.get(ix).id.with(Prefix::Subscription).to_string()),
            invoice_id: name(entity.linked(Role::Parent(Kind::Invoice))),
            order_id: name(entity.linked(Role::Parent(Kind::Order))),
            activity: entity.activity,
        })
    }
}
