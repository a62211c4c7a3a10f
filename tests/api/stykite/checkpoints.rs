//! Checkpoints: tokens that are priced, units that are counted, and what is left after.

use serde_json::{Value, json};

use super::{CALLS, CREDITS, customer, events, meter, path, post, refused, world};
use crate::keys::JSON;
use crate::world::KEY;

fn tokens(input: u64, output: u64) -> Value {
    json!({"checkpoint_name": "session-ended", "customer_identifier": "user_1",
        "provider": "OPENAI", "model": "GPT_4", "input_token": input, "output_token": output})
}

#[test]
fn credits_are_debited_one_after_the_other() {
    let world = world();
    customer(&world, "user_1");
    for (input, output, credits, left) in [
        (100, 200, "5.0", "1995"),
        (1, 0, "0.01", "1994.99"),
        (0, 0, "0.0", "1994.99"),
        (333, 777, "18.87", "1976.12"),
        (1_000_000, 1_000_000, "30000.0", "0"),
        (1, 1, "0.03", "0"),
    ] {
        let answer = post(&world, "checkpoint/usage", &tokens(input, output));
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            answer.text.contains(&format!("\"credits\":{credits},")),
            "{}",
            answer.text
        );
        let balance = format!("\"meter_entitlements\":[{{\"entitlement\":{left},");
        assert!(answer.text.contains(&balance), "{left}: {}", answer.text);
        let value = &answer.json()["value"];
        assert_eq!(value["meter_entitlements"][0]["meter_tsid"], CREDITS);
        assert_eq!(value["meter_entitlements"].as_array().unwrap().len(), 2);
    }
    let row = meter(&world, "user_1", CREDITS);
    assert_eq!(row["usage"], 30_023.91);
}

#[test]
fn each_report_counts_and_a_repeated_request_counts_once() {
    let world = world();
    customer(&world, "user_1");
    let path = path("checkpoint/usage");
    let body = tokens(100, 200).to_string();
    let once = |key: &str| {
        let headers = [JSON, ("idempotency-key", key)];
        world.ask("POST", &path, Some(KEY), &headers, body.as_bytes())
    };
    let first = once("a");
    assert_ne!(once("b").text, first.text);
    let before = events(&world);
    assert_eq!(
        once("a").text,
        first.text,
        "the balance of then, not of now"
    );
    assert_eq!(events(&world), before);
    assert_eq!(meter(&world, "user_1", CREDITS)["usage"], 10);
    let record = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        value["value"].clone()
    };
    let (first, second) = (record(&first.text), record(&once("b").text));
    assert_ne!(first["tsid"], second["tsid"]);
    assert_eq!(
        first["checkpoint_tsid"], second["checkpoint_tsid"],
        "of the same name"
    );
}

#[test]
fn units_are_counted_by_a_meter_or_a_feature() {
    let world = world();
    customer(&world, "user_1");
    for (key, value, usage) in [
        (CALLS, json!(3), json!(3)),
        ("api_calls", json!(0.5), json!(3.5)),
        ("api_calls", json!(0), json!(3.5)),
    ] {
        let body = json!({"customer_identifier": "user_1", "checkpoint_key": key,
            "checkpoint_value": value});
        assert_eq!(post(&world, "checkpoint/usage", &body).status, 200);
        assert_eq!(meter(&world, "user_1", CALLS)["usage"], usage);
    }
}

#[test]
fn an_unknown_model_or_customer_is_refused() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    for (name, value) in [("model", "GPT_9"), ("provider", "NOBODY")] {
        let mut body = tokens(1, 1);
        body[name] = json!(value);
        let sentence = refused(&post(&world, "checkpoint/usage", &body), 400);
        assert!(
            sentence.contains("`model`") && sentence.contains(value),
            "{sentence}"
        );
    }
    let mut body = tokens(1, 1);
    body["customer_identifier"] = json!("nobody");
    let answer = post(&world, "checkpoint/usage", &body);
    assert_eq!(refused(&answer, 404), "There is no such customer.");
    assert_eq!(events(&world), before);
}

/// Beside the numbers, what was sent is in the log for those who ask what was billed.
#[test]
fn session_and_extra_parameters_are_kept() {
    let world = world();
    customer(&world, "user_1");
    let mut body = tokens(1, 1);
    body["session_id"] = json!("1234");
    body["extra_params"] = json!({"key1": "value1", "deep": {"list": [1, 2.50]}});
    assert_eq!(post(&world, "checkpoint/usage", &body).status, 200);
    let event = world.read(&format!("/v1/events/{}", events(&world)));
    let told: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    assert_eq!(told["data"]["tokens"]["session_id"], "1234");
    let extra = told["data"]["tokens"]["extra"].as_str().unwrap();
    let extra: Value = serde_json::from_str(extra).unwrap();
    assert_eq!(extra, body["extra_params"]);
}
