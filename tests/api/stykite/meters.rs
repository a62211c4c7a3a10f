//! What customers used and may use of meters, as the calls of this surface tell it.

use serde_json::{Value, json};

use super::{CALLS, CREDITS, SEATS, customer, meter, post, put, refused, world};
use crate::world::World;

/// 2026-11-26T00:00:00Z, where the clock of the tests stands.
const NOW: u64 = 1_795_651_200_000;

fn read(world: &World, id: &str, at: u64, qty: &Value) -> u16 {
    let body = json!([{"timestamp": at, "meter_id": id, "qty": qty}]);
    post(world, "customer/user_1/usage", &body).status
}

fn allow(world: &World, id: &str, entitlement: u64) -> u16 {
    let body = json!([{"meter_tsid": id, "entitlement": entitlement}]);
    put(world, "customer/user_1/meter-entitlements", &body).status
}

#[test]
fn a_reading_is_cumulative_and_the_latest_counts() {
    let world = world();
    customer(&world, "user_1");
    for (at, qty, usage) in [
        (NOW - 5_000, json!(26), 26),
        (NOW - 1_000, json!(40), 40),
        // Late, repeated, and told otherwise of the same time.
        (NOW - 3_000, json!(30), 40),
        (NOW - 1_000, json!(40), 40),
        (NOW - 1_000, json!(99), 40),
        (NOW + 1_000, json!(41), 41),
    ] {
        assert_eq!(read(&world, CALLS, at, &qty), 202);
        assert_eq!(
            meter(&world, "user_1", CALLS)["usage"],
            usage,
            "{qty} at {at}"
        );
    }
    let body = json!([{"timestamp": NOW + 90_000_000, "meter_id": CALLS, "qty": 99}]);
    let sentence = refused(&post(&world, "customer/user_1/usage", &body), 400);
    assert!(sentence.contains("At index 0: `timestamp`"), "{sentence}");
}

#[test]
fn an_allowance_is_set_not_added() {
    let world = world();
    customer(&world, "user_1");
    let row = meter(&world, "user_1", CREDITS);
    assert_eq!(
        (&row["entitlement"], &row["remaining"]),
        (&json!(2_000), &json!(2_000))
    );
    for _ in 0..2 {
        assert_eq!(allow(&world, CREDITS, 500), 200);
        assert_eq!(meter(&world, "user_1", CREDITS)["entitlement"], 500);
    }
    assert_eq!(read(&world, CREDITS, NOW + 1_000, &json!(120.5)), 202);
    let row = meter(&world, "user_1", CREDITS);
    assert_eq!(row["usage"], 120.5);
    assert_eq!(row["remaining"], 379.5);
    assert_eq!(allow(&world, CREDITS, 100), 200);
    assert_eq!(meter(&world, "user_1", CREDITS)["remaining"], 0);
}

/// A meter that no plan speaks of is allowed to a customer alone.
#[test]
fn a_meter_beside_the_plan_has_a_row_once_it_is_allowed_or_used() {
    let world = world();
    customer(&world, "user_1");
    assert_eq!(meter(&world, "user_1", SEATS), Value::Null);
    assert_eq!(read(&world, SEATS, NOW, &json!(2)), 202);
    let row = meter(&world, "user_1", SEATS);
    assert_eq!((&row["granted"], &row["usage"]), (&json!(false), &json!(2)));
    assert_eq!(row["remaining"], 0);
    assert_eq!(allow(&world, SEATS, 5), 200);
    let row = meter(&world, "user_1", SEATS);
    assert_eq!(
        (&row["granted"], &row["remaining"]),
        (&json!(true), &json!(3))
    );
}

#[test]
fn usage_past_a_hard_limit_is_recorded_and_shows() {
    let world = world();
    customer(&world, "user_1");
    assert_eq!(meter(&world, "user_1", CALLS)["granted"], true);
    assert_eq!(read(&world, CALLS, NOW, &json!(150)), 202);
    let row = meter(&world, "user_1", CALLS);
    assert_eq!(row["usage"], 150);
    assert_eq!(row["remaining"], 0);
    assert_eq!(row["granted"], false);
    let ours = world.read("/v1/customers/user_1/entitlements");
    let ours = ours["entitlements"].as_array().unwrap().clone();
    let ours = ours.iter().find(|row| row["meter_id"] == CALLS).unwrap();
    assert_eq!(
        (&ours["granted"], &ours["remaining"]),
        (&json!(false), &json!("0"))
    );
}

#[test]
fn the_same_meter_twice_in_one_list() {
    let world = world();
    customer(&world, "user_1");
    let body = json!([{"meter_tsid": CALLS, "entitlement": 1},
        {"meter_tsid": CALLS, "entitlement": 2}]);
    let answer = put(&world, "customer/user_1/meter-entitlements", &body);
    let sentence = refused(&answer, 400);
    assert!(
        sentence.contains("At index 1: `meter_tsid` is named twice"),
        "{sentence}"
    );
    let body = json!([{"timestamp": NOW, "meter_id": CALLS, "qty": 1},
        {"timestamp": NOW, "meter_id": CALLS, "qty": 2}]);
    let sentence = refused(&post(&world, "customer/user_1/usage", &body), 400);
    assert!(sentence.contains("At index 1: `qty`"), "{sentence}");
}
