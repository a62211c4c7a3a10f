//! Reports that come again with their idempotency key: answered as the first time, whatever has
//! become of the customer meanwhile.

use serde_json::{Value, json};

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
