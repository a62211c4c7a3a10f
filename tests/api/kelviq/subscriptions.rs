//! Subscriptions: made, shown, listed, changed and cancelled.

use serde_json::{Value, json};

use super::{customer, events, get, post, told, world};
use crate::world::World;

pub(super) fn create(world: &World, who: &str, plan: &str) -> Value {
    let body = json!({"planIdentifier": plan, "chargePeriod": "MONTHLY", "customerId": who});
    told(&post(world, "subscriptions/create/", &body), 201)
}

pub(super) fn id_of(subscription: &Value) -> &str {
    subscription["id"].as_str().unwrap()
}

fn show(world: &World, id: &str) -> Value {
    told(&get(world, &format!("subscriptions/{id}/")), 200)
}

fn listed(world: &World, query: &str) -> Vec<String> {
    let list = told(&get(world, &format!("subscriptions/?{query}")), 200);
    let rows = list["results"].as_array().unwrap().iter();
    rows.map(|row| id_of(row).to_owned()).collect()
}

fn update(world: &World, id: &str, body: &Value) -> String {
    let updated = told(
        &post(world, &format!("subscriptions/{id}/update/"), body),
        200,
    );
    updated["subscriptionId"].as_str().unwrap().to_owned()
}

#[test]
fn a_subscription_is_in_force_at_once_and_shown_as_it_is() {
    let world = world();
    customer(&world, "u");
    let body = json!({"plan_identifier": "pro", "charge_period": "MONTHLY", "customer_id": "u",
        "features": [{"identifier": "seats", "quantity": 8}], "ip_address": "1.2.3.4",
        "success_url": "https://a.example.com/"});
    let made = told(&post(&world, "subscriptions/create", &body), 201);
    assert_eq!(made["product"]["name"], "Sample");
    assert_eq!(made["product"]["identifier"], "sample");
    let held = show(&world, id_of(&made));
    assert_eq!(held["product"], "Sample");
    let wanted = json!({"status": "active", "startDate": "2026-11-26", "endDate": null,
        "billingPeriodStartTime": "2026-11-26T00:00:00Z",
        "billingPeriodEndTime": "2026-12-26T00:00:00Z", "amount": "29.00", "currency": "USD",
        "recurrence": "month", "recurrenceUnit": 1, "recurrenceType": "MONTH",
        "billingType": "SUBSCRIPTION", "trialDaysRemaining": 0, "customerId": "u",
        "plan": {"name": "Pro", "identifier": "pro"}, "externalSubscriptionId": null,
        "files": [], "links": [], "license": [], "canceledAt": null,
        "cancellationReason": null});
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&held[name], value, "{name}");
        assert_eq!(&made[name], value, "{name}");
    }
    let features = held["features"].as_array().unwrap();
    let row = |id: &str| features.iter().find(|row| row["identifier"] == id).unwrap();
    assert_eq!(row("seats")["value"], 8);
    assert_eq!(row("seats")["featureType"], "CUSTOMIZABLE");
    assert_eq!(row("api-calls")["value"], 1000);
    assert_eq!(row("api-calls")["reset"], "EVERY_MONTH");
    assert_eq!(row("dark-mode")["value"], true);
    let v1 = world.read("/v1/subscriptions?customer=u");
    let own = v1["data"][0]["id"].as_str().unwrap();
    assert_eq!(show(&world, own), held, "by our own id too");
    assert_eq!(show(&world, &id_of(&held).to_uppercase()), held);
}

#[test]
fn every_length_of_a_period_has_its_words() {
    let world = World::with(&format!("{}{}", super::CATALOGUE, PERIODS));
    customer(&world, "u");
    for (period, word, unit, kind, end) in [
        ("DAILY", "day", 1, "DAY", "2026-11-27"),
        ("WEEKLY", "week", 1, "WEEK", "2026-12-03"),
        ("TWENTY_EIGHT_DAYS", "28 days", 28, "DAY", "2026-12-24"),
        ("THREE_MONTHS", "3 months", 3, "MONTH", "2027-02-26"),
        ("SIX_MONTHS", "6 months", 6, "MONTH", "2027-05-26"),
        ("YEARLY", "year", 1, "YEAR", "2027-11-26"),
    ] {
        let body = json!({"planIdentifier": "all", "chargePeriod": period, "customerId": "u"});
        let made = told(&post(&world, "subscriptions/create/", &body), 201);
        let found = (
            &made["recurrence"],
            &made["recurrenceUnit"],
            &made["recurrenceType"],
        );
        assert_eq!(
            found,
            (&json!(word), &json!(unit), &json!(kind)),
            "{period}"
        );
        let ends = format!("{end}T00:00:00Z");
        assert_eq!(made["billingPeriodEndTime"], ends.as_str(), "{period}");
    }
    let body = json!({"planIdentifier": "all", "chargePeriod": "ONE_TIME", "customerId": "u"});
    let once = told(&post(&world, "subscriptions/create/", &body), 201);
    assert_eq!(once["billingType"], "ONE_TIME");
    assert_eq!(once["recurrence"], "");
    for name in ["recurrenceUnit", "recurrenceType", "billingPeriodStartTime"] {
        assert_eq!(once[name], Value::Null, "{name}");
    }
}

