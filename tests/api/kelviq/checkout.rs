//! Checkouts: opened for whom and for how much, each field wrong, paid on the page, and the sessions
//! that show them.

use serde_json::{Value, json};

use super::{customer, events, get, post, told, world};
use crate::world::{Answer, World};

pub(super) fn body() -> Value {
    json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": "u",
        "successUrl": "https://shop.example.com/paid"})
}

pub(super) fn with(name: &str, value: Value) -> Value {
    let mut body = body();
    body[name] = value;
    body
}

pub(super) fn open(world: &World, body: &Value) -> String {
    let opened = told(&post(world, "checkout/", body), 201);
    let id = opened["checkoutSessionId"].as_str().unwrap().to_owned();
    let url = format!("{}/checkout/{id}", world.base);
    assert_eq!(opened["checkoutUrl"], url.as_str());
    id
}

pub(super) fn session(world: &World, id: &str) -> Value {
    told(&get(world, &format!("checkout/sessions/{id}/")), 200)
}

pub(super) fn press(world: &World, id: &str, action: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("action={action}");
    world.post(&format!("/checkout/{id}"), &form, body.as_bytes())
}

/// Looks until it is so: the sandbox delivers by itself.
pub(super) fn paid(world: &World, id: &str) -> Value {
    for _ in 0..1_000 {
        let held = session(world, id);
        if held["status"] == "success" {
            return held;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{}", session(world, id));
}

#[test]
fn what_is_opened_is_paid_on_its_page_and_shown_as_a_session() {
    let world = world();
    let metadata = json!({"orderRef": "A-1", "order_ref": 2});
    let id = open(&world, &with("metadata", metadata.clone()));
    assert_eq!(id.len(), "cs_0MSC9073DVBTK".len());
    let held = session(&world, &id);
    assert_eq!(held["status"], "open");
    assert_eq!(held["customer"]["customerId"], "u");
    assert_eq!(held["metadata"], metadata);
    assert_eq!(held["currency"], "USD");
    assert_eq!(held["currencySymbol"], "$");
    assert_eq!(held["createdOn"], "2026-11-26T00:00:00Z");
    assert_eq!(held["product"]["name"], "Sample");
    assert_eq!(held["selectedData"]["planIdentifier"], "pro");
    assert_eq!(held["selectedData"]["chargePeriod"], "MONTHLY");
    assert_eq!(held["selectedData"]["amount"], "29.00");
    for name in ["order", "subscription", "paymentMethod", "taxId"] {
        assert_eq!(held[name], Value::Null, "{name}");
    }
    assert_eq!(press(&world, &id, "pay").status, 303);
    let held = paid(&world, &id);
    assert_eq!(held["order"]["status"], "COMPLETE");
    assert_eq!(held["order"]["amountTotal"], "29.00");
    assert_eq!(held["subscription"]["status"], "active");
    assert_eq!(held["subscription"]["recurrenceType"], "MONTH");
    let page = world.get_with(&format!("/checkout/{id}"), &[]);
    assert_eq!(page.status, 303);
    assert_eq!(
        page.header("location"),
        Some("https://shop.example.com/paid")
    );
    let subscriptions = told(&get(&world, "subscriptions/?customer_id=u"), 200);
    assert_eq!(subscriptions["count"], 1);
    assert_eq!(
        subscriptions["results"][0]["id"],
        held["subscription"]["id"]
    );
    let events = told(
        &get(&world, &format!("checkout/sessions/{id}/events/")),
        200,
    );
    let rows = events["results"].as_array().unwrap();
    assert_eq!(rows.last().unwrap()["code"], "checkout_session.created");
    let ids: Vec<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one > next), "{ids:?}");
    assert!(
        rows.iter().any(|row| row["status"] == "success"),
        "{rows:?}"
    );
}

