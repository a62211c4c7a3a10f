//! Making, listing and revoking.

use serde_json::{Value, json};

use super::{JSON, create, get, made, revoke};
use crate::world::{Answer, KEY, World};

fn post(world: &World, once: &str, body: &str) -> Answer {
    let headers = [JSON, ("idempotency-key", once)];
    world.ask("POST", "/v1/keys", Some(KEY), &headers, body.as_bytes())
}

fn ids(world: &World) -> Vec<String> {
    let list = world.read("/v1/keys?limit=200");
    let data = list["data"].as_array().unwrap().iter();
    data.map(|key| key["id"].as_str().unwrap().to_owned())
        .collect()
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.word("code"))
}

#[test]
fn a_key_is_made_shown_once_listed_and_revoked() {
    let world = World::new();
    let answer = create(
        &world,
        &json!({"label": "app", "scope": "client", "customer": "user_42"}),
    );
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("x-ledger-seq").is_some());
    let shown = answer.json();
    let names: Vec<_> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["customer", "id", "key", "label", "scope"]);
    let key = shown["key"].as_str().unwrap();
    assert_eq!((key.len(), &key[..3]), (46, "sl_"));
    let listed = &world.read("/v1/keys")["data"][0];
    assert_eq!(
        listed,
        &json!({"id": shown["id"], "label": "app", "scope": "client", "customer": "user_42",
            "created_at": "2026-11-26T00:00:00.000Z", "created_by": "admin"})
    );
    let id = shown["id"].as_str().unwrap();
    let events = |world: &World| world.read("/v1/stats")["events"].clone();
    let before = events(&world);
    assert_eq!(revoke(&world, id).status, 204);
    assert_eq!(
        get(&world, "/v1/subscriptions?customer=user_42", key).status,
        401
    );
    assert!(ids(&world).is_empty());
    assert_eq!(revoke(&world, id).status, 204, "it is revoked already");
    assert_eq!(
        events(&world),
        before.as_u64().unwrap() + 1,
        "and nothing is recorded"
    );
    for unknown in ["KEY-0000000000000", "KEY-1", "nonsense"] {
        assert_eq!(refused(&revoke(&world, unknown)), (404, "not_found".into()));
    }
}

#[test]
fn keys_made_by_a_key_say_so_and_are_events() {
    let world = World::new();
    let (admin_id, admin) = made(&world, "admin", None);
    let body = br#"{"label":"x","scope":"read"}"#;
    let answer = world.ask("POST", "/v1/keys", Some(&admin), &[JSON], body);
    assert_eq!(answer.status, 201);
    let by: Vec<Value> = world.read("/v1/keys")["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["created_by"].clone())
        .collect();
    assert!(
        by.contains(&json!("admin")) && by.contains(&json!(admin_id)),
        "{by:?}"
    );
    revoke(&world, &answer.word("id"));
    let events = world.read("/v1/events?source=api");
    let types: Vec<_> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["event_type"].clone(), e["status"].clone()))
        .collect();
    let folded = |kind: &str| (json!(kind), json!("folded"));
    assert_eq!(
        types,
        [
            folded("key.created"),
            folded("key.created"),
            folded("key.revoked")
        ]
    );
    let body = world.read("/v1/events/3")["body"]
        .as_str()
        .unwrap()
        .to_owned();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["actor"], admin_id.as_str());
}

