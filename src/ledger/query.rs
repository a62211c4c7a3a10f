//! Asking what is so. Answered from memory, under a guard held for one answer, or for a piece of a
//! list over everything; no store is touched and no commit is waited for.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use super::customers::companys;
use super::{Caller, Ledger, Shown};
use crate::domain::access::AsOf;
use crate::domain::catalog::Catalog;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::{Entitlement, Entitlements};
use crate::domain::payment::PaymentView;
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::{
    CustomerFilter, CustomersWanted, Gathering, Ident, Page, State, SubscriptionFilter,
};
use crate::domain::subscription::SubscriptionView;

/// One customer, with what else is known of what it holds.
#[derive(Debug)]
pub struct CustomerInFull {
    /// The customer.
    pub customer: CustomerView,
    /// How its subscriptions stand, by their shown ids.
    pub standings: BTreeMap<String, SubscriptionStanding>,
    /// What it may use.
    pub entitlements: Vec<Entitlement>,
}

impl CustomerInFull {
    pub(super) fn of(state: &State, id: &str, as_of: AsOf) -> Option<Self> {
        let customer = state.customer(id, Some(as_of))?;
        let ids = customer.subscriptions.iter().map(|held| &held.id);
        let standings = ids.filter_map(|id| Some((id.clone(), state.standing_of(id)?)));
        Some(Self {
            standings: standings.collect(),
            entitlements: state.entitlements(id, as_of)?.entitlements,
            customer,
        })
    }
}

impl Caller {
    pub(super) fn sees_customer(&self, state: &State, id: &str) -> bool {
        let only = self.customer.as_deref();
        only.is_none_or(|only| state.is_same_customer(only, id))
    }

    pub(super) fn sees_subscription(&self, state: &State, id: &str) -> bool {
        let only = self.customer.as_deref();
        only.is_none_or(|only| state.is_subscription_of(id, only))
    }
}

/// What was found for a list, and the last event that all of it shows.
struct Gathered {
    seq: u64,
    page: Gathering,
}

impl Gathered {
    fn finish<T>(
        self,
        ledger: &Ledger,
        show: impl FnOnce(&State, Gathering, AsOf) -> T,
    ) -> Shown<T> {
        let page = self.page;
        let shown = ledger.ask(|state, as_of| show(state, page, as_of));
        Shown {
            seq: self.seq,
            ..shown
        }
    }
}

impl Ledger {
    pub(super) fn ask<T>(&self, question: impl FnOnce(&State, AsOf) -> T) -> Shown<T> {
        let state = self.state.read();
        // After the guard: whatever is in the state was told before now.
        let as_of = AsOf {
            now: self.clock.now(),
            grace_days: self.grace_days.load(Relaxed),
        };
        Shown {
            seq: state.counts().last_seq,
            value: question(&state, as_of),
        }
    }

    /// Looks at everything there is, under a guard for each piece: a list over a million things
    /// holds up neither the writer nor anybody who asks.
    fn gather(
        &self,
        after: Option<Ident>,
        limit: usize,
        mut look: impl FnMut(&State, &mut Gathering) -> bool,
    ) -> Gathered {
        let (seq, mut page) = {
            let state = self.state.read();
            (state.counts().last_seq, state.begin_page(after, limit))
        };
        loop {
            let state = self.state.read();
            if !look(&state, &mut page) {
                return Gathered { seq, page };
            }
        }
    }

