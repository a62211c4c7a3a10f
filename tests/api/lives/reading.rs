//! How the model reads a body: forgiving, as the habits of the bodies demand, and the tables of the
//! written contract. Knows no event.

use serde_json::{Value, json};

use super::model::Stamp;

const GRACE_MS: i64 = 3 * 86_400_000;

pub(super) fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn note(entity: Option<&Value>) -> Option<String> {
    text(&entity?["notes"]["customer_identifier"])
}

pub(super) fn wallet(entity: Option<&Value>) -> Option<String> {
    text(&entity?["customer_id"])
}

pub(super) fn time(ms: Option<i64>) -> Value {
    let Some(ms) = ms else {
        return Value::Null;
    };
    let time = jiff::Timestamp::from_millisecond(ms).unwrap();
    json!(time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

pub(super) fn millis(value: &Value) -> Option<i64> {
    number(value).map(|seconds| seconds * 1000)
}

/// Those that no other beats.
pub(super) fn newest<T>(facts: impl IntoIterator<Item = (Stamp, T)>) -> Vec<T> {
    let facts: Vec<_> = facts.into_iter().collect();
    let top = facts.iter().map(|(stamp, _)| *stamp).max();
    facts
        .into_iter()
        .filter(|(stamp, _)| Some(*stamp) == top)
        .map(|(_, fact)| fact)
        .collect()
}

pub(super) fn canonical(provider: &str, word: &str) -> Option<&'static str> {
    Some(match (provider, word) {
        ("razorpay", "created" | "authenticated") => "incomplete",
        ("razorpay", "active") | ("stykite", "ACTIVE") => "active",
        ("razorpay", "pending") => "past_due",
        ("razorpay", "halted") | ("stykite", "ON_HOLD") => "on_hold",
        ("razorpay", "paused") | ("stykite", "PAUSE") => "paused",
        ("razorpay", "completed") => "completed",
        ("razorpay", "expired") => "expired",
        ("razorpay", "cancelled") | ("stykite", "CANCELLED") => "canceled",
        ("stykite", "TRIAL") => "trialing",
        _ => return None,
    })
}

pub(super) fn is_end(status: &str) -> bool {
    matches!(status, "canceled" | "completed" | "expired")
}

pub(super) fn rank(event: &str) -> i64 {
    match event.trim_start_matches("subscription.") {
        "authenticated" => 1,
        "pending" => 2,
        "activated" | "resumed" => 3,
        "charged" | "updated" => 4,
        "paused" => 5,
        "halted" => 6,
        "cancelled" | "completed" | "expired" => 7,
        _ => 0,
    }
}

pub(super) fn access(now: i64, status: &str, paid: Option<i64>) -> Value {
    let (until, never) = match status {
        "active" => (paid.map(|paid| paid + GRACE_MS), false),
        "trialing" => (paid, false),
        "past_due" => (paid.map(|paid| paid + GRACE_MS), paid.is_none()),
        "canceled" | "completed" | "expired" => (paid, paid.is_none()),
        _ => (None, true),
    };
    let granted = !never && until.is_none_or(|until| now < until);
    let reason = match (until, paid) {
        (Some(until), _) if now >= until => "lapsed",
        (Some(_), Some(paid)) if now >= paid => "grace",
        _ => status,
    };
    json!({"granted": granted, "until": time(until), "reason": reason})
}

pub(super) fn until(access: &Value) -> i64 {
    let text = access["until"].as_str();
    text.map_or(i64::MAX, |text| {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    })
}

pub(super) fn stykite_at(body: &Value) -> i64 {
    number(&body["data"]["timestamp"])
        .or(number(&body["created_at"]))
        .unwrap()
}
