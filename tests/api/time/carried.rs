//! What was paid for the old plan pays for the new one: by webhooks that come late, at old checkouts,
//! and by a gateway. And what costs nothing takes nothing away that is paid.

use serde_json::Value;
use subledger::domain::catalog::Period;
use subledger::domain::own::Quantity;
use subledger::ledger::{
    Cancel, CommandError, NewCheckout, Offer, PlanChange, Refusal, TrialEnd, Wanted,
};

use super::life::{FREE, Life, PRO, TASTE, asked, at, wait};

fn change(subscription: &str, plan: &str) -> PlanChange {
    PlanChange {
        subscription: subscription.into(),
        plan_identifier: plan.into(),
        period: Period::Monthly,
        quantities: None,
        trial_end: None,
    }
}

fn turn(life: &Life, asked_for: PlanChange) -> Result<String, CommandError> {
    let told = wait(life.world.ledger().change_plan(asked_for, &asked()));
    told.map(|(_, id)| id)
}

fn offer(plan: &str, period: Period) -> Offer {
    Offer {
        plan_identifier: plan.into(),
        period,
        country_code: None,
        currency: None,
        amount: None,
        quantities: Vec::new(),
        trial_days: 0,
        metadata: None,
    }
}

fn open(life: &Life, offer: Offer) -> String {
    let wanted = NewCheckout {
        customer: "ada".into(),
        wanted: Wanted::Offer(offer),
        country: None,
        success_url: None,
        cancel_url: None,
    };
    let opened = wait(life.world.ledger().open_checkout(wanted, asked()));
    opened.unwrap().id
}

/// Presses the button, and waits until the sandbox has told that it is paid.
fn press(life: &Life, checkout: &str) {
    let ledger = life.world.ledger();
    wait(ledger.pay_checkout(checkout, asked())).unwrap();
    for _ in 0..1_000 {
        let page = life.world.get_with(&format!("/checkout/{checkout}"), &[]);
        if page.text.contains("This is paid.") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{checkout} is not paid");
}

/// Presses the button where there is nothing to pay.
fn take(life: &Life, checkout: &str) {
    let ledger = life.world.ledger();
    wait(ledger.pay_checkout(checkout, asked())).unwrap();
}

/// The customer's rows that grant access now.
fn live(life: &Life) -> Vec<Value> {
    let customer = life.world.read("/v1/customers/ada");
    let held = customer["subscriptions"].as_array().unwrap().iter();
    held.filter(|held| held["access"]["granted"] == true)
        .cloned()
        .collect()
}

/// One of them, with that plan and paid through then.
fn only(life: &Life, id: &str, through: &str) {
    let live = live(life);
    assert_eq!(live.len(), 1, "{live:#?}");
    assert_eq!(live[0]["id"], id);
    assert_eq!(live[0]["paid_through"], at(through).to_string());
}

#[test]
fn a_renewal_counts_whether_its_webhook_comes_before_a_change_or_after_it() {
    for is_late in [false, true] {
        let life = Life::on_disk();
        let old = life.join("ada", PRO, None);
        life.buy("ada");
        let renewal = life.checkout("ada");
        life.until("2027-02-20T00:00:00Z");
        let captured = at("2027-02-20T00:00:00Z");
        if !is_late {
            life.pay_at(&renewal, captured);
        }
        life.until("2027-02-20T00:00:02Z");
        let new = turn(&life, change(&old, "team")).unwrap();
        life.until("2027-02-20T00:00:03Z");
        if is_late {
            life.pay_at(&renewal, captured);
        }
        only(&life, &new, "2027-03-31T10:00:00Z");
        let explained = life
            .world
            .read(&format!("/v1/subscriptions/{new}?explain=true"));
        let by = &explained["explain"]["paid_through"]["event_type"];
        assert_eq!(by, "payment.captured", "{explained}");
        life.until("2027-03-31T10:00:00Z");
        assert_eq!(life.standing(&new), ("expired".to_owned(), false));
    }
}

#[test]
fn a_payment_at_an_old_checkout_pays_for_the_new_plan() {
    for is_tried_anew in [false, true] {
        let life = Life::new();
        let old = life.join("ada", PRO, None);
        life.buy("ada");
        let checkout = life.checkout("ada");
        life.until("2027-02-01T00:00:00Z");
        let new = turn(&life, change(&old, "team")).unwrap();
        life.until("2027-02-01T01:00:00Z");
        if is_tried_anew {
            press(&life, &checkout);
        } else {
            life.pay(&checkout);
        }
        only(&life, &new, "2027-03-31T10:00:00Z");
        // A change of what was changed passes it on.
        let last = turn(&life, change(&new, "pro")).unwrap();
        only(&life, &last, "2027-03-31T10:00:00Z");
    }
}

#[test]
fn what_costs_nothing_stands_beside_what_is_paid_for() {
    let life = Life::new();
    let pro = life.join("ada", PRO, None);
    life.buy("ada");
    let free = open(&life, offer("free", Period::Monthly));
    take(&life, &free);
    assert_eq!(life.standing(&pro), ("active".to_owned(), true));
    assert_eq!(live(&life).len(), 2);
    // What nobody paid for gives way.
    let other = Life::new();
    let trial = other.join("ada", PRO, None);
    let free = open(&other, offer("free", Period::Monthly));
    take(&other, &free);
    assert_eq!(other.standing(&trial), ("superseded".to_owned(), false));
}

#[test]
fn what_was_paid_for_once_for_ever_is_changed_at_a_checkout() {
    let life = Life::new();
    life.join("ada", FREE, None);
    let once = Offer {
        amount: Some(subledger::domain::money::Money {
            amount_minor: 49_900,
            currency: subledger::domain::money::Currency::parse("INR").unwrap(),
        }),
        ..offer("taste", Period::OneTime)
    };
    // A plan without a price has none for that long, and yet what it costs here is said.
    let checkout = open(&life, once);
    life.pay(&checkout);
    let held = live(&life);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["plan"]["id"], TASTE);
    let id = held[0]["id"].as_str().unwrap();
    let told = turn(&life, change(id, "pro"));
    let Err(CommandError::Refused(Refusal::Invalid(why))) = told else {
        panic!("{told:?}");
    };
    assert!(why.contains("`plan`") && why.contains("for ever"), "{why}");
}

