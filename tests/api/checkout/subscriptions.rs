//! Plans that Razorpay charges again and again: opened once, looked up by their notes, cancelled
//! there.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use subledger::domain::catalog::Period;
use subledger::ledger::{Actor, Cancel, Cancelling, Request};

use super::fake::{Fake, KEY_ID, KEY_SECRET, Mood, error};
use super::shop::{CUSTOMER, PATIENCE, Shop, wait_for};

const SUBSCRIPTION: &str = "sub_Fake0000000001";

fn shop() -> (Fake, Shop) {
    let fake = Fake::start();
    let memory = "[log]\nengine = \"memory\"\n";
    let shop = Shop::with(&format!("{memory}{}", fake.config()));
    (fake, shop)
}

fn open(shop: &Shop) -> String {
    shop.open_for(Shop::plan(Period::Yearly)).unwrap()
}

fn cancel(shop: &Shop, subscription: &str, when: Cancel) {
    let ledger = shop.world.ledger();
    let request = Request::of(Actor::Admin);
    wait_for(ledger.cancel_subscription(Cancelling::of(CUSTOMER, subscription, when), &request))
        .unwrap();
}

fn charged(id: &str) -> Vec<u8> {
    json!({"entity": "event", "account_id": "acc_Fake0000000001", "event": "subscription.charged",
        "contains": ["subscription", "payment"], "created_at": 1_795_651_300,
        "payload": {
            "subscription": {"entity": {"id": SUBSCRIPTION, "entity": "subscription",
                "plan_id": "plan_Ldgr000000001", "status": "active", "quantity": 1,
                "current_start": 1_795_651_260, "current_end": 1_827_187_260, "paid_count": 1,
                "start_at": 1_795_651_260, "created_at": 1_795_651_200,
                "notes": {"transaction_tsid": id, "checkout_attempt": "1"}}},
            "payment": {"entity": {"id": "pay_Fake00000000003", "status": "captured",
                "captured": "1", "amount": 4_990_000, "currency": "INR", "notes": [],
                "created_at": 1_795_651_260}}}})
    .to_string()
    .into_bytes()
}

#[test]
fn a_mapped_plan_is_opened_as_a_subscription() {
    let (fake, shop) = shop();
    let id = open(&shop);
    assert!(shop.page(&id).text.contains("every year, until cancelled"));
    let answer = shop.press(&id, "pay");
    let url = format!("{}/pay/1", fake.url);
    assert_eq!(answer.header("location"), Some(url.as_str()));
    let asked = fake.books.lock().bodies[0].clone();
    let wanted = json!({
        "plan_id": "plan_Ldgr000000001", "total_count": 10, "quantity": 1,
        "customer_notify": false, "expire_by": 1_795_737_600,
        "notes": {"transaction_tsid": id, "checkout_attempt": "1"},
    });
    assert_eq!(asked, wanted);
    shop.world.razorpay(&charged(&id));
    assert!(
        shop.page(&id).text.contains("This is paid."),
        "{}",
        shop.page(&id).text
    );
    let held = shop.subscribed();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0]["provider"], "subledger");
    assert_eq!(held[0]["provider_subscription_id"], SUBSCRIPTION);
    // Who has it already is not sold a second one.
    let again = shop
        .open_for(Shop::plan(Period::Yearly))
        .unwrap_err()
        .to_string();
    assert!(
        again.contains("`plan_id`") && again.contains("charges already"),
        "{again}"
    );
}

