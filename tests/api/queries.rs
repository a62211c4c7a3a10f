//! The query surface: ids, lists, pages, filters, validators.

use serde_json::{Value, json};

use crate::world::{KEY, World, sample, samples};

fn told() -> World {
    let world = World::new();
    for provider in ["razorpay", "stykite"] {
        for (name, body) in samples(provider) {
            assert_eq!(world.send(provider, &body).status, 200, "{name}");
        }
    }
    world
}

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().unwrap();
    data.iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_customer_answers_to_every_name_it_was_ever_given() {
    let world = told();
    let view = world.read("/v1/customers/user_42");
    assert_eq!(view["references"]["razorpay"], "cust_Ldgr000000001");
    let id = view["id"].as_str().unwrap();
    assert!(id.starts_with("CUS-"), "{id}");
    for name in [id, "cust_Ldgr000000001"] {
        assert_eq!(world.read(&format!("/v1/customers/{name}")), view, "{name}");
    }
    let stykite = world.read("/v1/customers/user_77");
    let vendor = stykite["references"]["stykite"].as_str().unwrap();
    assert_eq!(stykite["id"], vendor, "the vendor's own CUS- is shown");
    assert_eq!(world.read(&format!("/v1/customers/{vendor}")), stykite);
    assert_eq!(world.get("/v1/customers/nobody").status, 404);
}

