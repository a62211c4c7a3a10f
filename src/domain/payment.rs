//! Payments, refunds and disputes. Money is one entry per provider payment id.

use serde::Serialize;

/// How far a payment has come. The order is the order in which one replaces another, whatever the
/// times: a failed payment may still be captured, a captured one stays captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Begun.
    Created,
    /// Reserved, not yet money.
    Authorized,
    /// Refused.
    Failed,
    /// Money. Refunds are counted beside it and never take this back.
    Captured,
}

/// How far a refund has come; the order is the order in which one replaces another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Under way.
    Pending,
    /// Refused.
    Failed,
    /// Paid back.
    Processed,
}
