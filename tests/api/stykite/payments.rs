//! Opening checkouts by this surface.

use serde_json::{Value, json};

use super::{ADDON, CREDITS, FREE, PRO, TRIAL, customer, events, path, post, refused, world};
use crate::keys::JSON;
use crate::world::KEY;

fn payment(plan_id: &str, plan_type: &str, component: &str) -> Value {
    json!({"customer_identifier": "user_1", "plan_id": plan_id, "plan_type": plan_type,
        "payment_component": component})
}

#[test]
fn plans_and_add_ons_are_opened_by_their_ids() {
    let world = world();
    customer(&world, "user_1");
    for (plan, period, component) in [
        (PRO, "MONTHLY", "PLAN"),
        (PRO, "YEARLY", "PLAN"),
        (PRO, "QUARTERLY", "PLAN"),
        (TRIAL, "YEARLY", "PLAN"),
        (ADDON, "MONTHLY", "ADDON"),
        (ADDON, "YEARLY", "ADDON"),
    ] {
        let answer = post(&world, "payment", &payment(plan, period, component));
        assert_eq!(answer.status, 200, "{plan} {period}: {}", answer.text);
        let id = answer.json()["value"]["transaction_tsid"]
            .as_str()
            .unwrap()
            .to_owned();
        let event = world.read(&format!("/v1/events/{}", events(&world)));
        assert_eq!(event["event_type"], "checkout.opened");
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&body["data"]["id"], &body["data"]["component"]),
            (&json!(id), &json!(component))
        );
    }
}

#[test]
fn what_is_not_sold_so_is_refused() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    for (plan, period, component) in [
        ("PLV-0000000000000", "MONTHLY", "PLAN"),
        (ADDON, "MONTHLY", "PLAN"),
        (PRO, "MONTHLY", "ADDON"),
        (TRIAL, "MONTHLY", "PLAN"),
        (FREE, "MONTHLY", "PLAN"),
        (CREDITS, "MONTHLY", "PLAN"),
    ] {
        let sentence = refused(
            &post(&world, "payment", &payment(plan, period, component)),
            400,
        );
        assert!(
            sentence.contains("`plan_id`"),
            "{plan} {period}: {sentence}"
        );
    }
    let mut body = payment(PRO, "MONTHLY", "PLAN");
    body["customer_identifier"] = json!("nobody");
    assert_eq!(
        refused(&post(&world, "payment", &body), 404),
        "There is no such customer."
    );
    assert_eq!(events(&world), before);
}

#[test]
fn a_repeated_request_is_answered_with_the_first_transaction() {
    let world = world();
    customer(&world, "user_1");
    let path = path("payment");
    let body = payment(PRO, "MONTHLY", "PLAN").to_string();
    let once = |key: &str| {
        let headers = [JSON, ("idempotency-key", key)];
        world
            .ask("POST", &path, Some(KEY), &headers, body.as_bytes())
            .text
    };
    let first = once("a");
    assert_ne!(once("b"), first);
    let before = events(&world);
    assert_eq!(once("a"), first);
    assert_eq!(events(&world), before);
}
