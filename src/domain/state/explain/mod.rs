//! Why the state shows what it shows: for each field the event that set it, and the events that
//! came later and did not. Read off the rules of the cells, not off the order in which events
//! arrived. It changes nothing, and the fold does not know it.

mod customer;
mod entitlements;
mod payment;
mod sold;
mod statements;
mod subscription;
#[cfg(test)]
mod tests;
mod verdict;

use std::slice;

use self::statements::{Statement, Statements};
use self::verdict::Cell;
use super::State;
use super::arena::Ix;
use super::entity::Kind;
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::explanation::{Explain, Explanation, HeardEvent};
use crate::domain::payment::PaymentView;
use crate::domain::status::Status;
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;

/// The explanations of one thing, as they are put together.
#[derive(Default)]
struct Fields(Explain);

impl Fields {
    /// What nobody set is left out.
    fn put(&mut self, name: &'static str, found: Option<Explanation>) {
        if let Some(found) = found {
            self.0.insert(name, found);
        }
    }

    /// A field that another one decides.
    fn copy(&mut self, name: &'static str, from: &str) {
        let found = self.0.get(from).cloned();
        self.put(name, found);
    }

    /// When something was first and last heard of.
    fn activity<'w, 'a: 'w>(&mut self, about: impl Iterator<Item = &'w Statement<'a>>) {
        let about: Vec<_> = about.collect();
        let all = || about.iter().copied();
        // An event without a time does not count.
        let timed = all().filter(|statement| statement.stamp.occurred_at != Timestamp::EPOCH);
        // What was used is told later; the thing is no older for that.
        let is_reading = |statement: &&Statement<'_>| statement.is_of_before();
        let first = verdict::first(timed.filter(|statement| !is_reading(statement)));
        let only = || Cell::stamped(all().filter(is_reading)).map(Cell::explanation);
        self.put("created_at", first.or_else(only));
        self.put("updated_at", Cell::stamped(all()).map(Cell::explanation));
        let last = all().max_by_key(|statement| statement.seq());
        let last = last.map(|statement| verdict::explanation(statement, []));
        self.put("last_seq", last);
    }
}

impl State {
    /// One customer with all it holds, each field explained; `heard` is what this state was folded
    /// from.
    #[must_use]
    pub fn customer_explained(
        &self,
        id: &str,
        as_of: AsOf,
        heard: &[HeardEvent<'_>],
    ) -> Option<CustomerView> {
        let root = self.find_customer(id)?;
        Some(self.explained(root, as_of, &self.statements(heard), |_| true))
    }

    fn explained(
        &self,
        root: Ix,
        as_of: AsOf,
        statements: &Statements<'_>,
        is_wanted: impl Fn(&SubscriptionView) -> bool,
    ) -> CustomerView {
        let mut view = self.customer_view(root, Some(as_of));
        let subscriptions = view.subscriptions.iter_mut();
        for subscription in subscriptions.filter(|held| is_wanted(held)) {
            subscription.explain = self.explanation_of(statements, subscription);
        }
        view.explain = Some(self.explain_customer(root, statements, &view));
        view
    }

    /// What a customer may use, each row explained.
    #[must_use]
    pub fn entitlements_explained(
        &self,
        id: &str,
        as_of: AsOf,
        heard: &[HeardEvent<'_>],
    ) -> Option<Entitlements> {
        let root = self.find_customer(id)?;
        let statements = self.statements(heard);
        // Nothing is shown of what another took the place of.
        let is_wanted = |held: &SubscriptionView| held.status != Status::Superseded;
        let customer = self.explained(root, as_of, &statements, is_wanted);
        let mut shown = self.entitlements_of(root, &customer.subscriptions, as_of);
        self.explain_entitlements(root, &mut shown, &customer, &statements, as_of.now);
        Some(shown)
    }

    /// One subscription, each field explained.
    #[must_use]
    pub fn subscription_explained(
        &self,
        id: &str,
        as_of: AsOf,
        heard: &[HeardEvent<'_>],
    ) -> Option<SubscriptionView> {
        let mut view = self.subscription(id, Some(as_of))?;
        self.explain_subscriptions(slice::from_mut(&mut view), heard);
        Some(view)
    }

    /// Explains each field of subscriptions that this state shows.
    pub fn explain_subscriptions(&self, shown: &mut [SubscriptionView], heard: &[HeardEvent<'_>]) {
        let statements = self.statements(heard);
        for view in shown {
            view.explain = self.explanation_of(&statements, view);
        }
    }

    /// One payment, each field explained.
    #[must_use]
    pub fn payment_explained(&self, id: &str, heard: &[HeardEvent<'_>]) -> Option<PaymentView> {
        let mut view = self.payment(id)?;
        self.explain_payments(slice::from_mut(&mut view), heard);
        Some(view)
    }

    /// Explains each field of payments that this state shows.
    pub fn explain_payments(&self, shown: &mut [PaymentView], heard: &[HeardEvent<'_>]) {
        let statements = self.statements(heard);
        for view in shown {
            let ix = self.arena.find(Kind::Payment, view.provider, &view.id);
            view.explain = ix.map(|ix| self.explain_payment(ix, &statements, view));
        }
    }

    fn explanation_of(
        &self,
        statements: &Statements<'_>,
        view: &SubscriptionView,
    ) -> Option<Explain> {
        let ix = self.find_subscription(&view.id)?;
        Some(self.explain_subscription(ix, statements, view))
    }
}
