//! A customer by its e-mail address: the pages name one by "e-mail or user id", and a client that
//! made a customer with a UUID goes on with the address.

use serde_json::{Value, json};

use super::{
    CALLS, COMPANY, COUNTRY, CREDITS, OTHER_COMPANY, PRO, events, person, post, put, refused,
    shown, world,
};
use crate::keys::JSON;
use crate::world::{Answer, KEY, World};

const UUID: &str = "c56164ad-3d54-4eaa-ae3d-46fe3969972b";
const EMAIL: &str = "user@example.com";

fn made(world: &World, identifier: &str, email: &str) -> Value {
    made_by(world, COMPANY, identifier, email)
}

fn made_by(world: &World, company: &str, identifier: &str, email: &str) -> Value {
    let mut body = person(identifier);
    body["email"] = json!(email);
    let path = format!("/v1/company/{company}/country/{COUNTRY}/customer");
    let answer = world.ask(
        "POST",
        &path,
        Some(KEY),
        &[JSON],
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["value"].clone()
}

fn checkout(world: &World, customer: &str) -> Answer {
    let body = json!({"customer_identifier": customer, "plan_id": PRO, "plan_type": "MONTHLY",
        "payment_component": "PLAN"});
    post(world, "payment", &body)
}

/// The pages' own samples, one after the other: the customer's identifier is a UUID, and all that
/// follows names its e-mail address.
#[test]
fn every_call_takes_the_address() {
    let world = world();
    let customer = made(&world, UUID, EMAIL);
    let value = shown(&world, EMAIL);
    assert_eq!(value["tsid"], customer["tsid"]);
    assert_eq!(value["customer_identifier"], UUID);
    let id = value["subscriptions"][0]["tsid"].clone();
    let allowances = json!([{"meter_tsid": CREDITS, "entitlement": 5000}]);
    let path = format!("customer/{EMAIL}/meter-entitlements");
    assert_eq!(put(&world, &path, &allowances).status, 200);
    let readings = json!([{"timestamp": 1_697_363_618_832_u64, "meter_id": CALLS, "qty": 26}]);
    let path = format!("customer/{EMAIL}/usage");
    assert_eq!(post(&world, &path, &readings).status, 202);
    let answer = checkout(&world, EMAIL);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = json!({"checkpoint_name": "session-ended", "customer_identifier": EMAIL,
        "provider": "OPENAI", "model": "GPT_4", "input_token": 100, "output_token": 200});
    let answer = post(&world, "checkpoint/usage", &tokens);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let value = &answer.json()["value"];
    assert_eq!(value["customer_tsid"], customer["tsid"]);
    assert_eq!(value["meter_entitlements"][0]["entitlement"], 4995);
    let units = json!({"customer_identifier": EMAIL, "checkpoint_key": "api_calls",
        "checkpoint_value": 3});
    assert_eq!(post(&world, "checkpoint/usage", &units).status, 200);
    let path = format!("customer/{EMAIL}/subscription");
    let body = json!({"subscription_tsid": id, "end_date": 1_800_000_000_000_u64});
    assert_eq!(put(&world, &path, &body).status, 201);
    let path = format!("customer/{EMAIL}/cancel_subscription");
    let body = json!({"subscription_tsid": id, "when": "IMMEDIATE"});
    let answer = post(&world, &path, &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    // All of it is one customer's, whose identifier each event names.
    assert_eq!(world.read("/v1/stats")["customers"], 1);
    let event = world.read(&format!("/v1/events/{}", events(&world)));
    assert_eq!(event["customer_identifier"], UUID);
}

#[test]
fn an_address_is_read_in_any_case() {
    let world = world();
    let customer = made(&world, "a", "Asha.Rao+86@Example.com");
    for place in ["asha.rao+86@example.com", "ASHA.RAO%2B86@EXAMPLE.COM"] {
        assert_eq!(shown(&world, place)["tsid"], customer["tsid"], "{place}");
    }
    let other = super::path("customer/asha.rao@example.com");
    assert_eq!(world.get(&other).status, 404);
}

/// The same again is no second customer; another with the address is, and then neither is meant.
#[test]
fn an_address_of_two_names_neither() {
    let world = world();
    made(&world, "a", EMAIL);
    made(&world, "a", EMAIL);
    assert_eq!(shown(&world, EMAIL)["customer_identifier"], "a");
    made(&world, "b", "USER@example.com");
    let answer = world.get(&super::path(&format!("customer/{EMAIL}")));
    assert_eq!(refused(&answer, 404), "There is no such customer.");
    assert_eq!(checkout(&world, EMAIL).status, 404);
    let tokens = json!({"checkpoint_name": "session-ended", "customer_identifier": EMAIL,
        "provider": "OPENAI", "model": "GPT_4", "input_token": 1, "output_token": 1});
    assert_eq!(post(&world, "checkpoint/usage", &tokens).status, 404);
    assert_eq!(shown(&world, "b")["customer_identifier"], "b");
}

#[test]
fn an_identifier_goes_before_an_address() {
    let world = world();
    made(&world, UUID, EMAIL);
    made(&world, EMAIL, "other@example.com");
    assert_eq!(shown(&world, EMAIL)["customer_identifier"], EMAIL);
    assert_eq!(
        shown(&world, "other@example.com")["customer_identifier"],
        EMAIL
    );
}

#[test]
fn an_address_is_looked_for_among_the_companys_customers() {
    let world = world();
    made(&world, "a", EMAIL);
    let at = |company: &str| {
        let path = format!("/v1/company/{company}/country/{COUNTRY}/customer/{EMAIL}");
        let answer = world.get(&path);
        (answer.status, answer.json()["value"]["tsid"].clone())
    };
    assert_eq!(at(OTHER_COMPANY).0, 404);
    let other = made_by(&world, OTHER_COMPANY, "b", EMAIL);
    assert_eq!(at(OTHER_COMPANY), (200, other["tsid"].clone()));
    assert_eq!(at(COMPANY).1, shown(&world, "a")["tsid"]);
}
