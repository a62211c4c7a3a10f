//! Payments seen as what was sold: orders. One that is not paid yet, or nobody's, is none.

use super::{MoneyListing, MoneySearched};
use crate::domain::access::AsOf;
use crate::domain::catalog::Period;
use crate::domain::customer::CustomerView;
use crate::domain::order::{Billing, OrderStatus};
use crate::domain::payment::{PaymentView, Sold};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::Kind;
use crate::domain::state::numbered::{Newest, Place};
use crate::domain::state::records::SubscriptionRecord;

/// Which orders; what is left open is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrdersAsked {
    /// What is searched for; the time is that of the payment.
    pub searched: MoneySearched,
    /// How far they have come.
    pub status: Option<OrderStatus>,
    /// What is paid for.
    pub billing: Option<Billing>,
    /// Whether they pay another period.
    pub is_renewal: Option<bool>,
}

/// One order.
#[derive(Debug, Clone, Copy)]
pub struct OrderKey(Ix);

/// A payment with all that is known of what was sold with it.
#[derive(Debug, Clone)]
pub struct OrderRecord {
    /// The money.
    pub payment: PaymentView,
    /// What is said of the sale.
    pub sold: Sold,
    /// What is paid for.
    pub billing: Billing,
    /// Whether it pays another period of a subscription.
    pub is_renewal: bool,
    /// The word that its customer goes by: the merchant's identifier, else a provider's id.
    pub customer_key: Box<str>,
    /// Whose it is.
    pub customer: CustomerView,
    /// What it pays for.
    pub subscription: Option<SubscriptionRecord>,
}

impl OrdersAsked {
    fn wants(&self, state: &State, ix: Ix, status: OrderStatus) -> bool {
        let is_billing = |wanted| state.billing_of(ix) == wanted;
        let is_renewal = |wanted| state.is_renewal(ix) == wanted;
        self.status.is_none_or(|wanted| status == wanted)
            && self.billing.is_none_or(is_billing)
            && self.is_renewal.is_none_or(is_renewal)
    }
}

impl MoneyListing for OrdersAsked {
    type Key = OrderKey;
    type Record = OrderRecord;

    fn of_customer(&self, state: &State, root: Place, offer: &mut dyn FnMut(Newest, OrderKey)) {
        let Place(root_ix) = root;
        let root = state.arena.get(root_ix);
        let mut searched = None;
        for (ix, entity) in state.payments_of(root) {
            let status = entity.payment().map(|payment| payment.order_status());
            let wanted = status.filter(|status| *status != OrderStatus::Pending);
            let (Some(status), Some(at)) = (wanted, state.sold_at(ix)) else {
                continue;
            };
            let mut is_customers = |needle: &str| {
                *searched.get_or_insert_with(|| state.matches(root_ix, root, needle))
            };
            let id = entity.id.as_u64();
            if self.searched.is_of_the_time(at)
                && self.searched.finds(&[&entity.name], &mut is_customers)
                && self.wants(state, ix, status)
            {
                offer(Newest { at, id }, OrderKey(ix));
            }
        }
    }

    fn record(&self, state: &State, key: OrderKey, as_of: AsOf) -> Option<OrderRecord> {
        state.order_of(key.0, as_of)
    }
}

impl State {
    /// One order, by the provider's id of its payment; nothing of one that is no order yet, or
    /// nobody's.
    #[must_use]
    pub fn order(&self, id: &str, as_of: AsOf) -> Option<OrderRecord> {
        let record = self.order_of(self.find_order(id)?, as_of)?;
        (record.sold.status != OrderStatus::Pending).then_some(record)
    }

    fn find_order(&self, id: &str) -> Option<Ix> {
        let find = |provider: &&str| self.arena.find(Kind::Payment, provider, id);
        self.providers.iter().find_map(find)
    }

    /// All orders of the subscription that this one pays, in no order; without one this alone.
    pub(super) fn orders_beside(&self, id: &str, as_of: AsOf) -> Vec<OrderRecord> {
        let own = self.order(id, as_of).and_then(|_| self.find_order(id));
        let Some(own) = own else {
            return Vec::new();
        };
        let paid = self.subscription_paid(own);
        let owner = self.arena.get(own).owner.map(|root| self.arena.get(root));
        let all = owner.into_iter().flat_map(|root| self.payments_of(root));
        let beside = all.filter(|(ix, _)| {
            *ix == own || (paid.is_some() && self.subscription_paid(*ix) == paid)
        });
        let records = beside.filter_map(|(ix, _)| self.order_of(ix, as_of));
        records
            .filter(|record| record.sold.status != OrderStatus::Pending)
            .collect()
    }

    pub(super) fn order_of(&self, ix: Ix, as_of: AsOf) -> Option<OrderRecord> {
        let entity = self.arena.get(ix);
        let root = entity.owner?;
        let subscription = self.subscription_shown(ix);
        Some(OrderRecord {
            payment: self.payment_view(ix)?,
            sold: entity.payment()?.sold(),
            billing: self.billing_of(ix),
            is_renewal: self.is_renewal(ix),
            customer_key: self.arena.get(root).name.clone(),
            customer: self.customer_view(root, None),
            subscription: subscription.and_then(|ix| self.record_at(ix, as_of)),
        })
    }

    /// What a payment is for: by its provider's word, else by what is sold.
    fn billing_of(&self, ix: Ix) -> Billing {
        let told = self.arena.get(ix).payment().and_then(|held| held.billing());
        let sold = || {
            let terms = self
                .subscription_shown(ix)
                .map(|paid| self.subscription_view(paid, None).and_then(|it| it.terms));
            match terms {
                Some(Some(terms)) if terms.period == Period::OneTime => Billing::OneTime,
                Some(_) => Billing::Subscription,
                None => Billing::OneTime,
            }
        };
        told.unwrap_or_else(sold)
    }

    /// Whether a payment is for another period: by its provider's word, else because the same
    /// subscription was paid before.
    fn is_renewal(&self, ix: Ix) -> bool {
        let entity = self.arena.get(ix);
        let told = entity.payment().and_then(|held| held.is_renewal());
        told.unwrap_or_else(|| self.is_paid_before(ix).unwrap_or(false))
    }

    fn is_paid_before(&self, ix: Ix) -> Option<bool> {
        let entity = self.arena.get(ix);
        let own = (self.sold_at(ix)?, entity.id.as_u64());
        let paid = self.subscription_paid(ix)?;
        let root = self.arena.get(entity.owner?);
        let mut others = self.payments_of(root);
        Some(others.any(|(other, held)| {
            let at = held.payment().and_then(|payment| payment.paid_at());
            at.is_some_and(|at| (at, held.id.as_u64()) < own)
                && self.subscription_paid(other) == Some(paid)
        }))
    }
}