    /// The last sequence number folded.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.state.read().counts().last_seq
    }

    /// One customer, by any id.
    #[must_use]
    pub fn customer(&self, id: &str) -> Shown<Option<CustomerView>> {
        self.ask(|state, as_of| state.customer(id, Some(as_of)))
    }

    /// One customer by any id, with how its subscriptions stand and what it may use.
    #[must_use]
    pub fn customer_in_full(&self, id: &str) -> Shown<Option<CustomerInFull>> {
        self.ask(|state, as_of| CustomerInFull::of(state, id, as_of))
    }

    /// The merchant's identifier of a customer of that company: by any id of one of whom no event
    /// names another company, else by the e-mail address that one was made with. Nothing where two
    /// were.
    #[must_use]
    pub fn identifier_at(&self, company_id: &str, id: &str) -> Option<String> {
        companys(&self.state.read(), company_id, id).map(str::to_owned)
    }

    /// What the newest catalogue says.
    #[must_use]
    pub fn in_catalogue<T>(&self, ask: impl FnOnce(&Catalog) -> T) -> T {
        ask(self.state.read().catalog())
    }

    /// What one customer may use. Nothing is there for a `caller` who may not see that customer.
    #[must_use]
    pub fn entitlements(&self, caller: &Caller, id: &str) -> Shown<Option<Entitlements>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_customer(state, id);
            shown.then(|| state.entitlements(id, as_of)).flatten()
        })
    }

    /// What one customer that is not archived may use of what grants it anything now, and what it
    /// used or is allowed beside that. Nothing is there for a `caller` who may not see it.
    #[must_use]
    pub fn entitlements_in_force(&self, caller: &Caller, id: &str) -> Shown<Option<Entitlements>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_customer(state, id);
            shown
                .then(|| state.entitlements_in_force(id, as_of))
                .flatten()
        })
    }

    /// Customers, newest change first.
    #[must_use]
    pub fn customers(
        &self,
        filter: &CustomerFilter,
        after: Option<Ident>,
        limit: usize,
    ) -> Shown<Page<CustomerView>> {
        let wanted = CustomersWanted::from(filter);
        let page = self.gather(after, limit, |state, page| {
            state.gather_customers(&wanted, page)
        });
        page.finish(self, |state, page, as_of| {
            state.customers_page(&wanted, page, as_of)
        })
    }

    /// One subscription, by our id or the provider's. Nothing is there for a `caller` who may not
    /// see its customer.
    #[must_use]
    pub fn subscription(&self, caller: &Caller, id: &str) -> Shown<Option<SubscriptionView>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_subscription(state, id);
            shown.then(|| state.subscription(id, Some(as_of))).flatten()
        })
    }

    /// Subscriptions, newest change first; `None` where the filter names a customer that `caller`
    /// may not see, or none although they may see only one.
    #[must_use]
    pub fn subscriptions(
        &self,
        caller: &Caller,
        filter: &SubscriptionFilter,
        after: Option<Ident>,
        limit: usize,
    ) -> Shown<Option<Page<SubscriptionView>>> {
        if let Some(customer) = &filter.customer {
            return self.ask(|state, as_of| {
                let shown = caller.sees_customer(state, customer);
                shown.then(|| state.subscriptions_held(customer, filter, after, limit, as_of))
            });
        }
        if caller.customer.is_some() {
            return self.ask(|_, _| None);
        }
        let page = self.gather(after, limit, |state, page| {
            state.gather_subscriptions(filter, page)
        });
        page.finish(self, |state, page, as_of| {
            Some(state.subscriptions_page(filter, page, as_of))
        })
    }

    /// One payment, by the provider's id.
    #[must_use]
    pub fn payment(&self, id: &str) -> Shown<Option<PaymentView>> {
        self.ask(|state, _| state.payment(id))
    }

    /// Payments, newest change first.
    #[must_use]
    pub fn payments(
        &self,
        customer: Option<&str>,
        subscription: Option<&str>,
        after: Option<Ident>,
        limit: usize,
    ) -> Shown<Page<PaymentView>> {
        if let Some(customer) = customer {
            return self.ask(|state, _| state.payments_made(customer, subscription, after, limit));
        }
        let wanted = self.state.read().payments_wanted(subscription);
        let page = self.gather(after, limit, |state, page| {
            state.gather_payments(&wanted, page)
        });
        page.finish(self, |state, page, _| state.payments_page(&wanted, page))
    }
}
