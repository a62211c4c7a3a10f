//! Real money, as far as a fake of Razorpay's API goes: payment links are opened once whatever the
//! network does, a restart goes on, and the key shows nowhere.

use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::fake::{Fake, KEY_ID, KEY_SECRET, Mood, error};
use super::shop::Shop;
use crate::logged;
use crate::world::{RAZORPAY_SECRET, hmac_hex};

pub(super) fn shop() -> (Fake, Shop) {
    let fake = Fake::start();
    let memory = "[log]\nengine = \"memory\"\n";
    let shop = Shop::with(&format!("{memory}{}", fake.config()));
    (fake, shop)
}

/// What Razorpay sends once a link is paid.
pub(super) fn paid(id: &str, amount: i64) -> Vec<u8> {
    let notes = json!({"transaction_tsid": id});
    json!({"account_id": "acc_Fake0000000001", "contains": ["payment_link", "order", "payment"],
        "created_at": 1_795_651_200, "entity": "event", "event": "payment_link.paid",
        "payload": {
            "order": {"entity": {"id": "order_Fake0000000001", "receipt": id, "status": "paid",
                "amount": amount, "currency": "INR", "notes": notes}},
            "payment": {"entity": {"id": "pay_Fake00000000001", "status": "captured",
                "amount": amount, "currency": "INR", "order_id": "order_Fake0000000001",
                "created_at": 1_795_651_260, "notes": notes}},
            "payment_link": {"entity": {"id": "plink_Fake0000000001", "reference_id": id,
                "status": "paid", "amount": amount, "currency": "INR", "notes": notes}}}})
    .to_string()
    .into_bytes()
}

#[test]
fn a_payer_is_sent_to_the_link_and_a_webhook_makes_it_paid() {
    let (fake, shop) = shop();
    let id = shop.open();
    let page = shop.page(&id);
    assert!(page.text.contains("value=\"pay\""), "{}", page.text);
    for never in ["value=\"fail\"", "value=\"cancel\"", "sandbox"] {
        assert!(!page.text.contains(never), "{never}");
    }
    let answer = shop.press(&id, "pay");
    let url = format!("{}/pay/1", fake.url);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(url.as_str()))
    );
    let asked = fake.books.lock().bodies[0].clone();
    let wanted = json!({
        "amount": 499_000, "currency": "INR", "accept_partial": false, "reference_id": id,
        "description": "Pro <b>& more</b>, a month", "expire_by": 1_795_737_600,
        "notify": {"sms": false, "email": false}, "reminder_enable": false,
        "notes": {"transaction_tsid": id},
        "callback_url": format!("http://127.0.0.1:8080/checkout/{id}"), "callback_method": "get",
        "customer": {"email": "user@example.com"},
    });
    assert_eq!(asked, wanted);
    let page = shop.page(&id);
    assert!(
        page.text.contains("goes on at the payment service"),
        "{}",
        page.text
    );
    assert!(page.text.contains("http-equiv=\"refresh\""));
    // Again: the same page there, no second link.
    assert_eq!(
        shop.press(&id, "pay").header("location"),
        Some(url.as_str())
    );
    assert_eq!(fake.counts(), (1, 1));
    assert_eq!(shop.world.razorpay(&paid(&id, 499_000)).status, 200);
    assert!(shop.page(&id).text.contains("This is paid."));
    let held = shop.subscribed();
    assert_eq!(held[0]["paid_through"], "2026-12-26T00:01:00.000Z");
    assert_eq!(
        shop.press(&id, "pay").header("location"),
        Some(format!("/checkout/{id}").as_str())
    );
    assert_eq!(fake.counts(), (1, 1));
}

#[test]
fn only_pay_works_where_money_is_taken() {
    let (fake, shop) = shop();
    let id = shop.open();
    for action in ["fail", "cancel"] {
        assert_eq!(shop.press(&id, action).status, 303);
    }
    assert!(shop.told("checkout.attempted").is_empty());
    assert!(shop.told("checkout.cancelled").is_empty());
    assert_eq!(fake.counts(), (0, 0));
}

#[test]
fn too_little_money_pays_nothing() {
    let (_, shop) = shop();
    let id = shop.open();
    shop.press(&id, "pay");
    shop.world.razorpay(&paid(&id, 498_999));
    assert!(!shop.page(&id).text.contains("This is paid."));
    assert!(shop.subscribed().is_empty());
}

