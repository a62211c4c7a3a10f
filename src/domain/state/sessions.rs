//! Checkouts that were opened here in numbered pages, newest first, and what the log says of each.
//! Knows no page and no vendor's words.

use super::State;
use super::arena::Ix;
use super::entity::Kind;
use super::money::{Book, MoneyListing, MoneySearched, Sheet};
use super::numbered::Newest;
use crate::domain::access::AsOf;
use crate::domain::checkout::CheckoutView;
use crate::domain::customer::CustomerView;
use crate::domain::own::PROVIDER;
use crate::domain::payment::PaymentView;
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;

use super::records::SubscriptionRecord;

/// Which checkouts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckoutsSearched {
    /// What is searched for; the time is that of the opening.
    pub searched: MoneySearched,
    /// Any of these, as they stand at `now`; `None`: any at all.
    pub statuses: Option<Vec<CheckoutStatus>>,
    /// When it is asked: what is over by then is expired, whatever the scheduler has said.
    pub now: Timestamp,
}

/// A checkout with what it sells and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRecord {
    /// The checkout, as it stands now.
    pub view: CheckoutView,
    /// Whose it is, less what that one holds.
    pub customer: Option<CustomerView>,
    /// The subscription that was paid at it, once it was.
    pub subscription: Option<SubscriptionRecord>,
    /// The payment that paid it first.
    pub payment: Option<PaymentView>,
}

/// One checkout of a list.
#[derive(Debug, Clone, Copy)]
pub struct CheckoutKey(Ix);

impl MoneyListing for CheckoutsSearched {
    type Key = CheckoutKey;
    type Record = CheckoutRecord;

    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, CheckoutKey)) {
        for (ix, entity) in sheet.members() {
            let held = entity.own_checkout();
            let opened = held.and_then(|held| Some((held.opened()?, held.opened_at()?)));
            let Some((opened, at)) = opened else {
                continue;
            };
            let is_any = |wanted: &Vec<CheckoutStatus>| {
                let status = sheet.state.checkout_status(ix);
                status.is_some_and(|it| wanted.contains(&it.at(opened.expires_at, self.now)))
            };
            if self.searched.is_of_the_time(at)
                && sheet.finds(&self.searched, &[&entity.name])
                && self.statuses.as_ref().is_none_or(is_any)
            {
                let id = entity.id.as_u64();
                offer(Newest::of(at, id), CheckoutKey(ix));
            }
        }
    }

    fn record(&self, book: &Book<'_>, key: CheckoutKey) -> Option<CheckoutRecord> {
        book.state.checkout_in_full(key.0, book.as_of)
    }
}

impl State {
    /// One checkout that was opened here, with what it sells and to whom.
    #[must_use]
    pub fn checkout_record(&self, id: &str, as_of: AsOf) -> Option<CheckoutRecord> {
        let ix = self.arena.find(Kind::Checkout, PROVIDER, id)?;
        self.checkout_in_full(ix, as_of)
    }

    /// The events that are about a checkout that was opened here, or about its payments, ascending.
    #[must_use]
    pub fn checkout_events(&self, id: &str) -> Option<Vec<u64>> {
        let ix = self.arena.find(Kind::Checkout, PROVIDER, id)?;
        self.arena.get(ix).own_checkout()?.opened()?;
        let linked = self.linked_payments(ix).into_iter();
        let about = linked.map(|linked| linked.ix).chain([ix]);
        // Where there was nothing to pay, it ends with the first word of what was had at it.
        let taken = self
            .checkout_view(ix)
            .filter(|view| view.status == CheckoutStatus::Paid && view.payment_id.is_none());
        let sold = self.arena.get(ix).own_checkout()?.pays();
        let begun = sold.filter(|_| taken.is_some()).and_then(|(_, pays)| {
            let sold = &pays.subscription_id;
            let sold = self.arena.find(Kind::Subscription, PROVIDER, sold)?;
            self.arena.get(sold).events().first().copied()
        });
        let seqs = about.flat_map(|ix| self.arena.get(ix).events().iter().copied());
        let mut seqs: Vec<u64> = seqs.chain(begun).collect();
        seqs.sort_unstable();
        seqs.dedup();
        Some(seqs)
    }

    fn checkout_in_full(&self, ix: Ix, as_of: AsOf) -> Option<CheckoutRecord> {
        let mut view = self.checkout_view(ix)?;
        view.status = view.status.at(view.opened.expires_at, as_of.now);
        let is_paid = view.status == CheckoutStatus::Paid;
        let pays = self.arena.get(ix).own_checkout()?.pays();
        let sold = pays
            .filter(|_| is_paid)
            .map(|(_, pays)| &*pays.subscription_id);
        let payment = view.payment_id.as_deref();
        let customer = self.find_customer(&view.opened.identifier);
        Some(CheckoutRecord {
            customer: customer.map(|root| self.customer_alone(root)),
            subscription: sold.and_then(|id| self.subscription_record(id, as_of)),
            payment: payment.and_then(|id| self.payment(id)),
            view,
        })
    }
}
