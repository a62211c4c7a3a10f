//! The words for how far things have come. Where the order of the arms is part of the rules, it
//! says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The canonical status, the same word for every provider.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Begun, not yet in force.
    Incomplete,
    /// In its trial.
    Trialing,
    /// In force.
    Active,
    /// In force, and a charge failed.
    PastDue,
    /// Charging was given up, or the provider holds it.
    OnHold,
    /// Paused by somebody.
    Paused,
    /// Ended before its term.
    Canceled,
    /// Ran its term.
    Completed,
    /// Ended without having begun, or at a date.
    Expired,
    /// Replaced by another subscription.
    Superseded,
}

impl Status {
    /// Every status, in the order of the arms.
    pub const ALL: [Self; 10] = [
        Self::Incomplete,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::OnHold,
        Self::Paused,
        Self::Canceled,
        Self::Completed,
        Self::Expired,
        Self::Superseded,
    ];

    /// The word used in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::OnHold => "on_hold",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }

    /// Reads the word used in answers.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing follows, where the provider's ends are final.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Canceled | Self::Completed | Self::Expired)
    }
}

/// How far a payment has come. The order is the order in which one replaces another, whatever the
/// times: a failed payment may still be captured, a captured one stays captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Under way.
    Pending,
    /// Refused.
    Failed,
    /// Paid back.
    Processed,
}

/// How far a checkout has come. The order is the order in which one replaces another: a failed
/// attempt may be tried again, and only a payment already made still moves an ended one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl CheckoutStatus {
    /// How far it has come at `now`: nobody may have said yet that its time is over.
    #[must_use]
    pub fn at(self, expires_at: Timestamp, now: Timestamp) -> Self {
        let is_over = now >= expires_at && self < Self::Cancelled;
        if is_over { Self::Expired } else { self }
    }
}
