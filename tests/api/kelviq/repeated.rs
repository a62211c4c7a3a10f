//! What comes again with their idempotency key: answered as the first time, whatever has
//! become of the customer meanwhile.

use serde_json::{Value, json};
use subledger::domain::catalog::Period;
use subledger::ledger::{Actor, Cancel, Cancelling, CustomerChange, NewSubscription, Request};

use super::{ask, customer, events, post, told};
use crate::keys::JSON;
use crate::world::{Answer, KEY, World};

fn report(world: &World, key: &str, body: &Value) -> Answer {
    let headers = [JSON, ("Idempotency-Key", key)];
    let path = "/api/v1/report/usage/";
    let body = body.to_string();
    world.ask("POST", path, Some(KEY), &headers, body.as_bytes())
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
