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