#[test]
fn every_spelling_is_the_same_and_what_says_nothing_is_passed_over() {
    let world = world();
    let snake = json!({"plan_identifier": "pro", "charge_period": "YEARLY", "customer_id": "u",
        "success_url": "https://a.example.com", "cancel_url": "http://a.example.com/x",
        "plans_enabled": "pro,enterprise", "ip_address": "103.154.35.20", "lock_email": true,
        "discounts_enabled": false, "offering_id": null, "rule_id": "x", "unknown": {"a": 1},
        "features": [{"identifier": "seats", "quantity": 8}], "trial_period": 7,
        "default_billing_country": "IN", "currency_code": "usd"});
    let id = open(&world, &snake);
    let held = session(&world, &id);
    assert_eq!(held["selectedData"]["amount"], "290.00");
    assert_eq!(held["trialPeriod"], 7);
    let bought = json!([{"identifier": "seats", "quantity": 8}]);
    assert_eq!(held["selectedData"]["features"], bought);
    let page = world.get_with(&format!("/checkout/{id}"), &[]);
    assert!(page.text.contains("8 × seats") && page.text.contains("7 days"));
}

#[test]
fn the_customer_is_whom_the_body_names_or_a_new_one() {
    let world = world();
    let known = customer(&world, "u");
    let who = |change: Value| {
        let mut body = body();
        body.as_object_mut().unwrap().remove("customerId");
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let held = session(&world, &open(&world, &body));
        held["customer"]["customerId"].as_str().unwrap().to_owned()
    };
    let count = || told(&get(&world, "customers/"), 200)["count"].clone();
    assert_eq!(who(json!({"customerId": "u"})), "u");
    assert_eq!(who(json!({"customerId": known["id"]})), "u");
    assert_eq!(who(json!({"email": "U@example.com"})), "u");
    assert_eq!(count(), 1);
    assert_eq!(
        who(json!({"customerId": "new", "email": "new@example.com"})),
        "new"
    );
    let made = told(&get(&world, "customers/new/"), 200);
    assert_eq!(made["email"], "new@example.com");
    assert_eq!(count(), 2);
    let drawn = who(json!({"email": "other@example.com"}));
    assert_eq!(drawn.len(), 32, "{drawn}");
    assert_eq!(who(json!({"email": "other@example.com"})), drawn);
    assert_ne!(who(json!({})), drawn);
    assert_eq!(count(), 4);
}

#[test]
fn an_amount_of_ones_own_is_paid_instead() {
    let world = world();
    let mut body = with("customAmount", json!(12.5));
    body["taxBehavior"] = json!("INCLUSIVE");
    body["currencyCode"] = json!("EUR");
    let id = open(&world, &body);
    let held = session(&world, &id);
    assert_eq!(held["selectedData"]["amount"], "12.50");
    assert_eq!(held["currency"], "EUR");
    let page = world.get_with(&format!("/checkout/{id}"), &[]);
    assert!(page.text.contains("Pay EUR 12.50"), "{}", page.text);
}

#[test]
fn what_costs_nothing_begins_with_a_press() {
    let world = world();
    let id = open(&world, &with("planIdentifier", json!("free")));
    assert_eq!(
        session(&world, &id)["selectedData"]["chargePeriod"],
        "ONE_TIME"
    );
    assert_eq!(press(&world, &id, "pay").status, 303);
    let held = session(&world, &id);
    assert_eq!(held["status"], "success");
    assert_eq!(held["order"], Value::Null);
    assert_eq!(held["subscription"]["billingType"], "ONE_TIME");
    let events = told(
        &get(&world, &format!("checkout/sessions/{id}/events/")),
        200,
    );
    assert_eq!(events["results"][0]["code"], "checkout_session.completed");
    let rows = told(&get(&world, "entitlements/?customer_id=u"), 200);
    assert_eq!(rows["entitlements"][0]["usageLimit"], 10);
}

