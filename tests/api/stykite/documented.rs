//! The requests of Stykite's pages as they are printed there, and the answers that they print.

use serde_json::{Value, json};

use super::{COMPANY, COUNTRY, ask, customer, path, post, put, shown, subscription, world};
use crate::keys::JSON;
use crate::world::KEY;

const CREATE: &str = r#"{"email":"user@example.com","customer_identifier":"c56164ad-3d54-4eaa-ae3d-46fe3969972b","first_name":"Asha","last_name":"Rao",
 "phone":9000000000,"country_code":"IN","state_code":"KA","city":"Bangalore","zipcode":416013}"#;
const ENTITLEMENTS: &str = r#"[{"meter_tsid":"MTR-0MB95BFFX5MY2","entitlement":1},{"meter_tsid":"MTR-0MB8WXFSD5YVW","entitlement":1}]"#;
const USAGE: &str = r#"[{"timestamp":1697363618832,"meter_id":"MTR-0DWBEZWHFSBBQ","qty":26}]"#;
const PAYMENT: &str = r#"{"customer_identifier":"user@example.com","plan_id":"PLV-0MD508X1S388G","plan_type":"MONTHLY","payment_component":"PLAN"}"#;
const TOKENS: &str = r#"{"checkpoint_name":"session-ended","customer_identifier":"user@example.com","provider":"OPENAI","model":"GPT_4",
 "input_token":100,"output_token":200,"session_id":"1234","extra_params":{"key1":"value1"}}"#;

/// The words of an answer, in their order.
fn keys(text: &str) -> Vec<String> {
    let keys: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
    keys.keys().cloned().collect()
}

