//! Tests only: Kelviq's samples as they are and with changes made to them.

mod lives;
mod meaning;
mod sold;
mod verify;

use serde_json::Value;

use crate::domain::event::{Fact, Interpretation, PaymentFact, SubscriptionFact};
use crate::domain::time::Timestamp;
use crate::providers::samples::{self, body};

fn interpret(body: &str) -> Interpretation {
    samples::interpret("kelviq", body.as_bytes())
}

fn sample(name: &str) -> Interpretation {
    interpret(&body("kelviq", name))
}

/// A sample with changes made to its object.
fn edited(name: &str, edit: impl FnOnce(&mut Value)) -> Interpretation {
    let mut value: Value = serde_json::from_str(&body("kelviq", name)).unwrap();
    edit(&mut value["data"]["object"]);
    interpret(&value.to_string())
}

/// The facts of one kind in an event.
macro_rules! all {
    ($meaning:expr, $kind:path) => {{
        let meaning: &$crate::domain::event::Interpretation = &$meaning;
        let facts = meaning.changes.iter().map(|change| &change.fact);
        facts
            .filter_map(|fact| match fact {
                $kind(fact) => Some(fact.clone()),
                _ => None,
            })
            .collect::<Vec<_>>()
    }};
}

use all;

fn subscription(meaning: &Interpretation) -> SubscriptionFact {
    (*all!(meaning, Fact::Subscription)[0]).clone()
}

fn payment(meaning: &Interpretation) -> PaymentFact {
    (*all!(meaning, Fact::Payment)[0]).clone()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
