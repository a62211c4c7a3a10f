//! Entitlements: the rows of each kind of feature, filters, and who is not there.

use serde_json::{Value, json};

use subledger::clock::Clock;
use subledger::domain::own::Allowance;
use subledger::ledger::{Actor, Request};

use super::counted::wait;
use super::{customer, get, post, told, world};
use crate::world::World;

fn rows(world: &World, query: &str) -> Vec<Value> {
    let body = told(&get(world, &format!("entitlements/?{query}")), 200);
    body["entitlements"].as_array().unwrap().clone()
}

fn subscribed(world: &World, id: &str, plan: &str) {
    customer(world, id);
    let body = json!({"planIdentifier": plan, "chargePeriod": "MONTHLY", "customerId": id});
    told(&post(world, "subscriptions/create/", &body), 201);
}

#[test]
fn each_kind_of_feature_has_a_row_of_its_shape() {
    let world = world();
    subscribed(&world, "u", "pro");
    let body = told(&get(&world, "entitlements?customer_id=u"), 200);
    assert_eq!(body["customerId"], "u");
    let rows = rows(&world, "customerId=u");
    assert_eq!(body["entitlements"], json!(rows));
    let wanted = json!([
        {"featureId": "api-calls", "featureType": "METER", "hasAccess": true,
            "resetAt": "2026-12-26 00:00:00", "hardLimit": false, "usageLimit": 1000,
            "currentUsage": 0, "remaining": 1000},
        {"featureId": "seats", "featureType": "CUSTOMIZABLE", "hasAccess": true,
            "hardLimit": false, "usageLimit": 5, "currentUsage": 0, "remaining": 5},
        {"featureId": "dark-mode", "featureType": "BOOLEAN", "hasAccess": true},
    ]);
    assert_eq!(json!(rows), wanted);
}

#[test]
fn unlimited_is_null() {
    let world = world();
    subscribed(&world, "u", "enterprise");
    let row = rows(&world, "customer_id=u&feature_id=api-calls").remove(0);
    assert_eq!(row["usageLimit"], Value::Null);
    assert_eq!(row["remaining"], Value::Null);
    assert_eq!(row["hasAccess"], true);
    assert_eq!(row["resetAt"], Value::Null);
}

#[test]
fn a_hard_limit_ends_the_access_and_a_soft_one_does_not() {
    let world = world();
    let report = |id: &str, value: u64| {
        let body = json!({"value": value, "customerId": id, "featureId": "api-calls",
            "behaviour": "SET"});
        told(&post(&world, "report/usage/", &body), 200);
        let row = rows(&world, &format!("customer_id={id}&feature_id=api-calls")).remove(0);
        let told = |name: &str| row[name].clone();
        json!([
            told("hasAccess"),
            told("usageLimit"),
            told("currentUsage"),
            told("remaining")
        ])
    };
    subscribed(&world, "hard", "free");
    assert_eq!(report("hard", 9), json!([true, 10, 9, 1]));
    assert_eq!(report("hard", 10), json!([false, 10, 10, 0]));
    assert_eq!(report("hard", 12), json!([false, 10, 12, 0]));
    subscribed(&world, "soft", "pro");
    assert_eq!(report("soft", 1_200), json!([true, 1000, 1200, 0]));
}

#[test]
fn several_subscriptions_have_rows_of_their_own() {
    let world = world();
    subscribed(&world, "u", "pro");
    let body = json!({"planIdentifier": "pro", "chargePeriod": "YEARLY", "customerId": "u"});
    told(&post(&world, "subscriptions/create/", &body), 201);
    assert_eq!(rows(&world, "customer_id=u&feature_id=seats").len(), 2);
}