#[test]
fn create_customer() {
    let world = world();
    let answer = world.ask(
        "POST",
        &path("customer"),
        Some(KEY),
        &[JSON],
        CREATE.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let value = &answer.json()["value"];
    let now = 1_795_651_200_000_u64;
    let id = value["tsid"].as_str().unwrap();
    assert!(id.starts_with("CUS-") && id.len() == 17, "{id}");
    assert_eq!(
        answer.json(),
        json!({"status": true, "value": {
            "email": "user@example.com", "firstName": "Asha", "lastName": "Rao",
            "phone": "9000000000",
            "address": {"city": "Bangalore", "country": "India", "line1": null, "line2": null,
                "state": "Karnataka", "city_code": "Bangalore", "country_code": "IN",
                "postal_code": "416013", "state_code": "KA"},
            "tsid": id, "customer_identifier": "c56164ad-3d54-4eaa-ae3d-46fe3969972b",
            "created_at": now, "updated_at": now, "company_tsid": COMPANY,
            "country_tsid": COUNTRY}})
    );
}

#[test]
fn get_customer() {
    let world = world();
    let made = customer(&world, "name+86@example.com");
    let value = shown(&world, "name+86@example.com");
    for (name, told) in made.as_object().unwrap() {
        assert_eq!(&value[name], told, "{name}");
    }
    assert_eq!(value["status"], "ACTIVE");
    assert_eq!(value["subscriptions"].as_array().unwrap().len(), 1);
}

#[test]
fn update_meter_entitlements() {
    let world = world();
    customer(&world, "user@example.com");
    let path = path("customer/user@example.com/meter-entitlements");
    let answer = world.ask("PUT", &path, Some(KEY), &[JSON], ENTITLEMENTS.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(keys(&answer.text), ["message", "status", "success"]);
}

#[test]
fn send_usage() {
    let world = world();
    customer(&world, "user@example.com");
    let path = path("customer/user@example.com/usage");
    let answer = world.ask("POST", &path, Some(KEY), &[JSON], USAGE.as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json()["status"], true);
    assert_eq!(answer.json()["success"], true);
}

#[test]
fn create_subscription() {
    let world = world();
    customer(&world, "user@example.com");
    let answer = world.ask(
        "POST",
        &path("payment"),
        Some(KEY),
        &[JSON],
        PAYMENT.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["value"]["transaction_tsid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(id.starts_with("TRN-") && id.len() == 17, "{id}");
    assert_eq!(
        answer.json(),
        json!({"status": true, "value": {"transaction_tsid": id}})
    );
}

#[test]
fn cancel_subscription() {
    let world = world();
    customer(&world, "user@example.com");
    let id = subscription(&world, "user@example.com");
    // One page writes SUA-, the other CSU-.
    let theirs = id.replace("SUA-", "CSU-");
    let body = json!({"subscription_tsid": theirs, "when": "END_OF_CYCLE"});
    let answer = post(
        &world,
        "customer/user@example.com/cancel_subscription",
        &body,
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(keys(&answer.text), ["message", "status", "success"]);
    let body = json!({"subscription_tsid": id, "when": "IMMEDIATE"});
    let answer = post(
        &world,
        "customer/user@example.com/cancel_subscription",
        &body,
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[test]
fn update_subscription() {
    let world = world();
    customer(&world, "user@example.com");
    let id = subscription(&world, "user@example.com");
    let body = json!({"subscription_tsid": id, "end_date": 1_742_797_511_000_u64});
    let answer = put(&world, "customer/user@example.com/subscription", &body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["status"], true);
}

#[test]
fn track_checkpoint_usage() {
    let world = world();
    let made = customer(&world, "user@example.com");
    let path = path("checkpoint/usage");
    let answer = world.ask("POST", &path, Some(KEY), &[JSON], TOKENS.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    // To the digit: not what a parser makes of it.
    let costs = r#""input_token_cost":0.001,"output_token_cost":0.004,"credits":5.0,"#;
    assert!(answer.text.contains(costs), "{}", answer.text);
    let balance = r#""meter_entitlements":[{"entitlement":1995,"#;
    assert!(answer.text.contains(balance), "{}", answer.text);
    let value = &answer.json()["value"];
    let plan = &shown(&world, "user@example.com")["subscriptions"][0]["plan_tsid"];
    for (name, told) in [
        ("customer_tsid", &made["tsid"]),
        ("company_tsid", &json!(COMPANY)),
        ("country_tsid", &json!(COUNTRY)),
        ("plan_tsid", plan),
        ("input_token", &json!(100)),
        ("output_token", &json!(200)),
        ("provider", &json!("OPENAI")),
        ("model", &json!("GPT_4")),
    ] {
        assert_eq!(&value[name], told, "{name}");
    }
    for (name, prefix) in [("tsid", "CHU-"), ("checkpoint_tsid", "CHK-")] {
        assert!(value[name].as_str().unwrap().starts_with(prefix), "{name}");
    }
    for name in ["usage_time", "created_at", "updated_at"] {
        assert_eq!(value[name], 1_795_651_200_000_u64, "{name}");
    }
}

#[test]
fn track_checkpoint_usage_as_it_was_first() {
    let world = world();
    customer(&world, "user@example.com");
    let path = format!("/v1/company/{COMPANY}/checkpoint/usage");
    let answer = world.ask("POST", &path, Some(KEY), &[JSON], TOKENS.as_bytes());
    assert_eq!(answer.status, 200);
    let said = r#"{"success":true,"message":"Checkpoint usage recorded successfully."}"#;
    assert_eq!(answer.text, said);
}

#[test]
fn track_checkpoint_usage_as_the_guide_has_it() {
    let world = world();
    customer(&world, "user@example.com");
    let body = json!({"customer_identifier": "user@example.com", "checkpoint_key": "api_calls",
        "checkpoint_value": 3});
    let said = r#"{"status":true,"message":"Checkpoint recorded successfully"}"#;
    let answer = ask(&world, "POST", "checkpoint/usage", &body);
    assert_eq!((answer.status, answer.text.as_str()), (200, said));
    let path = format!("/v1/company/{COMPANY}/checkpoint/usage");
    let body = body.to_string();
    let answer = world.ask("POST", &path, Some(KEY), &[JSON], body.as_bytes());
    assert_eq!((answer.status, answer.text.as_str()), (200, said));
}

#[test]
fn content_types_are_read_in_any_case() {
    let world = world();
    customer(&world, "user@example.com");
    let path = path("customer/user@example.com/usage");
    for value in ["application/json", "Application/JSON; charset=utf-8"] {
        let answer = world.ask(
            "POST",
            &path,
            Some(KEY),
            &[("content-type", value)],
            USAGE.as_bytes(),
        );
        assert_eq!(answer.status, 202, "{value}");
    }
}

/// All of them, as they are printed and in the pages' order: the customer is made with a UUID, and
/// the requests after that name its e-mail address, as the samples do.
#[test]
fn the_samples_work_one_after_the_other() {
    let world = world();
    let older = format!("/v1/company/{COMPANY}/checkpoint/usage");
    let place = |rest: &str| path(&format!("customer/user@example.com{rest}"));
    let units = r#"{"customer_identifier":"user@example.com","checkpoint_key":"api_calls","checkpoint_value":5}"#;
    let cancel = r#"{"subscription_tsid":"CSU-0JTAGV2KWBHEW","when":"END_OF_CYCLE"}"#;
    let update = r#"{"subscription_tsid":"SUA-0K6FC7CCNBBQD","end_date":1742797511000}"#;
    let uuid = "c56164ad-3d54-4eaa-ae3d-46fe3969972b";
    for (method, path, body, status) in [
        ("POST", path("customer"), CREATE, 200),
        ("GET", path(&format!("customer/{uuid}")), "", 200),
        ("GET", place(""), "", 200),
        ("PUT", place("/meter-entitlements"), ENTITLEMENTS, 200),
        ("POST", place("/usage"), USAGE, 202),
        ("POST", path("payment"), PAYMENT, 200),
        ("POST", place("/cancel_subscription"), cancel, 404),
        ("PUT", place("/subscription"), update, 404),
        ("POST", path("checkpoint/usage"), TOKENS, 200),
        ("POST", older, TOKENS, 200),
        ("POST", path("checkpoint/usage"), units, 200),
    ] {
        let headers = [JSON, ("authorization", "Bearer")];
        let answer = world.ask(method, &path, Some(KEY), &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    assert_eq!(world.read("/v1/stats")["customers"], 1);
    let rows = &shown(&world, uuid)["meter_entitlements"];
    let usage = |id: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row["meter_tsid"] == id).unwrap()["usage"].clone()
    };
    // The reading's 26, and the guide's 5.
    assert_eq!(usage("MTR-0DWBEZWHFSBBQ"), 31);
    assert_eq!(usage("MTR-0MB95BFFX5MY2"), 10);
}
