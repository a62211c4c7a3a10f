//! Asking what is so. Answered from memory, under a guard held for one answer; no store is
//! touched and no commit is waited for.

use std::sync::atomic::Ordering::Relaxed;

use super::{Caller, Ledger, Shown};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::payment::PaymentView;
use crate::domain::state::{CustomerFilter, Ident, Page, State, SubscriptionFilter};
use crate::domain::subscription::SubscriptionView;

impl Caller {
    fn sees_customer(&self, state: &State, id: &str) -> bool {
        let only = self.customer.as_deref();
        only.is_none_or(|only| state.is_same_customer(only, id))
    }

    fn sees_subscription(&self, state: &State, id: &str) -> bool {
        let only = self.customer.as_deref();
        only.is_none_or(|only| state.is_subscription_of(id, only))
    }
}

impl Ledger {
    pub(super) fn ask<T>(&self, question: impl FnOnce(&State, AsOf) -> T) -> Shown<T> {
        let as_of = AsOf {
            now: self.clock.now(),
            grace_days: self.grace_days.load(Relaxed),
        };
        let state = self.state.read();
        Shown {
            seq: state.counts().last_seq,
            value: question(&state, as_of),
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

    /// What one customer may use. Nothing is there for a `caller` who may not see that customer.
    #[must_use]
    pub fn entitlements(&self, caller: &Caller, id: &str) -> Shown<Option<Entitlements>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_customer(state, id);
            shown.then(|| state.entitlements(id, as_of)).flatten()
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
        self.ask(|state, as_of| state.customers(filter, after, limit, as_of))
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
        self.ask(|state, as_of| {
            let shown = match &filter.customer {
                Some(customer) => caller.sees_customer(state, customer),
                None => caller.customer.is_none(),
            };
            shown.then(|| state.subscriptions(filter, after, limit, as_of))
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
        self.ask(|state, _| state.payments(customer, subscription, after, limit))
    }
}
