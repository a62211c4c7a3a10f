//! The table of outcomes of `POST /webhooks/{source}`, row by row.

use std::sync::Barrier;

use crate::world::{RAZORPAY_SECRET, STYKITE_SECRET, World, hmac_hex, sample};

const ACTIVE: &[u8] = br#"{"id":"WBH-0G8TFMWR5QYAX","event":"customer.subscription_status.update","data":{"reason":null,"company_id":"COM-0FNWT0H89QS36","country_id":"CON-0AZZVPQHM475V","customer_id":"CUS-0FQHMZE17MASC","customer_identifier":"c1","timestamp":1717645444289,"status":"ACTIVE","trial_used":false},"created_at":1717645444289}"#;

#[test]
fn a_recorded_event_is_answered_with_its_place_and_shown_at_once() {
    let world = World::on_disk();
    let answer = world.stykite(ACTIVE);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.word("status"), "recorded");
    assert_eq!(answer.word("event_id"), "WBH-0G8TFMWR5QYAX");
    // The first event is the ledger's own: its settings.
    assert_eq!(answer.seq(), 2);
    assert_eq!(
        world.read("/v1/customers/c1")["subscriptions"][0]["status"],
        "active"
    );
}

#[test]
fn a_repetition_is_a_duplicate_of_the_first_also_over_a_restart() {
    let world = World::on_disk();
    let first = world.stykite(ACTIVE).seq();
    let again = world.stykite(ACTIVE);
    assert_eq!(
        (again.word("status").as_str(), again.seq()),
        ("duplicate", first)
    );
    let world = world.restart();
    let again = world.stykite(ACTIVE);
    assert_eq!(
        (again.word("status").as_str(), again.seq()),
        ("duplicate", first)
    );
    assert_eq!(world.read("/v1/stats")["events"], 2);
}

#[test]
fn a_hundred_at_once_are_recorded_once() {
    let world = World::on_disk();
    let start = Barrier::new(100);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let answer = world.stykite(ACTIVE);
                    (answer.status, answer.word("status"), answer.seq())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        answers
            .iter()
            .all(|(status, _, seq)| (*status, *seq) == (200, 2)),
        "{answers:?}"
    );
    let recorded = answers
        .iter()
        .filter(|(_, word, _)| word == "recorded")
        .count();
    assert_eq!(recorded, 1);
    assert_eq!(world.read("/v1/stats")["duplicates"], 99);
}

#[test]
fn razorpays_unsigned_event_id_makes_no_new_event_of_an_old_body() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let signature = hmac_hex(RAZORPAY_SECRET, &body);
    let send = |id: &str| {
        let headers = [
            ("x-razorpay-signature", signature.as_str()),
            ("x-razorpay-event-id", id),
        ];
        world.post("/webhooks/razorpay", &headers, &body)
    };
    let first = send("TUouniJth9WtQ2");
    assert_eq!(first.word("event_id"), "TUouniJth9WtQ2");
    let other = send("AnotherEventId");
    assert_eq!(
        (other.word("status").as_str(), other.seq()),
        ("duplicate", first.seq())
    );
    let without = world.razorpay(&sample("razorpay", "03"));
    assert!(without.json()["event_id"].is_null());
}

#[test]
fn the_same_id_with_another_body_is_recorded_folded_and_flagged() {
    let world = World::new();
    world.stykite(ACTIVE);
    let later = String::from_utf8(ACTIVE.to_vec()).unwrap();
    let later = later
        .replace("ACTIVE", "PAUSE")
        .replace("444289,\"status", "444290,\"status");
    let answer = world.stykite(later.as_bytes());
    assert_eq!(answer.word("status"), "recorded");
    let event = world.read(&format!("/v1/events/{}", answer.seq()));
    assert_eq!(event["flags"], serde_json::json!(["conflicting"]));
    assert_eq!(
        world.read("/v1/customers/c1")["subscriptions"][0]["status"],
        "paused"
    );
    assert_eq!(world.read("/v1/stats")["conflicting"], 1);
    assert_eq!(world.stykite(later.as_bytes()).seq(), answer.seq());
}

