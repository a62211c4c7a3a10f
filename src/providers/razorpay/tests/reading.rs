//! What Razorpay's bodies are known to get wrong: times, amounts, ids, whole bodies.

use serde_json::{Value, json};

use super::{at, body, edited, interpret, payment, sample};
use crate::domain::event::{Reason, Standing};
use crate::domain::status::PaymentStatus;
use crate::domain::time::Timestamp;

#[test]
fn the_time_is_the_envelopes_or_the_entitys_own() {
    let with = |name, time: Value| edited(name, |it| it["created_at"] = time).occurred_at;
    assert_eq!(with("07.", json!("1792592040")), at(1_792_592_040));
    assert_eq!(with("07.", json!(1)), at(1));
    assert_eq!(with("07.", json!(7_258_118_400_i64)), at(7_258_118_400));
    for unusable in [
        json!(null),
        json!(0),
        json!(-5),
        json!(1.5e9),
        json!("soon"),
        json!(i64::MAX),
    ] {
        assert_eq!(
            with("07.", unusable.clone()),
            at(1_792_592_000),
            "the payment's {unusable}"
        );
        assert_eq!(
            with("21.", unusable.clone()),
            at(1_796_220_800),
            "the refund's {unusable}"
        );
        assert_eq!(
            with("01.", unusable.clone()),
            Timestamp::EPOCH,
            "{unusable}"
        );
        let misplaced = edited("01.", |it| {
            it["payload"]["created_at"] = it["created_at"].clone();
            it["created_at"] = unusable.clone();
        });
        assert_eq!(misplaced.occurred_at, at(1_790_000_003));
    }
}

#[test]
fn a_payment_links_envelope_shows_its_creation() {
    for (name, time) in [
        ("30.", 1_790_001_060),
        ("31.", 1_790_001_060),
        ("32.", 1_790_001_060),
        ("33.", 1_790_605_811),
    ] {
        assert_eq!(sample(name).occurred_at, at(time), "{name}");
    }
    let edit = |name, keys: &[&str]| {
        let meaning = edited(name, |it| {
            for key in keys {
                it["payload"]["payment_link"]["entity"][*key] = 0.into();
            }
        });
        meaning.occurred_at
    };
    assert_eq!(
        edit("30.", &["updated_at"]),
        at(1_790_001_055),
        "the payment's"
    );
    assert_eq!(
        edit("33.", &["expired_at"]),
        at(1_790_001_060),
        "updated_at"
    );
    assert_eq!(
        edit("32.", &["cancelled_at", "updated_at"]),
        at(1_790_001_000),
        "the envelope's"
    );
}

#[test]
fn bodies_without_their_main_entity_are_set_aside() {
    let unreadable = Standing::Quarantined(Reason::Unreadable);
    let long = json!("x".repeat(257));
    for id in [Value::Null, json!(""), json!(5), json!({}), long] {
        let meaning = edited("07.", |it| {
            it["payload"]["subscription"]["entity"]["id"] = id
        });
        assert_eq!(meaning.standing, unreadable);
        assert_eq!(meaning.event_type.as_deref(), Some("subscription.charged"));
    }
    for text in [
        "",
        "[]",
        "null",
        "{}",
        "{\"event\":5}",
        "{\"event\":\"order.paid\"}",
        "{\"event\":",
    ] {
        assert_eq!(interpret(text).standing, unreadable, "{text}");
    }
    let deep = format!(
        "{{\"event\":\"order.paid\",\"x\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(interpret(&deep).standing, unreadable);
    let huge = body("razorpay", "03.").replace("\"fee\":1178", "\"fee\":1e999");
    assert_eq!(interpret(&huge).standing, unreadable);
    let orphan = edited("20.", |it| {
        it["payload"].as_object_mut().unwrap().remove("payment");
        it["payload"]["refund"]["entity"]["payment_id"] = Value::Null;
    });
    assert_eq!(orphan.standing, unreadable);
}

#[test]
fn the_last_duplicate_wins_and_contains_is_not_asked() {
    let doubled = body("razorpay", "08.").replacen(
        "\"status\":\"failed\"",
        "\"status\":\"failed\",\"status\":\"captured\"",
        1,
    );
    assert_eq!(
        payment(&interpret(&doubled)).status,
        Some(PaymentStatus::Captured)
    );
    let meaning = edited("02.", |it| it["contains"] = json!(["subscription"]));
    assert_eq!(payment(&meaning).id, payment(&sample("02.")).id);
}

#[test]
fn amounts_are_integers_or_none() {
    let amount = |value: Value| {
        let meaning = edited("03.", |it| {
            it["payload"]["payment"]["entity"]["amount"] = value
        });
        payment(&meaning).amount.map(|money| money.amount_minor)
    };
    assert_eq!(amount(json!(49_900)), Some(49_900));
    assert_eq!(amount(json!("49900")), Some(49_900));
    for refused in [
        json!(499.0),
        json!("499.00"),
        json!(-1),
        json!(u64::MAX),
        json!(null),
    ] {
        assert_eq!(amount(refused.clone()), None, "{refused}");
    }
}