#[test]
fn identifiers_may_hold_any_character() {
    let world = World::new();
    let body = String::from_utf8(sample("razorpay", "02")).unwrap();
    for (raw, encoded) in [
        ("name+86@example.com", "name+86@example.com"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("Zoë 🙂", "Zo%C3%AB%20%F0%9F%99%82"),
    ] {
        let body = body
            .replace("user_42", raw)
            .replace("sub_Ldgr", &format!("sub_{}", raw.len()));
        let body = body.replace("cust_Ldgr", &format!("cust_{}", raw.len()));
        assert_eq!(world.razorpay(body.as_bytes()).status, 200);
        let view = world.read(&format!("/v1/customers/{encoded}"));
        assert_eq!(view["customer_identifier"], raw);
    }
}

#[test]
fn pages_show_everything_once_newest_first() {
    let world = told();
    for list in ["customers", "subscriptions", "payments"] {
        let whole = world.read(&format!("/v1/{list}?limit=200"));
        assert_eq!(
            (&whole["has_more"], &whole["next_cursor"]),
            (&json!(false), &Value::Null)
        );
        let items = whole["data"].as_array().unwrap();
        let updated: Vec<_> = items
            .iter()
            .map(|i| i["updated_at"].as_str().unwrap())
            .collect();
        assert!(updated.is_sorted_by(|a, b| a >= b), "{list}: {updated:?}");
        let mut seen = Vec::new();
        let mut path = format!("/v1/{list}?limit=2");
        loop {
            let page = world.read(&path);
            seen.extend(ids(&page));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            assert_eq!(page["has_more"], true);
            path = format!("/v1/{list}?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, ids(&whole), "{list}");
    }
}

#[test]
fn events_ascend_and_can_be_filtered() {
    let world = told();
    let stats = world.read("/v1/stats");
    let mut seqs = Vec::new();
    let mut path = "/v1/events?limit=7".to_owned();
    loop {
        let page = world.read(&path);
        let data = page["data"].as_array().unwrap();
        seqs.extend(data.iter().map(|event| event["seq"].as_u64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/events?limit=7&cursor={cursor}");
    }
    let expected: Vec<u64> = (1..=stats["last_seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, expected);
    assert_eq!(
        world.read("/v1/events?after=45&limit=1")["data"][0]["seq"],
        46
    );
    let only = world.read("/v1/events?source=stykite&limit=200");
    assert!(
        only["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["source"] == "stykite")
    );
    let only = world.read("/v1/events?type=payment.captured");
    assert_eq!(only["data"].as_array().unwrap().len(), 1);
    assert_eq!(world.read("/v1/events?source=nobody")["data"], json!([]));
    assert_eq!(world.get("/v1/events/0").status, 404);
    assert_eq!(world.get("/v1/events/4711").status, 404);
    assert_eq!(world.get("/v1/events/x").status, 404);
}

#[test]
fn an_event_shows_its_bytes_its_evidence_and_what_it_was_understood_as() {
    let world = World::new();
    let body = sample("razorpay", "90");
    let seq = world.razorpay(&body).seq();
    let event = world.read(&format!("/v1/events/{seq}"));
    assert_eq!(event["body"].as_str().unwrap().as_bytes(), body);
    assert_eq!(event["evidence"]["scheme"], "razorpay-hmac-sha256");
    assert_eq!(event["status"], "folded");
    assert_eq!(event["leaf_hash"].as_str().unwrap().len(), 64);
    let kinds = event["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["fact"]["kind"].clone());
    assert!(kinds.collect::<Vec<_>>().contains(&json!("subscription")));
}

#[test]
fn a_customers_events_are_those_about_it() {
    let world = told();
    let mine = world.read("/v1/customers/user_77/events?limit=200");
    let data = mine["data"].as_array().unwrap();
    assert_eq!(data.len(), samples("stykite").len());
    assert!(
        data.iter()
            .all(|event| event["customer_identifier"] == "user_77")
    );
    assert_eq!(world.get("/v1/customers/nobody/events").status, 404);
}

#[test]
fn lists_are_filtered() {
    let world = told();
    let list = |query: &str| ids(&world.read(&format!("/v1/{query}")));
    assert_eq!(list("subscriptions?customer=user_77").len(), 1);
    assert_eq!(list("subscriptions?customer=nobody").len(), 0);
    assert_eq!(list("subscriptions?provider=stykite").len(), 1);
    assert_eq!(list("subscriptions?status=completed").len(), 1);
    assert!(list("subscriptions?plan=plan_Ldgr000000001").len() > 1);
    assert_eq!(list("customers?status=completed").len(), 1);
    assert_eq!(list("customers?q=USER_7").len(), 1);
    assert_eq!(list("customers?q=gaurav").len(), 1);
    assert_eq!(list("customers?status=&q="), list("customers"));
    let paid = list("payments?subscription=sub_Ldgr0000000001");
    assert!(paid.contains(&"pay_Ldgr0000000001".to_owned()), "{paid:?}");
    assert!(list("payments?customer=user_42").len() >= paid.len());
    assert_eq!(list("payments?subscription=sub_none").len(), 0);
}

#[test]
fn bad_questions_are_refused_with_a_reason() {
    let world = World::new();
    for query in [
        "customers?limit=0",
        "customers?limit=201",
        "customers?limit=-1",
        "customers?limit=1e9",
        "customers?limit=x",
        "customers?cursor=x",
        "subscriptions?cursor=c2VxLjE",
        "events?cursor=MS4x",
        "events?after=-1",
        "subscriptions?status=happy",
        "customers?colour=red",
        "customers/x?at=2027-01-01T00:00:00Z",
    ] {
        let answer = world.get(&format!("/v1/{query}"));
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (400, "invalid_parameter"),
            "{query}"
        );
    }
}

#[test]
fn a_validator_saves_the_body_until_something_changes() {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    let path = "/v1/subscriptions/sub_Ldgr0000000001";
    world.set_time("2026-10-01T00:00:00Z");
    let first = world.get(path);
    let etag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("x-ledger-seq"), Some("2"));
    let auth = format!("Bearer {KEY}");
    let ask =
        |etag: &str| world.get_with(path, &[("authorization", &auth), ("if-none-match", etag)]);
    let same = ask(&format!("\"other\", W/{etag}"));
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    // The validator covers the answer as given, access included: time alone may change it.
    world.set_time("2027-06-01T00:00:00Z");
    assert_eq!(ask(&etag).status, 200);
}

#[test]
fn no_key_or_a_wrong_one_is_refused_everywhere() {
    let world = World::new();
    for path in [
        "/v1/customers",
        "/v1/customers/x",
        "/v1/customers/x/events",
        "/v1/customers/x/entitlements",
        "/v1/subscriptions",
        "/v1/subscriptions/x",
        "/v1/payments",
        "/v1/payments/x",
        "/v1/events",
        "/v1/events/1",
        "/v1/quarantine",
        "/v1/stats",
    ] {
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer sl_wrong",
            "Basic c2w6",
            KEY,
        ] {
            let answer = world.get_with(path, &[("authorization", value)]);
            assert_eq!(
                (answer.status, answer.word("code").as_str()),
                (401, "unauthorized"),
                "{path}"
            );
        }
        assert_eq!(world.get_with(path, &[]).status, 401);
    }
}

#[test]
fn every_answer_of_the_query_surface_carries_the_sequence() {
    let world = World::new();
    for (path, status) in [
        ("/v1/stats", 200),
        ("/v1/customers/nobody", 404),
        ("/v1/customers?limit=0", 400),
    ] {
        let answer = world.get(path);
        assert_eq!(
            (answer.status, answer.header("x-ledger-seq")),
            (status, Some("1")),
            "{path}"
        );
    }
    assert_eq!(
        world.get_with("/v1/stats", &[]).header("x-ledger-seq"),
        Some("1")
    );
}

#[test]
fn a_head_that_no_client_sends_is_refused_on_every_path() {
    let world = World::new();
    let long = "x".repeat(9_000);
    for path in ["/v1/customers/", "/healthz?"] {
        let answer = world.get(&format!("{path}{long}"));
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (414, "uri_too_long")
        );
    }
    let huge = "x".repeat(40_000);
    let answer = world.get_with("/healthz", &[("x-huge", &huge)]);
    assert_eq!(
        (answer.status, answer.word("code").as_str()),
        (431, "headers_too_large")
    );
}
