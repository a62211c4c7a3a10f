//! This machine's clock is wrong: behind, ahead, turned back, decades off. What is answered depends
//! on what the providers said and on the moment of asking, never on when a delivery came in.

use serde_json::Value;
use subledger::domain::time::Timestamp;

use crate::world::{NOW, World, samples};

/// Sets the wall clock alone: no time passes.
fn leap(world: &World, to: &str) {
    world.clock.leap(Timestamp::parse(to).unwrap());
}

/// The lists without what names places in the log.
fn shown(world: &World) -> Vec<Value> {
    let mut lists = Vec::new();
    for list in ["customers", "subscriptions", "payments"] {
        let mut list = world.read(&format!("/v1/{list}?limit=200"));
        forget(&mut list);
        lists.push(list);
    }
    lists
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("last_seq");
            fields.values_mut().for_each(forget);
        }
        Value::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

#[test]
fn the_same_events_under_a_wild_clock_show_the_same() {
    let bodies = samples("razorpay");
    let calm = World::new();
    for (_, body) in &bodies {
        assert_eq!(calm.razorpay(body).status, 200);
    }
    let wild = World::new();
    let times = [
        "2026-11-26T00:10:00Z",
        "2026-11-25T23:50:00Z",
        "2026-11-25T22:50:00Z",
        "2026-11-26T12:00:00Z",
        "1999-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "2026-11-26T23:00:00Z",
    ];
    for ((name, body), time) in bodies.iter().zip(times.iter().cycle()) {
        leap(&wild, time);
        assert_eq!(wild.razorpay(body).status, 200, "{name} at {time}");
    }
    leap(&wild, NOW);
    assert_eq!(shown(&wild), shown(&calm));
    // Nothing is dated back, whatever the clock said.
    let log = wild.read("/v1/events?limit=200");
    let times: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["recorded_at"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times.len() > bodies.len() / 2);
}

/// Decades ahead: not believed while it runs, and no panic where seconds no longer fit 32 bits.
#[test]
fn a_leap_of_decades_is_refused_until_the_clock_is_right_again() {
    let world = World::on_disk();
    let bodies = samples("razorpay");
    assert_eq!(world.razorpay(&bodies[0].1).status, 200);
    for time in [
        "2038-01-19T03:14:08Z",
        "2100-03-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
    ] {
        leap(&world, time);
        let answer = world.razorpay(&bodies[1].1);
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (503, "unavailable"),
            "{time}"
        );
        assert!(answer.header("retry-after").is_some());
        assert_eq!(world.get("/readyz").status, 503, "{time}");
        for list in ["customers", "subscriptions", "payments", "events"] {
            world.read(&format!("/v1/{list}"));
        }
    }
    leap(&world, NOW);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let taken = loop {
        let answer = world.razorpay(&bodies[1].1);
        if answer.status == 200 || std::time::Instant::now() > deadline {
            break answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert_eq!(world.get("/readyz").status, 200);
}
