//! Usage: reports and events, each field wrong, what counts once, and what is below zero.

use serde_json::{Value, json};

use super::{customer, events, get, post, told, world};
use crate::keys::JSON;
use crate::world::{KEY, World};

/// What is said of a number that no event counts.
const FINER: &str = "`value` must be a number from -1000000000000000 to 1000000000000000 with at \
                     most 12 decimal places.";

fn used(world: &World) -> Value {
    let path = "entitlements/?customer_id=u&feature_id=api-calls";
    told(&get(world, path), 200)["entitlements"][0]["currentUsage"].clone()
}

fn report(value: &Value, behaviour: &str) -> Value {
    json!({"value": value, "customerId": "u", "featureId": "api-calls", "behaviour": behaviour})
}

fn event(key: &str) -> Value {
    json!({"customerId": "u", "eventName": "call", "idempotencyKey": key,
        "timestamp": "2026-11-25 10:00:00.123456",
        "properties": {"featureId": "api-calls", "value": 2}})
}

fn without(body: &Value, name: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(name);
    body
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

#[test]
fn a_report_is_answered_with_what_it_said() {
    let world = world();
    customer(&world, "u");
    let body = with(&report(&json!(150), "SET"), "resourceId", json!("r1"));
    let answer = told(&post(&world, "report/usage/", &body), 200);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    assert_eq!(answer["orgId"], "1");
    assert_eq!(answer["eventName"], "aggregated.usage");
    assert_eq!(answer["timestamp"], "2026-11-26 00:00:00.000000");
    let key = answer["idempotencyKey"].as_str().unwrap();
    assert!(
        key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    let snake = json!({"value": 1, "customer_id": "u", "feature_id": "api-calls",
        "behaviour": "DELTA"});
    told(&post(&world, "report/usage/", &snake), 200);
    assert_eq!(used(&world), 151);
}

#[test]
fn set_replaces_and_delta_adds_and_neither_goes_below_zero() {
    let world = world();
    customer(&world, "u");
    let send = |value: i64, behaviour: &str| {
        post(&world, "report/usage/", &report(&json!(value), behaviour))
    };
    for (value, behaviour, after) in [
        (5, "DELTA", 5),
        (3, "DELTA", 8),
        (4, "SET", 4),
        (0, "DELTA", 4),
        (-4, "DELTA", 0),
        (0, "SET", 0),
        (1_000_000_000_000, "SET", 1_000_000_000_000_i64),
    ] {
        told(&send(value, behaviour), 200);
        assert_eq!(used(&world), after, "{behaviour} {value}");
        world.clock.advance_millis(1_000);
    }
    told(&send(2, "SET"), 200);
    let before = events(&world);
    let below = json!({"value": ["Usage cannot go below zero."]});
    assert_eq!(told(&send(-3, "DELTA"), 400), below);
    assert_eq!(told(&send(-1, "SET"), 400), below);
    let taken_back = json!({"featureId": "api-calls", "value": -3});
    let event = with(&event("back"), "properties", taken_back);
    let below = json!({"properties": below});
    assert_eq!(told(&post(&world, "report/event/", &event), 400), below);
    assert_eq!((used(&world), events(&world)), (json!(2), before));
}

#[test]
fn each_wrong_field_of_a_report_is_told() {
    let world = world();
    customer(&world, "u");
    let good = report(&json!(1), "SET");
    let before = events(&world);
    let required = |name: &str| json!({name: ["This field is required."]});
    for name in ["value", "customerId", "featureId", "behaviour"] {
        let answer = post(&world, "report/usage/", &without(&good, name));
        assert_eq!(told(&answer, 400), required(name));
        let answer = post(&world, "report/usage/", &with(&good, name, Value::Null));
        assert_eq!(
            told(&answer, 400),
            json!({name: ["This field may not be null."]})
        );
    }
    let many = 1_000_000_000_000_001_i64;
    for (name, value, sentence) in [
        ("value", json!("5"), "A valid integer is required."),
        ("value", json!(1.5), "A valid integer is required."),
        ("value", json!(true), "A valid integer is required."),
        (
            "value",
            json!(many),
            "Ensure this value is less than or equal to 1000000000000000.",
        ),
        (
            "value",
            json!(-many),
            "Ensure this value is greater than or equal to -1000000000000000.",
        ),
        ("customerId", json!(5), "Not a valid string."),
        ("customerId", json!(""), "This field may not be blank."),
        ("customerId", json!("nobody"), "Customer does not exist."),
        ("featureId", json!([]), "Not a valid string."),
        (
            "featureId",
            json!("nothing"),
            "Feature with this identifier does not exist.",
        ),
        ("behaviour", json!("set"), "\"set\" is not a valid choice."),
        (
            "behaviour",
            json!("RESET"),
            "\"RESET\" is not a valid choice.",
        ),
        ("behaviour", json!(1), "\"1\" is not a valid choice."),
        ("resourceId", json!(1), "Not a valid string."),
    ] {
        let answer = post(&world, "report/usage/", &with(&good, name, value.clone()));
        assert_eq!(told(&answer, 400), json!({name: [sentence]}), "{value}");
    }
    let answer = post(
        &world,
        "report/usage/",
        &with(&good, "featureId", json!("dark-mode")),
    );
    assert!(told(&answer, 400)["featureId"][0].is_string());
    let all = told(&post(&world, "report/usage/", &json!({})), 400);
    assert_eq!(all.as_object().unwrap().len(), 4);
    assert_eq!(events(&world), before);
}

#[test]
fn an_event_is_echoed_and_counts_once() {
    let world = world();
    customer(&world, "u");
    let body = with(&event("k1"), "resourceId", json!("r"));
    let first = told(&post(&world, "report/event/", &body), 200);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&first[name], value, "{name}");
    }
    assert_eq!(first["orgId"], "1");
    let before = events(&world);
    assert_eq!(told(&post(&world, "report/event/", &body), 200), first);
    assert_eq!((used(&world), events(&world)), (json!(2), before));
    let other = with(&body, "eventName", json!("other"));
    let refused = told(&post(&world, "report/event/", &other), 422);
    let sentence = refused["detail"].as_str().unwrap();
    assert!(sentence.contains("idempotencyKey"), "{sentence}");
    assert!(!sentence.contains("Idempotency-Key"), "{sentence}");
    let keyed = |n: u8| {
        let headers = [JSON, ("Idempotency-Key", "h1")];
        let body = report(&json!(n), "DELTA").to_string();
        world.ask(
            "POST",
            "/api/v1/report/usage/",
            Some(KEY),
            &headers,
            body.as_bytes(),
        )
    };
    told(&keyed(1), 200);
    let refused = told(&keyed(2), 422);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("Idempotency-Key")
    );
}

