//! A checkout: one attempt to have something paid on a hosted page.

use serde::{Deserialize, Serialize};

use super::status::CheckoutStatus;

/// A checkout as the fold holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    status: Option<CheckoutStatus>,
}

impl Checkout {
    /// Takes in how far a provider says it has come.
    pub fn observe(&mut self, status: Option<CheckoutStatus>) {
        self.status = self.status.max(status);
    }

    /// How far it has come; `None` while it is known by reference alone.
    #[must_use]
    pub fn status(&self) -> Option<CheckoutStatus> {
        self.status
    }
}
