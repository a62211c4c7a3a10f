//! Reading payments out of the state.

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, Role};
use super::page::{Ident, Page, page};
use crate::domain::id::Prefix;
use crate::domain::payment::{Payment, PaymentLinks, PaymentView};

impl State {
    /// One payment, by the provider's id.
    #[must_use]
    pub fn payment(&self, id: &str) -> Option<PaymentView> {
        let find = |provider: &&str| self.arena.find(Kind::Payment, provider, id);
        self.payment_view(self.providers.iter().find_map(find)?)
    }

    /// Payments, newest change first, of one customer and one subscription where they are given.
    #[must_use]
    pub fn payments(
        &self,
        customer: Option<&str>,
        subscription: Option<&str>,
        after: Option<Ident>,
        limit: usize,
    ) -> Page<PaymentView> {
        let of_customer: Vec<(Ix, &Entity)> = match customer {
            None => self.arena.of_kind(Kind::Payment).collect(),
            Some(id) => self
                .find_customer(id)
                .map(|root| self.members(self.arena.get(root)).collect())
                .unwrap_or_default(),
        };
        let wanted = subscription.map(|id| self.find_subscription(id));
        let ranked = of_customer
            .into_iter()
            .filter(|(_, e)| e.payment().is_some_and(Payment::is_known))
            .filter(|(_, e)| wanted.is_none_or(|w| w.is_some() && self.subscription_paid(e) == w))
            .map(|(ix, e)| {
                (
                    Ident {
                        updated_at: e.activity.last(),
                        id: e.id.as_u64(),
                    },
                    ix,
                )
            });
        page(ranked, after, limit, |ix| self.payment_view(ix))
    }

    /// How many payments there are.
    #[must_use]
    pub fn payment_count(&self) -> usize {
        let all = self.arena.of_kind(Kind::Payment);
        all.filter(|(_, e)| e.payment().is_some_and(Payment::is_known))
            .count()
    }

    /// Which subscription a payment pays: said outright, or by way of its invoice.
    fn subscription_paid(&self, payment: &Entity) -> Option<Ix> {
        let by_invoice = || {
            let invoice = payment.linked(Role::Parent(Kind::Invoice))?;
            self.arena
                .get(invoice)
                .linked(Role::Parent(Kind::Subscription))
        };
        let outright = payment.linked(Role::Parent(Kind::Subscription));
        outright.or_else(by_invoice)
    }

    pub(super) fn payment_view(&self, ix: Ix) -> Option<PaymentView> {
        let entity = self.arena.get(ix);
        let name = |parent: Option<Ix>| parent.map(|ix| self.arena.get(ix).name.clone());
        let subscription = self.subscription_paid(entity);
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
