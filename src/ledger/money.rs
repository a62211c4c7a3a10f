//! Reading money: what was sold, what was paid back, what moved and what it is paid with. Nothing
//! here moves any.

use super::{Ledger, Shown};
use crate::domain::id::Tsid;
use crate::domain::state::{
    Happened, MoneyListing, Numbered, NumberedPage, OrderRecord, RefundRecord,
};

impl Ledger {
    /// A numbered page of a list of money, newest first; `None` past the last one.
    #[must_use]
    pub fn money_numbered<L: MoneyListing>(
        &self,
        list: &L,
        asked: Numbered,
    ) -> Shown<Option<NumberedPage<L::Record>>> {
        self.number_from(
            |state| state.begin_money(list, asked),
            |state, page| state.gather_money(list, page),
            |state, page, as_of| state.money_page(list, page, as_of),
        )
    }

    /// One order, by the provider's id of its payment; nothing of one that is not paid or refused
    /// yet, or nobody's.
    #[must_use]
    pub fn payment_record(&self, id: &str) -> Shown<Option<OrderRecord>> {
        self.ask(|state, as_of| state.order(id, as_of))
    }

    /// A numbered page of what happened to all orders of the subscription that this one pays, newest
    /// first; `None` past the last page, and nothing at all where there is no such order.
    #[must_use]
    pub fn happenings_numbered(
        &self,
        id: &str,
        asked: Numbered,
    ) -> Shown<Option<Option<NumberedPage<Happened>>>> {
        self.ask(|state, _| state.order_happenings(id, asked))
    }

    /// One refund, by a number that is a function of the provider and its id.
    #[must_use]
    pub fn refund_record(&self, id: Tsid) -> Shown<Option<RefundRecord>> {
        self.ask(|state, as_of| state.refund(id, as_of))
    }
}
