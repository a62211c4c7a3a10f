//! `POST /v1/quarantine/{seq}/accept`: an accepted stale event comes to the same as its fresh
//! delivery, whatever else was said, and is accepted once.

use serde_json::{Value, json};

use crate::world::{Answer, KEY, NOW, World, sample, samples, seconds};

const MINUTE: i64 = 60;

fn accept(world: &World, seq: u64) -> Answer {
    accept_as(world, KEY, seq, &[], b"")
}

fn accept_as(world: &World, key: &str, seq: u64, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let path = format!("/v1/quarantine/{seq}/accept");
    world.ask("POST", &path, Some(key), headers, body)
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.word("code"))
}

fn fresh(world: &World, body: &[u8]) -> Answer {
    world.kelviq_at(body, seconds(NOW))
}

fn stale(world: &World, body: &[u8]) -> u64 {
    let answer = world.kelviq_at(body, seconds(NOW) - 6 * MINUTE);
    assert_eq!(answer.word("reason"), "stale", "{}", answer.text);
    answer.seq()
}

/// All that is shown, less what tells when something arrived.
fn shown(world: &World) -> Value {
    let mut all = json!({});
    for list in ["customers", "subscriptions", "payments"] {
        all[list] = world.read(&format!("/v1/{list}?limit=200"));
    }
    let mut stats = world.read("/v1/stats");
    for arrival in ["events", "last_seq", "duplicates", "quarantined"] {
        stats.as_object_mut().unwrap().remove(arrival);
    }
    all["stats"] = stats;
    without_last_seq(&mut all);
    all
}

fn without_last_seq(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("last_seq");
            fields.values_mut().for_each(without_last_seq);
        }
        Value::Array(all) => all.iter_mut().for_each(without_last_seq),
        _ => {}
    }
}

#[test]
fn whichever_delivery_was_late_its_acceptance_comes_to_the_same() {
    let bodies = samples("kelviq");
    let in_time = World::new();
    let answers: Vec<Answer> = bodies
        .iter()
        .map(|(_, body)| fresh(&in_time, body))
        .collect();
    let wanted = shown(&in_time);
    let mut accepted = 0;
    for (late, (name, _)) in bodies.iter().enumerate() {
        let world = World::new();
        let mut seq = 0;
        for (at, (_, body)) in bodies.iter().enumerate() {
            if at == late {
                seq = stale(&world, body);
            } else {
                fresh(&world, body);
            }
        }
        let answer = accept(&world, seq);
        if answers[late].word("status") == "quarantined" {
            assert_eq!(refused(&answer), (409, "not_stale".into()), "{name}");
            continue;
        }
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        assert_eq!(shown(&world), wanted, "{name}");
        accepted += 1;
    }
    assert!(accepted > 15, "{accepted}");
}

#[test]
fn a_resend_and_an_acceptance_may_both_come_in_any_order() {
    let body = sample("kelviq", "03");
    let later = sample("kelviq", "18");
    let in_time = World::new();
    fresh(&in_time, &body);
    fresh(&in_time, &later);
    let wanted = shown(&in_time);
    // s: the stale one comes, f: its resend, a: the acceptance, l: a later event.
    for order in ["sal", "sla", "safl", "sfal", "fsal", "fsla", "lsfa", "lsaf"] {
        let world = World::on_disk();
        let mut seq = 0;
        for step in order.chars() {
            match step {
                's' => seq = stale(&world, &body),
                'f' => assert_eq!(fresh(&world, &body).word("status"), "recorded"),
                'a' => assert_eq!(accept(&world, seq).status, 200),
                _ => assert_eq!(fresh(&world, &later).status, 200),
            }
        }
        assert_eq!(shown(&world), wanted, "{order}");
        assert_eq!(world.read("/v1/stats")["quarantined"], 0);
        let world = world.restart();
        assert_eq!(shown(&world), wanted, "{order}, after a restart");
        assert_eq!(world.read("/v1/stats")["quarantined"], 0);
    }
}

