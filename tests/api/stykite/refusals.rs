//! Who may not, what is not there, what is too much, and what is no request at all: in Stykite's
//! words, to the letter where its pages have them.

use serde_json::json;

use super::{
    CALLS, COMPANY, COUNTRY, PRO, ask, customer, events, path, person, post, put, refused,
    subscription, world,
};
use crate::keys::{JSON, made};
use crate::world::{KEY, World};

const UNAUTHORIZED: &str = r#"{"success":false,"message":"Unauthorized access. Invalid token."}"#;
const INVALID: &str = r#"{"success":false,"message":"Invalid request parameters."}"#;
const NO_SUBSCRIPTION: &str = r#"{"success":false,"message":"Subscription not found."}"#;
const NO_COMPANY: &str = r#"{"success":false,"message":"Company not found."}"#;

/// Every call with a body that would do.
fn calls(world: &World) -> Vec<(&'static str, String, String)> {
    let id = subscription(world, "user_1");
    let tokens = json!({"checkpoint_name": "x", "customer_identifier": "user_1",
        "provider": "OPENAI", "model": "GPT_4", "input_token": 1, "output_token": 1});
    let of = |rest: &str| path(&format!("customer/user_1/{rest}"));
    let plan = json!({"customer_identifier": "user_1", "plan_id": PRO, "plan_type": "MONTHLY",
        "payment_component": "PLAN"});
    let entitlement = json!([{"meter_tsid": CALLS, "entitlement": 1}]);
    let reading = json!([{"timestamp": 1_697_363_618_832_u64, "meter_id": CALLS, "qty": 1}]);
    let cancel = json!({"subscription_tsid": id, "when": "END_OF_CYCLE"});
    let end = json!({"subscription_tsid": id, "end_date": 1_811_808_000_000_u64});
    let older = format!("/v1/company/{COMPANY}/checkpoint/usage");
    let all = [
        ("GET", path("customer/user_1"), json!({})),
        ("POST", path("customer"), person("user_2")),
        ("PUT", of("meter-entitlements"), entitlement),
        ("POST", of("usage"), reading),
        ("POST", path("payment"), plan),
        ("PUT", of("subscription"), end),
        ("POST", of("cancel_subscription"), cancel),
        ("POST", path("checkpoint/usage"), tokens.clone()),
        ("POST", older, tokens),
    ];
    all.map(|(method, path, body)| {
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        (method, path, body)
    })
    .into()
}

#[test]
fn without_a_key_every_call_says_what_stykite_says() {
    let world = world();
    customer(&world, "user_1");
    for (method, path, body) in calls(&world) {
        for key in [None, Some("sl_wrong")] {
            let answer = world.ask(method, &path, key, &[JSON], body.as_bytes());
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (401, UNAUTHORIZED),
                "{path}"
            );
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(
                answer
                    .header("x-subledger-detail")
                    .unwrap()
                    .contains("Bearer")
            );
        }
    }
}

#[test]
fn a_read_key_reads_and_does_not_write() {
    let world = world();
    customer(&world, "user_1");
    let (_, read) = made(&world, "read", None);
    let (_, client) = made(&world, "client", None);
    let (_, write) = made(&world, "write", None);
    let all = calls(&world);
    let before = events(&world);
    for (method, path, body) in &all {
        let answer = world.ask(method, path, Some(&read), &[JSON], body.as_bytes());
        if *method == "GET" {
            assert_eq!(answer.status, 200);
        } else {
            let sentence = refused(&answer, 403);
            assert!(sentence.contains("`write`"), "{path}: {sentence}");
            assert_eq!(answer.json()["status"], false);
        }
        let answer = world.ask(method, path, Some(&client), &[JSON], body.as_bytes());
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(events(&world), before);
    for (method, path, body) in &all {
        let answer = world.ask(method, path, Some(&write), &[JSON], body.as_bytes());
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.text
        );
    }
}

#[test]
fn a_company_or_a_country_that_is_not_in_the_catalogue_is_404() {
    let world = world();
    customer(&world, "user_1");
    for (method, path, body) in calls(&world) {
        let unknown = path.replace(COMPANY, "COM-0000000000000");
        let answer = world.ask(method, &unknown, Some(KEY), &[JSON], body.as_bytes());
        let sentence = refused(&answer, 404);
        assert_eq!(sentence, "There is no such company.", "{path}");
        if path.contains(COUNTRY) {
            let unknown = path.replace(COUNTRY, "CON-0000000000000");
            let answer = world.ask(method, &unknown, Some(KEY), &[JSON], body.as_bytes());
            assert_eq!(refused(&answer, 404), "There is no such country.", "{path}");
        }
        if path.contains("user_1") {
            let unknown = path.replace("user_1", "nobody");
            let answer = world.ask(method, &unknown, Some(KEY), &[JSON], body.as_bytes());
            assert_eq!(
                refused(&answer, 404),
                "There is no such customer.",
                "{path}"
            );
        }
    }
}

