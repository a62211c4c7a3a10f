//! What is paid for is had, whatever came between the opening of a checkout and its payment.

use serde_json::Value;
use subledger::app::Acceptance;
use subledger::domain::time::Timestamp;
use subledger::ledger::{Actor, Cancel, Cancelling, NewCheckout, Request, Wanted};

use super::shop::{ADDON_OF_PLAN, CUSTOMER, LITE, PLAN, Shop, wait_for};
use subledger::domain::catalog::Period;

/// A minute of a day in 2026.
fn at(shop: &Shop, minute: u32) {
    shop.world
        .set_time(&format!("2026-11-26T00:{minute:02}:00Z"));
}

fn id(held: &Value) -> String {
    held["id"].as_str().unwrap().to_owned()
}

/// The only subscription to a plan that gives access.
fn granted(shop: &Shop, plan: &str) -> Value {
    let held = shop.subscribed_to(plan);
    let granted = held.iter().filter(|held| held["access"]["granted"] == true);
    let granted: Vec<&Value> = granted.collect();
    assert_eq!(granted.len(), 1, "{held:?}");
    assert_eq!(granted[0]["status"], "active");
    granted[0].clone()
}

fn cancel(shop: &Shop, subscription: &str, when: Cancel) {
    let ledger = shop.world.ledger();
    let request = Request::of(Actor::Admin);
    wait_for(ledger.cancel_subscription(Cancelling::of(CUSTOMER, subscription, when), &request))
        .unwrap();
}

#[test]
fn two_checkouts_of_one_plan_pay_one_subscription() {
    let shop = Shop::new();
    let (one, other) = (shop.open(), shop.open());
    let opened = shop.told("checkout.opened");
    assert_eq!(opened[0]["subscription_id"], opened[1]["subscription_id"]);
    shop.buy(&one);
    at(&shop, 1);
    shop.buy(&other);
    at(&shop, 2);
    shop.buy(&shop.open());
    let held = shop.subscribed();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0]["paid_through"], "2027-02-26T00:00:00.000Z");
    // The first took the place of the free plan, and no other has anything to take.
    let attempted = shop.told("checkout.attempted");
    assert!(attempted[0].get("pays").is_none(), "{attempted:?}");
    let pays = &attempted[1]["pays"];
    assert_eq!(pays["subscription_id"], opened[0]["subscription_id"]);
    assert_eq!(pays["supersedes"], Value::Null);
    assert!(attempted[2].get("pays").is_none(), "{attempted:?}");
}

#[test]
fn what_was_cancelled_while_a_checkout_was_open_is_bought_anew() {
    for when in [Cancel::Immediate, Cancel::EndOfCycle] {
        let shop = Shop::new();
        shop.buy(&shop.open());
        at(&shop, 1);
        let renewals = [shop.open(), shop.open()];
        let before = id(&shop.subscribed()[0]);
        at(&shop, 2);
        cancel(&shop, &before, when);
        at(&shop, 3);
        shop.buy(&renewals[0]);
        at(&shop, 4);
        shop.buy(&renewals[1]);
        let held = shop.subscribed();
        assert_eq!(held.len(), 2, "{held:?}");
        let anew = held.iter().find(|held| id(held) != before).unwrap();
        assert_eq!(anew["status"], "active");
        assert_eq!(anew["cancel_at"], Value::Null);
        assert_eq!(anew["paid_through"], "2027-01-26T00:03:00.000Z");
        assert_eq!(anew["access"]["granted"], true);
        let pays = &shop.told("checkout.attempted")[1]["pays"];
        assert_eq!(pays["subscription_id"], anew["id"]);
    }
}

#[test]
fn what_ended_while_a_checkout_was_open_is_bought_anew() {
    let shop = Shop::new();
    shop.buy(&shop.open());
    at(&shop, 1);
    let renewal = shop.open();
    let before = id(&shop.subscribed()[0]);
    let ledger = shop.world.ledger();
    let ends_at = Timestamp::parse("2026-11-26T00:02:00Z").unwrap();
    let request = Request::of(Actor::Admin);
    wait_for(ledger.set_end_date(CUSTOMER, &before, ends_at, request)).unwrap();
    at(&shop, 3);
    shop.told_once("subscription.ended");
    shop.buy(&renewal);
    let held = granted(&shop, PLAN);
    assert_ne!(id(&held), before);
    assert_eq!(held["paid_through"], "2026-12-26T00:03:00.000Z");
}

