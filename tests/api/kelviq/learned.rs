//! What Kelviq's own webhooks told, as its API shows it: a subscription's price, its trial and its
//! planned end, a customer's address and what the merchant noted.

use serde_json::{Value, json};

use super::{ask, get, told, world};
use crate::world::{World, sample};

/// The object of a sample, changed, sent as a new event.
fn send(world: &World, number: &str, id: &str, change: impl FnOnce(&mut Value)) {
    let mut body: Value = serde_json::from_slice(&sample("kelviq", number)).unwrap();
    body["id"] = id.into();
    change(&mut body);
    world.send("kelviq", body.to_string().as_bytes());
}

fn subscription(world: &World, id: &str) -> Value {
    told(&get(world, &format!("subscriptions/{id}/")), 200)
}

fn access(world: &World, id: &str, at: &str) -> Value {
    let list = world.read(&format!("/v1/subscriptions/{id}?as_of={at}"));
    list["access"].clone()
}

#[test]
fn a_planned_end_is_shown_and_ends_the_access() {
    let world = world();
    world.send("kelviq", &sample("kelviq", "01"));
    let id = "f88e4d21-5cd8-5bbb-bbe0-7e20199bcdd1";
    world.send("kelviq", &sample("kelviq", "17"));
    let held = subscription(&world, id);
    let wanted = json!({"status": "active", "endDate": "2026-11-20", "amount": "90.00",
        "currency": "USD", "recurrenceUnit": 1, "recurrenceType": "MONTH",
        "canceledAt": "2026-11-05T10:00:00Z", "cancellationReason": "CANCELLED_BY_CUSTOMER"});
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&held[name], value, "{name}");
    }
    let view = world.read(&format!("/v1/subscriptions/{id}?explain=true"));
    // What is charged ends on that day, and it with it; there is no grace.
    assert_eq!(view["cancel_at"], "2026-11-20T12:00:00.000Z");
    assert_eq!(view["access"]["reason"], "lapsed");
    assert_eq!(view["access"]["until"], "2026-11-20T12:00:00.000Z");
    for field in ["cancel_at", "access"] {
        let by = &view["explain"][field]["event_type"];
        assert_eq!(by, "subscription.updated", "{field} {view}");
    }
    // Another word takes the plan back; the end itself leaves none.
    send(&world, "17", "again", |body| {
        body["data"]["object"]["end_date"] = Value::Null;
        body["data"]["object"]["canceled_at"] = Value::Null;
        body["data"]["object"]["modified_on"] = json!("2026-11-05T10:00:01.000000Z");
    });
    let held = subscription(&world, id);
    assert_eq!(
        (&held["endDate"], &held["canceledAt"]),
        (&Value::Null, &Value::Null)
    );
    world.send("kelviq", &sample("kelviq", "18"));
    let view = world.read(&format!("/v1/subscriptions/{id}"));
    assert_eq!(view["cancel_at"], Value::Null);
}

#[test]
fn what_was_to_end_before_now_is_not_listed_among_what_goes_on() {
    let world = world();
    let listed = |query: &str| {
        let list = told(&get(&world, &format!("subscriptions/{query}")), 200);
        list["count"].as_u64().unwrap()
    };
    world.send("kelviq", &sample("kelviq", "17"));
    for (now, count) in [
        ("2026-11-20T11:59:59.999Z", 1),
        ("2026-11-20T12:00:00.000Z", 0),
    ] {
        world.set_time(now);
        assert_eq!(listed(""), count, "{now}");
        assert_eq!(listed("?customer_id=user_51"), count, "{now}");
        assert_eq!(listed("?status=active"), 1, "its provider says so yet");
    }
}

#[test]
fn what_another_plan_replaced_ended_then() {
    let world = world();
    world.send("kelviq", &sample("kelviq", "16"));
    let old = subscription(&world, "e44929ab-d2db-5212-a522-0d02c74dc1bb");
    let shown = (&old["status"], &old["endDate"]);
    assert_eq!(shown, (&json!("superseded"), &json!("2026-10-20")));
    let view = world.read("/v1/subscriptions/e44929ab-d2db-5212-a522-0d02c74dc1bb");
    assert_eq!(view["ended_at"], "2026-10-20T12:00:02.000Z");
}

#[test]
fn an_end_on_another_day_is_the_beginning_of_that_day() {
    let world = world();
    let id = "f88e4d21-5cd8-5bbb-bbe0-7e20199bcdd1";
    send(&world, "17", "once", |body| {
        body["data"]["object"]["end_date"] = json!("2026-11-18");
    });
    let view = world.read(&format!("/v1/subscriptions/{id}"));
    assert_eq!(view["cancel_at"], "2026-11-18T00:00:00.000Z");
    assert_eq!(
        access(&world, id, "2026-11-17T23:59:59.999Z")["granted"],
        true
    );
    assert_eq!(
        access(&world, id, "2026-11-18T00:00:00.000Z")["granted"],
        false
    );
}

#[test]
fn a_trial_has_days_left() {
    let world = world();
    world.send("kelviq", &sample("kelviq", "30"));
    let held = subscription(&world, "6f5109aa-b5c7-5009-bc87-52f55c889f69");
    assert_eq!(held["status"], "trialing");
    // From midnight of the 26th to 08:00 of the 4th.
    assert_eq!(held["trialDaysRemaining"], 9);
    assert_eq!(
        (&held["amount"], &held["recurrenceType"]),
        (&json!("40.00"), &json!("MONTH"))
    );
}

#[test]
fn a_customers_address_and_notes_are_shown_as_they_were_told() {
    let world = world();
    let customer = || told(&get(&world, "customers/user_51/"), 200);
    let notes = json!({"orderRef": "A-1", "order_ref": 2.50, "nested": {"a_b": [1]}});
    send(&world, "01", "one", |body| {
        body["data"]["object"]["metadata"] = notes.clone();
        body["data"]["object"]["billing_address"] = json!({"line1": "1 Road", "city": "Kochi",
            "state": "Kerala", "postal_code": "680121", "country": "IN"});
    });
    let held = customer();
    assert_eq!(held["metadata"], notes);
    let address = &held["billingAddress"];
    for (name, value) in [("line1", "1 Road"), ("city", "Kochi"), ("state", "Kerala")] {
        assert_eq!(address[name], value, "{held}");
    }
    // What says nothing of it takes nothing away: an order, and an update of something else.
    world.send("kelviq", &sample("kelviq", "06"));
    send(&world, "09", "two", |body| {
        body["data"]["object"]["billing_address"] = json!({});
    });
    let held = customer();
    assert_eq!(
        (&held["metadata"], &held["name"]),
        (&notes, &json!("Meera Iyer"))
    );
    // What the merchant says here is newer; what Kelviq says after that is newer still.
    let ours = json!({"metadata": {"ours": true}});
    told(&ask(&world, "PATCH", "customers/user_51/", &ours), 200);
    assert_eq!(customer()["metadata"], ours["metadata"]);
    send(&world, "09", "three", |body| {
        body["data"]["object"]["modified_on"] = json!("2026-12-01T00:00:00.000000Z");
        body["created_at"] = json!("2026-12-01T00:00:00Z");
        body["data"]["previous_attributes"] = json!({"metadata": {"ours": true}});
    });
    assert_eq!(customer()["metadata"], Value::Null);
}
