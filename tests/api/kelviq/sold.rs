//! What an order says of what was sold, before it is paid and while it is tried, and who is told of
//! another invoice.

use serde_json::{Value, json};

use super::checkout::{body, open, paid, press, session, with};
use super::{get, post, told, world};
use crate::world::{World, sample};

fn orders(world: &World, query: &str) -> Vec<Value> {
    let list = told(&get(world, &format!("orders/?{query}")), 200);
    list["results"].as_array().unwrap().clone()
}

/// Looks until there is one: the sandbox delivers by itself.
fn order(world: &World) -> Value {
    for _ in 0..1_000 {
        if let Some(found) = orders(world, "").pop() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no order came");
}

#[test]
fn a_payment_that_failed_still_says_what_was_to_be_sold() {
    let world = world();
    let id = open(&world, &body());
    assert_eq!(press(&world, &id, "fail").status, 303);
    let order = order(&world);
    assert_eq!(order["status"], "FAILED");
    assert_eq!(order["billingType"], "SUBSCRIPTION");
    assert_eq!(order["plan"]["identifier"], "pro");
    assert_eq!(order["subscription"], Value::Null, "it began nothing");
    assert_eq!(order["isTrial"], false);
    assert_eq!(orders(&world, "billing_type=SUBSCRIPTION").len(), 1);
    assert_eq!(orders(&world, "billing_type=ONE_TIME").len(), 0);
}

#[test]
fn an_order_of_a_trial_says_so_and_nobody_is_told_of_an_invoice_that_never_comes() {
    let world = world();
    let id = open(&world, &with("trialPeriod", json!(3)));
    press(&world, &id, "pay");
    let held = paid(&world, &id);
    assert_eq!(held["subscription"]["status"], "trialing");
    assert_eq!(held["order"]["isTrial"], true);
    let order = order(&world);
    assert_eq!(order["isTrial"], true);
    assert_eq!(order["subscription"]["status"], "trialing");
    assert_eq!(order["subscription"]["nextInvoiceDate"], Value::Null);
    world.set_time("2026-11-29T00:00:00Z");
    let again = open(&world, &body());
    press(&world, &again, "pay");
    assert_eq!(paid(&world, &again)["order"]["isTrial"], false);
    let renewal = orders(&world, "is_renewal=true");
    assert_eq!(renewal[0]["isTrial"], false);
    assert_eq!(renewal[0]["subscription"]["nextInvoiceDate"], Value::Null);
}

#[test]
fn what_a_gateway_charges_again_has_a_next_invoice() {
    let world = world();
    for number in ["01", "02", "03"] {
        world.send("razorpay", &sample("razorpay", number));
    }
    let order = order(&world);
    assert_eq!(order["subscription"]["status"], "active");
    let id = order["subscription"]["id"].as_str().unwrap();
    let held = told(&get(&world, &format!("subscriptions/{id}/")), 200);
    let end = &held["billingPeriodEndTime"];
    assert!(end.is_string(), "{held}");
    assert_eq!(&order["subscription"]["nextInvoiceDate"], end);
}

#[test]
fn what_was_paid_once_has_no_period_in_its_session_either() {
    let world = world();
    let id = open(&world, &with("planIdentifier", json!("free")));
    press(&world, &id, "pay");
    let held = &session(&world, &id)["subscription"];
    assert_eq!(held["billingType"], "ONE_TIME");
    let own = held["id"].as_str().unwrap();
    let shown = told(&get(&world, &format!("subscriptions/{own}/")), 200);
    for (name, value) in held.as_object().unwrap() {
        assert_eq!(value, &shown[name], "{name}");
    }
    assert_eq!(held["billingPeriodStartTime"], Value::Null);
}

#[test]
fn a_page_of_a_checkout_has_both_addresses() {
    let world = world();
    let id = open(&world, &body());
    let page = world.get_with(&format!("/checkout/{id}/"), &[]);
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Pay USD 29.00"), "{}", page.text);
}

#[test]
fn each_address_that_a_payer_is_sent_to_is_checked_alike() {
    let world = world();
    for wrong in [
        "https://u:p@a.co/",
        "https://*/",
        "https://a/\u{fc}",
        "shop",
    ] {
        let mut sent = with("successUrl", json!(wrong));
        sent["cancelUrl"] = json!(wrong);
        let answer = told(&post(&world, "checkout/", &sent), 400);
        let sentence = json!(["Enter a valid URL."]);
        let both = json!({"cancelUrl": sentence, "successUrl": sentence});
        assert_eq!(answer, both, "{wrong}");
    }
    open(&world, &with("successUrl", json!("HTTPS://A.CO/")));
}

#[test]
fn what_is_too_large_is_not_told_of_its_digits() {
    let world = world();
    let sentence = |amount: &str| {
        let text = with("customAmount", json!(0)).to_string();
        let text = text.replace(
            r#""customAmount":0"#,
            &format!(r#""customAmount":{amount},"taxBehavior":"INCLUSIVE","currencyCode":"USD""#),
        );
        let path = "/api/v1/checkout/";
        let key = Some(crate::world::KEY);
        let answer = world.ask("POST", path, key, &[crate::keys::JSON], text.as_bytes());
        told(&answer, 400)["customAmount"][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(sentence("5.001").contains("digits"));
    let large = sentence("92233720368547758.08");
    assert!(large.contains("too large"), "{large}");
}

#[test]
fn features_that_cannot_be_bought_are_refused_in_the_same_words_everywhere() {
    let world = world();
    super::customer(&world, "u");
    for features in [
        json!([{"identifier": "nope", "quantity": 1}]),
        json!([{"identifier": "seats", "quantity": 1}, {"identifier": "seats", "quantity": 2}]),
    ] {
        let sent = with("features", features);
        let opened = told(&post(&world, "checkout/", &sent), 400);
        let created = told(&post(&world, "subscriptions/create/", &sent), 400);
        assert!(opened["features"].is_array(), "{opened}");
        assert_eq!(opened, created);
    }
}