#[test]
fn what_means_nothing_is_ignored_and_what_is_unknown_is_set_aside() {
    let world = World::new();
    let ignored = world.razorpay(&sample("razorpay", "80"));
    assert_eq!(
        (ignored.status, ignored.word("status").as_str()),
        (200, "ignored")
    );
    let unknown = world.razorpay(&sample("razorpay", "81"));
    assert_eq!(unknown.word("status"), "quarantined");
    assert_eq!(unknown.word("reason"), "unknown_type");
    let unreadable = world.razorpay(b"\xff\xfe not json");
    assert_eq!(unreadable.word("reason"), "unreadable");
    let aside = world.read("/v1/quarantine");
    let seqs: Vec<_> = aside["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["seq"].clone())
        .collect();
    assert_eq!(seqs, [unknown.seq(), unreadable.seq()]);
    let event = world.read(&format!("/v1/events/{}", unreadable.seq()));
    assert_eq!(event["body_base64"], "//4gbm90IGpzb24=");
    assert!(event.get("body").is_none());
}

#[test]
fn nothing_but_the_one_right_signature_is_accepted() {
    let world = World::new();
    let right = hmac_hex(RAZORPAY_SECRET, ACTIVE);
    let upper = right.to_uppercase();
    let other = hmac_hex(STYKITE_SECRET, ACTIVE);
    let rows: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("x-razorpay-signature", "")],
        vec![("x-razorpay-signature", &right[..62])],
        vec![("x-razorpay-signature", &upper)],
        vec![("x-razorpay-signature", &other)],
        vec![
            ("x-razorpay-signature", &right),
            ("x-razorpay-signature", &right),
        ],
        vec![("x-stykite-signature", &right)],
    ];
    let mut texts = Vec::new();
    for headers in rows {
        let answer = world.post("/webhooks/razorpay", &headers, ACTIVE);
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(answer.word("code"), "invalid_signature");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "one constant message");
    assert_eq!(world.read("/v1/stats")["rejected"], 7);
    assert_eq!(world.read("/v1/stats")["events"], 1);
}

#[test]
fn the_token_scheme_wants_both_headers() {
    let world = World::new();
    let send = |headers: &[(&str, &str)]| {
        world
            .post("/webhooks/stykite-token", headers, ACTIVE)
            .status
    };
    let key = ("x-api-key", STYKITE_SECRET);
    assert_eq!(send(&[key]), 401);
    assert_eq!(send(&[key, ("x-api-host", "other")]), 401);
    assert_eq!(
        send(&[
            ("x-api-key", "stykite-test-secreT"),
            ("x-api-host", "stykite")
        ]),
        401
    );
    assert_eq!(send(&[key, ("x-api-host", "stykite")]), 200);
    let event = world.read("/v1/events/2");
    assert_eq!(event["evidence"]["headers"], serde_json::json!({}));
    assert!(!event.to_string().contains(STYKITE_SECRET));
}

#[test]
fn a_source_that_is_unknown_or_off_is_not_found() {
    let world = World::new();
    for name in [
        "nobody",
        "off",
        "catalogue",
        "..%2frazorpay",
        "%00",
        "RAZORPAY",
    ] {
        let answer = world.post(&format!("/webhooks/{name}"), &[], b"{}");
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (404, "unknown_source"),
            "{name}"
        );
    }
}

#[test]
fn other_methods_are_told_which_one() {
    let world = World::new();
    let answer = world.get_with("/webhooks/razorpay", &[]);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = world.post("/v1/stats", &[], b"");
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
}

#[test]
fn a_body_with_a_content_coding_is_refused() {
    let world = World::new();
    let signature = hmac_hex(RAZORPAY_SECRET, ACTIVE);
    for (coding, status) in [
        ("gzip", 415),
        ("identity, gzip", 415),
        ("br", 415),
        ("identity", 200),
    ] {
        let headers = [
            ("x-razorpay-signature", signature.as_str()),
            ("content-encoding", coding),
        ];
        assert_eq!(
            world.post("/webhooks/razorpay", &headers, ACTIVE).status,
            status,
            "{coding}"
        );
    }
}

/// The identity of the second body of one event includes the body, the first one's does not: a
/// stamp that looked at it would let arrival decide between two bodies of one instant.
#[test]
fn of_two_bodies_of_one_event_and_instant_the_same_wins_in_either_order() {
    let paused = String::from_utf8(ACTIVE.to_vec())
        .unwrap()
        .replace("ACTIVE", "PAUSE");
    let status_after = |bodies: [&[u8]; 2]| {
        let world = World::new();
        for body in bodies {
            assert_eq!(world.stykite(body).word("status"), "recorded");
        }
        world.read("/v1/customers/c1")["subscriptions"][0]["status"].clone()
    };
    assert_eq!(
        status_after([ACTIVE, paused.as_bytes()]),
        status_after([paused.as_bytes(), ACTIVE])
    );
}

/// One checkout, two packs of the same add-on, one without a transaction: equal in all that an
/// order could go by but in what names the purchase. The fuzzer found this.
#[test]
fn two_purchases_of_one_moment_are_listed_the_same_in_either_order() {
    let one = String::from_utf8(sample("stykite", "03")).unwrap();
    let (before, after) = one.split_once("\"transaction_tsid\":\"").unwrap();
    let (_, after) = after.split_once('"').unwrap();
    let other = format!("{before}\"transaction_tsid\":null{after}").replace("WBH-0R", "WBH-1R");
    let listed_after = |bodies: [&str; 2]| {
        let world = World::new();
        for body in bodies {
            assert_eq!(world.stykite(body.as_bytes()).word("status"), "recorded");
        }
        let mut addons = world.read("/v1/customers/user_77")["addons"].clone();
        for addon in addons.as_array_mut().unwrap() {
            addon.as_object_mut().unwrap().remove("last_seq");
        }
        addons
    };
    let listed = listed_after([&one, &other]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(listed, listed_after([&other, &one]));
}
