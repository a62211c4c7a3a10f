//! Random words on customers and on what they used, as Kelviq's surface tells them: about the few
//! customers of all lives, so that they meet everything else.

use rust_decimal::Decimal;

use super::*;
use crate::domain::customer::Address;
use crate::domain::own::*;

fn maybe<const COUNT: usize>(
    words: [&'static str; COUNT],
) -> impl Strategy<Value = Option<Box<str>>> {
    prop::option::of(prop::sample::select(words.to_vec()).prop_map(Into::into))
}

fn updated() -> impl Strategy<Value = OwnFact> {
    let contact = (
        maybe(["", "someone@example.com0", "Other@example.com"]),
        maybe(["", "Ann", "Bo"]),
        maybe(["", "Lee"]),
    );
    let city = prop::option::of(maybe(["Pune", "Oslo"]));
    let metadata = maybe(["", "{}", r#"{"b":1,"a":2}"#]);
    (identifier(), contact, city, metadata).prop_map(
        |(identifier, (email, first_name, last_name), city, metadata)| {
            let address = city.map(|city| Address {
                city,
                ..Address::default()
            });
            OwnFact::CustomerUpdated(CustomerUpdated {
                identifier,
                email,
                first_name,
                last_name,
                address,
                metadata,
            })
        },
    )
}

fn archived() -> impl Strategy<Value = OwnFact> {
    identifier().prop_map(|identifier| OwnFact::CustomerArchived(CustomerArchived { identifier }))
}

fn reported() -> impl Strategy<Value = OwnFact> {
    let behaviour = prop::sample::select(vec![Behaviour::Set, Behaviour::Delta]);
    (identifier(), behaviour, -3_i64..6).prop_map(|(identifier, behaviour, value)| {
        let value = if behaviour == Behaviour::Set {
            value.abs()
        } else {
            value
        };
        OwnFact::UsageReported(UsageReported {
            id: "0123456789abcdef0123456789abcdef".into(),
            identifier,
            meter_id: "MTR-1".into(),
            behaviour,
            value: Decimal::from(value),
            resource_id: None,
        })
    })
}

fn happened() -> impl Strategy<Value = OwnFact> {
    let counts = prop::option::of(-3_i64..6);
    (identifier(), counts).prop_map(|(identifier, counts)| {
        OwnFact::UsageEvent(UsageEvent {
            identifier,
            name: "call".into(),
            idempotency_key: "key".into(),
            counts: counts.map(|value| EventCount {
                meter_id: "MTR-1".into(),
                value: Decimal::from(value),
            }),
            resource_id: None,
            properties: Some(r#"{"featureId":"calls"}"#.into()),
        })
    })
}

/// A word on a customer, or on what one used.
pub(in crate::domain::state) fn people() -> impl Strategy<Value = OwnFact> {
    prop_oneof![4 => updated(), 1 => archived(), 3 => reported(), 2 => happened()]
}

/// What lists do not show of a customer.
pub(in crate::domain::state) fn kept(state: &State, identifier: &str) -> String {
    let root = state.find_customer(identifier);
    let meters = root.and_then(|root| state.meters_of(root));
    let level = |start| meters.map(|meters| meters.level("MTR-1", start, time(900)));
    let levels: Vec<_> = [None, Some(time(1)), Some(time(3))].map(level).into();
    format!(
        "{:?} {} {levels:?}",
        state.metadata_of(identifier),
        state.is_archived(identifier),
    )
}