#[test]
fn of_two_checkouts_of_one_plan_the_gateway_charges_one() {
    let (fake, shop) = shop();
    let (one, other) = (open(&shop), open(&shop));
    shop.press(&one, "pay");
    shop.world.razorpay(&charged(&one));
    let page = shop.page(&other);
    assert!(
        page.text.contains("charges that plan already"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<form"));
    assert_eq!(shop.press(&other, "pay").status, 303);
    assert_eq!(shop.told("checkout.attempted").len(), 1);
    assert_eq!(fake.counts(), (1, 1));
}

/// What Razorpay sends when the first payment of a subscription fails.
fn failed(id: &str, minute: i64) -> Vec<u8> {
    json!({"entity": "event", "event": "payment.failed", "contains": ["payment"],
        "created_at": 1_795_651_200 + 60 * minute,
        "payload": {"payment": {"entity": {"id": format!("pay_Fake0000001{minute:04}"),
            "status": "failed", "amount": 4_990_000, "currency": "INR",
            "created_at": 1_795_651_200 + 60 * minute, "notes": {"transaction_tsid": id}}}}})
    .to_string()
    .into_bytes()
}

#[test]
fn a_failed_payment_is_tried_again_with_the_same_subscription() {
    let (fake, shop) = shop();
    let id = open(&shop);
    let first = { shop.press(&id, "pay") }
        .header("location")
        .map(str::to_owned);
    shop.world.razorpay(&failed(&id, 0));
    shop.page_saying(&id, "You can try again.");
    shop.world.set_time("2026-11-26T00:01:00Z");
    let second = shop.press(&id, "pay");
    assert_eq!(second.header("location"), first.as_deref());
    let told = shop.told("checkout.at_gateway");
    assert_eq!(told[1]["attempt"], 2);
    assert_eq!(told[1]["reference"], SUBSCRIPTION);
    assert_eq!(fake.counts(), (1, 1));
    // What has ended takes no payment: another one is opened.
    shop.world.razorpay(&failed(&id, 1));
    shop.page_saying(&id, "You can try again.");
    fake.books.lock().subscriptions[0]["status"] = json!("expired");
    shop.world.set_time("2026-11-26T00:02:00Z");
    let third = shop.press(&id, "pay");
    assert_ne!(third.header("location"), first.as_deref());
    assert_eq!(fake.counts(), (2, 2));
}

#[test]
fn an_unknown_outcome_is_looked_up_and_never_asked_for_again() {
    let looked_up = |mood: Mood| {
        let (fake, shop) = shop();
        fake.books.lock().lags = true;
        fake.feels([mood]);
        let id = open(&shop);
        shop.press(&id, "pay");
        shop.page_saying(&id, "is under way");
        fake.books.lock().lags = false;
        let told = shop.told_once("checkout.at_gateway");
        assert_eq!(told["reference"], SUBSCRIPTION);
        assert_eq!(fake.counts(), (1, 1));
    };
    thread::scope(|scope| {
        for mood in [
            Mood::Made,
            Mood::MadeBut(500, error("oops")),
            Mood::MadeBut(502, "<html>".into()),
            Mood::MadeBut(504, String::new()),
        ] {
            scope.spawn(move || looked_up(mood));
        }
    });
}

#[test]
fn too_many_requests_are_made_again() {
    let (fake, shop) = shop();
    fake.feels([Mood::Says(429, error("Too many requests"))]);
    let id = open(&shop);
    shop.press(&id, "pay");
    assert_eq!(shop.told_once("checkout.at_gateway")["id"], id.as_str());
    assert_eq!(fake.counts(), (2, 1));
}

#[test]
fn what_is_never_listed_is_given_up_after_a_quarter_of_an_hour() {
    let (fake, shop) = shop();
    fake.feels([Mood::Gone]);
    let id = open(&shop);
    shop.press(&id, "pay");
    let looked_up = || {
        let asked = fake.books.lock().asked.clone();
        asked
            .iter()
            .filter(|asked| asked.starts_with("GET"))
            .count()
    };
    while looked_up() < 2 {
        std::thread::yield_now();
    }
    assert!(shop.told("checkout.refused").is_empty());
    assert_eq!(fake.counts(), (1, 0));
    shop.world.set_time("2026-11-26T00:15:00Z");
    let refused = shop.told_once("checkout.refused");
    assert_eq!(
        refused["why"],
        "the gateway does not list what it may have been asked for"
    );
    shop.page_saying(&id, "You can try again.");
    shop.press(&id, "pay");
    shop.told_once("checkout.at_gateway");
    assert_eq!(fake.counts(), (2, 1));
}

#[test]
fn after_a_restart_it_is_only_looked_up() {
    let fake = Fake::start();
    fake.books.lock().lags = true;
    fake.feels([Mood::Made]);
    let shop = Shop::with(&fake.config());
    let id = open(&shop);
    shop.press(&id, "pay");
    let shop = shop.restart();
    fake.books.lock().lags = false;
    let told = shop.told_once("checkout.at_gateway");
    assert_eq!(told["reference"], SUBSCRIPTION);
    assert_eq!(fake.counts(), (1, 1));
}

#[test]
fn a_cancel_is_told_to_razorpay_until_it_answers() {
    for (when, at_end, shown) in [
        (Cancel::EndOfCycle, true, "active"),
        (Cancel::Immediate, false, "canceled"),
    ] {
        let (fake, shop) = shop();
        let id = open(&shop);
        shop.press(&id, "pay");
        shop.world.razorpay(&charged(&id));
        let held = shop.subscribed()[0]["id"].as_str().unwrap().to_owned();
        fake.feels([
            Mood::Says(503, String::new()),
            Mood::Says(429, error("Too many requests")),
        ]);
        cancel(&shop, &held, when);
        let told = shop.told_once("subscription.cancelled_at_gateway");
        assert_eq!(told["subscription_id"], held.as_str());
        assert!(told.get("refused").is_none(), "{told}");
        let cancelled = fake.books.lock().cancelled.clone();
        assert_eq!(cancelled, [(SUBSCRIPTION.to_owned(), json!(at_end))]);
        assert_eq!(shop.subscribed()[0]["status"], shown);
    }
}

/// The charge for the second year, which is one hour longer.
fn charged_again(id: &str) -> Vec<u8> {
    let mut event: Value = serde_json::from_slice(&charged(id)).unwrap();
    event["created_at"] = json!(1_827_194_500);
    let held = &mut event["payload"]["subscription"]["entity"];
    held["current_start"] = json!(1_827_187_260);
    held["current_end"] = json!(1_858_813_260);
    held["paid_count"] = json!(2);
    let payment = &mut event["payload"]["payment"]["entity"];
    payment["id"] = json!("pay_Fake00000000004");
    payment["created_at"] = json!(1_827_194_400);
    event.to_string().into_bytes()
}

/// A gateway charges some time after a period is over, and what it charges for is had.
#[test]
fn a_cancel_before_a_charge_that_is_late_ends_with_what_that_pays_for() {
    let (_fake, shop) = shop();
    let id = open(&shop);
    shop.press(&id, "pay");
    shop.world.razorpay(&charged(&id));
    shop.world.set_time("2027-11-26T01:00:00Z");
    let held = shop.subscribed()[0].clone();
    assert_eq!(held["paid_through"], "2027-11-26T00:01:00.000Z");
    cancel(&shop, held["id"].as_str().unwrap(), Cancel::EndOfCycle);
    let held = shop.subscribed()[0].clone();
    assert_eq!(held["status"], "active");
    assert_eq!(held["cancel_at"], "2028-11-26T00:01:00.000Z");
    shop.world.set_time("2027-11-26T03:00:00Z");
    shop.world.razorpay(&charged_again(&id));
    let held = shop.subscribed()[0].clone();
    assert_eq!(held["access"]["granted"], true, "{held}");
    assert_eq!(held["paid_through"], "2028-11-26T01:01:00.000Z");
    assert_eq!(held["cancel_at"], held["paid_through"]);
    shop.world.set_time("2028-11-26T00:30:00Z");
    assert_eq!(shop.subscribed()[0]["access"]["granted"], true);
    shop.world.set_time("2028-11-26T01:01:00Z");
    shop.told_once("subscription.ended");
    assert_eq!(shop.subscribed()[0]["status"], "canceled");
}

#[test]
fn what_razorpay_ended_itself_needs_no_cancel_and_what_it_refuses_is_told() {
    for (status, refused) in [
        ("cancelled", None),
        ("halted", Some("Subscription is not cancellable.")),
    ] {
        let (fake, shop) = shop();
        let id = open(&shop);
        shop.press(&id, "pay");
        shop.world.razorpay(&charged(&id));
        fake.books.lock().subscriptions[0]["status"] = json!(status);
        fake.feels([Mood::Says(400, error("Subscription is not cancellable."))]);
        let held = shop.subscribed()[0]["id"].as_str().unwrap().to_owned();
        cancel(&shop, &held, Cancel::Immediate);
        let told = shop.told_once("subscription.cancelled_at_gateway");
        assert_eq!(told["refused"].as_str(), refused, "{told}");
    }
}

/// Waits for the answers of the gateway to that many cancels, and answers what refused each.
fn refusals(shop: &Shop, count: usize) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let told = shop.told("subscription.cancelled_at_gateway");
        if told.len() == count {
            return told.iter().map(|told| told["refused"].clone()).collect();
        }
        assert!(told.len() < count && Instant::now() < end, "{told:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

const NOT_NOW: &str = "Subscription is not cancellable.";

/// One that Razorpay will not cancel once, and was asked to.
fn not_cancelled(when: Cancel) -> (Fake, Shop, String) {
    let (fake, shop) = shop();
    let id = open(&shop);
    shop.press(&id, "pay");
    shop.world.razorpay(&charged(&id));
    fake.feels([Mood::Says(400, error(NOT_NOW))]);
    let held = shop.subscribed()[0]["id"].as_str().unwrap().to_owned();
    cancel(&shop, &held, when);
    assert_eq!(refusals(&shop, 1), [json!(NOT_NOW)]);
    assert!(fake.books.lock().cancelled.is_empty());
    (fake, shop, held)
}

#[test]
fn the_same_cancel_after_a_refusal_asks_razorpay_again_and_then_no_more() {
    for (when, at_end) in [(Cancel::EndOfCycle, true), (Cancel::Immediate, false)] {
        let (fake, shop, held) = not_cancelled(when);
        let ended_at = shop.subscribed()[0]["ended_at"].clone();
        shop.world.set_time("2026-11-26T00:05:00Z");
        cancel(&shop, &held, when);
        assert_eq!(refusals(&shop, 2), [json!(NOT_NOW), Value::Null]);
        let cancelled = fake.books.lock().cancelled.clone();
        assert_eq!(cancelled, [(SUBSCRIPTION.to_owned(), json!(at_end))]);
        assert_eq!(shop.subscribed()[0]["ended_at"], ended_at);
        // The control: what was done is not asked for again.
        cancel(&shop, &held, when);
        assert_eq!(shop.told("subscription.cancel_asked").len(), 2);
    }
}

#[test]
fn what_razorpay_would_not_end_with_its_cycle_it_is_asked_to_end_at_once_then() {
    let (fake, shop, _) = not_cancelled(Cancel::EndOfCycle);
    shop.world.set_time("2027-11-26T00:01:00Z");
    assert_eq!(refusals(&shop, 2), [json!(NOT_NOW), Value::Null]);
    let cancelled = fake.books.lock().cancelled.clone();
    assert_eq!(cancelled, [(SUBSCRIPTION.to_owned(), json!(false))]);
    assert_eq!(shop.subscribed()[0]["status"], "canceled");
}

/// The control of the counts above.
#[test]
fn who_asks_the_fake_twice_gets_two_subscriptions_and_one_link() {
    let fake = Fake::start();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let authorization = STANDARD.encode(format!("{KEY_ID}:{KEY_SECRET}"));
    let post = |path: &str, body: &serde_json::Value| {
        let asked = agent.post(format!("{}/v1/{path}", fake.url));
        let asked = asked.header("authorization", format!("Basic {authorization}"));
        asked.send(body.to_string()).unwrap().status().as_u16()
    };
    let subscription = json!({"plan_id": "plan_1", "total_count": 1});
    assert_eq!(post("subscriptions", &subscription), 200);
    assert_eq!(post("subscriptions", &subscription), 200);
    let link = json!({"reference_id": "TRN-1", "amount": 100});
    assert_eq!(post("payment_links", &link), 200);
    assert_eq!(post("payment_links", &link), 400);
    assert_eq!(fake.counts(), (4, 3));
}
