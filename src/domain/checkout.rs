//! A checkout: one attempt to have something paid on a hosted page.

use serde::Serialize;

/// How far a checkout has come. The order is the order in which one replaces another: a failed
/// attempt may be tried again, and only a payment already made still moves an ended one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// Waiting for the payer.
    Open,
    /// A payment is under way, or part of the amount was paid.
    Processing,
    /// The last attempt failed.
    Failed,
    /// Called off.
    Cancelled,
    /// Its time is over.
    Expired,
    /// Paid in full.
    Paid,
}

/// A checkout as the fold holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