/// Presses pay while the API is like this, and waits until the link is there.
fn opened_in_spite_of(moods: Vec<Mood>, lags: bool) -> (Fake, Shop, String) {
    let (fake, shop) = shop();
    fake.books.lock().lags = lags;
    fake.feels(moods);
    let id = shop.open();
    assert_eq!(shop.press(&id, "pay").status, 303);
    if lags {
        assert!(shop.told("checkout.at_gateway").is_empty());
        fake.books.lock().lags = false;
    }
    let told = shop.told_once("checkout.at_gateway");
    assert_eq!(told["reference"], "plink_Fake0000000001");
    assert_eq!(told["attempt"], 1);
    assert_eq!(fake.counts().1, 1, "made");
    (fake, shop, id)
}

#[test]
fn a_late_answer_is_waited_for() {
    let (fake, ..) = opened_in_spite_of(vec![Mood::Late(Duration::from_secs(2))], false);
    assert_eq!(fake.counts(), (1, 1));
}

/// Each mood in a shop of its own, at once, with how many were asked for and made.
fn opened_in_each(moods: impl IntoIterator<Item = Mood>, counts: (usize, usize)) {
    thread::scope(|scope| {
        for mood in moods {
            scope.spawn(move || {
                let (fake, ..) = opened_in_spite_of(vec![mood], false);
                assert_eq!(fake.counts(), counts);
            });
        }
    });
}

#[test]
fn a_lost_answer_is_looked_up() {
    let moods = [
        Mood::Made,
        Mood::MadeBut(
            500,
            error("We are facing some trouble completing your request."),
        ),
        Mood::MadeBut(502, "<html><h1>502 Bad Gateway</h1></html>".into()),
        Mood::MadeBut(504, String::new()),
        Mood::MadeBut(200, "<html>".into()),
        Mood::MadeBut(200, "{}".into()),
    ];
    opened_in_each(moods, (1, 1));
}

#[test]
fn what_is_not_there_is_asked_for_again() {
    let moods = [
        Mood::Gone,
        Mood::Says(429, error("Too many requests")),
        Mood::Says(500, "oops".into()),
        Mood::Says(504, String::new()),
    ];
    opened_in_each(moods, (2, 1));
}

#[test]
fn a_link_that_is_there_and_not_listed_yet_is_found_later() {
    let (fake, ..) = opened_in_spite_of(vec![Mood::Made], true);
    assert_eq!(fake.counts().1, 1);
}

#[test]
fn a_refusal_ends_the_attempt_and_the_next_may_succeed() {
    let (fake, shop) = shop();
    fake.feels([
        Mood::Says(400, error("The amount exceeds the maximum.")),
        Mood::Says(401, error("Authentication failed")),
    ]);
    let id = shop.open();
    for attempt in 1..=2 {
        shop.press(&id, "pay");
        let page = shop.page_saying(&id, "The payment did not go through");
        assert!(page.text.contains("value=\"pay\""));
        assert_eq!(shop.told("checkout.refused").len(), attempt);
    }
    let refused = shop.told("checkout.refused");
    assert_eq!(refused[0]["why"], "The amount exceeds the maximum.");
    assert_eq!(refused[1]["why"], "Authentication failed");
    let answer = shop.press(&id, "pay");
    assert_eq!(
        answer.header("location"),
        Some(format!("{}/pay/1", fake.url).as_str())
    );
    assert_eq!(shop.told_once("checkout.at_gateway")["attempt"], 3);
    assert_eq!(fake.counts(), (3, 1));
}

#[test]
fn a_failed_payment_is_tried_again_with_the_same_link() {
    let (fake, shop) = shop();
    let id = shop.open();
    let first = shop
        .press(&id, "pay")
        .header("location")
        .unwrap()
        .to_owned();
    let failed = json!({"entity": "event", "event": "payment.failed", "contains": ["payment"],
        "payload": {"payment": {"entity": {"id": "pay_Fake00000000002", "status": "failed",
            "amount": 499_000, "currency": "INR", "created_at": 1_795_651_230,
            "notes": {"transaction_tsid": id}}}}, "created_at": 1_795_651_230});
    shop.world.razorpay(failed.to_string().as_bytes());
    shop.page_saying(&id, "The payment did not go through");
    shop.world.set_time("2026-11-26T00:01:00Z");
    let second = shop.press(&id, "pay");
    assert_eq!(second.header("location"), Some(first.as_str()));
    assert_eq!(shop.told("checkout.at_gateway").len(), 2);
    assert_eq!(fake.counts(), (2, 1));
}