/// Whatever the order of its members, the spelling of its numbers and the id that names the customer.
#[test]
fn an_event_is_the_same_that_says_the_same() {
    let world = world();
    let made = customer(&world, "u");
    let id = made["id"].as_str().unwrap();
    let path = "/api/v1/report/event/";
    let send = |customer: &str, properties: &str| {
        let body = format!(
            r#"{{"customerId": "{customer}", "eventName": "call", "idempotencyKey": "k",
                "timestamp": "2026-11-25 10:00:00", "properties": {properties}}}"#
        );
        world.ask("POST", path, Some(KEY), &[JSON], body.as_bytes())
    };
    let first =
        r#"{"featureId": "api-calls", "value": 2, "a": [1, {"b": 10, "c": null}], "d": ""}"#;
    let first = told(&send("u", first), 200);
    for (customer, same) in [
        (
            "u",
            r#"{"d": "", "value": 2.0, "a": [1.0, {"c": null, "b": 1e1}], "featureId": "api-calls"}"#,
        ),
        (
            id,
            r#"{"feature_id":"api-calls","value":20e-1,"a":[1,{"b":10.00,"c":null}],"d":""}"#,
        ),
    ] {
        assert_eq!(told(&send(customer, same), 200), first, "{same}");
    }
    for other in [
        r#"{"featureId": "api-calls", "value": 2, "a": [{"b": 10, "c": null}, 1], "d": ""}"#,
        r#"{"featureId": "api-calls", "value": 2, "a": [1, {"b": 10}], "d": ""}"#,
        r#"{"featureId": "api-calls", "value": 2, "a": [1, {"b": "10", "c": null}], "d": ""}"#,
        r#"{"featureId": "api-calls", "value": 2, "a": [1, {"b": 10.000000000000000000000001, "c": null}], "d": ""}"#,
        r#"{"featureId": "api-calls", "value": 3, "a": [1, {"b": 10, "c": null}], "d": ""}"#,
        r#"{"featureId": "seats", "value": 2, "a": [1, {"b": 10, "c": null}], "d": ""}"#,
    ] {
        told(&send("u", other), 422);
    }
    assert_eq!(used(&world), 2);
}