#[test]
fn lists_of_keys_come_in_pages() {
    let world = World::new();
    for _ in 0..5 {
        made(&world, "read", None);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/keys?limit=2".to_owned();
    loop {
        let page = world.read(&path);
        let data = page["data"].as_array().unwrap().iter();
        seen.extend(data.map(|key| key["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/keys?limit=2&cursor={cursor}");
    }
    assert_eq!((seen.len(), seen), (5, ids(&world)));
    assert_eq!(world.get("/v1/keys?revoked=true").status, 400);
}

#[test]
fn keys_and_what_was_answered_survive_a_restart() {
    let world = World::on_disk();
    let (_, kept) = made(&world, "read", None);
    let (gone_id, gone) = made(&world, "read", None);
    revoke(&world, &gone_id);
    let body = r#"{"label":"once","scope":"read"}"#;
    let first = post(&world, "deploy-17", body).json();
    assert!(first["key"].is_string());
    let before = world.read("/v1/keys");
    for _ in 0..2 {
        let again = post(&world, "deploy-17", body);
        let mut expected = first.clone();
        expected["key"] = Value::Null;
        assert_eq!((again.status, again.json()), (201, expected));
    }
    let world = world.restart();
    assert_eq!(world.read("/v1/keys"), before);
    assert_eq!(get(&world, "/v1/stats", &kept).status, 200);
    assert_eq!(get(&world, "/v1/stats", &gone).status, 401);
    let again = post(&world, "deploy-17", body);
    assert_eq!(
        (again.status, again.word("id")),
        (201, first["id"].as_str().unwrap().into())
    );
    assert_eq!(again.json()["key"], Value::Null);
    let other = post(&world, "deploy-17", r#"{"label":"once","scope":"write"}"#);
    assert_eq!(refused(&other), (422, "idempotency_mismatch".into()));
    assert_eq!(
        world.read("/v1/keys"),
        before,
        "nothing was made by repeating"
    );
    // The same key of another asker is another request.
    let (_, admin) = made(&world, "admin", None);
    let headers = [JSON, ("idempotency-key", "deploy-17")];
    let theirs = world.ask("POST", "/v1/keys", Some(&admin), &headers, body.as_bytes());
    assert_eq!(theirs.status, 201);
    assert!(theirs.json()["key"].is_string());
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let world = World::new();
    let long = "é".repeat(101);
    for (body, code, names) in [
        ("", "invalid_body", "object"),
        ("[\"x\",\"read\",null]", "invalid_body", "object"),
        ("{", "invalid_body", "EOF"),
        ("{\"label\":\"x\"}", "invalid_body", "scope"),
        ("{\"scope\":\"read\"}", "invalid_body", "label"),
        (
            "{\"label\":1,\"scope\":\"read\"}",
            "invalid_body",
            "integer",
        ),
        (
            "{\"label\":\"x\",\"scope\":\"root\"}",
            "invalid_body",
            "root",
        ),
        (
            "{\"label\":\"x\",\"scope\":\"read\",\"admin\":true}",
            "invalid_body",
            "admin",
        ),
        (
            "{\"label\":\"x\",\"label\":\"y\",\"scope\":\"read\"}",
            "invalid_body",
            "duplicate",
        ),
        ("{\"label\":\"\",\"scope\":\"read\"}", "invalid_body", "100"),
        (
            &format!("{{\"label\":\"{long}\",\"scope\":\"read\"}}"),
            "invalid_body",
            "100",
        ),
        (
            "{\"label\":\"a\\nb\",\"scope\":\"read\"}",
            "invalid_body",
            "control",
        ),
        (
            "{\"label\":\"x\",\"scope\":\"read\",\"customer\":\"c\"}",
            "invalid_body",
            "client",
        ),
        (
            "{\"label\":\"x\",\"scope\":\"client\",\"customer\":\"\"}",
            "invalid_body",
            "512",
        ),
        (
            "{\"label\":\"x\",\"scope\":\"read\"} x",
            "invalid_body",
            "trailing",
        ),
    ] {
        let answer = world.ask("POST", "/v1/keys", Some(KEY), &[JSON], body.as_bytes());
        assert_eq!(refused(&answer), (400, code.into()), "{body}");
        assert!(
            answer.word("detail").contains(names),
            "{body}: {}",
            answer.text
        );
    }
    let fine = br#"{"label":"x","scope":"read"}"#;
    let ask = |headers: &[(&str, &str)], body: &[u8]| {
        refused(&world.ask("POST", "/v1/keys", Some(KEY), headers, body))
    };
    assert_eq!(
        ask(&[("content-type", "text/plain")], fine),
        (415, "unsupported_media_type".into())
    );
    assert_eq!(ask(&[], fine), (415, "unsupported_media_type".into()));
    assert_eq!(
        ask(&[JSON, ("content-encoding", "gzip")], fine),
        (415, "unsupported_encoding".into())
    );
    assert_eq!(
        ask(&[JSON], &vec![b' '; 16 * 1024 + 1]),
        (413, "body_too_large".into())
    );
    assert_eq!(
        ask(&[JSON, ("idempotency-key", "")], fine),
        (400, "invalid_parameter".into())
    );
    let long = "k".repeat(256);
    assert_eq!(
        ask(&[JSON, ("idempotency-key", &long)], fine),
        (400, "invalid_parameter".into())
    );
    let twice = world.ask("POST", "/v1/keys?scope=read", Some(KEY), &[JSON], fine);
    assert_eq!(refused(&twice), (400, "invalid_parameter".into()));
    assert!(ids(&world).is_empty());
    let null = create(
        &world,
        &json!({"label": "x", "scope": "read", "customer": null}),
    );
    assert_eq!(null.status, 201);
}

#[test]
fn a_full_disk_makes_no_key_and_known_ones_still_open() {
    let world = World::on_disk();
    let (id, key) = made(&world, "read", None);
    let world = world
        .restart_with(|config| config.log.min_free_bytes = u64::MAX / 2)
        .unwrap();
    let answer = create(&world, &json!({"label": "x", "scope": "read"}));
    assert_eq!(refused(&answer), (503, "unavailable".into()));
    assert_eq!(revoke(&world, &id).status, 503);
    assert_eq!(get(&world, "/v1/stats", &key).status, 200);
}