#[test]
fn an_amount_of_ones_own_is_paid_for_the_period_that_was_asked() {
    let life = Life::new();
    life.join("ada", FREE, None);
    let monthly = Offer {
        amount: Some(subledger::domain::money::Money {
            amount_minor: 49_900,
            currency: subledger::domain::money::Currency::parse("INR").unwrap(),
        }),
        ..offer("free", Period::Monthly)
    };
    let checkout = open(&life, monthly);
    press(&life, &checkout);
    let held = live(&life);
    assert_eq!(held[0]["paid_through"], "2027-02-28T10:00:00.000Z");
}

#[test]
fn who_tries_for_longer_than_was_paid_has_it_for_as_long() {
    let life = Life::new();
    let old = life.join("ada", PRO, None);
    life.buy("ada");
    let longer = PlanChange {
        trial_end: Some(TrialEnd::At(at("2027-05-01T00:00:00Z"))),
        ..change(&old, "team")
    };
    let new = turn(&life, longer).unwrap();
    life.until("2027-04-30T23:59:59.999Z");
    assert_eq!(life.standing(&new), ("trialing".to_owned(), true));
    life.until("2027-05-01T00:00:00Z");
    assert_eq!(life.standing(&new), ("expired".to_owned(), false));
}

#[test]
fn a_checkout_for_the_plan_one_has_keeps_what_was_bought() {
    let life = Life::new();
    let free = life.join("ada", FREE, None);
    life.cancel("ada", &free, Cancel::Immediate).unwrap();
    let seats = |count| {
        vec![Quantity {
            feature: "seats".into(),
            count,
        }]
    };
    let team = Offer {
        quantities: seats(5),
        amount: Some(subledger::domain::money::Money {
            amount_minor: 49_900,
            currency: subledger::domain::money::Currency::parse("INR").unwrap(),
        }),
        ..offer("team", Period::Monthly)
    };
    let kept = Offer {
        quantities: Vec::new(),
        ..team.clone()
    };
    // Opened before anybody has seats, and tried when somebody has.
    let early = open(&life, kept.clone());
    let first = open(&life, team);
    life.pay(&first);
    life.until("2027-02-01T00:00:00Z");
    let limit = || {
        let shown = life.world.read("/v1/customers/ada/entitlements");
        shown["entitlements"][0]["limit"].clone()
    };
    assert_eq!(limit(), "5");
    press(&life, &early);
    assert_eq!(limit(), "5");
    let late = open(&life, kept);
    life.pay(&late);
    assert_eq!(limit(), "5");
    only(
        &life,
        live(&life)[0]["id"].as_str().unwrap(),
        "2027-04-30T10:00:00Z",
    );
}
