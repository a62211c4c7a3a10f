//! Making and showing customers: what is asked again, whose they are, what their place is called.

use serde_json::{Value, json};

use super::{
    ADDON, COUNTRY, FREE, OTHER_COMPANY, PRO, TRIAL, customer, events, person, post, refused,
    shown, world,
};
use crate::keys::JSON;
use crate::world::{KEY, World, sample};
use subledger::domain::id::{Prefix, Tsid};

fn made(world: &World, identifier: &str, more: &Value) -> Value {
    let mut body = person(identifier);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = post(world, "customer", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["value"].clone()
}

#[test]
fn the_default_plan_is_begun_unless_another_is_named() {
    let world = world();
    for (identifier, more, plan, name, status) in [
        ("a", json!({}), FREE, "Free", "ACTIVE"),
        ("b", json!({"plan_id": TRIAL}), TRIAL, "Team", "TRIAL"),
        (
            "c",
            json!({"plan_id": PRO, "trial_days": 3}),
            PRO,
            "Pro",
            "TRIAL",
        ),
        (
            "d",
            json!({"plan_id": TRIAL, "trial_days": 30}),
            TRIAL,
            "Team",
            "TRIAL",
        ),
    ] {
        made(&world, identifier, &more);
        let value = shown(&world, identifier);
        let held = &value["subscriptions"][0];
        assert_eq!(held["plan_tsid"], plan, "{identifier}");
        assert_eq!(held["plan_name"], name, "{identifier}");
        assert_eq!(
            (&held["status"], &value["status"]),
            (&json!(status), &json!(status))
        );
        assert_eq!(held["tsid"], held["subscription_tsid"]);
        assert_eq!(held["granted"], true, "{identifier}");
        let event = &world.read(&format!("/v1/customers/{identifier}"));
        assert_eq!(event["subscriptions"][0]["id"], held["tsid"]);
    }
    let days = |identifier: &str| {
        let held = shown(&world, identifier)["subscriptions"][0].clone();
        let millis = |name: &str| held[name].as_i64().unwrap();
        (millis("trial_end_date") - millis("created_at")) / 86_400_000
    };
    assert_eq!((days("b"), days("c"), days("d")), (14, 3, 30));
}

#[test]
fn the_same_again_is_answered_again_and_another_is_refused() {
    let world = world();
    let first = customer(&world, "user_1");
    let before = events(&world);
    assert_eq!(customer(&world, "user_1"), first);
    assert_eq!(events(&world), before);
    let mut other = person("user_1");
    other["email"] = json!("other@example.com");
    let sentence = refused(&post(&world, "customer", &other), 400);
    assert!(sentence.contains("`email`"), "{sentence}");
    let mut other = person("user_1");
    other["plan_id"] = json!(PRO);
    let sentence = refused(&post(&world, "customer", &other), 400);
    assert!(sentence.contains("`plan_id`"), "{sentence}");
    assert_eq!(events(&world), before);
}

#[test]
fn an_idempotency_key_brings_the_first_answer_again() {
    let world = world();
    let path = super::path("customer");
    let once = |key: &str, body: &Value| {
        let headers = [JSON, ("idempotency-key", key)];
        world.ask(
            "POST",
            &path,
            Some(KEY),
            &headers,
            body.to_string().as_bytes(),
        )
    };
    let first = once("k1", &person("user_1"));
    assert_eq!(first.status, 200);
    // What happens in between does not show in a repetition.
    world.set_time("2026-11-27T00:00:00Z");
    let usage = json!([{"meter_tsid": super::CREDITS, "entitlement": 5}]);
    assert_eq!(
        super::put(&world, "customer/user_1/meter-entitlements", &usage).status,
        200
    );
    let before = events(&world);
    let again = once("k1", &person("user_1"));
    assert_eq!((again.status, &again.text), (200, &first.text));
    let other = once("k1", &person("user_2"));
    let sentence = refused(&other, 422);
    assert!(sentence.contains("Idempotency-Key"), "{sentence}");
    let bad = once("k\u{e9}", &person("user_1"));
    assert!(refused(&bad, 400).contains("`Idempotency-Key`"));
    assert_eq!(events(&world), before);
}

#[test]
fn a_customer_is_one_companys() {
    let world = world();
    customer(&world, "user_1");
    let other = format!("/v1/company/{OTHER_COMPANY}/country/{COUNTRY}/customer/user_1");
    assert_eq!(
        refused(&world.get(&other), 404),
        "There is no such customer."
    );
    for (rest, body) in [
        (
            "usage",
            json!([{"timestamp": 1_697_363_618_832_u64, "meter_id": super::CALLS, "qty": 1}]),
        ),
        (
            "cancel_subscription",
            json!({"subscription_tsid": "SUA-0K6FC7CCNBBQD", "when": "IMMEDIATE"}),
        ),
    ] {
        let body = body.to_string();
        let path = format!("{other}/{rest}");
        let answer = world.ask("POST", &path, Some(KEY), &[JSON], body.as_bytes());
        assert_eq!(answer.status, 404, "{rest}: {}", answer.text);
    }
    let body = json!({"customer_identifier": "user_1", "plan_id": ADDON, "plan_type": "MONTHLY",
        "payment_component": "ADDON"});
    let path = format!("/v1/company/{OTHER_COMPANY}/country/{COUNTRY}/payment");
    let answer = world.ask(
        "POST",
        &path,
        Some(KEY),
        &[JSON],
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status, 404, "{}", answer.text);
}

#[test]
fn a_customer_that_webhooks_named_is_shown_and_keeps_its_id() {
    let world = world();
    world.razorpay(&sample("razorpay", "02"));
    let value = shown(&world, "user_42");
    assert_eq!(value["subscriptions"][0]["status"], "ACTIVE");
    assert_eq!(value["company_tsid"], Value::Null);
    assert_eq!(value["address"]["country"], Value::Null);
    let id = value["tsid"].as_str().unwrap();
    assert_eq!(shown(&world, id)["tsid"], id, "any of its ids will do");
    let made = made(&world, "user_42", &json!({"first_name": "Asha"}));
    assert_eq!(made["tsid"], id);
    assert_eq!(
        shown(&world, "user_42")["subscriptions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn places_are_spelled_out() {
    let world = world();
    for (identifier, place, country, state) in [
        (
            "a",
            json!({"country_code": "IN", "state_code": "MH"}),
            "India",
            json!("Maharashtra"),
        ),
        (
            "b",
            json!({"country_code": "US", "state_code": "CA", "zipcode": 94105}),
            "United States of America",
            json!("California"),
        ),
        (
            "c",
            json!({"country_code": "DE", "state_code": "BE"}),
            "Germany",
            json!("Berlin"),
        ),
        ("d", json!({"country_code": "FR"}), "France", Value::Null),
    ] {
        let address = made(&world, identifier, &place)["address"].clone();
        assert_eq!(address["country"], country);
        assert_eq!(address["state"], state, "{identifier}");
    }
    let mut body = person("e");
    body["country_code"] = json!("US");
    assert!(refused(&post(&world, "customer", &body), 400).contains("`zipcode`"));
    body["zipcode"] = json!("02134");
    let answer = post(&world, "customer", &body);
    assert_eq!(answer.json()["value"]["address"]["postal_code"], "02134");
}

#[test]
fn phone_and_zipcode_are_numbers_or_texts_and_come_out_as_texts() {
    let world = world();
    for (identifier, phone, zipcode, told) in [
        (
            "a",
            json!(9_000_000_000_u64),
            json!(416_013),
            ("9000000000", "416013"),
        ),
        (
            "b",
            json!("+91 90000 00000"),
            json!("416 013"),
            ("+91 90000 00000", "416 013"),
        ),
    ] {
        let value = made(
            &world,
            identifier,
            &json!({"phone": phone, "zipcode": zipcode}),
        );
        assert_eq!(value["phone"], told.0);
        assert_eq!(value["address"]["postal_code"], told.1);
    }
}

/// The control of what is written everywhere: every write is one event, by the way of all others.
#[test]
fn each_write_is_one_event_with_its_asker() {
    let world = world();
    let (id, key) = crate::keys::made(&world, "write", None);
    let before = events(&world);
    let path = super::path("customer");
    let body = person("user_1").to_string();
    let answer = world.ask("POST", &path, Some(&key), &[JSON], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let seq: u64 = answer.header("x-ledger-seq").unwrap().parse().unwrap();
    assert_eq!(seq, before + 1);
    let event = world.read(&format!("/v1/events/{seq}"));
    assert_eq!(event["source"], "api");
    assert_eq!(event["event_type"], "customer.created");
    assert_eq!(event["customer_identifier"], "user_1");
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["actor"], &body["v"]), (&json!(id), &json!(1)));
}

/// A client that leaves the id out wants the default plan; one that sends none by mistake does not.
#[test]
fn a_plan_that_is_named_by_nothing_is_refused() {
    let world = world();
    let before = events(&world);
    for blank in ["", "  "] {
        let mut body = person("user_1");
        body["plan_id"] = json!(blank);
        let sentence = refused(&post(&world, "customer", &body), 400);
        assert!(sentence.contains("`plan_id`"), "{sentence}");
    }
    assert_eq!(events(&world), before);
    assert_eq!(
        made(&world, "user_1", &json!({"plan_id": null}))["status"],
        Value::Null
    );
    assert_eq!(
        shown(&world, "user_1")["subscriptions"][0]["plan_tsid"],
        FREE
    );
}

/// Whoever sees one id must not know the next: a checkout's page opens for whoever has its id.
#[test]
fn ids_made_in_one_millisecond_do_not_count_up() {
    let world = world();
    customer(&world, "user_1");
    let body = json!({"customer_identifier": "user_1", "plan_id": PRO, "plan_type": "MONTHLY",
        "payment_component": "PLAN"});
    let drawn = |_| {
        let id = post(&world, "payment", &body).json()["value"]["transaction_tsid"].clone();
        Tsid::parse(Prefix::Checkout, id.as_str().unwrap())
            .unwrap()
            .as_u64()
    };
    let ids: Vec<u64> = (0..4).map(drawn).collect();
    let near = ids.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 16);
    assert_eq!(near.count(), 0, "{ids:?}");
}
