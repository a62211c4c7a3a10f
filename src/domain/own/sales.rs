//! What is told here of checkouts: what is sold at them and how far they come. Knows no gateway.

use serde::{Deserialize, Serialize};

use super::{CustomerCreated, Quantity};
use crate::domain::catalog::Period;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;

/// What is sold at a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "component", rename_all = "UPPERCASE")]
pub enum Item {
    /// A period of a plan.
    Plan {
        /// `PLV-…`
        plan_id: Box<str>,
        /// The plan's name then.
        name: Box<str>,
        /// What is paid for.
        period: Period,
        /// The plan at the gateway that charges every period, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_plan: Option<Box<str>>,
        /// `SUA-…`: the subscription that is paid for. It begins with the payment where there is
        /// none of that id yet.
        subscription_id: Box<str>,
        /// `SUA-…`: what it takes the place of, once it is paid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        supersedes: Vec<Box<str>>,
        /// How many of what was bought with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quantities: Vec<Quantity>,
        /// How many days it is tried before the first period that is paid for; mostly none.
        #[serde(default, skip_serializing_if = "is_zero")]
        trial_days: u32,
        /// Whether nobody said how many: then they are those that the subscription has.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keeps_quantities: bool,
    },
    /// An add-on.
    Addon {
        /// `ADO-…`
        addon_id: Box<str>,
        /// `ADV-…`
        version_id: Box<str>,
        /// The add-on's name then.
        name: Box<str>,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(days: &u32) -> bool {
    *days == 0
}

/// See [`OwnFact::CheckoutOpened`](super::OwnFact::CheckoutOpened).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutOpened {
    /// `TRN-…`
    pub id: Box<str>,
    /// The merchant's own identifier of the customer.
    pub identifier: Box<str>,
    /// What is sold.
    #[serde(flatten)]
    pub item: Item,
    /// What it costs.
    pub price: Money,
    /// Who takes the money (`sandbox`, `razorpay`).
    pub gateway: Box<str>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// Where the payer goes when it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_url: Option<Box<str>>,
    /// Where the payer goes when it is called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<Box<str>>,
    /// The customer, where it is made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Box<CustomerCreated>>,
    /// What the merchant notes of it: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<str>>,
}

/// See [`OwnFact::CheckoutAttempted`](super::OwnFact::CheckoutAttempted).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutAttempted {
    /// `TRN-…`
    pub id: Box<str>,
    /// Counted from 1.
    pub attempt: u32,
    /// What the sandbox shall pretend; absent for a gateway that takes money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretend: Option<Pretend>,
    /// What of a plan's checkout may have changed since it was opened; absent where nothing has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pays: Option<Pays>,
}

/// Which subscription a payment is for, as it was decided with an attempt. That of the newest
/// attempt counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pays {
    /// The merchant's own identifier of the customer.
    pub identifier: Box<str>,
    /// `SUA-…`: begins with the payment where there is none of that id yet.
    pub subscription_id: Box<str>,
    /// `SUA-…`: what it takes the place of, once it is paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Box<str>>,
    /// How many of what is bought with it; absent: as the checkout was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantities: Option<Vec<Quantity>>,
}

/// What a sandbox pretends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pretend {
    /// The payment goes through.
    Paid,
    /// The payment fails.
    Failed,
}

/// See [`OwnFact::CheckoutAtGateway`](super::OwnFact::CheckoutAtGateway).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutAtGateway {
    /// `TRN-…`
    pub id: Box<str>,
    /// The attempt that asked for it.
    pub attempt: u32,
    /// The gateway's id of the page or subscription (`plink_…`, `sub_…`).
    pub reference: Box<str>,
    /// Where the payer goes; absent where there is nowhere to go (sandbox).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
}

/// See [`OwnFact::CheckoutRefused`](super::OwnFact::CheckoutRefused).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutRefused {
    /// `TRN-…`
    pub id: Box<str>,
    /// The attempt that is over.
    pub attempt: u32,
    /// The gateway's own words, cut to a sane length.
    pub why: Box<str>,
}

/// See [`OwnFact::CheckoutCancelled`](super::OwnFact::CheckoutCancelled).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutCancelled {
    /// `TRN-…`
    pub id: Box<str>,
}

/// See [`OwnFact::CheckoutExpired`](super::OwnFact::CheckoutExpired). The event's time is the due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutDue {
    /// `TRN-…`
    pub id: Box<str>,
    /// When it was due.
    pub due: Timestamp,
}