#[test]
fn an_acceptance_is_an_event_and_shows_what_it_did() {
    let world = World::on_disk();
    let seq = stale(&world, &sample("kelviq", "03"));
    assert_eq!(world.get("/v1/customers/user_51").status, 404);
    let answer = accept(&world, seq);
    let told = json!({"status": "accepted", "seq": seq + 1, "accepted_seq": seq});
    assert_eq!((answer.status, answer.json()), (200, told.clone()));
    let check = |world: &World| {
        let customer = world.read("/v1/customers/user_51");
        assert_eq!(customer["subscriptions"][0]["status"], "active");
        assert_eq!(customer["last_seq"], seq + 1, "known since the acceptance");
        let event = world.read(&format!("/v1/events/{seq}"));
        assert_eq!(
            (&event["status"], &event["reason"]),
            (&json!("folded"), &Value::Null)
        );
        assert_eq!(event["flags"], json!(["stale"]));
        assert!(!event["changes"].as_array().unwrap().is_empty());
        let acceptance = world.read(&format!("/v1/events/{}", seq + 1));
        assert_eq!(acceptance["event_type"], "quarantine.accepted");
        assert_eq!(acceptance["source"], "api");
        assert_eq!(acceptance["customer_identifier"], "user_51");
        assert!(
            acceptance["body"]
                .as_str()
                .unwrap()
                .contains("\"actor\":\"admin\"")
        );
        let events = world.read("/v1/customers/user_51/events");
        assert_eq!(events["data"].as_array().unwrap().len(), 1);
        assert_eq!(events["data"][0]["seq"], seq + 1);
        assert_eq!(world.read("/v1/quarantine")["data"], json!([]));
        assert_eq!(world.read("/v1/stats")["quarantined"], 0);
    };
    check(&world);
    // Again, by whoever, with a key of one's own or without: the first answer.
    let once = [
        ("idempotency-key", "k"),
        ("content-type", "application/json"),
    ];
    for body in ["", "{}"] {
        let again = accept_as(&world, KEY, seq, &once, body.as_bytes());
        assert_eq!(again.json(), told);
    }
    let world = world.restart();
    check(&world);
    assert_eq!(accept(&world, seq).json(), told);
    assert_eq!(world.read("/v1/stats")["last_seq"], seq + 1);
}

#[test]
fn of_many_at_once_one_is_recorded() {
    let world = World::new();
    let seq = stale(&world, &sample("kelviq", "03"));
    let other = stale(&world, &sample("kelviq", "01"));
    let world = &world;
    let told: Vec<Value> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| scope.spawn(move || accept(world, seq).json()))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    assert_eq!(told[0]["seq"], other + 1);
    assert_eq!(world.read("/v1/stats")["last_seq"], other + 1);
    assert_eq!(world.read("/v1/stats")["quarantined"], 1, "the other waits");
}

#[test]
fn what_is_not_stale_is_not_accepted() {
    let world = World::new();
    let folded = fresh(&world, &sample("kelviq", "03")).seq();
    let unknown = world.razorpay(&sample("razorpay", "81")).seq();
    let late_unknown = stale(&world, &sample("kelviq", "80"));
    let before = world.read("/v1/stats");
    for (seq, says) in [
        (1, "nothing to accept"),
        (folded, "nothing to accept"),
        (unknown, "not understood"),
        (late_unknown, "not understood"),
    ] {
        let answer = accept(&world, seq);
        assert_eq!(refused(&answer), (409, "not_stale".into()), "{seq}");
        assert!(answer.word("detail").contains(says), "{}", answer.text);
    }
    for path in ["0", "999", "x", "-1"] {
        let path = format!("/v1/quarantine/{path}/accept");
        let answer = world.ask("POST", &path, Some(KEY), &[], b"");
        assert_eq!(refused(&answer), (404, "not_found".into()), "{path}");
    }
    let wrong = [("idempotency-key", "")];
    for (headers, body) in [(&wrong[..], ""), (&[], "{\"seq\":1}"), (&[], "[]")] {
        let answer = accept_as(&world, KEY, late_unknown, headers, body.as_bytes());
        assert_eq!(answer.status, 400, "{headers:?} {body}");
    }
    assert_eq!(world.read("/v1/stats"), before, "nothing is recorded");
}
