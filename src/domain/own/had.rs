//! What is told here of subscriptions: how they begin without a payment, change and end. Knows no
//! clock and no gateway.

use serde::{Deserialize, Serialize};

use crate::domain::catalog::Period;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;

/// A subscription that begins without a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// `SUA-…`
    pub id: Box<str>,
    /// `PLV-…`
    pub plan_id: Box<str>,
    /// The plan's name then.
    pub plan_name: Box<str>,
    /// When its trial ends; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_ends_at: Option<Timestamp>,
    /// Whether it must be paid for after the trial: then it expires unless it is.
    pub is_paid_plan: bool,
}

/// See [`OwnFact::SubscriptionCreated`](super::OwnFact::SubscriptionCreated) and [`OwnFact::PlanChanged`](super::OwnFact::PlanChanged). It is had without a payment:
/// whoever asks for it answers for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionBegun {
    /// The merchant's own identifier of the customer.
    pub identifier: Box<str>,
    /// What begins.
    #[serde(flatten)]
    pub begun: Begun,
    /// What it is had for.
    pub terms: Terms,
    /// Until when what it takes the place of was paid for: as long it lasts, unless it is paid on.
    /// Absent: until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Timestamp>,
    /// `SUA-…`: what it takes the place of, from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Box<str>>,
    /// `TRN-…`: the checkout at which there was nothing to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<Box<str>>,
}

/// What a subscription is had for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How often it is paid for.
    pub period: Period,
    /// What a period costs; nothing, where it is free.
    pub price: Money,
    /// How many of what was bought with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantities: Vec<Quantity>,
}

/// How many of a feature were bought with a plan (seats).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// The feature's id.
    pub feature: Box<str>,
    /// More than none.
    pub count: u64,
}

/// See [`OwnFact::CancelAsked`](super::OwnFact::CancelAsked).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelAsked {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it was asked to end.
    pub when: CancelWhen,
    /// When it ends: the moment it was asked, the end of the cycle as it was known then (it ends no
    /// sooner than what is paid for), or a date.
    pub ends_at: Timestamp,
    /// Why, in one of the surface's words (`TOO_EXPENSIVE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Box<str>>,
    /// Why, in the customer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Box<str>>,
}

/// When a cancelled subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelWhen {
    /// At once.
    Immediate,
    /// With what is paid for.
    EndOfCycle,
    /// On a date.
    OnDate,
}

/// See [`OwnFact::CancelledAtGateway`](super::OwnFact::CancelledAtGateway).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelledAtGateway {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// The gateway's id of what was to be stopped (`sub_…`).
    pub reference: Box<str>,
    /// What was asked of the gateway.
    pub when: CancelWhen,
    /// Why the gateway would not, in its own words; absent where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Box<str>>,
}

/// See [`OwnFact::EndDateSet`](super::OwnFact::EndDateSet).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDateSet {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// See [`OwnFact::TrialEnded`](super::OwnFact::TrialEnded) and [`OwnFact::SubscriptionEnded`](super::OwnFact::SubscriptionEnded). It counts only while this is
/// still when the trial or the subscription ends: a later end undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionDue {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it was due.
    pub due: Timestamp,
}