#[test]
fn the_documented_bodies_of_cancel_are_told_to_the_letter() {
    let world = world();
    customer(&world, "user_1");
    customer(&world, "user_2");
    let place = "customer/user_1/cancel_subscription";
    let theirs = subscription(&world, "user_2");
    for id in [
        "SUA-0000000000000",
        "CSU-0JTAGV2KWBHEW",
        "anything",
        theirs.as_str(),
    ] {
        let answer = post(
            &world,
            place,
            &json!({"subscription_tsid": id, "when": "IMMEDIATE"}),
        );
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (404, NO_SUBSCRIPTION),
            "{id}"
        );
        let detail = answer.header("x-subledger-detail");
        assert_eq!(detail, Some("There is no such subscription."));
    }
    let answer = post(
        &world,
        place,
        &json!({"subscription_tsid": theirs, "when": "LATER"}),
    );
    assert_eq!((answer.status, answer.text.as_str()), (400, INVALID));
    let detail = answer.header("x-subledger-detail").unwrap();
    assert_eq!(detail, "`when` must be `IMMEDIATE` or `END_OF_CYCLE`.");
    let answer = world.ask("POST", &path(place), Some(KEY), &[JSON], b"{");
    assert_eq!((answer.status, answer.text.as_str()), (400, INVALID));
    let unknown = path(place).replace(COMPANY, "COM-1");
    let body = json!({"subscription_tsid": theirs, "when": "IMMEDIATE"}).to_string();
    let answer = world.ask("POST", &unknown, Some(KEY), &[JSON], body.as_bytes());
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (404, NO_SUBSCRIPTION)
    );
    assert_eq!(super::shown(&world, "user_2")["status"], "ACTIVE");
}

#[test]
fn the_documented_bodies_of_the_older_checkpoint_are_told_to_the_letter() {
    let world = world();
    customer(&world, "user_1");
    let place = format!("/v1/company/{COMPANY}/checkpoint/usage");
    let ask = |path: &str, body: &str| world.ask("POST", path, Some(KEY), &[JSON], body.as_bytes());
    let tokens = json!({"checkpoint_name": "x", "customer_identifier": "user_1",
        "provider": "OPENAI", "model": "GPT_9", "input_token": 1, "output_token": 1});
    let answer = ask(&place, &tokens.to_string());
    assert_eq!((answer.status, answer.text.as_str()), (400, INVALID));
    assert!(
        answer
            .header("x-subledger-detail")
            .unwrap()
            .contains("`model`")
    );
    let answer = ask(&place, "[]");
    assert_eq!((answer.status, answer.text.as_str()), (400, INVALID));
    let answer = ask("/v1/company/COM-1/checkpoint/usage", &tokens.to_string());
    assert_eq!((answer.status, answer.text.as_str()), (404, NO_COMPANY));
    let unknown = tokens
        .to_string()
        .replace("user_1", "nobody")
        .replace("GPT_9", "GPT_4");
    let answer = ask(&place, &unknown);
    let said = r#"{"success":false,"message":"Customer not found."}"#;
    assert_eq!((answer.status, answer.text.as_str()), (404, said));
}

#[test]
fn bodies_have_their_limits() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    for (method, path, _) in calls(&world)
        .into_iter()
        .filter(|(method, _, _)| *method != "GET")
    {
        let is_list = path.ends_with("/usage") && path.contains("/customer/")
            || path.ends_with("/meter-entitlements");
        let limit = if is_list { 1024 * 1024 } else { 16 * 1024 };
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(limit));
        let answer = world.ask(method, &path, Some(KEY), &[JSON], long.as_bytes());
        let sentence = refused(&answer, 413);
        assert!(sentence.contains(&limit.to_string()), "{path}: {sentence}");
        let answer = world.ask(
            method,
            &path,
            Some(KEY),
            &[("content-type", "text/plain")],
            b"{}",
        );
        refused(&answer, 415);
        let answer = world.ask(method, &path, Some(KEY), &[], b"{}");
        refused(&answer, 415);
        let gzip = [JSON, ("content-encoding", "gzip")];
        refused(&world.ask(method, &path, Some(KEY), &gzip, b"{}"), 415);
        let answer = world.ask(
            method,
            &format!("{path}?colour=red"),
            Some(KEY),
            &[JSON],
            b"{}",
        );
        refused(&answer, 400);
    }
    assert_eq!(events(&world), before);
}

/// Ten times too many elements are told so, and a thousand are taken in whole.
#[test]
fn lists_have_at_most_a_thousand_elements() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    let reading = |index: u64| json!({"timestamp": 1_697_363_618_832 + index, "meter_id": CALLS, "qty": index});
    let entitlement = |_: u64| json!({"meter_tsid": CALLS, "entitlement": 5});
    let list = |count: u64, of: &dyn Fn(u64) -> serde_json::Value| {
        serde_json::Value::Array((0..count).map(of).collect())
    };
    for count in [0, 1_001, 10_000] {
        let wanted = format!("1 to 1000 elements; this one has {count}");
        let answer = post(&world, "customer/user_1/usage", &list(count, &reading));
        let sentence = refused(&answer, 400);
        assert!(sentence.contains(&wanted), "{sentence}");
        let answer = put(
            &world,
            "customer/user_1/meter-entitlements",
            &list(count, &entitlement),
        );
        assert!(refused(&answer, 400).contains(&wanted));
    }
    assert_eq!(events(&world), before);
    let mut spoiled = list(1_000, &reading);
    spoiled[999]["meter_id"] = json!("MTR-0000000000000");
    let sentence = refused(&post(&world, "customer/user_1/usage", &spoiled), 400);
    assert!(sentence.contains("At index 999: `meter_id`"), "{sentence}");
    assert_eq!(events(&world), before);
    assert_eq!(super::meter(&world, "user_1", CALLS)["usage"], 0);
    let answer = post(&world, "customer/user_1/usage", &list(1_000, &reading));
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(events(&world), before + 1);
    assert_eq!(super::meter(&world, "user_1", CALLS)["usage"], 999);
}

