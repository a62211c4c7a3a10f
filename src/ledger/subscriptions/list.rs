//! Reading subscriptions in full, one or in numbered pages. Knows no surface's words.

use super::super::{Caller, Ledger, Shown};
use crate::domain::key::Scope;
use crate::domain::state::{Numbered, NumberedPage, State, SubscriptionRecord, SubscriptionsAsked};

impl Caller {
    /// Whether a customer is gone for whoever asks: one that is archived is for keys that stand in
    /// browsers.
    fn misses(&self, state: &State, customer: &str) -> bool {
        !self.scope.covers(Scope::Read) && state.is_archived(customer)
    }
}

impl Ledger {
    /// One subscription in full, by our id or the provider's. Nothing is there for a `caller` who
    /// may not see its customer, or to whom that one is gone.
    #[must_use]
    pub fn subscription_record(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Shown<Option<SubscriptionRecord>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_subscription(state, id);
            let record = shown.then(|| state.subscription_record(id, as_of))?;
            let is_there = |record: &SubscriptionRecord| {
                let customer = record.view.customer.as_ref();
                !customer.is_some_and(|named| caller.misses(state, &named.id))
            };
            record.filter(is_there)
        })
    }

    /// Subscriptions in full, newest started first; `None` past the last page. A `caller` who may
    /// see one customer alone gets that one's, and none of another; and none of one that is gone.
    #[must_use]
    pub fn subscriptions_numbered(
        &self,
        caller: &Caller,
        asked: &SubscriptionsAsked,
        page: Numbered,
    ) -> Shown<Option<NumberedPage<SubscriptionRecord>>> {
        let named = asked.customer.as_deref().or(caller.customer.as_deref());
        if let Some(customer) = named {
            return self.ask(|state, as_of| {
                let is_seen =
                    caller.sees_customer(state, customer) && !caller.misses(state, customer);
                let customer = is_seen.then_some(customer);
                state.held_numbered_by(customer, asked, page, as_of)
            });
        }
        self.number(
            page,
            |state, page| state.gather_held(asked, page),
            |state, page, as_of| state.held_numbered(asked, page, as_of),
        )
    }
}
