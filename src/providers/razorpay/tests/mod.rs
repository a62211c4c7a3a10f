//! Tests only: Razorpay's samples as they are and with changes made to them.

mod meaning;
mod reading;
mod verify;

use serde_json::Value;

use crate::domain::event::{Fact, Interpretation, Naming, PaymentFact, SubscriptionFact};
use crate::domain::time::Timestamp;
use crate::providers::samples::{self, body};

fn interpret(body: &str) -> Interpretation {
    samples::interpret("razorpay", body.as_bytes())
}

fn sample(name: &str) -> Interpretation {
    interpret(&body("razorpay", name))
}

/// A sample with changes made to it.
fn edited(name: &str, edit: impl FnOnce(&mut Value)) -> Interpretation {
    let mut value: Value = serde_json::from_str(&body("razorpay", name)).unwrap();
    edit(&mut value);
    interpret(&value.to_string())
}

/// The one fact of a kind in an event, if any.
macro_rules! only {
    ($meaning:expr, $kind:path) => {{
        let meaning: &$crate::domain::event::Interpretation = &$meaning;
        let mut found = meaning
            .changes
            .iter()
            .filter_map(|change| match &change.fact {
                $kind(fact) => Some(fact),
                _ => None,
            });
        let first = found.next();
        assert!(found.next().is_none());
        first.cloned()
    }};
}

use only;

fn subscription(meaning: &Interpretation) -> SubscriptionFact {
    *only!(meaning, Fact::Subscription).unwrap()
}

fn payment(meaning: &Interpretation) -> PaymentFact {
    *only!(meaning, Fact::Payment).unwrap()
}

fn paid_until(meaning: &Interpretation) -> Option<i64> {
    only!(meaning, Fact::PaidThrough).map(|fact| fact.until.as_millis() / 1000)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

fn notes(naming: &Naming) -> Vec<(&str, &str)> {
    naming
        .notes
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect()
}

const USER_42: &[(&str, &str)] = &[
    ("transaction_tsid", "TRN-0MSC9073DVBTK"),
    ("customer_identifier", "user_42"),
];
