//! Payments seen as what was sold: orders. One that is not paid yet, or nobody's, is none.

use super::{Book, MoneyListing, MoneySearched, Sheet};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::order::{Billing, OrderStatus};
use crate::domain::own::Item;
use crate::domain::payment::{PaymentView, Sold};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::Kind;
use crate::domain::state::numbered::Newest;
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
    /// Whose it is, less what that one holds.
    pub customer: CustomerView,
    /// What it pays for, once that has begun.
    pub subscription: Option<SubscriptionRecord>,
    /// What the checkout of ours sells at which it was paid, or tried to.
    pub item: Option<Item>,
}

impl OrderRecord {
    /// Whether what it pays for is tried before the first period that is paid.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        let is_tried = matches!(
            self.item,
            Some(Item::Plan {
                trial_days: 1..,
                ..
            })
        );
        is_tried && !self.is_renewal
    }
}

impl OrdersAsked {
    fn wants(&self, sheet: &Sheet<'_>, ix: Ix, status: OrderStatus) -> bool {
        let is_billing = |wanted| sheet.billing_of(ix) == wanted;
        let is_renewal = |wanted| sheet.is_renewal(ix) == wanted;
        self.status.is_none_or(|wanted| status == wanted)
            && self.billing.is_none_or(is_billing)
            && self.is_renewal.is_none_or(is_renewal)
    }
}

impl MoneyListing for OrdersAsked {
    type Key = OrderKey;
    type Record = OrderRecord;

    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, OrderKey)) {
        for (ix, entity) in sheet.payments() {
            let status = entity.payment().map(|payment| payment.order_status());
            let wanted = status.filter(|status| *status != OrderStatus::Pending);
            let (Some(status), Some(at)) = (wanted, sheet.state.sold_at(ix)) else {
                continue;
            };
            if self.searched.is_of_the_time(at)
                && sheet.finds(&self.searched, &[&entity.name])
                && self.wants(sheet, ix, status)
            {
                offer(sheet.state.placed(ix, at, 0, 0), OrderKey(ix));
            }
        }
    }

    fn record(&self, book: &Book<'_>, key: OrderKey) -> Option<OrderRecord> {
        book.order(key.0)
    }
}

impl State {
    /// One order, by the provider's id of its payment; nothing of one that is no order yet, or
    /// nobody's.
    #[must_use]
    pub fn order(&self, id: &str, as_of: AsOf) -> Option<OrderRecord> {
        let record = Book::of(self, as_of).order(self.find_order(id)?)?;
        (record.sold.status != OrderStatus::Pending).then_some(record)
    }

    fn find_order(&self, id: &str) -> Option<Ix> {
        let find = |provider: &&str| self.arena.find(Kind::Payment, provider, id);
        self.providers.iter().find_map(find)
    }

    /// The payments of all orders of the subscription that this one pays, in no order; without one
    /// this alone.
    pub(super) fn orders_beside(&self, id: &str) -> Vec<Ix> {
        let Some((own, root)) = self
            .find_order(id)
            .and_then(|own| Some((own, self.arena.get(own).owner?)))
            .filter(|(own, _)| self.is_order(*own))
        else {
            return Vec::new();
        };
        let paid = self.subscription_paid(own);
        let all = self.payments_of(self.arena.get(root)).map(|(ix, _)| ix);
        let beside =
            all.filter(|ix| *ix == own || (paid.is_some() && self.subscription_paid(*ix) == paid));
        beside.filter(|ix| self.is_order(*ix)).collect()
    }

    fn is_order(&self, ix: Ix) -> bool {
        let payment = self.arena.get(ix).payment();
        payment.is_some_and(|held| held.is_known() && held.order_status() != OrderStatus::Pending)
    }
}

impl Book<'_> {
    /// A payment of a customer, with what was sold with it.
    pub(super) fn order(&self, ix: Ix) -> Option<OrderRecord> {
        let entity = self.state.arena.get(ix);
        let sheet = self.sheet(entity.owner?);
        let subscription = self.subscription_of(ix);
        let paid = self
            .state
            .subscription_paid(ix)
            .filter(|_| subscription.is_some());
        Some(OrderRecord {
            payment: self.state.payment_for(ix, paid)?,
            sold: entity.payment()?.sold(),
            billing: sheet.billing_of(ix),
            is_renewal: sheet.is_renewal(ix),
            customer_key: sheet.root.name.clone(),
            customer: sheet.customer(),
            subscription,
            item: self.state.offered_to(ix).cloned(),
        })
    }
}
