//! The sandbox: its webhooks take the whole real road, two tabs make one payment, and it stays where
//! it may be.

use std::thread;

use serde_json::Value;

use super::shop::{CATALOG, Shop, refused, wait_for};
use crate::world::{KEY, hmac_hex};
use subledger::app::{Acceptance, App};
use subledger::config::Config;
use subledger::domain::catalog::Period;
use subledger::ledger::{Actor, Request};

#[test]
fn tabs_that_pay_at_once_make_one_payment() {
    let shop = Shop::new();
    let id = shop.open();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(shop.press(&id, "pay").status, 303));
        }
    });
    shop.page_saying(&id, "This is paid.");
    assert_eq!(shop.told("checkout.attempted").len(), 1);
    assert_eq!(shop.events("payment.captured").len(), 1);
    let payments = shop.world.read("/v1/payments");
    assert_eq!(payments["data"].as_array().unwrap().len(), 1, "{payments}");
    assert_eq!(shop.subscribed().len(), 1);
}

#[test]
fn its_webhooks_are_recorded_signed_and_known_as_its_own() {
    let shop = Shop::with("");
    let id = shop.open();
    shop.press(&id, "pay");
    shop.page_saying(&id, "This is paid.");
    shop.told_once("payment_link.paid");
    let list = shop.world.read("/v1/events?source=sandbox");
    let events = list["data"].as_array().unwrap();
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        ["payment.captured", "order.paid", "payment_link.paid"]
    );
    for event in events {
        assert_eq!(event["provider"], "razorpay");
        assert_eq!(event["status"], "folded");
    }
    let verdict = |shop: &Shop| -> Value {
        let told = shop
            .world
            .ask("POST", "/v1/audit/verify", Some(KEY), &[], b"");
        serde_json::from_str(told.text.lines().last().unwrap()).unwrap()
    };
    let told = verdict(&shop);
    assert_eq!(told["intact"], true, "{told}");
    assert_eq!(told["signatures"]["verified"], 3, "{told}");
    // The secret is kept for its owner alone, and used again after a restart.
    let secret = shop
        .world
        .config
        .data_dir
        .join(subledger::app::SANDBOX_SECRET_FILE);
    let kept = std::fs::read_to_string(&secret).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&secret.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let shop = shop.restart();
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), kept);
    assert_eq!(verdict(&shop)["signatures"]["verified"], 3);
    let forged = br#"{"event":"payment.captured","payload":{}}"#;
    let signature = hmac_hex("not the secret", forged);
    let header = [("X-Razorpay-Signature", signature.as_str())];
    assert_eq!(
        shop.world.post("/webhooks/sandbox", &header, forged).status,
        401
    );
}

#[test]
fn an_idempotency_key_opens_one_checkout() {
    let shop = Shop::new();
    let open = |body: &[u8]| {
        let request = Request::once(Actor::Admin, "POST", "/payment", "key-1", body);
        let opened = shop
            .world
            .ledger()
            .open_checkout(Shop::plan(Period::Monthly), request);
        wait_for(opened)
    };
    let first = open(b"{}").unwrap();
    assert_eq!(open(b"{}").unwrap(), first);
    assert!(open(b"{ }").is_err());
    assert_eq!(shop.told("checkout.opened").len(), 1);
}

#[test]
fn it_is_refused_where_others_could_take_it_for_real() {
    let public = "[server]\nbind = \"127.0.0.1:0\"\npublic_url = \"https://ledger.example.com\"\n";
    let sold = refused(&format!("{public}{CATALOG}")).to_string();
    assert!(
        sold.contains("the sandbox gateway takes no real money"),
        "{sold}"
    );
    let chosen = refused(&format!("{public}[checkout]\ngateway = \"sandbox\"\n")).to_string();
    assert!(
        chosen.contains("the sandbox gateway takes no real money"),
        "{chosen}"
    );
}

#[test]
fn nothing_is_opened_where_nobody_takes_money() {
    let public = "[log]\nengine = \"memory\"\n[server]\nbind = \"127.0.0.1:0\"\npublic_url = \"https://ledger.example.com\"\n";
    let shop = Shop {
        world: crate::world::World::from_text(public).unwrap(),
    };
    let refused = shop
        .open_for(Shop::plan(Period::Monthly))
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "No payment gateway is configured; set `gateway` in [checkout]."
    );
    assert_eq!(shop.world.post("/webhooks/sandbox", &[], b"{}").status, 404);
}

#[test]
fn who_else_can_reach_it_is_said_at_the_start() {
    let start = |bind: &str, more: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[log]\nengine = \"memory\"\n[server]\nbind = \"{bind}\"\n\
             public_url = \"http://localhost:8080\"\n{more}"
        );
        let mut config = Config::parse("test.toml", &text, std::iter::empty()).unwrap();
        config.data_dir = folder.path().join("data");
        let clock = std::sync::Arc::new(subledger::clock::SystemClock);
        let app = App::open(&config, Acceptance::default(), clock, &|_| None).unwrap();
        let notices = app.notices.iter();
        notices.filter(|notice| notice.contains("sandbox")).count()
    };
    assert_eq!(start("127.0.0.1:0", ""), 0);
    assert_eq!(start("0.0.0.0:0", ""), 1);
    assert_eq!(start("0.0.0.0:0", "[gateway.sandbox]\nenabled = true\n"), 0);
}

#[test]
fn a_secret_that_was_never_written_is_made_at_the_next_start() {
    let shop = Shop::with("");
    let secret = { &shop.world.config.data_dir }.join(subledger::app::SANDBOX_SECRET_FILE);
    for left in ["", "\n"] {
        std::fs::write(&secret, left).unwrap();
        let config = shop.world.config.clone();
        assert!(subledger::app::kept_sandbox(&config).unwrap().is_none());
    }
    let shop = shop.restart();
    let id = shop.open();
    shop.buy(&id);
    assert_eq!(std::fs::read_to_string(&secret).unwrap().trim().len(), 64);
}
