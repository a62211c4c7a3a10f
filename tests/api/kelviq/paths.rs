//! Paths with and without the slash, methods, keys of each kind, and what is no request at all.

use serde_json::json;

use super::{ask, ask_as, customer, get, told, world};
use crate::keys::{JSON, made};
use crate::world::KEY;

#[test]
fn each_path_is_the_same_without_its_slash() {
    let world = world();
    customer(&world, "user-1");
    let report = json!({"value": 1, "customerId": "user-1", "featureId": "api-calls",
        "behaviour": "SET"});
    for (method, path, body) in [
        ("GET", "customers/", json!(null)),
        ("GET", "customers/user-1/", json!(null)),
        ("PATCH", "customers/user-1/", json!({"name": "B"})),
        ("GET", "entitlements/?customer_id=user-1", json!(null)),
        ("GET", "subscriptions/?customer_id=user-1", json!(null)),
        ("POST", "report/usage/", report),
    ] {
        let with = ask(&world, method, path, &body);
        let without = ask(&world, method, &path.replace("/?", "?"), &body);
        let without = if path.contains('?') {
            without
        } else {
            ask(&world, method, path.trim_end_matches('/'), &body)
        };
        assert_eq!(with.status, 200, "{method} {path}: {}", with.text);
        assert_eq!(without.status, 200, "{method} {path}: {}", without.text);
        assert_eq!(with.header("location"), None);
    }
    let answer = ask(&world, "DELETE", "customers/user-1", &json!(null));
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
}

#[test]
fn refusals_have_kelviqs_shapes() {
    let world = world();
    let unknown = |key: Option<&str>| world.ask("GET", "/api/v1/customers/", key, &[], b"");
    for key in [None, Some("sl_wrong")] {
        let answer = unknown(key);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let body = told(&answer, 401);
        assert_eq!(
            body,
            json!({"detail": "Authentication credentials were not provided."})
        );
    }
    let body = told(&ask(&world, "PUT", "customers/", &json!({})), 405);
    assert_eq!(body, json!({"detail": "Method \"PUT\" not allowed."}));
    let bare = world.ask("GET", "/api/v1", Some(KEY), &[], b"");
    assert_eq!(told(&bare, 404), json!({"detail": "Not found."}));
    for path in ["", "nothing/", "customers/a/b/c/", "customers/nobody/"] {
        let body = told(&get(&world, path), 404);
        assert_eq!(body, json!({"detail": "Not found."}), "{path}");
    }
    let plain = [("content-type", "text/plain")];
    let answer = world.ask("POST", "/api/v1/customers/", Some(KEY), &plain, b"{}");
    assert!(told(&answer, 415)["detail"].is_string());
    let long = format!("\"{}\"", "x".repeat(20_000));
    let answer = world.ask(
        "POST",
        "/api/v1/customers/",
        Some(KEY),
        &[JSON],
        long.as_bytes(),
    );
    assert!(told(&answer, 413)["detail"].is_string());
    for body in [
        "[]",
        "1",
        "\"a\"",
        "null",
        "{",
        "{}{}",
        "{\"customerId\":NaN}",
    ] {
        let answer = world.ask(
            "POST",
            "/api/v1/customers/",
            Some(KEY),
            &[JSON],
            body.as_bytes(),
        );
        assert!(told(&answer, 400)["detail"].is_string(), "{body}");
    }
}

#[test]
fn a_client_key_is_for_entitlements_and_subscriptions_alone() {
    let world = world();
    customer(&world, "user-1");
    customer(&world, "user-2");
    let (_, bound) = made(&world, "client", Some("user-1"));
    let (_, unbound) = made(&world, "client", None);
    let (_, reader) = made(&world, "read", None);
    for (key, method, path) in [
        (&bound, "GET", "customers/"),
        (&bound, "GET", "customers/user-1/"),
        (&unbound, "POST", "customers/"),
        (&unbound, "POST", "report/usage/"),
        (&unbound, "POST", "report/event/"),
        (&unbound, "POST", "checkout/"),
        (&reader, "POST", "customers/"),
        (&reader, "DELETE", "customers/user-1/"),
    ] {
        let answer = ask_as(&world, key, method, path, &json!({}));
        let wanted = json!({"detail": "You do not have permission to perform this action."});
        assert_eq!(told(&answer, 403), wanted, "{method} {path}");
        let why = answer.header("x-subledger-detail").unwrap();
        assert!(why.contains("scope"), "{why}");
    }
    let entitled = |key: &str, query: &str| {
        let path = format!("entitlements/{query}");
        ask_as(&world, key, "GET", &path, &json!(null))
    };
    let own = told(&entitled(&bound, ""), 200);
    assert_eq!(own["customerId"], "user-1");
    assert_eq!(told(&entitled(&bound, "?customer_id=user-1"), 200), own);
    told(&entitled(&bound, "?customer_id=user-2"), 404);
    told(&entitled(&unbound, "?customer_id=user-2"), 200);
    let missing = told(&entitled(&unbound, ""), 400);
    assert_eq!(missing, json!({"customerId": ["This field is required."]}));
}

#[test]
fn a_repetition_with_an_idempotency_key_counts_once() {
    let world = world();
    customer(&world, "user-1");
    let headers = [JSON, ("idempotency-key", "once")];
    let body = json!({"value": 3, "customerId": "user-1", "featureId": "api-calls",
        "behaviour": "DELTA"});
    let send = |body: &serde_json::Value| {
        let text = body.to_string();
        world.ask(
            "POST",
            "/api/v1/report/usage/",
            Some(KEY),
            &headers,
            text.as_bytes(),
        )
    };
    let first = told(&send(&body), 200);
    assert_eq!(told(&send(&body), 200), first);
    let other = json!({"value": 4, "customerId": "user-1", "featureId": "api-calls",
        "behaviour": "DELTA"});
    assert!(told(&send(&other), 422)["detail"].is_string());
    let rows = told(&get(&world, "entitlements/?customer_id=user-1"), 200);
    assert_eq!(rows["entitlements"][0]["currentUsage"], 3);
}
