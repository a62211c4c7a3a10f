//! Payment links at their ends: refused for good, ended at Razorpay, asked for in the last minute,
//! and paid beside another.

use std::thread;

use serde_json::json;
use subledger::ledger::{Actor, Cancel, Cancelling, CommandError, Refusal, Request};

use super::fake::{Mood, error};
use super::razorpay::{paid, shop};
use super::shop::{CUSTOMER, LITE, PLAN, wait_for};

#[test]
fn what_may_be_neither_made_nor_looked_up_is_refused() {
    let (fake, shop) = shop();
    fake.books.lock().blind = true;
    fake.feels([Mood::Says(400, error("The api key provided is invalid"))]);
    let id = shop.open();
    shop.press(&id, "pay");
    shop.page_saying(&id, "You can try again.");
    let refused = shop.told_once("checkout.refused");
    assert_eq!(refused["why"], "The api key provided is invalid");
}

#[test]
fn a_link_is_payable_for_long_enough_from_when_it_is_asked_for() {
    let (fake, shop) = shop();
    // The gateway cannot be asked in the checkout's last minute, nor for a while.
    fake.feels([Mood::Says(429, error("Too many requests"))]);
    let id = shop.open();
    shop.world.set_time("2026-11-26T23:59:00Z");
    thread::scope(|scope| {
        scope.spawn(|| shop.press(&id, "pay"));
        while fake.counts().0 < 1 {
            thread::yield_now();
        }
        shop.world.set_time("2026-11-26T23:59:59Z");
    });
    shop.told_once("checkout.at_gateway");
    let bodies = fake.books.lock().bodies.clone();
    let asked: Vec<i64> = { bodies.iter() }
        .map(|body| body["expire_by"].as_i64().unwrap())
        .collect();
    let at = crate::world::seconds("2026-11-26T23:59:00Z");
    assert_eq!(asked, [at + 20 * 60, at + 59 + 20 * 60]);
}

#[test]
fn of_two_plans_that_are_paid_at_once_the_one_paid_last_is_had() {
    for pro_is_last in [true, false] {
        let (_, shop) = shop();
        let (pro, lite) = (shop.open(), shop.open_plan(LITE));
        shop.press(&pro, "pay");
        shop.press(&lite, "pay");
        let paid_at = |id: &str, amount: i64, number: i64| {
            let body = paid(id, amount);
            let body = String::from_utf8(body).unwrap();
            let body = body.replace("Fake000000000", &format!("Fake0000000{number}0"));
            let at = 1_795_651_260 + 60 * number;
            body.replace("1795651260", &at.to_string()).into_bytes()
        };
        let last = i64::from(pro_is_last);
        shop.world.razorpay(&paid_at(&pro, 499_000, 1 + last));
        shop.world.razorpay(&paid_at(&lite, 199_000, 2 - last));
        let list = shop
            .world
            .read("/v1/subscriptions?customer=user%2B1%40example.com&status=active");
        let active = list["data"].as_array().unwrap();
        assert_eq!(active.len(), 1, "{list}");
        let wanted = if pro_is_last { PLAN } else { LITE };
        assert_eq!(active[0]["plan"]["id"], wanted);
    }
}

#[test]
fn a_link_that_razorpay_ended_leads_nowhere() {
    for word in ["cancelled", "expired"] {
        let (fake, shop) = shop();
        let id = shop.open();
        shop.press(&id, "pay");
        let ended = json!({"account_id": "acc_Fake0000000001", "contains": ["payment_link"],
            "created_at": 1_795_651_300, "entity": "event",
            "event": format!("payment_link.{word}"), "payload": {"payment_link": {"entity": {
                "id": "plink_Fake0000000001", "reference_id": id, "status": word,
                "amount": 499_000, "currency": "INR", "notes": {"transaction_tsid": id}}}}});
        assert_eq!(
            shop.world.razorpay(ended.to_string().as_bytes()).status,
            200
        );
        let page = shop.page(&id);
        for words in [
            "nothing was charged",
            "closed its page",
            "ask for a new payment link",
        ] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        for never in ["<form", "under way", "http-equiv"] {
            assert!(!page.text.contains(never), "{never}: {}", page.text);
        }
        let itself = format!("/checkout/{id}");
        assert_eq!(
            shop.press(&id, "pay").header("location"),
            Some(itself.as_str())
        );
        assert_eq!(shop.told("checkout.attempted").len(), 1);
        assert_eq!(fake.counts(), (1, 1));
        // Who paid in spite of that has paid.
        shop.world.razorpay(&paid(&id, 499_000));
        assert!(shop.page(&id).text.contains("This is paid."));
    }
}

#[test]
fn nobody_is_archived_while_a_payment_may_come() {
    let (_, shop) = shop();
    let free = shop.subscribed_to("PLV-0MD508X1S3004");
    let free = free[0]["id"].as_str().unwrap();
    let asked = || Request::of(Actor::Admin);
    let ledger = shop.world.ledger();
    let ended = Cancelling::of(CUSTOMER, free, Cancel::Immediate);
    wait_for(ledger.cancel_subscription(ended, &asked())).unwrap();
    let id = shop.open();
    shop.press(&id, "pay");
    let told = wait_for(ledger.archive_customer(CUSTOMER, &asked()));
    let Err(CommandError::Refused(Refusal::Invalid(why))) = told else {
        panic!("{told:?}");
    };
    assert!(why.contains("being paid"), "{why}");
    // It has expired, and nobody tried the other one.
    shop.world.set_time("2026-11-28T00:00:00Z");
    ledger.settle_due().unwrap();
    shop.open();
    wait_for(ledger.archive_customer(CUSTOMER, &asked())).unwrap();
}
