//! Checkouts that were opened here in numbered pages, newest first, and what the log says of each.
//! Knows no page and no vendor's words.

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind};
use super::numbered::{Newest, NumberedListing, NumberedPage, Numbering};
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
    /// Whose id, or whose customer's identifier, e-mail address or name contains this, in any case.
    pub search: Option<String>,
    /// Any of these, as they stand at `now`; `None`: any at all.
    pub statuses: Option<Vec<CheckoutStatus>>,
    /// Opened then or later.
    pub from: Option<Timestamp>,
    /// Opened before.
    pub until: Option<Timestamp>,
    /// When it is asked: what is over by then is expired, whatever the scheduler has said.
    pub now: Timestamp,
}

/// A checkout with what it sells and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRecord {
    /// The checkout, as it stands now.
    pub view: CheckoutView,
    /// Whose it is.
    pub customer: Option<CustomerView>,
    /// The subscription that was paid at it, once it was.
    pub subscription: Option<SubscriptionRecord>,
    /// The payment that paid it first.
    pub payment: Option<PaymentView>,
}

impl NumberedListing for CheckoutsSearched {
    fn rank(&self, state: &State, ix: Ix) -> Option<Newest> {
        let entity = state.arena.get(ix);
        let held = entity.own_checkout()?;
        let (opened, at) = (held.opened()?, held.opened_at()?);
        let is_dated =
            self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until);
        let is_meant = is_dated
            && self
                .search
                .as_ref()
                .is_none_or(|needle| state.mentions(entity, &needle.to_lowercase()))
            && self.statuses.as_ref().is_none_or(|wanted| {
                let status = state.checkout_status(ix);
                status
                    .is_some_and(|status| wanted.contains(&status.at(opened.expires_at, self.now)))
            });
        is_meant.then_some(Newest {
            at,
            id: entity.id.as_u64(),
        })
    }
}

impl State {
    /// Whether a checkout's id or its customer contains `needle` (lower case).
    fn mentions(&self, checkout: &Entity, needle: &str) -> bool {
        let owner = checkout.owner;
        let by_customer = |root| self.matches(root, self.arena.get(root), needle);
        checkout.name.to_lowercase().contains(needle) || owner.is_some_and(by_customer)
    }

    /// One checkout that was opened here, with what it sells and to whom.
    #[must_use]
    pub fn checkout_record(&self, id: &str, as_of: AsOf) -> Option<CheckoutRecord> {
        let ix = self.arena.find(Kind::Checkout, PROVIDER, id)?;
        self.checkout_in_full(ix, as_of)
    }

    /// Looks at the next things for a numbered page of checkouts; says whether any are left.
    pub fn gather_checkouts(&self, searched: &CheckoutsSearched, page: &mut Numbering) -> bool {
        self.gather_numbered(searched, page)
    }

    /// The numbered page of checkouts, once everything was looked at.
    #[must_use]
    pub fn checkouts_numbered(
        &self,
        searched: &CheckoutsSearched,
        page: Numbering,
        as_of: AsOf,
    ) -> Option<NumberedPage<CheckoutRecord>> {
        self.finish_numbered(searched, page, |ix| self.checkout_in_full(ix, as_of))
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
        Some(CheckoutRecord {
            customer: self.customer(&view.opened.identifier, Some(as_of)),
            subscription: sold.and_then(|id| self.subscription_record(id, as_of)),
            payment: payment.and_then(|id| self.payment(id)),
            view,
        })
    }
}
