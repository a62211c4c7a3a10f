//! What is refused of subscriptions: each field wrong, what is changed elsewhere, and keys that may
//! not see them.

use serde_json::{Value, json};

use super::subscriptions::{create, id_of};
use super::{ask, ask_as, customer, events, get, post, told, world};
use crate::keys::made;
use crate::world::{World, sample};

/// A plan that is sold in two countries alone.
const LOCAL: &str = r#"
[[catalog.countries]]
id = "CON-1"
code = "IN"
currency = "INR"
[[catalog.countries]]
id = "CON-2"
code = "US"
currency = "USD"
[[catalog.plans]]
id = "PLV-0FQKQ3HRPV001"
identifier = "local"
name = "Local"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 10000
currency = "INR"
country = "CON-1"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 500
currency = "USD"
country = "CON-2"
"#;

#[test]
fn each_wrong_field_is_told_and_nothing_is_recorded() {
    let world = world();
    customer(&world, "u");
    let held = create(&world, "u", "pro");
    let before = events(&world);
    let good = json!({"planIdentifier": "enterprise", "chargePeriod": "MONTHLY",
        "customerId": "u"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let update = format!("subscriptions/{}/update/", id_of(&held));
    let cancel = format!("subscriptions/{}/cancel/", id_of(&held));
    let (create, update, cancel) = ("subscriptions/create/", update.as_str(), cancel.as_str());
    let dated = |day: Value| json!({"cancellationType": "SPECIFIC_DATE", "cancellationDate": day});
    let rows = [
        (
            create,
            json!({}),
            vec!["chargePeriod", "customerId", "planIdentifier"],
        ),
        (create, with("customerId", json!(null)), vec!["customerId"]),
        (
            create,
            with("planIdentifier", json!("no")),
            vec!["planIdentifier"],
        ),
        (
            create,
            with("chargePeriod", json!("SOMETIMES")),
            vec!["chargePeriod"],
        ),
        (
            create,
            with("chargePeriod", json!("WEEKLY")),
            vec!["chargePeriod"],
        ),
        (create, with("successUrl", json!("x")), vec!["successUrl"]),
        (
            create,
            with("features", json!([{"identifier": "seats", "quantity": 0}])),
            vec!["features"],
        ),
        (
            create,
            with("features", json!([{"identifier": "no", "quantity": 1}])),
            vec!["features"],
        ),
        (create, with("customerId", json!("nobody")), vec!["detail"]),
        (update, json!({}), vec!["chargePeriod", "planIdentifier"]),
        (
            update,
            with("planIdentifier", json!("no")),
            vec!["planIdentifier"],
        ),
        (
            update,
            with("chargePeriod", json!("YEARLY")),
            vec!["chargePeriod"],
        ),
        (
            update,
            with("paymentBehavior", json!("later")),
            vec!["paymentBehavior"],
        ),
        (
            update,
            with("prorationBehavior", json!("x")),
            vec!["prorationBehavior"],
        ),
        (
            update,
            with("probationBehaviour", json!("x")),
            vec!["probationBehaviour"],
        ),
        (
            update,
            with("features", json!([{"quantity": 1}])),
            vec!["features"],
        ),
        (cancel, json!({}), vec!["cancellationType"]),
        (
            cancel,
            json!({"cancellationType": "NEVER"}),
            vec!["cancellationType"],
        ),
        (
            cancel,
            json!({"cancellationType": "SPECIFIC_DATE"}),
            vec!["cancellationDate"],
        ),
        (cancel, dated(json!("26/11/2026")), vec!["cancellationDate"]),
        (cancel, dated(json!("2026-11-26")), vec!["cancellationDate"]),
        (cancel, dated(json!("2020-01-01")), vec!["cancellationDate"]),
        (
            cancel,
            json!({"cancellationType": "IMMEDIATE", "cancellationFeedback": "BAD"}),
            vec!["cancellationFeedback"],
        ),
        (
            cancel,
            json!({"cancellationType": "IMMEDIATE", "cancellationComment": "x".repeat(1_001)}),
            vec!["cancellationComment"],
        ),
        (
            cancel,
            json!({"cancellationType": "IMMEDIATE", "cancellationComment": "a\u{0}b"}),
            vec!["cancellationComment"],
        ),
    ];
    for (path, body, wanted) in rows {
        let wrong = told(&post(&world, path, &body), 400);
        let names: Vec<&String> = wrong.as_object().unwrap().keys().collect();
        assert_eq!(names, wanted, "{path} {body}: {wrong}");
    }
    let nobody = with("customerId", json!("nobody"));
    let nobody = told(&post(&world, create, &nobody), 400);
    assert_eq!(nobody, json!({"detail": "Customer does not exist."}));
    let unknown = "00000000-0000-8000-8000-000000000000";
    for rest in ["", "update/", "cancel/"] {
        let path = format!("subscriptions/{unknown}/{rest}");
        let answer = match rest {
            "" => get(&world, &path),
            "update/" => post(&world, &path, &good),
            _ => post(&world, &path, &json!({"cancellationType": "IMMEDIATE"})),
        };
        assert_eq!(
            told(&answer, 404),
            json!({"detail": "Subscription not found."})
        );
    }
    assert_eq!(events(&world), before);
}

#[test]
fn a_plan_of_other_countries_is_refused_in_words_that_help() {
    let world = World::with(&format!("{}{LOCAL}", super::CATALOGUE));
    customer(&world, "u");
    let body = json!({"planIdentifier": "local", "chargePeriod": "MONTHLY", "customerId": "u"});
    let create = |country: &str| {
        let there = json!({"billingAddress": {"country": country}});
        told(&ask(&world, "PATCH", "customers/u/", &there), 200);
        post(&world, "subscriptions/create/", &body)
    };
    let why = "This plan is sold in some countries alone; the customer must be in one of them.";
    let nowhere = post(&world, "subscriptions/create/", &body);
    for refused in [nowhere, create("FR")] {
        assert_eq!(told(&refused, 400), json!({"planIdentifier": [why]}));
    }
    assert_eq!(told(&create("US"), 201)["amount"], "5.00");
}

#[test]
fn free_is_not_changed_to_paid_and_a_providers_own_is_changed_there() {
    let world = world();
    customer(&world, "u");
    let free = create(&world, "u", "free");
    assert_eq!(free["billingType"], "ONE_TIME");
    assert_eq!(free["amount"], "0.00");
    let pro = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY"});
    let path = |id: &str| format!("subscriptions/{id}/update/");
    let wrong = told(&post(&world, &path(id_of(&free)), &pro), 400);
    assert!(wrong["planIdentifier"].is_array(), "{wrong}");
    world.razorpay(&sample("razorpay", "02"));
    let theirs = told(&get(&world, "subscriptions/?customer_id=user_42"), 200);
    let theirs = &theirs["results"][0];
    assert_eq!(theirs["externalSubscriptionId"], "sub_Ldgr0000000001");
    assert_eq!(theirs["recurrenceType"], "MONTH");
    let wrong = told(&post(&world, &path(id_of(theirs)), &pro), 400);
    assert!(
        wrong["detail"].as_str().unwrap().contains("razorpay"),
        "{wrong}"
    );
}

#[test]
fn a_client_key_sees_its_own_customer_alone() {
    let world = world();
    for who in ["a", "b"] {
        customer(&world, who);
    }
    let (mine, other) = (create(&world, "a", "pro"), create(&world, "b", "pro"));
    let (_, bound) = made(&world, "client", Some("a"));
    let (_, unbound) = made(&world, "client", None);
    let get = |key: &str, path: &str| ask_as(&world, key, "GET", path, &Value::Null);
    let own = told(&get(&bound, "subscriptions/"), 200);
    assert_eq!(own["count"], 1);
    assert_eq!(own["results"][0]["id"], mine["id"]);
    told(&get(&bound, "subscriptions/?customer_id=b"), 404);
    told(
        &get(&bound, &format!("subscriptions/{}/", id_of(&mine))),
        200,
    );
    told(
        &get(&bound, &format!("subscriptions/{}/", id_of(&other))),
        404,
    );
    told(&get(&unbound, "subscriptions/"), 403);
    told(&get(&unbound, "subscriptions/?customer_id=b"), 200);
    for path in ["subscriptions/create/", "checkout/"] {
        let answer = ask_as(&world, &bound, "POST", path, &json!({}));
        assert_eq!(answer.status, 403, "{path}");
    }
}
