//! What is born here: the facts that this ledger's own commands and its scheduler tell. Each is the
//! `data` of one recorded event, under the event's type. Knows no HTTP, no gateway and no clock.

mod refers;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::catalog::Period;
use super::customer::Address;
use super::money::Money;
use super::time::Timestamp;

/// The provider of everything that is born here.
pub const PROVIDER: &str = "subledger";

/// The gateway that only pretends.
pub const GATEWAY_SANDBOX: &str = "sandbox";

/// One event of our own about a customer, a checkout or a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OwnFact {
    /// A customer was made, and subscribed.
    #[serde(rename = "customer.created")]
    CustomerCreated(CustomerCreated),
    /// What a customer may use of meters was set, whatever its plan says.
    #[serde(rename = "customer.allowances_set")]
    AllowancesSet(AllowancesSet),
    /// Meters were read.
    #[serde(rename = "usage.read")]
    UsageRead(UsageRead),
    /// Something was used: credits for tokens, or units of a meter.
    #[serde(rename = "usage.counted")]
    UsageCounted(UsageCounted),
    /// A checkout was opened.
    #[serde(rename = "checkout.opened")]
    CheckoutOpened(CheckoutOpened),
    /// The payer wants to pay: the gateway is asked after this is recorded.
    #[serde(rename = "checkout.attempted")]
    CheckoutAttempted(CheckoutAttempted),
    /// The gateway has a page for it.
    #[serde(rename = "checkout.at_gateway")]
    CheckoutAtGateway(CheckoutAtGateway),
    /// The gateway refused for good, so that the attempt is over.
    #[serde(rename = "checkout.refused")]
    CheckoutRefused(CheckoutRefused),
    /// Somebody called it off.
    #[serde(rename = "checkout.cancelled")]
    CheckoutCancelled(CheckoutCancelled),
    /// Its time is over: from the scheduler.
    #[serde(rename = "checkout.expired")]
    CheckoutExpired(CheckoutDue),
    /// A subscription is to end, now or with its cycle.
    #[serde(rename = "subscription.cancel_asked")]
    CancelAsked(CancelAsked),
    /// The gateway stopped charging, or has nothing to stop.
    #[serde(rename = "subscription.cancelled_at_gateway")]
    CancelledAtGateway(CancelledAtGateway),
    /// A subscription is to end at another time.
    #[serde(rename = "subscription.end_date_set")]
    EndDateSet(EndDateSet),
    /// Its trial is over: from the scheduler.
    #[serde(rename = "trial.ended")]
    TrialEnded(SubscriptionDue),
    /// It is over: from the scheduler.
    #[serde(rename = "subscription.ended")]
    SubscriptionEnded(SubscriptionDue),
}

/// See [`OwnFact::CustomerCreated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCreated {
    /// `CUS-…`: the one shown before where events named the customer already.
    pub id: Box<str>,
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// E-mail address.
    pub email: Box<str>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Box<str>>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Box<str>>,
    /// Telephone number, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Box<str>>,
    /// Where the customer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// `COM-…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<Box<str>>,
    /// `CON-…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_id: Option<Box<str>>,
    /// What it was subscribed to; absent where there is no default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Begun>,
}

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

/// See [`OwnFact::AllowancesSet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowancesSet {
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// Each meter once.
    pub allowances: Vec<Allowance>,
}

/// What a customer may use of one meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// `MTR-…`
    pub meter_id: Box<str>,
    /// How much, in the meter's unit; not negative.
    #[serde(with = "rust_decimal::serde::str")]
    pub limit: Decimal,
}

/// See [`OwnFact::UsageRead`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRead {
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// In the order they were sent.
    pub readings: Vec<Reading>,
}

/// What a meter showed: all that was used up to a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// `MTR-…`
    pub meter_id: Box<str>,
    /// Up to when.
    pub at: Timestamp,
    /// How much, in the meter's unit; not negative.
    #[serde(with = "rust_decimal::serde::str")]
    pub total: Decimal,
}

/// See [`OwnFact::UsageCounted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageCounted {
    /// `CHU-…`
    pub id: Box<str>,
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// `MTR-…`: what is debited.
    pub meter_id: Box<str>,
    /// How much, in the meter's unit; not negative.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// The merchant's word for the occasion (`session-ended`), or the metric's key.
    pub checkpoint: Box<str>,
    /// The tokens that it was worked out from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// Use of a model, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// `OPENAI`
    pub provider: Box<str>,
    /// `GPT_4`
    pub model: Box<str>,
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// What those read cost, in the price table's money.
    #[serde(with = "rust_decimal::serde::str")]
    pub input_cost: Decimal,
    /// What those written cost.
    #[serde(with = "rust_decimal::serde::str")]
    pub output_cost: Decimal,
    /// The merchant's word for the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Box<str>>,
    /// Whatever else was sent, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Box<str>>,
}

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

/// See [`OwnFact::CheckoutOpened`].
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
}

/// See [`OwnFact::CheckoutAttempted`].
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

/// See [`OwnFact::CheckoutAtGateway`].
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

/// See [`OwnFact::CheckoutRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutRefused {
    /// `TRN-…`
    pub id: Box<str>,
    /// The attempt that is over.
    pub attempt: u32,
    /// The gateway's own words, cut to a sane length.
    pub why: Box<str>,
}

/// See [`OwnFact::CheckoutCancelled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutCancelled {
    /// `TRN-…`
    pub id: Box<str>,
}

/// See [`OwnFact::CheckoutExpired`]. The event's time is the due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutDue {
    /// `TRN-…`
    pub id: Box<str>,
    /// When it was due.
    pub due: Timestamp,
}

/// See [`OwnFact::CancelAsked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelAsked {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it was asked to end.
    pub when: CancelWhen,
    /// When it ends: the moment it was asked, or the end of the cycle as it was known then.
    pub ends_at: Timestamp,
}

/// When a cancelled subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelWhen {
    /// At once.
    Immediate,
    /// With what is paid for.
    EndOfCycle,
}

/// See [`OwnFact::CancelledAtGateway`].
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

/// See [`OwnFact::EndDateSet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDateSet {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// See [`OwnFact::TrialEnded`] and [`OwnFact::SubscriptionEnded`]. It counts only while this is
/// still when the trial or the subscription ends: a later end undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionDue {
    /// `SUA-…`
    pub subscription_id: Box<str>,
    /// When it was due.
    pub due: Timestamp,
}