#[test]
fn each_wrong_field_is_told_and_nothing_is_recorded() {
    let world = world();
    let before = events(&world);
    let long = "x".repeat(9_000);
    let rows = [
        (
            json!({}),
            json!(["chargePeriod", "planIdentifier", "successUrl"]),
        ),
        (
            with("planIdentifier", json!(null)),
            json!(["planIdentifier"]),
        ),
        (with("planIdentifier", json!(7)), json!(["planIdentifier"])),
        (
            with("planIdentifier", json!("nothing")),
            json!(["planIdentifier"]),
        ),
        (
            with("planIdentifier", json!(" ")),
            json!(["planIdentifier"]),
        ),
        (
            with("chargePeriod", json!("monthly")),
            json!(["chargePeriod"]),
        ),
        (
            with("chargePeriod", json!("QUARTERLY")),
            json!(["chargePeriod"]),
        ),
        (
            with("chargePeriod", json!("DAILY")),
            json!(["chargePeriod"]),
        ),
        (with("successUrl", json!("shop")), json!(["successUrl"])),
        (
            with("successUrl", json!("ftp://a.b")),
            json!(["successUrl"]),
        ),
        (
            with("cancelUrl", json!("javascript:1")),
            json!(["cancelUrl"]),
        ),
        (with("customerId", json!("")), json!(["customerId"])),
        (with("customerId", json!("..")), json!(["customerId"])),
        (with("email", json!("nobody")), json!(["email"])),
        (with("currencyCode", json!("QQQ")), json!(["currencyCode"])),
        (with("currencyCode", json!("JPY")), json!(["currencyCode"])),
        (
            with("customAmount", json!(5)),
            json!(["currencyCode", "taxBehavior"]),
        ),
        (with("customAmount", json!("5")), json!(["customAmount"])),
        (with("customAmount", json!(0)), json!(["customAmount"])),
        (with("customAmount", json!(-1)), json!(["customAmount"])),
        (with("taxBehavior", json!("NONE")), json!(["taxBehavior"])),
        (
            with("discountCode", json!("WELCOME20")),
            json!(["discountCode"]),
        ),
        (
            with("discountsEnabled", json!("yes")),
            json!(["discountsEnabled"]),
        ),
        (with("lockEmail", json!(1)), json!(["lockEmail"])),
        (with("trialPeriod", json!(0)), json!(["trialPeriod"])),
        (with("trialPeriod", json!(366)), json!(["trialPeriod"])),
        (with("trialPeriod", json!(1.5)), json!(["trialPeriod"])),
        (with("metadata", json!([])), json!(["metadata"])),
        (with("metadata", json!({"a": long})), json!(["metadata"])),
        (
            with("defaultBillingCountry", json!("Atlantis")),
            json!(["defaultBillingCountry"]),
        ),
        (with("features", json!({})), json!(["features"])),
        (
            with("features", json!([{"identifier": "seats", "quantity": 0}])),
            json!(["features"]),
        ),
        (
            with("features", json!([{"identifier": "seats"}])),
            json!(["features"]),
        ),
        (
            with(
                "features",
                json!([{"identifier": "dark-mode", "quantity": 1}]),
            ),
            json!(["features"]),
        ),
        (
            with(
                "features",
                json!([{"identifier": "nothing", "quantity": 1}]),
            ),
            json!(["features"]),
        ),
    ];
    for (body, wanted) in rows {
        let answer = post(&world, "checkout/", &body);
        let wrong = told(&answer, 400);
        let names: Vec<&String> = wrong.as_object().unwrap().keys().collect();
        assert_eq!(json!(names), wanted, "{body}: {wrong}");
    }
    // No currency has so many digits, no price is so much, and nobody pays in none or in gold.
    for (amount, currency, field) in [
        (5.001, "USD", "customAmount"),
        (1e15, "USD", "customAmount"),
        (10.0, "XXX", "currencyCode"),
        (10.0, "XAU", "currencyCode"),
    ] {
        let mut body = with("customAmount", json!(amount));
        body["taxBehavior"] = json!("EXCLUSIVE");
        body["currencyCode"] = json!(currency);
        let wrong = told(&post(&world, "checkout/", &body), 400);
        assert!(wrong[field].is_array(), "{amount} {currency}: {wrong}");
    }
    assert_eq!(events(&world), before);
    let told = told(
        &post(&world, "checkout/", &with("planIdentifier", json!("no"))),
        400,
    );
    let sentence = json!({"planIdentifier": ["Plan with this identifier does not exist."]});
    assert_eq!(told, sentence);
}

