//! What is told here of use: what may be used, what meters showed, what was counted and reported.
//! Knows no plan and no limit.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// See [`OwnFact::AllowancesSet`](super::OwnFact::AllowancesSet).
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

/// See [`OwnFact::UsageRead`](super::OwnFact::UsageRead).
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

/// See [`OwnFact::UsageCounted`](super::OwnFact::UsageCounted).
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

/// See [`OwnFact::UsageReported`](super::OwnFact::UsageReported).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageReported {
    /// 32 hex digits, drawn: what the report is known by.
    pub id: Box<str>,
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// What is counted: `MTR-…`, or a feature's id where it has no meter.
    pub meter_id: Box<str>,
    /// How `value` is meant.
    pub behaviour: Behaviour,
    /// How much, in the meter's unit; less than nothing takes back.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// The merchant's word for what was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Box<str>>,
}

/// How a reported value is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Behaviour {
    /// It is all that was used in the running window.
    Set,
    /// It was used beside what was used before.
    Delta,
}

/// See [`OwnFact::UsageEvent`](super::OwnFact::UsageEvent). It happened when the merchant says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// The merchant's word for it.
    pub name: Box<str>,
    /// What it is known by.
    pub idempotency_key: Box<str>,
    /// What it counts; absent where it counts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<EventCount>,
    /// The merchant's word for what was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Box<str>>,
    /// Whatever else was sent of it: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Box<str>>,
}

/// What a [`UsageEvent`] counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCount {
    /// What is counted: `MTR-…`, or a feature's id where it has no meter.
    pub meter_id: Box<str>,
    /// How much, in the meter's unit; less than nothing takes back.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
}
