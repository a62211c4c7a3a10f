//! What a replay came to, as it is answered and printed, and how two views of one thing differ.
//! Knows no log and no state.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Folded {
    /// The last seq that was folded.
    pub folded: u64,
    /// The seq at which it will be through; new events move it.
    pub of: u64,
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[schemars(rename = "Replay")]
pub struct Replayed {
    /// How many events were folded.
    pub events: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// Events folded a second, rests included.
    pub events_per_second: u64,
    /// The last event that was folded.
    pub until_seq: u64,
    /// What it was compared with, or why with nothing.
    pub compared_with: String,
    /// Absent knowledge is `null`: nothing was compared.
    pub identical: Option<bool>,
    /// The digest of the folded state: equal digests, equal states.
    pub digest: String,
    /// Each field that is not as it was folded again.
    pub differences: Vec<FieldDifference>,
    /// How many more there are.
    pub differences_left_off: u64,
    /// The customer asked for, as folded again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Value>,
    /// What each of the customer's events changed, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A field of one thing that differs.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FieldDifference {
    /// `customer`, `subscription`, …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Which field, as in `current_period.end`; `null` where one side has no such thing at all.
    pub field: Option<String>,
    /// What the running ledger shows.
    pub live: Value,
    /// What the log says.
    pub replayed: Value,
}

/// What one event changed.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Step {
    /// The event.
    pub seq: u64,
    /// The provider's word for it.
    pub event_type: Option<String>,
    /// Each field that it changed, as `field: before -> after`.
    pub changed: Vec<String>,
}

/// Each field in which two views differ, with what it is in each.
#[must_use]
pub fn fields_that_differ(one: &Value, other: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    compare(String::new(), one, other, &mut found);
    found
}

fn compare(path: String, one: &Value, other: &Value, found: &mut Vec<(String, Value, Value)>) {
    let (left, right) = (parts(one), parts(other));
    if one == other {
        return;
    }
    // What was not there yet is compared with nothing, field by field.
    let is_inner = |value: &Value| value.is_null() || parts(value).is_some();
    if (left.is_none() && right.is_none()) || !is_inner(one) || !is_inner(other) {
        found.push((path, one.clone(), other.clone()));
        return;
    }
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
    let names = left
        .keys()
        .chain(right.keys().filter(|name| !left.contains_key(*name)));
    for name in names {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let side = |parts: &BTreeMap<String, &Value>| parts.get(name).copied().cloned();
        let (one, other) = (side(&left), side(&right));
        compare(
            below,
            &one.unwrap_or_default(),
            &other.unwrap_or_default(),
            found,
        );
    }
}

/// The fields of an object, or the items of a list by their place.
fn parts(value: &Value) -> Option<BTreeMap<String, &Value>> {
    match value {
        Value::Object(map) => Some(
            map.iter()
                .map(|(name, held)| (name.clone(), held))
                .collect(),
        ),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            Some(
                numbered
                    .map(|(place, held)| (place.to_string(), held))
                    .collect(),
            )
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_named_whole_paths_and_both_sides() {
        let one = json!({"a": 1, "b": {"c": [1, 2], "d": null}, "e": "x"});
        let other = json!({"a": 1, "b": {"c": [1, 3, 4], "d": null}, "f": {"g": true}});
        let found = fields_that_differ(&one, &other);
        let found: Vec<_> = found
            .iter()
            .map(|(path, one, other)| format!("{path}: {one} -> {other}"))
            .collect();
        assert_eq!(
            found,
            [
                "b.c.1: 2 -> 3",
                "b.c.2: null -> 4",
                "e: \"x\" -> null",
                "f.g: null -> true"
            ]
        );
        assert!(fields_that_differ(&one, &one).is_empty());
    }
}
