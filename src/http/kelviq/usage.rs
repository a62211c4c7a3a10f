//! `/api/v1/report/usage/` and `/api/v1/report/event/`: what was used, as a number, or as something
//! that happened.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::answers::answer;
use super::asked::Sent;
use super::fields::{self, Fields, TWO_SPELLINGS};
use super::ids::{self, Named};
use super::kinds::{self, WORDS};
use super::refused;
use super::times::SpacedMicros;
use crate::domain::amount::REPORTED_MAX;
use crate::domain::own::Behaviour;
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::http::field_errors::FieldErrors;
use crate::ledger::limits::{
    EVENT_KEY_CHARS_MAX, EXTRA_BYTES_MAX, IDENTIFIER_CHARS_MAX, WORD_CHARS_MAX,
};
use crate::ledger::{CommandError, FeatureCount, NewUsageEvent, Refusal, UsageReport};

const BEHAVIOURS: [(&str, Behaviour); 2] = [("SET", Behaviour::Set), ("DELTA", Behaviour::Delta)];
/// What this surface calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 7] = [
    ("feature", "featureId"),
    ("name", "eventName"),
    ("idempotency_key", "idempotencyKey"),
    ("timestamp", "timestamp"),
    ("value", "value"),
    ("resource_id", "resourceId"),
    ("properties", "properties"),
];
static OF_FIELDS: [(Refusal, &str, &str); 3] = [
    (
        Refusal::NoSuchCustomer,
        "customerId",
        "Customer does not exist.",
    ),
    (
        Refusal::NoSuchFeature,
        "featureId",
        "Feature with this identifier does not exist.",
    ),
    (Refusal::BelowZero, "value", "Usage cannot go below zero."),
];
/// The members of an event's properties that say what it counts; the first two are one.
const SAID_IN: [&str; 3] = ["featureId", "feature_id", "value"];
/// A ledger keeps the books of one organisation.
const ORGANISATION: &str = "1";
/// How a report is called among events.
const REPORTED: &str = "aggregated.usage";

type Properties = serde_json::Map<String, serde_json::Value>;

/// What was used of a feature. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqUsageReport", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct UsageBody {
    /// With `SET` all that was used in the running window, with `DELTA` how much more, or less.
    #[schemars(range(min = -1_000_000_000_000_000_i64, max = 1_000_000_000_000_000_i64))]
    value: i64,
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = WORDS))]
    customer_id: String,
    /// A feature or a meter of the catalogue.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    feature_id: String,
    #[schemars(with = "String", extend("enum" = ["SET", "DELTA"]))]
    behaviour: Behaviour,
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    resource_id: Option<String>,
}

/// Something that happened. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqUsageEvent", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct EventBody {
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = WORDS))]
    customer_id: String,
    /// Where `properties` name no feature, the feature or meter of which it is one.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    event_name: String,
    /// What it is known by: told again with the same, it is not recorded again.
    #[schemars(length(max = EVENT_KEY_CHARS_MAX), regex(pattern = WORDS))]
    idempotency_key: String,
    /// `2026-02-07 06:02:05.123456` or RFC 3339; without a zone UTC.
    timestamp: String,
    /// Kept as they are. With `featureId`, `value` (else one) is counted of that feature.
    properties: Option<Properties>,
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    resource_id: Option<String>,
}

/// A report that was recorded.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqUsageReported")]
pub(in crate::http) struct UsageReported<'a> {
    value: i64,
    customer_id: &'a str,
    feature_id: &'a str,
    #[schemars(with = "String", extend("enum" = ["SET", "DELTA"]))]
    behaviour: Behaviour,
    org_id: &'static str,
    event_name: &'static str,
    /// What the ledger knows it by.
    idempotency_key: Box<str>,
    timestamp: SpacedMicros,
    // Only where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
}

/// An event that was recorded.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqEventReported")]
pub(in crate::http) struct EventReported {
    customer_id: String,
    event_name: String,
    idempotency_key: String,
    timestamp: String,
    // Only where they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Properties>")]
    properties: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    org_id: &'static str,
}

struct Usage {
    value: i64,
    customer_id: String,
    feature_id: String,
    behaviour: Behaviour,
    resource_id: Option<String>,
}

struct Event {
    customer_id: String,
    event_name: String,
    idempotency_key: String,
    /// With the text that it was sent as.
    timestamp: (Timestamp, String),
    properties: Option<String>,
    counts: Option<FeatureCount>,
    resource_id: Option<String>,
}

fn customer(fields: &mut Fields<'_>) -> Option<String> {
    fields.needed("customerId", kinds::words(IDENTIFIER_CHARS_MAX))
}

fn resource(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.maybe("resourceId", kinds::maybe_words(WORD_CHARS_MAX));
    text.flatten()
}

impl Usage {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let most = i64::try_from(REPORTED_MAX).unwrap_or(i64::MAX);
        let mut fields = fields::object(body)?;
        let value = fields.needed("value", kinds::integer(-most, most));
        let customer_id = customer(&mut fields);
        let feature_id = fields.needed("featureId", kinds::words(WORD_CHARS_MAX));
        let behaviour = fields.needed("behaviour", kinds::choice(&BEHAVIOURS));
        let resource_id = resource(&mut fields);
        let read = || {
            Some(Self {
                value: value?,
                customer_id: customer_id?,
                feature_id: feature_id?,
                behaviour: behaviour?,
                resource_id,
            })
        };
        fields.done(read())
    }
}

