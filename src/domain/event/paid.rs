//! What is told of payments, of what they are made with and of what becomes of them. It knows no
//! other facts.

use serde::Serialize;

use super::{Contact, Naming, ProviderName};
use crate::domain::instrument::Instrument;
use crate::domain::money::Money;
use crate::domain::order::{RefundSaid, Sale};
use crate::domain::status::{PaymentStatus, RefundStatus};
use crate::domain::time::Timestamp;

/// See [`super::Fact::Payment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id.
    pub id: Box<str>,
    /// How far it has come; `None` for a word we do not know.
    pub status: Option<PaymentStatus>,
    /// The amount.
    pub amount: Option<Money>,
    /// `card`, `upi`, …
    pub method: Option<Box<str>>,
    /// The subscription it pays, where the event carries both.
    pub subscription_id: Option<Box<str>>,
    /// The invoice it pays.
    pub invoice_id: Option<Box<str>>,
    /// The order it pays.
    pub order_id: Option<Box<str>>,
    /// When the provider made it.
    pub created_at: Option<Timestamp>,
    /// Whose it is.
    pub naming: Naming,
    /// The person.
    pub contact: Contact,
    /// What it was paid with, beyond the word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
    /// What is said of the sale beside the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
}

/// See [`super::Fact::PaymentMethod`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentMethodFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id.
    pub id: Box<str>,
    /// `card`, …
    pub method: Option<Box<str>>,
    /// What is told of it.
    pub instrument: Instrument,
    /// Whether it is used where none is named.
    pub is_default: bool,
    /// The provider's word (`succeeded`).
    pub status: Option<Box<str>>,
    /// Whether it was taken away.
    pub is_deleted: bool,
    /// Whose it is.
    pub naming: Naming,
}

/// See [`super::Fact::Refund`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id of the refund.
    pub id: Box<str>,
    /// The provider's id of the payment.
    pub payment_id: Box<str>,
    /// How far it has come; `None` for a word we do not know.
    pub status: Option<RefundStatus>,
    /// The amount.
    pub amount: Option<Money>,
    /// When the provider made it.
    pub created_at: Option<Timestamp>,
    /// What is said of it beside the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<RefundSaid>,
}

/// See [`super::Fact::Dispute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisputeFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id of the dispute.
    pub id: Box<str>,
    /// The provider's id of the payment.
    pub payment_id: Box<str>,
    /// The provider's word (`open`, `under_review`, `won`, `lost`, `closed`).
    pub status: Option<Box<str>>,
    /// The provider's word (`chargeback`, `fraud`, …).
    pub phase: Option<Box<str>>,
    /// The provider's word for why.
    pub reason_code: Option<Box<str>>,
    /// The disputed amount.
    pub amount: Option<Money>,
    /// When the provider made it.
    pub created_at: Option<Timestamp>,
}