#[test]
fn sessions_are_searched_and_numbered_newest_first() {
    let world = world();
    let mut ids = Vec::new();
    for (who, day) in [("ada", "26T10"), ("bob", "27T10"), ("ada", "28T09")] {
        world.set_time(&format!("2026-11-{day}:00:00Z"));
        ids.push(open(&world, &with("customerId", json!(who))));
    }
    let found = |query: &str| {
        let list = told(&get(&world, &format!("checkout/sessions/?{query}")), 200);
        let rows = list["results"].as_array().unwrap().iter();
        let rows: Vec<usize> = rows
            .map(|row| ids.iter().position(|id| row["id"] == id.as_str()).unwrap())
            .collect();
        assert_eq!(list["count"], rows.len(), "{query}");
        rows
    };
    assert_eq!(found(""), [2, 1, 0]);
    assert_eq!(found("search=ADA"), [2, 0]);
    assert_eq!(found(&format!("search={}", ids[1])), [1]);
    assert_eq!(found("start_date=2026-11-27"), [2, 1]);
    assert_eq!(found("end_date=2026-11-27"), [1, 0]);
    assert_eq!(found("start_date=2026-11-27&end_date=2026-11-27"), [1]);
    // The first one's day is over.
    assert_eq!(found("status=open"), [2, 1]);
    assert_eq!(found("status=expired"), [0]);
    assert_eq!(found("status=expired,open"), [2, 1, 0]);
    assert!(found("status=closed").is_empty());
    let page = told(&get(&world, "checkout/sessions?page_size=2&page=2"), 200);
    assert_eq!(page["results"].as_array().unwrap().len(), 1);
    let past = told(&get(&world, "checkout/sessions/?page=9"), 404);
    assert_eq!(past["detail"], "Invalid page.");
    told(&get(&world, "checkout/sessions/?start_date=yesterday"), 400);
    for id in ["cs_0000000000000", "x", "cs_"] {
        told(&get(&world, &format!("checkout/sessions/{id}/")), 404);
        told(
            &get(&world, &format!("checkout/sessions/{id}/events/")),
            404,
        );
    }
}

#[test]
fn an_archived_customer_pays_nothing() {
    let world = world();
    customer(&world, "u");
    let id = open(&world, &body());
    let gone = world.ask(
        "DELETE",
        "/api/v1/customers/u/",
        Some(crate::world::KEY),
        &[],
        b"",
    );
    assert_eq!(gone.status, 204);
    press(&world, &id, "pay");
    assert_eq!(session(&world, &id)["status"], "open");
    let wrong = told(&post(&world, "checkout/", &body()), 400);
    assert_eq!(wrong, json!({"customerId": ["Customer does not exist."]}));
}

#[test]
fn a_repetition_is_answered_with_the_first_also_when_the_customer_is_gone() {
    let world = world();
    customer(&world, "u");
    let ask = || {
        let headers = [crate::keys::JSON, ("idempotency-key", "k-1")];
        let text = body().to_string();
        let key = Some(crate::world::KEY);
        world.ask("POST", "/api/v1/checkout/", key, &headers, text.as_bytes())
    };
    let first = told(&ask(), 201);
    let key = Some(crate::world::KEY);
    let gone = world.ask("DELETE", "/api/v1/customers/u/", key, &[], b"");
    assert_eq!(gone.status, 204);
    assert_eq!(told(&ask(), 201), first);
}
