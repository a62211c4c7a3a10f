//! Counters over changes of plan, step by step: what a customer sees before and after each.

use serde_json::{Value, json};

use super::{customer, get, post, told};
use crate::world::World;

const DAY_MILLIS: u32 = 24 * 60 * 60 * 1_000;

/// A plan that counts calls in months, one in quarters, one in years, and one that does not.
fn world() -> World {
    let plan = |id: &str, name: &str, reset: Option<&str>| {
        let counted = reset.map(|reset| {
            format!(
                "[[catalog.plans.features]]\nfeature = \"calls\"\nlimit = 1000\nreset = \"{reset}\"\n"
            )
        });
        format!(
            "[[catalog.plans]]\nid = \"{id}\"\nidentifier = \"{name}\"\nname = \"{name}\"\n\
             [[catalog.plans.prices]]\nperiod = \"YEARLY\"\namount_minor = 2900\ncurrency = \"USD\"\n{}",
            counted.unwrap_or_default()
        )
    };
    let plans = [
        plan("PLV-0FQKQ3HRPVRX6", "months", Some("EVERY_MONTH")),
        plan("PLV-0MD508X1S388G", "quarters", Some("EVERY_QUARTER")),
        plan("PLV-0G07MCNH4NWTA", "years", Some("EVERY_YEAR")),
        plan("PLV-0MSC9073DVBTK", "bare", None),
    ];
    World::with(&format!(
        "[log]\nengine = \"memory\"\n[[catalog.features]]\nid = \"calls\"\nname = \"Calls\"\n\
         type = \"meter\"\n{}",
        plans.concat()
    ))
}

fn wait(world: &World, days: u32) {
    (0..days).for_each(|_| world.clock.advance_millis(DAY_MILLIS));
}

fn used(world: &World, value: i64) {
    let body = json!({"value": value, "customerId": "u", "featureId": "calls",
        "behaviour": "DELTA"});
    told(&post(world, "report/usage/", &body), 200);
}

/// What the only row of calls shows.
fn shown(world: &World) -> (Value, Value) {
    let rows = told(
        &get(world, "entitlements/?customer_id=u&feature_id=calls"),
        200,
    );
    assert_eq!(rows["entitlements"].as_array().unwrap().len(), 1, "{rows}");
    let row = &rows["entitlements"][0];
    (row["currentUsage"].clone(), row["resetAt"].clone())
}

fn begin(world: &World, plan: &str) -> String {
    let body = json!({"planIdentifier": plan, "chargePeriod": "YEARLY", "customerId": "u"});
    let begun = told(&post(world, "subscriptions/create/", &body), 201);
    begun["id"].as_str().unwrap().to_owned()
}

fn change(world: &World, held: &mut String, plan: &str) {
    let body = json!({"planIdentifier": plan, "chargePeriod": "YEARLY"});
    let path = format!("subscriptions/{held}/update/");
    let changed = told(&post(world, &path, &body), 200);
    *held = changed["subscriptionId"].as_str().unwrap().to_owned();
}

#[test]
fn what_was_used_is_kept_over_one_change_after_the_other() {
    let world = world();
    customer(&world, "u");
    let mut held = begin(&world, "months");
    wait(&world, 15);
    used(&world, 50);
    change(&world, &mut held, "quarters");
    wait(&world, 26);
    used(&world, 7);
    // The first one's month would have begun anew in between.
    assert_eq!(shown(&world).0, 57);
    change(&world, &mut held, "months");
    assert_eq!(shown(&world), (json!(57), json!("2027-02-06 00:00:00")));
    wait(&world, 10);
    change(&world, &mut held, "quarters");
    assert_eq!(shown(&world), (json!(57), json!("2027-04-16 00:00:00")));
    wait(&world, 90);
    assert_eq!(shown(&world).0, 0);
}

#[test]
fn another_cadence_brings_no_months_back() {
    let world = world();
    customer(&world, "u");
    let mut held = begin(&world, "months");
    used(&world, 100);
    wait(&world, 40);
    used(&world, 20);
    assert_eq!(shown(&world).0, 20);
    change(&world, &mut held, "years");
    assert_eq!(shown(&world).0, 20);
    wait(&world, 1);
    change(&world, &mut held, "months");
    assert_eq!(shown(&world).0, 20);
}

#[test]
fn a_plan_without_the_feature_passes_on_what_the_next_would_have_counted() {
    let world = world();
    customer(&world, "u");
    let mut held = begin(&world, "months");
    used(&world, 100);
    wait(&world, 40);
    used(&world, 20);
    change(&world, &mut held, "bare");
    used(&world, 1);
    wait(&world, 1);
    change(&world, &mut held, "months");
    assert_eq!(shown(&world).0, 21);
    change(&world, &mut held, "bare");
    wait(&world, 40);
    used(&world, 2);
    change(&world, &mut held, "months");
    assert_eq!(shown(&world).0, 2);
}

#[test]
fn what_is_paid_for_instead_goes_on_with_the_counter_too() {
    let world = world();
    customer(&world, "u");
    begin(&world, "months");
    used(&world, 100);
    wait(&world, 40);
    used(&world, 20);
    let body = json!({"planIdentifier": "years", "chargePeriod": "YEARLY", "customerId": "u",
        "successUrl": "https://shop.example.com/paid"});
    let opened = told(&post(&world, "checkout/", &body), 201);
    let id = opened["checkoutSessionId"].as_str().unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let pressed = world.post(&format!("/checkout/{id}"), &form, b"action=pay");
    assert_eq!(pressed.status, 303);
    let is_paid = || {
        let session = told(&get(&world, &format!("checkout/sessions/{id}/")), 200);
        session["status"] == "success"
    };
    let mut looks = 0;
    while !is_paid() {
        looks += 1;
        assert!(looks < 1_000, "it is not paid");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(shown(&world).0, 20);
    let held = told(&get(&world, "subscriptions/?customer_id=u"), 200);
    assert_eq!(held["results"][0]["plan"]["identifier"], "years", "{held}");
}

#[test]
fn what_is_dated_ahead_counts_from_its_time_on() {
    let world = world();
    customer(&world, "u");
    begin(&world, "months");
    used(&world, 1);
    let event = json!({"customerId": "u", "eventName": "call", "idempotencyKey": "k1",
        "timestamp": "2026-11-26 10:00:00", "properties": {"featureId": "calls", "value": 40}});
    told(&post(&world, "report/event/", &event), 200);
    let as_of = "/v1/customers/u/entitlements?as_of=2026-11-26T00:00:00.000Z";
    let then = world.read(as_of)["entitlements"].clone();
    let live = world.read("/v1/customers/u/entitlements")["entitlements"].clone();
    assert_eq!(live[0]["usage"], "1");
    assert_eq!(then, live);
    // Nor can it be taken back before.
    let back = json!({"value": -2, "customerId": "u", "featureId": "calls", "behaviour": "DELTA"});
    assert_eq!(post(&world, "report/usage/", &back).status, 400);
    world.clock.advance_millis(10 * 60 * 60 * 1_000);
    assert_eq!(shown(&world).0, 41);
}
