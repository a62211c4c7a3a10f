//! `explain=true` over HTTP: who may ask, what is refused, and what is told of samples whose story
//! is known; answers that nobody wants explained are as they always were.

use serde_json::{Value, json};

use crate::keys::made;
use crate::world::{World, sample};

const PATHS: [&str; 6] = [
    "/v1/customers/user_42",
    "/v1/customers/user_42/entitlements",
    "/v1/subscriptions/sub_Ldgr0000000001",
    "/v1/payments/pay_Ldgr0000000001",
    "/v1/subscriptions?customer=user_42",
    "/v1/payments?customer=user_42",
];

fn with(path: &str, parameter: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{parameter}")
}

/// Activated by event 2; the charge is event 3, and the authentication that came before both
/// arrives last, as event 4.
fn subscribed() -> World {
    let world = World::new();
    for number in ["02", "06", "01"] {
        world.razorpay(&sample("razorpay", number));
    }
    world
}

/// Everything in it that is an explanation.
fn without_explanations(mut value: Value, found: &mut usize) -> Value {
    if let Some(map) = value.as_object_mut() {
        *found += usize::from(map.remove("explain").is_some());
        for held in map.values_mut() {
            *held = without_explanations(held.take(), found);
        }
    }
    if let Some(list) = value.as_array_mut() {
        for held in list {
            *held = without_explanations(held.take(), found);
        }
    }
    value
}

#[test]
fn explaining_needs_a_key_that_may_audit_and_a_word_that_is_known() {
    let world = subscribed();
    for (scope, may) in [("client", false), ("read", false), ("audit", true)] {
        let customer = (scope == "client").then_some("user_42");
        let (_, key) = made(&world, scope, customer);
        for path in PATHS {
            let ask = |query: &str| world.ask("GET", &with(path, query), Some(&key), &[], b"");
            let plain = ask("explain=false");
            let explained = ask("explain=true");
            if may {
                assert_eq!((plain.status, explained.status), (200, 200), "{path}");
                for word in ["", "yes", "True", "1"] {
                    let refused = ask(&format!("explain={word}"));
                    assert_eq!(refused.status, 400, "{path} {word}");
                    assert_eq!(refused.word("code"), "invalid_parameter");
                    assert!(refused.word("detail").contains("`explain`"));
                }
            } else {
                assert_eq!(explained.status, 403, "{scope} {path}");
                assert_ne!(plain.status, 400, "{scope} {path}");
            }
        }
    }
    for everybodys in [
        "/v1/subscriptions?explain=true",
        "/v1/payments?explain=true",
    ] {
        let refused = world.get(everybodys);
        assert_eq!(refused.status, 400, "{everybodys}");
        assert!(refused.word("detail").contains("`customer`"));
    }
}

#[test]
fn without_it_nothing_is_explained_and_with_it_nothing_else_is_said() {
    let world = subscribed();
    for path in PATHS {
        let plain = world.get(path);
        assert!(!plain.text.contains("explain"), "{path}");
        let meant_nothing = world.get(&with(path, "explain=false"));
        assert_eq!(plain.text, meant_nothing.text);
        let explained = world.get(&with(path, "explain=true"));
        assert_eq!(
            explained.header("x-ledger-seq"),
            plain.header("x-ledger-seq")
        );
        let mut found = 0;
        let less = without_explanations(explained.json(), &mut found);
        assert_eq!(less, plain.json(), "{path}");
        assert!(found > 0, "{path}");
    }
}

#[test]
fn each_field_names_its_event_and_what_came_later_and_lost() {
    let world = subscribed();
    let shown = world.read("/v1/subscriptions/sub_Ldgr0000000001?explain=true");
    let status = &shown["explain"]["status"];
    let event = world.read("/v1/events/3");
    for name in [
        "seq",
        "event_id",
        "event_type",
        "occurred_at",
        "recorded_at",
    ] {
        assert_eq!(status[name], event[name], "{name}");
    }
    let late = world.read("/v1/events/4");
    let lost = json!([{
        "seq": 4,
        "event_id": late["event_id"],
        "event_type": "subscription.authenticated",
        "occurred_at": late["occurred_at"],
        "recorded_at": late["recorded_at"],
        "why": "older",
    }]);
    assert_eq!(status["lost"], lost);
    assert_eq!(shown["explain"]["last_seq"]["seq"], 4);
    assert_eq!(shown["explain"]["paid_through"]["lost"], json!([]));
    assert!(shown["explain"].get("cancel_at").is_none(), "nobody set it");
    let customer = world.read("/v1/customers/user_42?explain=true");
    assert_eq!(customer["subscriptions"][0]["explain"], shown["explain"]);
    assert_eq!(customer["explain"]["email"]["seq"], 3);
}

/// What was the newest at a moment explains the answer of that moment.
#[test]
fn it_combines_with_moments() {
    let world = subscribed();
    let path = "/v1/subscriptions/sub_Ldgr0000000001?explain=true";
    let then = world.read(&format!("{path}&known_at=seq:2"));
    assert_eq!(then["explain"]["status"]["seq"], 2);
    assert_eq!(then["explain"]["status"]["lost"], json!([]));
    let before = world.get(&format!("{path}&as_of=2001-01-01T00:00:00Z"));
    assert_eq!(before.word("code"), "not_yet");
}

/// An end is final: what happened after it says so, and changes nothing.
#[test]
fn what_an_end_absorbed_says_so() {
    let world = World::new();
    let ended = sample("razorpay", "06");
    let at = |body: &[u8], created: &str, status: &str, event: &str| {
        let mut json: Value = serde_json::from_slice(body).unwrap();
        json["event"] = event.into();
        json["created_at"] = created.parse::<i64>().unwrap().into();
        json["payload"]["subscription"]["entity"]["status"] = status.into();
        serde_json::to_vec(&json).unwrap()
    };
    world.razorpay(&at(
        &ended,
        "1792592010",
        "cancelled",
        "subscription.cancelled",
    ));
    world.razorpay(&at(&ended, "1792592020", "active", "subscription.updated"));
    let shown = world.read("/v1/subscriptions/sub_Ldgr0000000001?explain=true");
    assert_eq!(shown["status"], "canceled");
    let status = &shown["explain"]["status"];
    assert_eq!(status["seq"], 2);
    assert_eq!(status["lost"][0]["why"], "absorbed_by_end");
    // The plan goes on following snapshots.
    assert_eq!(shown["explain"]["plan"]["seq"], 3);
}
