//! Reading subscriptions in full. Knows no surface's words.

use super::super::{Caller, Ledger, Shown};
use crate::domain::state::SubscriptionRecord;

impl Ledger {
    /// One subscription in full, by our id or the provider's. Nothing is there for a `caller` who
    /// may not see its customer.
    #[must_use]
    pub fn subscription_record(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Shown<Option<SubscriptionRecord>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_subscription(state, id);
            shown
                .then(|| state.subscription_record(id, as_of))
                .flatten()
        })
    }
}