const PERIODS: &str = r#"
[[catalog.plans]]
id = "PLV-0G07MCNH4NWTB"
identifier = "all"
name = "All"
prices = [
    { period = "DAILY", amount_minor = 100, currency = "USD" },
    { period = "WEEKLY", amount_minor = 200, currency = "USD" },
    { period = "TWENTY_EIGHT_DAYS", amount_minor = 300, currency = "USD" },
    { period = "THREE_MONTHS", amount_minor = 400, currency = "USD" },
    { period = "SIX_MONTHS", amount_minor = 500, currency = "USD" },
    { period = "YEARLY", amount_minor = 600, currency = "USD" },
    { period = "ONE_TIME", amount_minor = 700, currency = "USD" },
]
[[catalog.plans]]
id = "PLV-0G07MCNH4NWTC"
identifier = "tried"
name = "Tried"
trial_days = 14
prices = [{ period = "MONTHLY", amount_minor = 100, currency = "USD" }]
"#;

#[test]
fn a_change_puts_a_new_one_in_its_place_and_keeps_what_was_counted() {
    let world = world();
    customer(&world, "u");
    let old = create(&world, "u", "pro");
    let used = json!({"value": 7, "customerId": "u", "featureId": "api-calls",
        "behaviour": "DELTA"});
    told(&post(&world, "report/usage/", &used), 200);
    let body = json!({"planIdentifier": "enterprise", "chargePeriod": "MONTHLY",
        "paymentBehavior": "activate_on_payment", "proration_behavior": "NO_PRORATION",
        "ipAddress": "1.2.3.4"});
    let new = update(&world, id_of(&old), &body);
    assert_ne!(new, id_of(&old));
    assert_eq!(show(&world, id_of(&old))["status"], "superseded");
    assert_eq!(show(&world, &new)["plan"]["identifier"], "enterprise");
    assert_eq!(listed(&world, "customer_id=u"), [new.as_str()]);
    let rows = told(
        &get(&world, "entitlements/?customer_id=u&feature_id=api-calls"),
        200,
    );
    assert_eq!(rows["entitlements"][0]["currentUsage"], 7);
    let before = events(&world);
    assert_eq!(update(&world, &new, &body), new, "nothing changes");
    assert_eq!(events(&world), before);
    let again = post(
        &world,
        &format!("subscriptions/{}/update/", id_of(&old)),
        &body,
    );
    assert!(told(&again, 400)["detail"].is_string(), "{}", again.text);
}

#[test]
fn a_list_without_a_status_shows_what_is_and_with_one_all_that_was() {
    let world = world();
    for who in ["a", "b"] {
        customer(&world, who);
    }
    let first = create(&world, "a", "pro");
    world.set_time("2026-11-27T00:00:00Z");
    let second = create(&world, "b", "pro");
    let body = json!({"planIdentifier": "enterprise", "chargePeriod": "MONTHLY"});
    let third = update(&world, id_of(&first), &body);
    world.set_time("2026-11-28T00:00:00Z");
    let fourth = create(&world, "a", "pro");
    let cancel = json!({"cancellationType": "IMMEDIATE"});
    let path = format!("subscriptions/{}/cancel/", id_of(&fourth));
    told(&post(&world, &path, &cancel), 200);
    let (first, second, fourth) = (id_of(&first), id_of(&second), id_of(&fourth));
    let list = |query: &str| {
        let mut ids = listed(&world, query);
        ids.sort();
        ids
    };
    let sorted = |ids: &[&str]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(list(""), sorted(&[second, &third]));
    assert_eq!(list("customer_id=a"), sorted(&[&third]));
    assert_eq!(list("status=superseded,canceled"), sorted(&[first, fourth]));
    assert_eq!(list("status=active&customer_id=a"), sorted(&[&third]));
    assert_eq!(list("status=no_such_word"), sorted(&[]));
    assert_eq!(list("customer_id=nobody"), sorted(&[]));
    assert_eq!(
        list("start_date_after=2026-11-28&status=canceled"),
        sorted(&[fourth])
    );
    assert_eq!(
        list("start_date_before=2026-11-26&status=superseded"),
        sorted(&[first])
    );
    assert_eq!(list("start_date_before=2026-11-26T00:00:00Z"), sorted(&[]));
    let wrong = told(&get(&world, "subscriptions/?start_date_after=soon"), 400);
    assert!(wrong["startDateAfter"].is_array(), "{wrong}");
    let past = told(&get(&world, "subscriptions/?page=3"), 404);
    assert_eq!(past["detail"], "Invalid page.");
}