/// Whichever of the two was had first.
#[test]
fn what_was_allowed_counts_once_however_many_subscriptions_there_are() {
    for plans in [["pro", "free"], ["free", "pro"]] {
        let world = world();
        customer(&world, "u");
        for plan in plans {
            let body =
                json!({"planIdentifier": plan, "chargePeriod": "MONTHLY", "customerId": "u"});
            told(&post(&world, "subscriptions/create/", &body), 201);
            world.clock.advance_millis(1_000);
        }
        assert_eq!(rows(&world, "customer_id=u&feature_id=api-calls").len(), 2);
        let allowed = Allowance {
            meter_id: "api-calls".into(),
            limit: 500.into(),
        };
        let request = Request::of(Actor::Admin);
        let allowing = world
            .ledger()
            .set_allowances(None, "u", vec![allowed], &request);
        wait(allowing).unwrap();
        let body = json!({"value": 700, "customerId": "u", "featureId": "api-calls",
            "behaviour": "SET"});
        told(&post(&world, "report/usage/", &body), 200);
        let rows = rows(&world, "customer_id=u&feature_id=api-calls");
        let told = |row: &Value| json!([row["usageLimit"], row["currentUsage"], row["remaining"]]);
        let told: Vec<Value> = rows.iter().map(told).collect();
        assert_eq!(told, [json!([500, 700, 0])], "{plans:?}");
    }
}

#[test]
fn what_another_took_the_place_of_has_no_row_on_either_surface() {
    let world = world();
    customer(&world, "u");
    let body = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "u"});
    let made = told(&post(&world, "subscriptions/create/", &body), 201);
    let mut id = made["id"].as_str().unwrap().to_owned();
    let mut moments = Vec::new();
    for plan in ["enterprise", "pro", "enterprise", "pro"] {
        world.clock.advance_millis(1_000);
        let body = json!({"planIdentifier": plan, "chargePeriod": "MONTHLY"});
        let path = format!("subscriptions/{id}/update/");
        let changed = told(&post(&world, &path, &body), 200);
        id = changed["subscriptionId"].as_str().unwrap().to_owned();
        let now = world.clock.now().to_string();
        moments.push(format!("?as_of={now}"));
    }
    moments.extend(["", "?explain=true"].map(str::to_owned));
    for query in moments {
        let shown = world.read(&format!("/v1/customers/u/entitlements{query}"));
        let shown = shown["entitlements"].as_array().unwrap();
        assert!(!shown.is_empty(), "{query}");
        let one = &shown[0]["subscription_id"];
        let is_live = |row: &Value| row["granted"] == true && row["subscription_id"] == *one;
        assert!(shown.iter().all(is_live), "{query}: {shown:?}");
    }
    assert_eq!(rows(&world, "customer_id=u").len(), 3);
}

#[test]
fn what_was_used_without_a_plan_shows_and_grants_nothing() {
    let world = world();
    customer(&world, "u");
    let body = json!({"value": 7, "customerId": "u", "featureId": "api-calls",
        "behaviour": "DELTA"});
    told(&post(&world, "report/usage/", &body), 200);
    let wanted = json!([{"featureId": "api-calls", "featureType": "METER", "hasAccess": false,
        "resetAt": null, "hardLimit": false, "usageLimit": 0, "currentUsage": 7, "remaining": 0}]);
    assert_eq!(json!(rows(&world, "customer_id=u")), wanted);
}

#[test]
fn who_and_what_is_unknown() {
    let world = world();
    subscribed(&world, "u", "pro");
    let answer = get(&world, "entitlements/?customer_id=nobody");
    assert_eq!(told(&answer, 404), json!({"detail": "Not found."}));
    assert_eq!(
        rows(&world, "customer_id=u&feature_id=nothing"),
        Vec::<Value>::new()
    );
    assert_eq!(
        rows(&world, "customer_id=u&feature_id=&colour=red").len(),
        3
    );
    for query in ["", "?customer_id=", "?feature_id=seats"] {
        let answer = get(&world, &format!("entitlements/{query}"));
        let wanted = json!({"customerId": ["This field is required."]});
        assert_eq!(told(&answer, 400), wanted, "{query}");
    }
}