#[test]
fn a_restart_goes_on_where_it_was_and_opens_nothing_twice() {
    // The last answers long after the stop, to nobody.
    for mood in [Mood::Gone, Mood::Made, Mood::Late(Duration::from_secs(8))] {
        let fake = Fake::start();
        fake.books.lock().lags = true;
        // Whatever is asked before the stop, nothing is learned from it.
        fake.feels([
            mood,
            Mood::Gone,
            Mood::Gone,
            Mood::Gone,
            Mood::Gone,
            Mood::Gone,
        ]);
        let shop = Shop::with(&fake.config());
        let id = shop.open();
        shop.press(&id, "pay");
        assert!(shop.told("checkout.at_gateway").is_empty());
        let shop = shop.restart();
        fake.books.lock().moods.clear();
        fake.books.lock().lags = false;
        let told = shop.told_once("checkout.at_gateway");
        assert_eq!(told["id"], id.as_str());
        assert_eq!(fake.counts().1, 1);
        let page = shop.page(&id);
        assert!(
            page.text.contains("Go to the payment service"),
            "{}",
            page.text
        );
    }
}

#[test]
fn a_signed_way_back_is_believed_by_the_page_alone() {
    let (_, shop) = shop();
    let id = shop.open();
    shop.press(&id, "pay");
    let message = |status: &str| format!("plink_Fake0000000001|{id}|{status}|pay_Fake00000000001");
    let way_back = |status: &str, signature: &str| {
        let parts = [
            "razorpay_payment_id=pay_Fake00000000001",
            "razorpay_payment_link_id=plink_Fake0000000001",
            &format!("razorpay_payment_link_reference_id={id}"),
            &format!("razorpay_payment_link_status={status}"),
            &format!("razorpay_signature={signature}"),
        ];
        shop.page(&format!("{id}?{}", parts.join("&")))
    };
    let signed = hmac_hex(KEY_SECRET, message("paid").as_bytes());
    let page = way_back("paid", &signed);
    assert!(
        page.text.contains("waits for its confirmation"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<form"));
    let forged = hmac_hex(RAZORPAY_SECRET, message("paid").as_bytes());
    for page in [
        way_back("paid", &forged),
        way_back("paid", ""),
        way_back("expired", &signed),
    ] {
        assert_eq!(page.status, 200);
        assert!(
            !page.text.contains("waits for its confirmation"),
            "{}",
            page.text
        );
    }
    // Nothing but the page has changed.
    assert!(shop.subscribed().is_empty());
}

#[test]
fn one_slow_checkout_holds_up_no_other() {
    let (fake, shop) = shop();
    let (slow, quick) = (shop.open(), shop.open());
    fake.feels([Mood::Late(Duration::from_secs(4))]);
    shop.press(&slow, "pay");
    let answer = shop.press(&quick, "pay");
    let gone_on = answer.header("location").unwrap();
    assert!(gone_on.starts_with(&fake.url), "{gone_on}");
    assert!(shop.page(&slow).text.contains("is under way"));
}

#[test]
fn the_key_is_in_no_event_on_no_page_and_in_no_line_of_the_log() {
    logged::begin();
    let (fake, shop) = shop();
    fake.feels([Mood::Says(401, error("Authentication failed")), Mood::Gone]);
    let id = shop.open();
    shop.press(&id, "pay");
    shop.page_saying(&id, "The payment did not go through");
    shop.press(&id, "pay");
    shop.page_saying(&id, "Go to the payment service");
    let mut seen = shop.page(&id).text;
    for seq in 1..=shop.world.ledger().last_seq() {
        seen.push_str(&shop.world.get(&format!("/v1/events/{seq}")).text);
    }
    let basic = STANDARD.encode(format!("{KEY_ID}:{KEY_SECRET}"));
    assert!(seen.contains("Authentication failed"));
    for secret in [KEY_SECRET, KEY_ID, &basic] {
        assert!(!seen.contains(secret), "{secret}");
    }
    let said = logged::said();
    assert!(
        said.contains("the gateway refuses a checkout"),
        "the log is read"
    );
    for secret in [KEY_SECRET, KEY_ID, &basic] {
        assert!(!said.contains(secret), "a line shows {secret}");
    }
}
