//! Asking what is so. Answered from memory, under a guard held for one answer; no store is
//! touched and no commit is waited for.

use std::sync::atomic::Ordering::Relaxed;

use super::{Ledger, Shown};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::payment::PaymentView;
use crate::domain::state::{CustomerFilter, Ident, Page, State, SubscriptionFilter};
use crate::domain::subscription::SubscriptionView;

impl Ledger {
    fn ask<T>(&self, question: impl FnOnce(&State, AsOf) -> T) -> Shown<T> {
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

    /// What one customer may use.
    #[must_use]
    pub fn entitlements(&self, id: &str) -> Shown<Option<Entitlements>> {
        self.ask(|state, as_of| state.entitlements(id, as_of))
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

    /// One subscription, by our id or the provider's.
    #[must_use]
    pub fn subscription(&self, id: &str) -> Shown<Option<SubscriptionView>> {
        self.ask(|state, as_of| state.subscription(id, Some(as_of)))
    }

    /// Subscriptions, newest change first.
    #[must_use]
    pub fn subscriptions(
        &self,
        filter: &SubscriptionFilter,
        after: Option<Ident>,
        limit: usize,
    ) -> Shown<Page<SubscriptionView>> {
        self.ask(|state, as_of| state.subscriptions(filter, after, limit, as_of))
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
