//! Commands that come again with their idempotency key: answered as the first time, whatever has
//! become of the customer and of what it had meanwhile.

use serde_json::{Value, json};
use subledger::domain::catalog::Period;
use subledger::ledger::{Actor, Cancel, Cancelling, CustomerChange, NewSubscription, Request};

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
    // Both forms of a path are one.
    let (_, body) = &reports[0];
    let bare = once(&world, "a", ("POST", "report/usage"), body);
    assert_eq!(told(&bare, 200), first[0]);
    // Under no key the customer is gone.
    let gone = told(&post(&world, "report/usage/", &reports[0].1), 400);
    assert_eq!(gone, json!({"customerId": ["Customer does not exist."]}));
    assert_eq!(events(&world), count);
}

#[test]
fn every_command_is_answered_again_whatever_became_of_it() {
    let world = super::world();
    customer(&world, "other");
    let plan = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "other"});
    let begun = told(&post(&world, "subscriptions/create/", &plan), 201);
    let begun = begun["id"].as_str().unwrap();
    let mut sent: Vec<(&str, String, Value, Answer)> = Vec::new();
    let mut send = |method: &'static str, rest: &str, body: Value, status: u16| {
        let key = format!("key {}", sent.len());
        let answer = once(&world, &key, (method, rest), &body);
        assert_eq!(answer.status, status, "{method} {rest}: {}", answer.text);
        let said = serde_json::from_str(&answer.text).unwrap_or_default();
        sent.push((method, rest.to_owned(), body, answer));
        world.clock.advance_millis(1_000);
        said
    };
    let named = json!({"customerId": "u", "name": "A"});
    let _: Value = send("POST", "customers/", named, 201);
    send("PATCH", "customers/u/", json!({"name": "B"}), 200);
    let report = json!({"value": 1, "customerId": "u", "featureId": "api-calls",
        "behaviour": "SET"});
    send("POST", "report/usage/", report, 200);
    let event = json!({"customerId": "u", "eventName": "api-calls", "idempotencyKey": "e",
        "timestamp": "2026-01-02 03:04:05"});
    send("POST", "report/event/", event, 200);
    let checkout = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "u",
        "successUrl": "https://shop.example.com/paid"});
    send("POST", "checkout/", checkout, 201);
    let plan = json!({"planIdentifier": "enterprise", "chargePeriod": "MONTHLY"});
    let new = send("POST", &format!("subscriptions/{begun}/update/"), plan, 200);
    let new = format!(
        "subscriptions/{}/cancel/",
        new["subscriptionId"].as_str().unwrap()
    );
    send("POST", &new, json!({"cancellationType": "IMMEDIATE"}), 200);
    send("DELETE", "customers/u/", Value::Null, 204);
    let count = events(&world);
    for (place, (method, rest, body, first)) in sent.iter().enumerate() {
        let answer = once(&world, &format!("key {place}"), (method, rest), body);
        assert_eq!(
            answer.status, first.status,
            "{method} {rest}: {}",
            answer.text
        );
        // What is shown of a customer is what is known of it by now.
        if !rest.starts_with("customers/") {
            assert_eq!(answer.text, first.text, "{method} {rest}");
        }
    }
    assert_eq!(events(&world), count);
}

#[test]
fn what_is_archived_is_gone_for_every_other_request() {
    let world = super::world();
    customer(&world, "u");
    let archive = ("DELETE", "customers/u/");
    for key in ["", &"k".repeat(256), "\u{e9}"] {
        let answer = once(&world, key, archive, &Value::Null);
        assert!(told(&answer, 400)["detail"].is_string(), "{key}");
    }
    assert_eq!(once(&world, "one", archive, &Value::Null).status, 204);
    assert_eq!(once(&world, "one", archive, &Value::Null).status, 204);
    let gone = json!({"detail": "Not found."});
    assert_eq!(
        told(&once(&world, "another", archive, &Value::Null), 404),
        gone
    );
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = ask(&world, method, "customers/u/", &json!({}));
        assert_eq!(told(&answer, 404), gone, "{method}");
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

#[test]
fn every_command_about_a_customer_is_answered_again_after_it_is_archived() {
    let world = super::world();
    customer(&world, "u");
    let ledger = world.ledger();
    let once = |key: &str| Request::once(Actor::Admin, "POST", "/", key, b"{}");
    let create = || {
        let new = NewSubscription {
            customer: "u".to_owned(),
            plan_identifier: "pro".to_owned(),
            period: Period::Monthly,
            quantities: Vec::new(),
            currency: None,
        };
        wait(ledger.create_subscription(new, &once("create"))).unwrap()
    };
    let rename = || {
        let change = CustomerChange {
            customer: "u".into(),
            name: Some(("Another".into(), "Name".into())),
            ..CustomerChange::default()
        };
        wait(ledger.update_customer(change, &once("rename"))).unwrap()
    };
    let begun = create();
    let cancel = || {
        let cancelling = Cancelling::of("u", &begun.1, Cancel::Immediate);
        wait(ledger.cancel_subscription(cancelling, &once("cancel"))).unwrap()
    };
    let archive = || wait(ledger.archive_customer("u", &once("archive"))).unwrap();
    let (renamed, cancelled, archived) = (rename(), cancel(), archive());
    let count = events(&world);
    assert_eq!(create(), begun);
    assert_eq!(
        (rename(), cancel(), archive()),
        (renamed, cancelled, archived)
    );
    assert_eq!(events(&world), count);
}

#[test]
fn an_event_is_the_same_however_its_customer_is_named() {
    let world = super::world();
    let made = customer(&world, "u");
    let event = |who: &Value, value: Value| {
        json!({"customerId": who, "eventName": "call", "idempotencyKey": "k1",
            "timestamp": "2026-11-25 10:00:00",
            "properties": {"featureId": "api-calls", "value": value}})
    };
    let send = |body: &Value| post(&world, "report/event/", body);
    told(&send(&event(&json!("u"), json!(1))), 200);
    let count = events(&world);
    told(&send(&event(&made["id"], json!(1))), 200);
    assert_eq!(events(&world), count);
    assert_eq!(send(&event(&made["id"], json!(2))).status, 422);
    let other = customer(&world, "v");
    assert_eq!(send(&event(&other["id"], json!(1))).status, 422);
}
