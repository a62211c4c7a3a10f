//! `as_of` and `known_at` as they are written and refused: who may ask, what is no moment, what is
//! answered exactly at one, and what settings and acceptances say of earlier times.

use serde_json::{Value, json};

use crate::keys::made;
use crate::world::{Answer, KEY, NOW, World, sample, seconds};

/// When the sample subscription was activated, and when its payment was captured.
const ACTIVATED: &str = "2026-09-21T14:13:24.000Z";
const BEFORE: &str = "2026-09-21T14:13:23.999Z";
/// What other languages write for no time, and the last time that can be written.
const ZERO: &str = "0001-01-01T00:00:00Z";
const LAST: &str = "9999-12-31T23:59:59Z";

const PATHS: [&str; 7] = [
    "/v1/customers/user_42?",
    "/v1/customers/user_42/entitlements?",
    "/v1/customers/user_42/events?",
    "/v1/subscriptions/sub_Ldgr0000000001?",
    "/v1/subscriptions?customer=user_42&",
    "/v1/payments/pay_Ldgr0000000001?",
    "/v1/payments?customer=user_42&",
];

fn problem(answer: &Answer) -> (u16, String) {
    (answer.status, answer.word("code"))
}

/// One subscription, activated by event 2.
fn subscribed() -> World {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    world
}

#[test]
fn a_moment_needs_a_key_that_may_audit() {
    let world = subscribed();
    for (scope, may) in [
        ("client", false),
        ("read", false),
        ("write", false),
        ("audit", true),
        ("admin", true),
    ] {
        let (_, key) = made(&world, scope, None);
        for path in PATHS {
            for moment in [
                "as_of=2026-10-01T00:00:00Z",
                "known_at=seq:2",
                "as_of=",
                "known_at=x",
            ] {
                let path = format!("{path}{moment}");
                let answer = world.ask("GET", &path, Some(&key), &[], b"");
                if may {
                    let wanted = if moment.len() > 10 { 200 } else { 400 };
                    assert_eq!(answer.status, wanted, "{scope} {path}: {}", answer.text);
                } else {
                    assert_eq!(
                        problem(&answer),
                        (403, "forbidden".into()),
                        "{scope} {path}"
                    );
                }
            }
        }
    }
    let (_, key) = made(&world, "read", None);
    let answer = world.ask("GET", "/v1/customers/user_42?as_of=x", Some(&key), &[], b"");
    let told = "`as_of` and `known_at` need a key of scope `audit`; yours has `read`.";
    assert_eq!(answer.word("detail"), told);
}

#[test]
fn what_is_no_moment_is_refused_by_name() {
    let world = subscribed();
    let last = world.read("/v1/stats")["last_seq"].as_u64().unwrap();
    let beyond = format!("known_at=seq:{}", last + 1);
    for path in PATHS {
        for (moment, name) in [
            ("as_of=", "as_of"),
            ("as_of=yesterday", "as_of"),
            ("as_of=2026-10-01", "as_of"),
            ("as_of=2026-10-01T00:00:00", "as_of"),
            ("as_of=2026-10-01T00:00:00+05:30", "as_of"),
            ("as_of=seq:2", "as_of"),
            (
                "as_of=2026-10-01T00:00:00Z&as_of=2026-10-01T00:00:00Z",
                "as_of",
            ),
            ("known_at=", "known_at"),
            ("known_at=2", "known_at"),
            ("known_at=seq:", "known_at"),
            ("known_at=seq:0", "known_at"),
            ("known_at=seq:01", "known_at"),
            ("known_at=seq:x", "known_at"),
            ("known_at=seq:99999999999999999999", "known_at"),
            ("known_at=seq:1&known_at=seq:2", "known_at"),
            ("as_of=&known_at=", "as_of"),
            (&*beyond, "known_at"),
            ("known_as=seq:1", "known_as"),
        ] {
            let answer = world.get(&format!("{path}{moment}"));
            let refused = (400, "invalid_parameter".into());
            assert_eq!(problem(&answer), refused, "{path}{moment}: {}", answer.text);
            let detail = answer.word("detail");
            assert!(detail.contains(&format!("`{name}`")), "{moment}: {detail}");
        }
    }
    for path in [
        "/v1/subscriptions?",
        "/v1/payments?",
        "/v1/payments?subscription=x&",
    ] {
        for moment in ["as_of=2026-10-01T00:00:00Z", "known_at=seq:1"] {
            let answer = world.get(&format!("{path}{moment}"));
            assert_eq!(problem(&answer), (400, "invalid_parameter".into()));
            assert!(
                answer.word("detail").contains("`customer`"),
                "{}",
                answer.text
            );
        }
    }
    for path in [
        "/v1/customers?",
        "/v1/events?",
        "/v1/events/1?",
        "/v1/stats?",
    ] {
        assert_eq!(world.get(&format!("{path}known_at=seq:1")).status, 400);
    }
}

