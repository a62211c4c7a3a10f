//! `POST /v1/audit/replay` over HTTP: lines of progress, then the result; what is refused.

use serde_json::{Value, json};

use crate::world::{Answer, KEY, World, sample};

fn asked(world: &World, body: &Value) -> Answer {
    let json = ("content-type", "application/json");
    let body = body.to_string();
    world.ask(
        "POST",
        "/v1/audit/replay",
        Some(KEY),
        &[json],
        body.as_bytes(),
    )
}

/// The last line; every one before it says how far the work has come.
fn result(world: &World, body: &Value) -> Value {
    let answer = asked(world, body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let lines = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut lines: Vec<Value> = lines.collect();
    let last = lines.pop().unwrap();
    for line in lines {
        assert!(line["folded"].as_u64() <= line["of"].as_u64(), "{line}");
    }
    last
}

fn busy() -> World {
    let world = World::on_disk();
    for number in ["01", "02", "03", "06", "07", "08"] {
        world.razorpay(&sample("razorpay", number));
    }
    world
}

#[test]
fn the_live_state_is_what_the_log_says() {
    let world = busy();
    let whole = result(&world, &json!({}));
    assert_eq!(whole["identical"], true);
    assert_eq!(whole["differences"], json!([]));
    assert_eq!(whole["events"], 7);
    assert_eq!(whole["until_seq"], 7);
    assert_eq!(whole["compared_with"], "the live state, through 7");
    assert_eq!(whole["digest"].as_str().unwrap().len(), 64);
    let customer = result(&world, &json!({"customer": "user_42", "diff": true}));
    assert_eq!(customer["identical"], true);
    assert_eq!(customer["customer"]["customer_identifier"], "user_42");
    assert_eq!(customer["steps"].as_array().unwrap().len(), 6);
    let again = result(&world, &json!({}));
    assert_eq!(again["digest"], whole["digest"]);
}

#[test]
fn a_part_is_folded_and_compared_with_nothing() {
    let world = busy();
    for (body, until_seq) in [
        (json!({"until": 3}), 3),
        (json!({"until": "1999-01-01T00:00:00Z"}), 0),
        (json!({"source": "razorpay"}), 7),
    ] {
        let part = result(&world, &body);
        assert_eq!(part["identical"], Value::Null, "{body}");
        assert_eq!(part["until_seq"], until_seq, "{body}");
        assert!(
            part["compared_with"]
                .as_str()
                .unwrap()
                .starts_with("nothing")
        );
    }
    for whole in [
        json!({"until": "2999-01-01T00:00:00Z"}),
        json!({"until": 7}),
    ] {
        let whole = result(&world, &whole);
        assert_eq!(
            (&whole["identical"], &whole["until_seq"]),
            (&json!(true), &json!(7))
        );
    }
}

#[test]
fn what_cannot_be_replayed_is_refused_before_it_begins() {
    let world = busy();
    for (body, status, code) in [
        (json!({"until": "yesterday"}), 400, "invalid_body"),
        (json!({"until": -1}), 400, "invalid_body"),
        (json!({"diff": true}), 400, "invalid_body"),
        (json!({"everything": true}), 400, "invalid_body"),
        (json!({"customer": "nobody"}), 404, "not_found"),
    ] {
        let answer = asked(&world, &body);
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (status, code),
            "{body}"
        );
    }
    // And none of them has kept the turn.
    assert_eq!(asked(&world, &json!({})).status, 200);
}
