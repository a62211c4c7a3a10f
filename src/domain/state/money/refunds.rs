//! What was paid back, and where to find it by its own id: it hangs on the payment that it is of.

use std::collections::BTreeSet;

use super::{Book, MoneyListing, MoneySearched, OrderRecord, Sheet};
use crate::domain::access::AsOf;
use crate::domain::event::ProviderName;
use crate::domain::id::Tsid;
use crate::domain::money::Money;
use crate::domain::order::{OrderStatus, RefundWord};
use crate::domain::payment::RefundSeen;
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::numbered::Newest;

/// The payments that refunds are of, by the number of their ids. It follows from the rest.
#[derive(Debug, Default)]
pub(in crate::domain::state) struct Refunds(BTreeSet<(u64, Ix)>);

/// Which refunds; what is left open is any. One of which no event says how much is in no list: whoever
/// reads one counts on a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundsAsked {
    /// What is searched for, by the refund's id or the payment's; the time is that of the refund.
    pub searched: MoneySearched,
    /// How far they have come.
    pub status: Option<RefundWord>,
}

/// One refund of a payment.
#[derive(Debug, Clone, Copy)]
pub struct RefundKey {
    payment: Ix,
    id: u64,
}

/// A refund with the order that it is of.
#[derive(Debug, Clone)]
pub struct RefundRecord {
    /// A function of the provider and its id.
    pub id: Tsid,
    /// What is said of it.
    pub refund: RefundSeen,
    /// How much: one of which nothing tells that yet is not shown among them.
    pub amount: Money,
    /// Of what.
    pub order: OrderRecord,
}

impl MoneyListing for RefundsAsked {
    type Key = RefundKey;
    type Record = RefundRecord;

    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, RefundKey)) {
        for (ix, entity) in sheet.payments() {
            let Some(payment) = entity.payment().filter(|held| held.has_refunds()) else {
                continue;
            };
            if payment.order_status() == OrderStatus::Pending {
                continue;
            }
            let provider = sheet.state.arena.provider(entity.space);
            for refund in payment.refunds_seen() {
                if refund.view.amount.is_none() {
                    continue;
                }
                let at = refund.view.created_at.unwrap_or(entity.activity.last());
                let id = Tsid::minted(provider, &refund.view.id).as_u64();
                let ids = [&*refund.view.id, &*entity.name];
                if self.searched.is_of_the_time(at)
                    && self.status.is_none_or(|wanted| wanted == refund.word)
                    && sheet.finds(&self.searched, &ids)
                {
                    let place = sheet.state.placed_after(ix, at, 0, id);
                    offer(place, RefundKey { payment: ix, id });
                }
            }
        }
    }

    fn record(&self, book: &Book<'_>, key: RefundKey) -> Option<RefundRecord> {
        book.refund(key.payment, key.id)
    }
}

impl State {
    /// One refund of an order, by its number. Of two payments that are said to have it, that of the
    /// one whose id is less.
    #[must_use]
    pub fn refund(&self, id: Tsid, as_of: AsOf) -> Option<RefundRecord> {
        let id = id.as_u64();
        let all = self.refunds.0.range((id, Ix::at(0))..);
        let payments = all.take_while(|(held, _)| *held == id).map(|(_, ix)| *ix);
        let book = Book::of(self, as_of);
        let records = payments.filter_map(|ix| book.refund(ix, id));
        records.min_by(|one, other| one.order.payment.id.cmp(&other.order.payment.id))
    }

    /// Notes which payment a refund is of.
    pub(in crate::domain::state) fn refund_told(
        &mut self,
        provider: ProviderName,
        id: &str,
        payment: Ix,
    ) {
        let number = Tsid::minted(provider, id).as_u64();
        self.refunds.0.insert((number, payment));
    }

    /// Works out where every refund is.
    pub(in crate::domain::state) fn derive_refunds(&mut self) {
        for ix in self.arena.places() {
            let entity = self.arena.get(ix);
            let Some(payment) = entity.payment().filter(|held| held.has_refunds()) else {
                continue;
            };
            let provider = self.arena.provider(entity.space);
            let ids: Vec<Box<str>> = payment.refund_ids().map(Into::into).collect();
            for id in ids {
                self.refund_told(provider, &id, ix);
            }
        }
    }
}

impl Book<'_> {
    fn refund(&self, payment: Ix, id: u64) -> Option<RefundRecord> {
        let order = self.order(payment)?;
        let number = |refund: &RefundSeen| Tsid::minted(order.payment.provider, &refund.view.id);
        let mut all = order.sold.refunds.iter();
        let refund = all.find(|refund| number(refund).as_u64() == id)?.clone();
        let amount = refund.view.amount?;
        (order.sold.status != OrderStatus::Pending).then(|| RefundRecord {
            id: number(&refund),
            refund,
            amount,
            order,
        })
    }
}