#[test]
fn before_the_first_event_there_is_nothing_yet_and_exactly_at_it_there_is() {
    let world = subscribed();
    for path in PATHS {
        for moment in [
            format!("as_of={BEFORE}"),
            "known_at=seq:1".to_owned(),
            "known_at=2026-11-25T23:59:59.999Z".to_owned(),
            format!("as_of={ACTIVATED}&known_at=seq:1"),
            format!("as_of={BEFORE}&known_at=seq:2"),
            format!("as_of={ZERO}"),
            format!("known_at={ZERO}"),
            format!("known_at={ZERO}&as_of={LAST}"),
        ] {
            let answer = world.get(&format!("{path}{moment}"));
            assert_eq!(problem(&answer), (404, "not_yet".into()), "{path}{moment}");
            let since = if moment.starts_with("as_of") && !moment.contains(ACTIVATED) {
                format!("happened at {ACTIVATED}")
            } else {
                "recorded as 2 at 2026-11-26T00:00:00.000Z".to_owned()
            };
            let detail = answer.word("detail");
            assert!(detail.contains(&since), "{path}{moment}: {detail}");
        }
        for moment in [
            format!("as_of={ACTIVATED}"),
            "as_of=2026-09-21T19:43:24%2B05:30".to_owned(),
            "known_at=seq:2".to_owned(),
            format!("known_at={NOW}"),
            "known_at=2027-01-01T00:00:00Z".to_owned(),
            format!("as_of={LAST}&known_at={LAST}"),
            format!("as_of={ACTIVATED}&known_at=seq:2"),
        ] {
            let answer = world.get(&format!("{path}{moment}"));
            assert_eq!(answer.status, 200, "{path}{moment}: {}", answer.text);
            assert_eq!(answer.header("x-ledger-seq"), Some("2"));
        }
    }
    for path in [
        "/v1/customers/nobody?",
        "/v1/customers/nobody/entitlements?",
        "/v1/customers/nobody/events?",
        "/v1/subscriptions/sub_nobody?",
        "/v1/payments/pay_nobody?",
    ] {
        let answer = world.get(&format!("{path}known_at=seq:1"));
        assert_eq!(problem(&answer), (404, "not_found".into()), "{path}");
    }
    for name in ["subscriptions", "payments"] {
        let list = world.read(&format!("/v1/{name}?customer=nobody&known_at=seq:1"));
        assert_eq!(
            list["data"],
            json!([]),
            "a list of nobody's is empty at any time"
        );
    }
}

#[test]
fn access_is_told_by_the_clock_of_the_moment() {
    let world = subscribed();
    world.set_time("2026-11-27T00:00:00Z");
    world.razorpay(&sample("razorpay", "17"));
    let access = |moment: &str| {
        let view = world.read(&format!("/v1/subscriptions/sub_Ldgr0000000001?{moment}"));
        (view["status"].clone(), view["access"]["granted"].clone())
    };
    let active = |granted: bool| (json!("active"), json!(granted));
    assert_eq!(access("as_of=2026-10-01T00:00:00Z"), active(true));
    assert_eq!(
        access("as_of=2026-10-24T14:13:19.999Z&known_at=seq:2"),
        active(true)
    );
    assert_eq!(
        access("as_of=2026-10-24T14:13:20Z&known_at=seq:2"),
        active(false)
    );
    // Known then was only what it had paid for, and that had run out.
    assert_eq!(access("known_at=seq:2"), active(false));
    assert_eq!(access("known_at=2026-11-26T12:00:00Z"), active(false));
    assert_eq!(access("known_at=seq:3").0, "canceled");
}

#[test]
fn what_is_the_same_is_not_sent_again() {
    let world = subscribed();
    let path = "/v1/customers/user_42?known_at=seq:2";
    let answer = world.get(path);
    let etag = answer.header("etag").unwrap();
    world.razorpay(&sample("razorpay", "17"));
    let again = world.ask("GET", path, Some(KEY), &[("if-none-match", etag)], b"");
    assert_eq!((again.status, &*again.text), (304, ""));
    assert_eq!(
        world.get(path).text,
        answer.text,
        "what was known then stays so"
    );
}

