//! A payment seen as what was sold: how far a sale and what was paid back of it have come, by words
//! of its own beside those of the money. It knows no state.

use serde::{Deserialize, Serialize};

use super::status::{PaymentStatus, RefundStatus};
use super::time::Timestamp;

/// How far a sale has come. Of what the provider says and what follows from the money, the greater
/// counts: the order of the arms is part of the rule.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    schemars::JsonSchema,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Not paid yet.
    Pending,
    /// Its payment was refused.
    Failed,
    /// Paid.
    Complete,
    /// Part of it was paid back.
    PartialRefund,
    /// All of it was paid back.
    Refunded,
    /// Called off: only a provider says so.
    Cancelled,
    /// Found to be a fraud: only a provider says so.
    Fraudulent,
}

impl OrderStatus {
    /// What follows from the payment alone.
    #[must_use]
    pub const fn of_payment(status: Option<PaymentStatus>) -> Self {
        match status {
            None | Some(PaymentStatus::Created | PaymentStatus::Authorized) => Self::Pending,
            Some(PaymentStatus::Failed) => Self::Failed,
            Some(PaymentStatus::Captured) => Self::Complete,
        }
    }
}

/// What is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Billing {
    /// Something that is paid once.
    OneTime,
    /// A period of a subscription.
    Subscription,
}

/// What a provider says of a sale beside the money; taken as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Its word for how far it has come; `None` for one we do not know.
    pub status: Option<OrderStatus>,
    /// What is paid for.
    pub billing: Option<Billing>,
    /// Whether it pays another period of what was had before.
    pub is_renewal: Option<bool>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The provider's word for the plan.
    pub plan: Option<Box<str>>,
}

/// How far something paid back has come, by Kelviq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundWord {
    /// Asked for.
    Pending,
    /// Under way.
    Processing,
    /// Paid back.
    Succeeded,
    /// Refused.
    Failed,
    /// Called off.
    Canceled,
}

impl RefundWord {
    /// The canonical status that it says.
    #[must_use]
    pub const fn status(self) -> RefundStatus {
        match self {
            Self::Pending | Self::Processing => RefundStatus::Pending,
            Self::Failed | Self::Canceled => RefundStatus::Failed,
            Self::Succeeded => RefundStatus::Processed,
        }
    }

    /// The plain word for a canonical status.
    #[must_use]
    pub const fn of(status: Option<RefundStatus>) -> Self {
        match status {
            None | Some(RefundStatus::Pending) => Self::Pending,
            Some(RefundStatus::Failed) => Self::Failed,
            Some(RefundStatus::Processed) => Self::Succeeded,
        }
    }
}

/// Why something was paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// It was paid twice.
    Duplicate,
    /// Somebody of the merchant's did it by hand.
    DashboardInitiated,
    /// It was a fraud.
    Fraudulent,
    /// The customer asked for it.
    RequestedByCustomer,
    /// Another reason.
    Other,
}

/// What a provider says of a refund beside the money; taken as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSaid {
    /// Its word; `None` for one we do not know.
    pub word: Option<RefundWord>,
    /// Why.
    pub reason: Option<RefundReason>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_words_status_is_what_the_word_is_said_for() {
        for status in [
            RefundStatus::Pending,
            RefundStatus::Failed,
            RefundStatus::Processed,
        ] {
            assert_eq!(RefundWord::of(Some(status)).status(), status);
        }
    }
}
