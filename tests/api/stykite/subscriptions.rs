//! Ending subscriptions by this surface, and how they are shown.

use serde_json::{Value, json};

use super::{PRO, customer, events, person, post, put, refused, shown, subscription, world};
use crate::world::{World, sample};

fn held(world: &World, identifier: &str) -> Value {
    shown(world, identifier)["subscriptions"][0].clone()
}

fn cancel(world: &World, identifier: &str, when: &str) -> u16 {
    let body = json!({"subscription_tsid": subscription(world, identifier), "when": when});
    post(
        world,
        &format!("customer/{identifier}/cancel_subscription"),
        &body,
    )
    .status
}

fn end(world: &World, identifier: &str, end_date: u64) -> u16 {
    let body = json!({"subscription_tsid": subscription(world, identifier), "end_date": end_date});
    put(world, &format!("customer/{identifier}/subscription"), &body).status
}

#[test]
fn at_once_it_is_over_and_with_its_cycle_it_goes_on_till_then() {
    let world = world();
    customer(&world, "now");
    assert_eq!(cancel(&world, "now", "IMMEDIATE"), 200);
    let over = held(&world, "now");
    assert_eq!(over["status"], "CANCELLED");
    assert_eq!(over["granted"], false);
    assert_eq!(over["end_date"], 1_795_651_200_000_u64);
    customer(&world, "later");
    assert_eq!(cancel(&world, "later", "END_OF_CYCLE"), 200);
    let running = held(&world, "later");
    assert_eq!(running["status"], "ACTIVE");
    assert_eq!(running["granted"], true);
    // A month from its start.
    assert_eq!(running["cancel_date"], 1_798_243_200_000_u64);
    assert_eq!(running["end_date"], running["cancel_date"]);
}

#[test]
fn a_trial_is_cancelled_with_its_end() {
    let world = world();
    let mut body = person("user_1");
    body["plan_id"] = json!(PRO);
    body["trial_days"] = json!(7);
    assert_eq!(post(&world, "customer", &body).status, 200);
    assert_eq!(held(&world, "user_1")["status"], "TRIAL");
    assert_eq!(cancel(&world, "user_1", "END_OF_CYCLE"), 200);
    let trial = held(&world, "user_1");
    assert_eq!(trial["cancel_date"], trial["trial_end_date"]);
}

#[test]
fn an_end_date_is_shown_and_moved() {
    let world = world();
    customer(&world, "user_1");
    assert_eq!(held(&world, "user_1")["end_date"], Value::Null);
    for date in [1_811_808_000_000_u64, 1_796_000_000_000] {
        assert_eq!(end(&world, "user_1", date), 201);
        assert_eq!(held(&world, "user_1")["end_date"], date);
        assert_eq!(held(&world, "user_1")["status"], "ACTIVE");
    }
}

#[test]
fn what_another_provider_charges_is_ended_there() {
    let world = world();
    world.razorpay(&sample("razorpay", "02"));
    let before = events(&world);
    let id = subscription(&world, "user_42");
    let body = json!({"subscription_tsid": id, "when": "IMMEDIATE"});
    let answer = post(&world, "customer/user_42/cancel_subscription", &body);
    let sentence = refused(&answer, 400);
    assert!(sentence.contains("razorpay"), "{sentence}");
    let body = json!({"subscription_tsid": id, "end_date": 1_811_808_000_000_u64});
    let answer = put(&world, "customer/user_42/subscription", &body);
    assert!(refused(&answer, 400).contains("razorpay"));
    assert_eq!(events(&world), before);
}

#[test]
fn stykites_words_stand_for_how_it_is() {
    let world = world();
    for (number, status) in [
        ("01", "TRIAL"),
        ("02", "ACTIVE"),
        ("04", "ON_HOLD"),
        ("05", "PAUSE"),
        ("06", "CANCELLED"),
    ] {
        let body = sample("stykite", number);
        assert_eq!(world.stykite(&body).status, 200);
        let body: Value = serde_json::from_slice(&body).unwrap();
        let company = body["data"]["company_id"].as_str().unwrap();
        assert_eq!(company, super::OTHER_COMPANY);
        let identifier = body["data"]["customer_identifier"].as_str().unwrap();
        let path = format!(
            "/v1/company/{company}/country/{}/customer/{identifier}",
            super::COUNTRY
        );
        let value = world.read(&path);
        assert_eq!(value["value"]["subscriptions"][0]["status"], status);
        assert_eq!(value["value"]["status"], status);
    }
}