#[test]
fn a_stale_event_counts_from_its_acceptance_on_and_from_when_it_happened() {
    let world = World::new();
    let late = world.kelviq_at(&sample("kelviq", "03"), seconds(NOW) - 600);
    let body: Value = serde_json::from_slice(&sample("kelviq", "03")).unwrap();
    let seq = late.seq();
    world.kelviq_at(&sample("kelviq", "01"), seconds(NOW));
    world.set_time("2026-11-27T00:00:00Z");
    let accepted = world.ask(
        "POST",
        &format!("/v1/quarantine/{seq}/accept"),
        Some(KEY),
        &[],
        b"",
    );
    assert_eq!(accepted.status, 200, "{}", accepted.text);
    let accepted = accepted.seq();
    let held = world.read("/v1/subscriptions?limit=1")["data"][0].clone();
    assert_eq!(held["last_seq"], accepted, "{body}");
    let path = format!("/v1/subscriptions/{}", held["id"].as_str().unwrap());
    let ask = |moment: &str| world.get(&format!("{path}?{moment}"));
    let before = ask(&format!("known_at=seq:{}", accepted - 1));
    assert_eq!(problem(&before), (404, "not_yet".into()));
    assert!(
        before
            .word("detail")
            .contains(&format!("recorded as {accepted} at"))
    );
    let known = ask(&format!("known_at=seq:{accepted}")).json();
    assert_eq!(known["last_seq"], accepted);
    let happened = held["updated_at"].as_str().unwrap();
    let then = ask(&format!("as_of={happened}")).json();
    assert_eq!(
        then["status"], held["status"],
        "it had happened before it was accepted"
    );
    let events = world.read(&format!(
        "/v1/customers/{}/events?known_at=seq:{accepted}",
        held["customer"]["id"].as_str().unwrap()
    ));
    let seqs = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].clone());
    assert!(seqs.into_iter().any(|seq| seq == accepted), "{events}");
}

const CATALOGUE: &str = r#"
[[catalog.features]]
id = "max-projects"
name = "Projects"
type = "customizable"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
razorpay_plan = "plan_Ldgr000000001"
[[catalog.plans.features]]
feature = "max-projects"
limit = 100
"#;

#[test]
fn the_catalogue_is_the_one_of_the_moment_and_the_first_is_for_all_time_before() {
    let world = World::with(CATALOGUE);
    world.razorpay(&sample("razorpay", "02"));
    world.set_time("2026-11-28T00:00:00Z");
    let world = world
        .restart_with(|config| {
            config.catalog.plans[0].features[0].limit = "250".parse().ok();
        })
        .unwrap();
    let limit = |moment: &str| {
        let path = format!("/v1/customers/user_42/entitlements?{moment}");
        world.read(&path)["entitlements"][0]["limit"].clone()
    };
    let now = world.read("/v1/customers/user_42/entitlements");
    assert_eq!(now["entitlements"][0]["limit"], "250");
    for (moment, wanted) in [
        ("as_of=2026-09-30T00:00:00Z", "100"),
        ("as_of=2026-11-27T23:59:59.999Z", "100"),
        ("as_of=2026-11-28T00:00:00Z", "250"),
        ("known_at=seq:2", "100"),
        ("known_at=seq:3", "250"),
        ("as_of=2026-11-29T00:00:00Z&known_at=seq:2", "100"),
        ("as_of=2026-11-27T00:00:00Z&known_at=seq:3", "100"),
    ] {
        assert_eq!(limit(moment), wanted, "{moment}");
    }
}

/// Were the family looked for by the notes of now, whoever was known by others would be missing.
#[test]
fn a_customer_is_known_by_the_notes_that_were_read_then() {
    let world = World::on_disk();
    let body = String::from_utf8(sample("razorpay", "02")).unwrap();
    let named = "\"uid\":\"u-1\",\"customer_identifier\"";
    world.razorpay(body.replace("\"customer_identifier\"", named).as_bytes());
    let world = world
        .restart_with(|config| {
            let source = config.sources.get_mut("razorpay").unwrap();
            source.settings.insert("customer_note".into(), "uid".into());
        })
        .unwrap();
    let name = |moment: &str| {
        let view = world.read(&format!("/v1/subscriptions/sub_Ldgr0000000001?{moment}"));
        view["customer"]["customer_identifier"].clone()
    };
    assert_eq!(name("known_at=seq:2"), "user_42");
    assert_eq!(name("known_at=seq:3"), "u-1");
    assert_eq!(
        name("as_of=2026-10-01T00:00:00Z"),
        "u-1",
        "notes are for all events"
    );
    let status = |path: &str| problem(&world.get(path)).0;
    assert_eq!(status("/v1/customers/user_42?known_at=seq:2"), 200);
    assert_eq!(status("/v1/customers/user_42?known_at=seq:3"), 404);
    let unknown = world.get("/v1/customers/u-1?known_at=seq:2");
    assert_eq!(problem(&unknown), (404, "not_yet".into()));
    assert!(
        unknown.word("detail").contains("settings"),
        "{}",
        unknown.text
    );
    let paid = world.read("/v1/payments?customer=user_42&known_at=seq:2");
    assert_eq!(paid["data"].as_array().unwrap().len(), 1);
}