#[test]
fn an_event_counts_what_it_names() {
    let world = world();
    customer(&world, "u");
    let mut number = 0;
    let mut send = |properties: Value, name: &str| {
        number += 1;
        let body = with(&event(&format!("k{number}")), "properties", properties);
        let body = with(&body, "eventName", json!(name));
        told(&post(&world, "report/event/", &body), 200);
        used(&world)
    };
    assert_eq!(send(json!({"featureId": "api-calls"}), "x"), 1);
    assert_eq!(send(json!({"feature_id": "api-calls", "value": 2}), "x"), 3);
    assert_eq!(send(json!({"value": 9}), "x"), 3, "it names nothing");
    assert_eq!(send(Value::Null, "api-calls"), 4, "by its name");
    assert_eq!(
        send(json!({"featureId": "api-calls", "value": 0.5}), "x"),
        5,
        "rounded up"
    );
    assert_eq!(
        send(
            json!({"featureId": "api-calls", "value": 0.5, "a_b": 1, "aB": 2}),
            "x"
        ),
        5
    );
}

#[test]
fn each_wrong_field_of_an_event_is_told() {
    let world = world();
    customer(&world, "u");
    let good = event("k");
    let before = events(&world);
    for name in ["customerId", "eventName", "idempotencyKey", "timestamp"] {
        let answer = post(&world, "report/event/", &without(&good, name));
        assert_eq!(
            told(&answer, 400),
            json!({name: ["This field is required."]})
        );
    }
    let format = "Datetime has wrong format. Use one of these formats instead: \
                  YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    let long = "x".repeat(201);
    for (name, value, wrong) in [
        (
            "customerId",
            json!("nobody"),
            json!(["Customer does not exist."]),
        ),
        (
            "idempotencyKey",
            json!(long),
            json!(["Ensure this field has no more than 200 characters."]),
        ),
        ("timestamp", json!("yesterday"), json!([format])),
        ("timestamp", json!("2026-11-25"), json!([format])),
        ("timestamp", json!(1_764_028_800), json!([format])),
        (
            "properties",
            json!([1]),
            json!(["Expected a dictionary of items."]),
        ),
        (
            "properties",
            json!({"featureId": "api-calls", "value": "2"}),
            json!({"value": ["A valid number is required."]}),
        ),
        (
            "properties",
            json!({"featureId": "api-calls", "value": 1e-13}),
            json!({"value": [FINER]}),
        ),
        (
            "properties",
            json!({"featureId": "api-calls", "value": -2_000_000_000_000_000_i64}),
            json!({"value": [FINER]}),
        ),
        (
            "properties",
            json!({"featureId": "dark-mode"}),
            json!({"featureId": ["`featureId` is had or not; there is nothing to count of it."]}),
        ),
        (
            "properties",
            json!({"featureId": "api-calls", "feature_id": "seats"}),
            json!({"featureId": ["This field is given twice, in two spellings."]}),
        ),
        (
            "properties",
            json!({"featureId": 5}),
            json!({"featureId": ["Not a valid string."]}),
        ),
    ] {
        let answer = post(&world, "report/event/", &with(&good, name, value.clone()));
        assert_eq!(told(&answer, 400), json!({name: wrong}), "{value}");
    }
    let unknown = with(&good, "properties", json!({"featureId": "nothing"}));
    let wanted = json!({"featureId": ["Feature with this identifier does not exist."]});
    let wanted = json!({"properties": wanted});
    assert_eq!(told(&post(&world, "report/event/", &unknown), 400), wanted);
    for late in ["1999-12-31 23:59:59", "2026-11-27 00:00:01"] {
        let answer = post(
            &world,
            "report/event/",
            &with(&good, "timestamp", json!(late)),
        );
        assert!(told(&answer, 400)["timestamp"][0].is_string(), "{late}");
    }
    assert_eq!(events(&world), before);
}