#[test]
fn of_two_plans_the_one_that_is_paid_last_is_had() {
    let shop = Shop::new();
    shop.buy(&shop.open());
    at(&shop, 1);
    let (pro, lite) = (shop.open(), shop.open_plan(LITE));
    at(&shop, 2);
    shop.buy(&lite);
    granted(&shop, LITE);
    assert!(
        shop.subscribed()
            .iter()
            .all(|held| held["status"] == "superseded")
    );
    at(&shop, 3);
    shop.buy(&pro);
    granted(&shop, PLAN);
    let lites = shop.subscribed_to(LITE);
    assert_eq!(lites[0]["status"], "superseded", "{lites:?}");
    // Each opened for what is had, each taking the other's place.
    at(&shop, 4);
    let (pro, lite) = (shop.open(), shop.open_plan(LITE));
    at(&shop, 5);
    shop.buy(&pro);
    at(&shop, 6);
    shop.buy(&lite);
    granted(&shop, LITE);
    let pros = shop.subscribed();
    assert!(
        pros.iter().all(|held| held["access"]["granted"] == false),
        "{pros:?}"
    );
}

#[test]
fn who_has_neither_plan_gets_the_one_that_is_paid_last() {
    let shop = Shop::new();
    let (pro, lite) = (shop.open(), shop.open_plan(LITE));
    shop.buy(&pro);
    at(&shop, 1);
    shop.buy(&lite);
    granted(&shop, LITE);
    assert_eq!(shop.subscribed()[0]["status"], "superseded");
    let all = shop
        .world
        .read("/v1/subscriptions?customer=user%2B1%40example.com&status=active");
    assert_eq!(all["data"].as_array().unwrap().len(), 1, "{all}");
}

#[test]
fn a_plan_that_is_cancelled_with_its_cycle_still_takes_its_addons() {
    let shop = Shop::new();
    let wanted = || NewCheckout {
        wanted: Wanted::Addon {
            version_id: ADDON_OF_PLAN.into(),
        },
        ..Shop::plan(Period::Monthly)
    };
    assert!(shop.open_for(wanted()).is_err());
    shop.buy(&shop.open());
    let held = id(&shop.subscribed()[0]);
    cancel(&shop, &held, Cancel::EndOfCycle);
    shop.buy(&shop.open_for(wanted()).unwrap());
    let customer = shop.world.read("/v1/customers/user%2B1%40example.com");
    assert_eq!(
        customer["addons"].as_array().unwrap().len(),
        1,
        "{customer}"
    );
    cancel(&shop, &held, Cancel::Immediate);
    assert!(shop.open_for(wanted()).is_err());
}

#[test]
fn what_is_not_sold_any_more_cannot_be_paid() {
    let shop = Shop::with("");
    let (gone, dearer) = (shop.open_plan(LITE), shop.open());
    // The start wants to be told that a plan may go whose checkout is open.
    let accept = Acceptance {
        catalogue: true,
        ..Acceptance::default()
    };
    let world = shop.world.restart_accepting(accept, |config| {
        config.catalog.version += 1;
        config.catalog.plans.retain(|plan| plan.id != LITE);
        for price in config
            .catalog
            .plans
            .iter_mut()
            .flat_map(|plan| &mut plan.prices)
        {
            price.amount_minor += price.amount_minor.signum();
        }
    });
    let shop = Shop {
        world: world.unwrap(),
    };
    let page = shop.page(&gone);
    assert!(page.text.contains("not sold any more"), "{}", page.text);
    assert!(page.text.contains("ask for a new payment link"));
    assert!(!page.text.contains("<form"));
    assert_eq!(shop.press(&gone, "pay").status, 303);
    assert!(shop.told("checkout.attempted").is_empty());
    // A price holds for as long as the checkout is open.
    shop.buy(&dearer);
}