impl Event {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = fields::object(body)?;
        let customer_id = customer(&mut fields);
        let event_name = fields.needed("eventName", kinds::words(WORD_CHARS_MAX));
        let key = fields.needed("idempotencyKey", kinds::words(EVENT_KEY_CHARS_MAX));
        let timestamp = |raw: &str| Ok((kinds::moment(raw)?, kinds::text(raw)?));
        let timestamp = fields.needed("timestamp", timestamp);
        let properties = fields.maybe("properties", kinds::verbatim(EXTRA_BYTES_MAX));
        let counts = properties.as_deref().map_or(Ok(None), counts);
        let resource_id = resource(&mut fields);
        let counts = counts.map_err(|inside| fields.refuse_inside("properties", inside));
        let read = || {
            Some(Self {
                customer_id: customer_id?,
                event_name: event_name?,
                idempotency_key: key?,
                timestamp: timestamp?,
                properties,
                counts: counts.ok()?,
                resource_id,
            })
        };
        fields.done(read())
    }
}

/// What the properties of an event count, where they name a feature. What else stands in them is
/// nobody's but the sender's.
fn counts(properties: &str) -> Result<Option<FeatureCount>, FieldErrors> {
    let wrong = |name: &'static str| move |sentence: String| FieldErrors::of(name, sentence);
    let held: BTreeMap<String, &RawValue> = serde_json::from_str(properties).unwrap_or_default();
    let raw = |name: &str| {
        held.get(name)
            .map(|raw| raw.get())
            .filter(|raw| *raw != "null")
    };
    let word = |raw| kinds::words(WORD_CHARS_MAX)(raw).map_err(wrong("featureId"));
    let feature = raw("featureId").map(word).transpose()?;
    let spelled = raw("feature_id").map(word).transpose()?;
    if spelled.is_some() && feature.is_some() && spelled != feature {
        return Err(wrong("featureId")(TWO_SPELLINGS.into()));
    }
    let Some(feature) = feature.or(spelled) else {
        return Ok(None);
    };
    let value = raw("value").map_or(Ok(Decimal::ONE), kinds::number);
    Ok(Some(FeatureCount {
        feature: feature.into(),
        value: value.map_err(wrong("value"))?,
        said_in: &SAID_IN,
    }))
}

/// The refusal of an event: what it counts stands in its properties, and what it is known by in its
/// body.
fn event_refused(error: CommandError) -> Problem {
    if error == CommandError::Mismatch {
        return Problem::IdempotencyMismatch("idempotencyKey");
    }
    let problem = refused(&OF_FIELDS, &NAMES)(error);
    if let Problem::InvalidFields(told) = &problem
        && SAID_IN.iter().any(|name| told.has(name))
    {
        let mut outer = FieldErrors::default();
        outer.add_object("properties", told.clone());
        return Problem::InvalidFields(outer);
    }
    problem
}

/// `POST /api/v1/report/usage/`
pub(in crate::http) async fn report(sent: Sent) -> Result<HttpResponse, Problem> {
    let usage = Usage::read(&sent.body)?;
    let report = UsageReport {
        customer: ids::known(Named::Customer, &usage.customer_id).into(),
        feature: usage.feature_id.as_str().into(),
        behaviour: usage.behaviour,
        value: usage.value.into(),
        resource_id: usage.resource_id.as_deref().map(Into::into),
    };
    let ledger = sent.asked.ledger();
    let reported = ledger.report_usage_value(report, &sent.command).await;
    let reported = reported.map_err(refused(&OF_FIELDS, &NAMES))?;
    let told = UsageReported {
        value: usage.value,
        customer_id: &usage.customer_id,
        feature_id: &usage.feature_id,
        behaviour: usage.behaviour,
        org_id: ORGANISATION,
        event_name: REPORTED,
        idempotency_key: reported.report.id,
        timestamp: SpacedMicros(reported.at),
        resource_id: usage.resource_id.as_deref(),
    };
    answer(StatusCode::OK, reported.seq, &told)
}

/// `POST /api/v1/report/event/`
pub(in crate::http) async fn record(sent: Sent) -> Result<HttpResponse, Problem> {
    let event = Event::read(&sent.body)?;
    let (at, timestamp) = event.timestamp;
    let new = NewUsageEvent {
        customer: ids::known(Named::Customer, &event.customer_id).into(),
        name: event.event_name.as_str().into(),
        idempotency_key: event.idempotency_key.as_str().into(),
        at,
        counts: event.counts,
        resource_id: event.resource_id.as_deref().map(Into::into),
        properties: event.properties.as_deref().map(Into::into),
    };
    let ledger = sent.asked.ledger();
    let recorded = ledger.record_event(new, &sent.command).await;
    let (seq, recorded) = recorded.map_err(event_refused)?;
    // It was an object when it came in.
    let properties = recorded.properties.map(String::from);
    let properties = properties.and_then(|text| RawValue::from_string(text).ok());
    let told = EventReported {
        customer_id: recorded.identifier.into(),
        event_name: event.event_name,
        idempotency_key: event.idempotency_key,
        timestamp,
        properties,
        resource_id: event.resource_id,
        org_id: ORGANISATION,
    };
    answer(StatusCode::OK, seq, &told)
}
