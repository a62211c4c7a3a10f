//! What customers bought, paid, were paid back and pay with, in numbered pages over all of them,
//! newest first. Nobody's payment is in none of these lists. Knows no provider.

mod book;
mod happened;
mod methods;
mod orders;
mod refunds;
mod transactions;

pub use self::book::{Book, Sheet};
pub use self::happened::{Happened, Happening};
pub use self::methods::{MethodKey, PaymentMethodRecord, PaymentMethodsAsked};
pub use self::orders::{OrderKey, OrderRecord, OrdersAsked};
pub use self::refunds::{RefundKey, RefundRecord, RefundsAsked};
pub use self::transactions::{
    TransactionKey, TransactionKind, TransactionRecord, TransactionStatus, TransactionsAsked,
};

pub(super) use self::refunds::Refunds;
use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind};
use super::numbered::{Newest, Numbered, NumberedPage, Numbering, Place, Then};
use super::page::PIECE_THINGS;
use crate::domain::access::AsOf;
use crate::domain::standing::word_of;
use crate::domain::time::Timestamp;

/// A list of what belongs to customers.
pub trait MoneyListing {
    /// One thing of the list.
    type Key: Copy;
    /// The same as it is shown.
    type Record;

    /// The only customer whose things can be in the list, where it is of one alone; `Some(None)`
    /// where there is no such customer.
    fn only(&self, _: &State) -> Option<Option<Place>> {
        None
    }

    /// Offers what of this customer is in the list.
    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, Self::Key));

    /// How one is shown; nothing of one that is in the list no more.
    fn record(&self, book: &Book<'_>, key: Self::Key) -> Option<Self::Record>;
}

/// What every list of money can be searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoneySearched {
    /// In lower case.
    needle: Option<String>,
    from: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl MoneySearched {
    /// What has an id that contains `text`, or a customer whose identifier, e-mail address or name
    /// does, in any case; of the time from one moment on and before another.
    #[must_use]
    pub fn of(text: Option<&str>, from: Option<Timestamp>, before: Option<Timestamp>) -> Self {
        Self {
            needle: text.map(str::to_lowercase),
            from,
            before,
        }
    }

    pub(super) fn is_of_the_time(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.before.is_none_or(|before| at < before)
    }

    /// Whether one of these ids, or else the customer, is searched for.
    fn finds(&self, ids: &[&str], customer: impl FnOnce(&str) -> bool) -> bool {
        self.needle.as_ref().is_none_or(|needle| {
            let has = |id: &&str| id.to_lowercase().contains(needle.as_str());
            ids.iter().any(has) || customer(needle)
        })
    }
}

impl State {
    /// Begins a numbered page over all customers there are now.
    pub fn begin_money<L: MoneyListing>(&self, list: &L, asked: Numbered) -> Numbering<L::Key> {
        let mut page = self.begin_numbered(asked);
        if let Some(only) = list.only(self) {
            page.look_only_at(only.map(|Place(ix)| ix));
        }
        page
    }

    /// Looks at the next customers for a numbered page; says whether any are left.
    pub fn gather_money<L: MoneyListing>(&self, list: &L, page: &mut Numbering<L::Key>) -> bool {
        let mut looked_at = 0;
        while looked_at < PIECE_THINGS {
            let Some(ix) = page.next_place() else {
                return false;
            };
            looked_at += 1;
            let entity = self.arena.get(ix);
            if entity.kind == Kind::Party && entity.owner == Some(ix) {
                looked_at += entity.party().map_or(0, |party| party.members.len());
                let mut offer = |at, key| page.offer(at, key);
                list.of_customer(&Sheet::of(self, ix), &mut offer);
            }
        }
        page.has_more()
    }

    /// The numbered page, once every customer was looked at; `None` past the last one.
    pub fn money_page<L: MoneyListing>(
        &self,
        list: &L,
        page: Numbering<L::Key>,
        as_of: AsOf,
    ) -> Option<NumberedPage<L::Record>> {
        let book = Book::of(self, as_of);
        page.cut(|key| list.record(&book, key))
    }

    /// The payments of a customer that are told of.
    fn payments_of<'a>(&'a self, root: &'a Entity) -> impl Iterator<Item = (Ix, &'a Entity)> {
        let members = self.members(root);
        members.filter(|(_, it)| it.payment().is_some_and(|held| held.is_known()))
    }

    /// When something was sold, or was to be.
    fn sold_at(&self, ix: Ix) -> Option<Timestamp> {
        let entity = self.arena.get(ix);
        let payment = entity.payment()?;
        let made = || payment.made_at().unwrap_or(entity.activity.first());
        Some(payment.paid_at().unwrap_or_else(made))
    }

    /// Where something of a payment stands in a list, after so many steps of it: no earlier than the
    /// payment was asked for. Also where two payments are said to have it.
    fn placed(&self, payment: Ix, at: Timestamp, step: u8, id: u64) -> Newest {
        let asked = self.asked_for(payment);
        let own = self.arena.get(payment);
        Newest {
            at: word_of(at, asked, &own.name).0,
            then: Then { asked, step },
            id: id.wrapping_add(own.id.as_u64()),
        }
    }

    /// The same of what came after a payment, when it was no earlier than that.
    fn placed_after(&self, payment: Ix, at: Timestamp, step: u8, id: u64) -> Newest {
        let at = self.sold_at(payment).map_or(at, |sold_at| sold_at.max(at));
        self.placed(payment, at, step, id)
    }
}