#[test]
fn a_cancel_is_at_once_with_its_period_or_on_a_day() {
    let world = world();
    customer(&world, "u");
    let cancelled = |body: Value| {
        let held = create(&world, "u", "pro");
        let path = format!("subscriptions/{}/cancel/", id_of(&held));
        let said = told(&post(&world, &path, &body), 200);
        let message = "Subscription cancellation processed successfully.";
        assert_eq!(said["message"], message);
        show(&world, id_of(&held))
    };
    let at_once = cancelled(json!({"cancellation_type": "IMMEDIATE",
        "cancellationFeedback": "TOO_EXPENSIVE", "cancellation_comment": "Too\nmuch."}));
    assert_eq!(at_once["status"], "canceled");
    assert_eq!(at_once["endDate"], "2026-11-26");
    assert_eq!(at_once["canceledAt"], "2026-11-26T00:00:00Z");
    assert_eq!(at_once["cancellationReason"], "CANCELLED_BY_MERCHANT");
    assert_eq!(at_once["cancellationFeedback"], "TOO_EXPENSIVE");
    assert_eq!(at_once["cancellationComment"], "Too\nmuch.");
    let later = cancelled(json!({"cancellationType": "CURRENT_PERIOD_ENDS"}));
    assert_eq!(later["status"], "active");
    assert_eq!(later["endDate"], "2026-12-26");
    assert_eq!(later["canceledAt"], "2026-11-26T00:00:00Z");
    let dated = cancelled(json!({"cancellationType": "SPECIFIC_DATE",
        "cancellationDate": "2026-12-01"}));
    assert_eq!(dated["endDate"], "2026-12-01");
    // Once more at once is no harm; with a period it is too late.
    let path = format!("subscriptions/{}/cancel/", id_of(&at_once));
    told(
        &post(&world, &path, &json!({"cancellationType": "IMMEDIATE"})),
        200,
    );
    let late = told(
        &post(
            &world,
            &path,
            &json!({"cancellationType": "CURRENT_PERIOD_ENDS"}),
        ),
        400,
    );
    assert!(late["detail"].is_string(), "{late}");
}

#[test]
fn a_trial_counts_down_and_may_be_ended() {
    let world = World::with(&format!("{}{}", super::CATALOGUE, PERIODS));
    customer(&world, "u");
    let held = create(&world, "u", "tried");
    assert_eq!(held["status"], "trialing");
    assert_eq!(held["trialDaysRemaining"], 14);
    world.set_time("2026-11-27T00:00:00.001Z");
    assert_eq!(show(&world, id_of(&held))["trialDaysRemaining"], 13);
    let body =
        |end: &str| json!({"planIdentifier": "tried", "chargePeriod": "MONTHLY", "trialEnd": end});
    let path = format!("subscriptions/{}/update/", id_of(&held));
    for wrong in ["2026-11-26 00:00:00", "soon", ""] {
        let told = told(&post(&world, &path, &body(wrong)), 400);
        assert!(told["trialEnd"].is_array(), "{wrong}: {told}");
    }
    let too_late = told(&post(&world, &path, &body("2036-11-28 00:00:00")), 400);
    assert!(too_late["trialEnd"].is_array(), "{too_late}");
    let longer = update(&world, id_of(&held), &body("2026-12-27 00:00:00.001"));
    assert_eq!(show(&world, &longer)["trialDaysRemaining"], 30);
    let ended = update(&world, &longer, &body("now"));
    assert_eq!(show(&world, &ended)["status"], "active");
}

#[test]
fn a_repetition_is_answered_with_the_first() {
    let world = world();
    customer(&world, "u");
    let body = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "u"});
    let ask = |key: &str| {
        let headers = [crate::keys::JSON, ("idempotency-key", key)];
        let text = body.to_string();
        let path = "/api/v1/subscriptions/create/";
        world.ask(
            "POST",
            path,
            Some(crate::world::KEY),
            &headers,
            text.as_bytes(),
        )
    };
    let first = told(&ask("k-1"), 201);
    assert_eq!(told(&ask("k-1"), 201)["id"], first["id"]);
    assert_ne!(told(&ask("k-2"), 201)["id"], first["id"]);
}
