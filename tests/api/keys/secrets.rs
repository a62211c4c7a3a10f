//! No key is ever shown again: not in the log, not in an answer, not in a line of the service's own.

use serde_json::json;

use super::{JSON, create, get, made};
use crate::logged::{self, said};
use crate::world::{KEY, World};

#[test]
fn no_key_is_shown_after_it_was_made() {
    logged::begin();
    let world = World::new();
    let canary = "sl_canary_of_a_stranger_5e1f";
    let mut texts = vec![KEY.to_owned(), canary.to_owned()];
    let (_, admin) = made(&world, "admin", None);
    let headers = [JSON, ("idempotency-key", "canary-once")];
    let body = json!({"label": "x", "scope": "read"}).to_string();
    let once = world.ask("POST", "/v1/keys", Some(&admin), &headers, body.as_bytes());
    texts.extend([admin.clone(), once.word("key")]);
    for text in &texts {
        assert!(text.len() > 10);
    }
    let mut shown = String::new();
    // Refusals are told once a second: it may take another second until these are.
    for _ in 0..1_000 {
        shown += &get(&world, "/v1/stats", canary).text;
        if said().contains("without a known key") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    shown += &world
        .ask("POST", "/v1/keys", Some(&admin), &headers, body.as_bytes())
        .text;
    shown += &create(&world, &json!({"label": "x", "scope": canary.len()})).text;
    for path in ["/v1/events?limit=200", "/v1/keys", "/v1/stats", "/metrics"] {
        shown += &get(&world, path, &admin).text;
    }
    let last = world.read("/v1/stats")["last_seq"].as_u64().unwrap();
    for seq in 1..=last {
        shown += &get(&world, &format!("/v1/events/{seq}"), &admin).text;
    }
    assert!(shown.contains("key.created"), "the events are shown");
    let said = said();
    assert!(
        said.contains("\"code\":\"unauthorized\""),
        "the refusals are told"
    );
    for text in &texts {
        assert!(!shown.contains(text.as_str()), "an answer shows a key");
        assert!(!said.contains(text.as_str()), "a line shows a key");
    }
}