#[test]
fn a_key_that_comes_twice_is_refused_at_any_depth() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    let of = |rest: &str| format!("customer/user_1/{rest}");
    for (method, rest, body, key) in [
        (
            "POST",
            "customer".to_owned(),
            r#"{"email":"a@example.com","email":"b@example.com","customer_identifier":"x","country_code":"IN"}"#,
            "email",
        ),
        (
            "POST",
            of("usage"),
            r#"[{"timestamp":1697363618832,"meter_id":"MTR-0DWBEZWHFSBBQ","qty":26,"qty":27}]"#,
            "qty",
        ),
        (
            "POST",
            "checkpoint/usage".to_owned(),
            r#"{"checkpoint_name":"x","customer_identifier":"user_1","provider":"OPENAI","model":"GPT_4","input_token":1,"output_token":1,"extra_params":{"a":[{"deep":1,"deep":2}]}}"#,
            "deep",
        ),
    ] {
        let answer = world.ask(method, &path(&rest), Some(KEY), &[JSON], body.as_bytes());
        let sentence = refused(&answer, 400);
        assert!(
            sentence.contains(&format!("`{key}` is given twice")),
            "{sentence}"
        );
    }
    let nan = br#"[{"timestamp":1697363618832,"meter_id":"MTR-0DWBEZWHFSBBQ","qty":NaN}]"#;
    let answer = world.ask("POST", &path(&of("usage")), Some(KEY), &[JSON], nan);
    assert!(refused(&answer, 400).contains("`qty`"));
    assert_eq!(events(&world), before);
}

#[test]
fn other_methods_and_paths_are_refused_in_the_same_words() {
    let world = world();
    customer(&world, "user_1");
    let head = world.ask("HEAD", &path("customer/user_1"), Some(KEY), &[], b"");
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert!(head.header("x-ledger-seq").is_some());
    let answer = ask(&world, "DELETE", "customer/user_1", &json!({}));
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    assert!(refused(&answer, 405).contains("GET"));
    let answer = ask(&world, "GET", "payment", &json!({}));
    assert_eq!(answer.header("allow"), Some("POST"));
    refused(&answer, 405);
    for nowhere in ["customers", "customer/user_1/invoices", "plan"] {
        let answer = world.get(&path(nowhere));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        refused(&answer, 404);
    }
}

/// What a client wrote may come back in the sentence, and headers have to stay small.
#[test]
fn a_sentence_in_a_header_is_cut() {
    let world = world();
    customer(&world, "user_1");
    let key = "x".repeat(5_000);
    let body = format!("{{\"{key}\":1,\"{key}\":2}}");
    let place = path("customer/user_1/cancel_subscription");
    let answer = world.ask("POST", &place, Some(KEY), &[JSON], body.as_bytes());
    assert_eq!((answer.status, answer.text.as_str()), (400, INVALID));
    let detail = answer.header("x-subledger-detail").unwrap();
    assert_eq!(detail.len(), 500, "{detail}");
    assert!(
        detail.contains("xxx") && detail.ends_with("..."),
        "{detail}"
    );
}

/// One page's generated sample sends the header twice, once without a token.
#[test]
fn an_empty_bearer_beside_a_token_is_passed_over() {
    let world = world();
    customer(&world, "user_1");
    let place = path("customer/user_1");
    let key = format!("Bearer {KEY}");
    let ask = |path: &str, values: &[&str]| {
        let headers: Vec<_> = values
            .iter()
            .map(|value| ("authorization", *value))
            .collect();
        world.ask("GET", path, None, &headers, b"").status
    };
    for values in [["Bearer", &key], [&key, "Bearer"], ["bearer ", &key]] {
        assert_eq!(ask(&place, &values), 200, "{values:?}");
    }
    for values in [
        vec!["Bearer"],
        vec!["Bearer", "Bearer"],
        vec![&key, &key],
        vec![&key, "Bearer other"],
        vec!["Basic", &key],
        vec!["Bearer", &key, &key],
    ] {
        assert_eq!(ask(&place, &values), 401, "{values:?}");
    }
    // It is that page's, and not ours.
    assert_eq!(ask("/v1/customers/user_1", &["Bearer", &key]), 401);
    assert_eq!(ask("/v1/customers/user_1", &[&key]), 200);
}
