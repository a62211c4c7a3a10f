//! Commands that come again with their idempotency key: answered as the first time, whatever has
//! become of the customer and of what it had meanwhile.

use serde_json::{Value, json};

use super::{ask, customer, events, post, told};
use crate::keys::JSON;
use crate::world::{Answer, KEY, World};

/// A command under that key.
fn once(world: &World, key: &str, (method, rest): (&str, &str), body: &Value) -> Answer {
    let headers = [JSON, ("Idempotency-Key", key)];
    let path = format!("/api/v1/{rest}");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    world.ask(method, &path, Some(KEY), &headers, body.as_bytes())
}

fn report(world: &World, key: &str, body: &Value) -> Answer {
    once(world, key, ("POST", "report/usage/"), body)
}

#[test]
fn a_report_is_answered_again_after_its_customer_is_archived() {
    let world = super::world();
    customer(&world, "u");
    let body = |behaviour: &str, value: i64| {
        json!({"value": value, "customerId": "u", "featureId": "api-calls",
            "behaviour": behaviour})
    };
    let reports = [("a", body("SET", 7)), ("b", body("DELTA", -7))];
    let mut first = Vec::new();
    for (key, body) in &reports {
        first.push(told(&report(&world, key, body), 200));
        world.clock.advance_millis(1_000);
    }
    assert_eq!(
        ask(&world, "DELETE", "customers/u/", &Value::Null).status,
        204
    );
    let count = events(&world);
    for ((key, body), first) in reports.iter().zip(&first) {
        assert_eq!(&told(&report(&world, key, body), 200), first);
    }
    assert_eq!(report(&world, "a", &reports[1].1).status, 422);
    // Under no key the customer is gone.
    let gone = told(&post(&world, "report/usage/", &reports[0].1), 400);
    assert_eq!(gone, json!({"customerId": ["Customer does not exist."]}));
    assert_eq!(events(&world), count);
}

#[test]
fn every_command_is_answered_again_whatever_became_of_it() {
    let world = super::world();
    let subscription = {
        customer(&world, "other");
        let body = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY",
            "customerId": "other"});
        told(&post(&world, "subscriptions/create/", &body), 201)
    };
    let id = subscription["id"].as_str().unwrap();
    let begun = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "u"});
    let mut bought = begun.clone();
    bought["successUrl"] = json!("https://shop.example.com/paid");
    let update = format!("subscriptions/{id}/update/");
    let cancel = format!("subscriptions/{id}/cancel/");
    let changed = json!({"planIdentifier": "enterprise", "chargePeriod": "MONTHLY"});
    let report = json!({"value": 1, "customerId": "u", "featureId": "api-calls",
        "behaviour": "SET"});
    let event = json!({"customerId": "u", "eventName": "api-calls", "idempotencyKey": "e",
        "timestamp": "2026-01-02 03:04:05"});
    let commands = [
        (
            ("POST", "customers/"),
            json!({"customerId": "u", "name": "A"}),
            201,
        ),
        (("PATCH", "customers/u/"), json!({"name": "B"}), 200),
        (("POST", "report/usage/"), report, 200),
        (("POST", "report/event/"), event, 200),
        (("POST", "checkout/"), bought, 201),
        (("POST", &*update), changed, 200),
        (
            ("POST", &*cancel),
            json!({"cancellationType": "IMMEDIATE"}),
            200,
        ),
        (("DELETE", "customers/u/"), Value::Null, 204),
    ];
    let key = |place: usize| format!("key {place}");
    let mut first = Vec::new();
    for (place, (command, body, status)) in commands.iter().enumerate() {
        let mut command = *command;
        let replaced = first.iter().find_map(|(text, _): &(String, u16)| {
            let told: Value = serde_json::from_str(text).ok()?;
            told["subscriptionId"].as_str().map(str::to_owned)
        });
        // What is cancelled is the subscription that is in the place of the first.
        let path = replaced.map(|new| command.1.replace(id, &new));
        if let Some(path) = path.as_deref().filter(|_| command.1 == cancel) {
            command.1 = path;
        }
        let answer = once(&world, &key(place), command, body);
        assert_eq!(answer.status, *status, "{command:?}: {}", answer.text);
        first.push((answer.text, *status));
        world.clock.advance_millis(1_000);
    }
    let new: Value = serde_json::from_str(&first[5].0).unwrap();
    let cancel = format!(
        "subscriptions/{}/cancel/",
        new["subscriptionId"].as_str().unwrap()
    );
    let count = events(&world);
    for (place, ((command, body, _), (text, status))) in commands.iter().zip(&first).enumerate() {
        let is_cancel = command.1.ends_with("/cancel/");
        let command = if is_cancel {
            ("POST", &*cancel)
        } else {
            *command
        };
        let answer = once(&world, &key(place), command, body);
        assert_eq!(answer.status, *status, "{command:?}: {}", answer.text);
        // What is shown of a customer is what is known of it by now.
        if !command.1.starts_with("customers/") {
            assert_eq!(&answer.text, text, "{command:?}");
        }
    }
    assert_eq!(events(&world), count);
    let gone = json!({"detail": "Not found."});
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = ask(&world, method, "customers/u/", &json!({}));
        assert_eq!(told(&answer, 404), gone, "{method}");
    }
    let other = once(&world, "another", ("DELETE", "customers/u/"), &Value::Null);
    assert_eq!(told(&other, 404), gone);
    for key in ["", &"k".repeat(256), "é"] {
        let answer = once(&world, key, ("DELETE", "customers/other/"), &Value::Null);
        assert!(told(&answer, 400)["detail"].is_string(), "{key}");
    }
}
