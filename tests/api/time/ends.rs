//! Each way in which something ends, and each in which an end is put off or undone: what is shown
//! before and after, and that exactly one event says so.

use subledger::ledger::Cancel::{EndOfCycle, Immediate};
use subledger::ledger::{CommandError, Refusal};

use super::life::{FREE, Life, PRO, TASTE};

/// 14 days after the start.
const TRIAL_END: &str = "2027-02-14T10:00:00.000Z";
const A_MOMENT_BEFORE: &str = "2027-02-14T09:59:59.999Z";

fn is(life: &Life, id: &str, status: &str, granted: bool) {
    assert_eq!(life.standing(id), (status.to_owned(), granted));
}

fn ended_at(life: &Life, id: &str, end: &str) {
    assert_eq!(life.subscription(id)["ended_at"], end);
}

fn refused(told: &Result<u64, CommandError>) -> &str {
    let Err(CommandError::Refused(Refusal::Invalid(why))) = told else {
        panic!("{told:?}");
    };
    why
}

#[test]
fn a_trial_that_nobody_paid_expires_when_it_is_over() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    is(&life, &id, "trialing", true);
    assert_eq!(life.subscription(&id)["access"]["until"], TRIAL_END);
    life.until(A_MOMENT_BEFORE);
    is(&life, &id, "trialing", true);
    assert_eq!(life.told(), "");
    life.until(TRIAL_END);
    is(&life, &id, "expired", false);
    assert_eq!(life.subscription(&id)["reason"], "trial_ended");
    ended_at(&life, &id, TRIAL_END);
    life.until("2027-06-01T00:00:00Z");
    assert_eq!(life.told(), format!("trial.ended {TRIAL_END}\n"));
}

#[test]
fn a_trial_of_what_costs_nothing_goes_on_for_ever() {
    let life = Life::new();
    let id = life.join("ada", TASTE, None);
    is(&life, &id, "trialing", true);
    life.until("2027-02-07T10:00:00Z");
    is(&life, &id, "active", true);
    let shown = life.subscription(&id);
    assert_eq!(shown["access"]["until"], serde_json::Value::Null);
    life.until("2028-02-07T10:00:00Z");
    is(&life, &id, "active", true);
    assert_eq!(life.told(), "trial.ended 2027-02-07T10:00:00.000Z\n");
}

#[test]
fn days_of_trial_may_be_given_to_anybody() {
    let life = Life::new();
    let id = life.join("ada", PRO, Some(1));
    let none = life.join("bob", PRO, Some(0));
    is(&life, &id, "trialing", true);
    life.until("2027-02-01T10:00:00Z");
    is(&life, &id, "expired", false);
    assert_ne!(life.standing(&none).0, "trialing");
    assert_eq!(life.told(), "trial.ended 2027-02-01T10:00:00.000Z\n");
}

#[test]
fn a_trial_that_is_paid_becomes_active_at_once_and_ends_with_the_period() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.until("2027-02-05T12:00:00Z");
    life.buy("ada");
    is(&life, &id, "active", true);
    assert_eq!(
        life.subscription(&id)["paid_through"],
        "2027-03-05T12:00:00.000Z"
    );
    life.until("2027-03-05T11:59:59.999Z");
    is(&life, &id, "active", true);
    assert!(!life.told().contains("subscription.ended"));
    life.until("2027-03-05T12:00:00Z");
    is(&life, &id, "expired", false);
    ended_at(&life, &id, "2027-03-05T12:00:00.000Z");
    let told = life.told();
    assert_eq!(
        told.matches("subscription.ended 2027-03-05T12:00:00.000Z")
            .count(),
        1
    );
    assert_eq!(told.matches("subscription.ended").count(), 1, "{told}");
}

/// The second month begins where the first ends, and the first end is never told.
#[test]
fn a_period_paid_in_time_follows_the_one_before() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.buy("ada");
    life.until("2027-02-20T00:00:00Z");
    life.buy("ada");
    assert_eq!(
        life.subscription(&id)["paid_through"],
        "2027-03-31T10:00:00.000Z"
    );
    let shows = |start: &str, end: &str| {
        let period = &life.subscription(&id)["current_period"];
        let wanted = serde_json::json!({"start": start, "end": end});
        assert_eq!(*period, wanted);
    };
    shows("2027-01-31T10:00:00.000Z", "2027-02-28T10:00:00.000Z");
    life.until("2027-03-01T00:00:00Z");
    shows("2027-02-28T10:00:00.000Z", "2027-03-31T10:00:00.000Z");
    is(&life, &id, "active", true);
    assert!(!life.told().contains("subscription.ended"));
    life.until("2027-04-01T00:00:00Z");
    is(&life, &id, "expired", false);
    let told = life.told();
    assert_eq!(told.matches("subscription.ended").count(), 1, "{told}");
}

/// The page was open, the period ran out, and then the payer paid: it goes on from the payment.
#[test]
fn a_period_paid_late_begins_with_the_payment_and_undoes_the_end() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.buy("ada");
    life.until("2027-02-28T09:00:00Z");
    let checkout = life.checkout("ada");
    life.until("2027-02-28T12:00:00Z");
    is(&life, &id, "expired", false);
    ended_at(&life, &id, "2027-02-28T10:00:00.000Z");
    life.pay(&checkout);
    is(&life, &id, "active", true);
    let shown = life.subscription(&id);
    assert_eq!(shown["ended_at"], serde_json::Value::Null);
    assert_eq!(shown["paid_through"], "2027-03-28T12:00:00.000Z");
    life.until("2027-05-01T00:00:00Z");
    is(&life, &id, "expired", false);
    let told = life.told();
    assert_eq!(told.matches("subscription.ended").count(), 2, "{told}");
}

#[test]
fn a_cancel_at_once_needs_no_scheduler() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.until("2027-02-03T00:00:00Z");
    life.cancel("ada", &id, Immediate).unwrap();
    is(&life, &id, "canceled", false);
    ended_at(&life, &id, "2027-02-03T00:00:00.000Z");
    assert_eq!(
        life.subscription(&id)["cancel_at"],
        "2027-02-03T00:00:00.000Z"
    );
    let events = life.world.read("/v1/stats")["events"].clone();
    life.cancel("ada", &id, Immediate).unwrap();
    assert_eq!(
        life.world.read("/v1/stats")["events"],
        events,
        "it was so already"
    );
    let with_cycle = life.cancel("ada", &id, EndOfCycle);
    assert!(refused(&with_cycle).contains("canceled already"));
    life.until("2028-01-01T00:00:00Z");
    is(&life, &id, "canceled", false);
    assert_eq!(life.told(), "");
}

#[test]
fn a_cancel_with_the_cycle_waits_for_what_is_paid() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.buy("ada");
    life.cancel("ada", &id, EndOfCycle).unwrap();
    is(&life, &id, "active", true);
    let shown = life.subscription(&id);
    assert_eq!(shown["cancel_at"], "2027-02-28T10:00:00.000Z");
    let events = life.world.read("/v1/stats")["events"].clone();
    life.cancel("ada", &id, EndOfCycle).unwrap();
    assert_eq!(
        life.world.read("/v1/stats")["events"],
        events,
        "it was asked before"
    );
    life.until("2027-02-28T10:00:00Z");
    is(&life, &id, "canceled", false);
    ended_at(&life, &id, "2027-02-28T10:00:00.000Z");
    life.until("2027-05-01T00:00:00Z");
    let told = life.told();
    assert_eq!(told.matches("subscription.ended").count(), 1, "{told}");
}

#[test]
fn a_cancel_with_the_cycle_waits_for_the_trial() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.cancel("ada", &id, EndOfCycle).unwrap();
    is(&life, &id, "trialing", true);
    life.until(TRIAL_END);
    is(&life, &id, "canceled", false);
    ended_at(&life, &id, TRIAL_END);
}

/// A free plan has no cycle of its own: the month since it began, on the day it began.
#[test]
fn a_cancel_with_the_cycle_of_a_free_plan_waits_for_the_month() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.until("2027-03-02T00:00:00Z");
    life.cancel("ada", &id, EndOfCycle).unwrap();
    is(&life, &id, "active", true);
    assert_eq!(
        life.subscription(&id)["cancel_at"],
        "2027-03-31T10:00:00.000Z"
    );
    life.until("2027-03-31T10:00:00Z");
    is(&life, &id, "canceled", false);
    assert_eq!(life.told(), "subscription.ended 2027-03-31T10:00:00.000Z\n");
}

/// Cancelled with its cycle, and then at once: the second word counts, and no third.
#[test]
fn a_cancel_can_be_hastened_and_not_put_off() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.cancel("ada", &id, EndOfCycle).unwrap();
    life.until("2027-02-02T00:00:00Z");
    let later = life.end_at("ada", &id, "2027-05-01T00:00:00Z");
    assert!(refused(&later).contains("end_date"));
    life.cancel("ada", &id, Immediate).unwrap();
    is(&life, &id, "canceled", false);
    let revived = life.end_at("ada", &id, "2027-02-09T00:00:00Z");
    assert!(refused(&revived).contains("end_date"));
    life.until("2027-06-01T00:00:00Z");
    ended_at(&life, &id, "2027-02-02T00:00:00.000Z");
    assert_eq!(life.told(), "");
}

#[test]
fn an_end_date_ends_it_then() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.end_at("ada", &id, "2027-02-10T00:00:00Z").unwrap();
    is(&life, &id, "active", true);
    assert_eq!(
        life.subscription(&id)["access"]["until"],
        "2027-02-10T00:00:00.000Z"
    );
    // Earlier, and then a little later again.
    life.end_at("ada", &id, "2027-02-05T00:00:00Z").unwrap();
    life.end_at("ada", &id, "2027-02-07T00:00:00Z").unwrap();
    life.until("2027-02-06T00:00:00Z");
    is(&life, &id, "active", true);
    life.until("2027-03-01T00:00:00Z");
    is(&life, &id, "expired", false);
    ended_at(&life, &id, "2027-02-07T00:00:00.000Z");
    assert_eq!(life.told(), "subscription.ended 2027-02-07T00:00:00.000Z\n");
}

/// Moved after it has passed: forward it lives again, back to a day that was told before it ends
/// without another word, and each day is told once.
#[test]
fn an_end_date_that_passed_can_be_moved_to_and_fro() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.end_at("ada", &id, "2027-02-05T00:00:00Z").unwrap();
    life.until("2027-02-06T00:00:00Z");
    is(&life, &id, "expired", false);
    life.end_at("ada", &id, "2027-02-09T00:00:00Z").unwrap();
    is(&life, &id, "active", true);
    assert_eq!(life.subscription(&id)["ended_at"], serde_json::Value::Null);
    life.until("2027-02-10T00:00:00Z");
    is(&life, &id, "expired", false);
    life.end_at("ada", &id, "2027-02-05T00:00:00Z").unwrap();
    life.settle();
    is(&life, &id, "expired", false);
    ended_at(&life, &id, "2027-02-05T00:00:00.000Z");
    let told = "subscription.ended 2027-02-05T00:00:00.000Z\n\
                subscription.ended 2027-02-09T00:00:00.000Z\n";
    assert_eq!(life.told(), told);
}

/// The documented request carries a day of last year.
#[test]
fn an_end_date_in_the_past_ends_it_at_once() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.end_at("ada", &id, "2025-03-24T06:25:11Z").unwrap();
    life.settle();
    is(&life, &id, "expired", false);
    ended_at(&life, &id, "2025-03-24T06:25:11.000Z");
    assert_eq!(life.told(), "subscription.ended 2025-03-24T06:25:11.000Z\n");
}

#[test]
fn an_end_date_cuts_a_trial_and_a_paid_period_short() {
    let life = Life::new();
    let trial = life.join("ada", PRO, None);
    let paid = life.join("bob", PRO, None);
    life.buy("bob");
    for (who, id) in [("ada", &trial), ("bob", &paid)] {
        life.end_at(who, id, "2027-02-03T00:00:00Z").unwrap();
    }
    life.until("2027-03-31T00:00:00Z");
    for id in [&trial, &paid] {
        is(&life, id, "expired", false);
        ended_at(&life, id, "2027-02-03T00:00:00.000Z");
    }
    let told = life.told();
    assert_eq!(
        told.matches("subscription.ended 2027-02-03").count(),
        2,
        "{told}"
    );
}

#[test]
fn a_checkout_that_nobody_pays_expires_after_a_day_and_a_paid_one_does_not() {
    let life = Life::new();
    life.join("ada", PRO, None);
    life.join("bob", PRO, None);
    life.checkout("ada");
    life.buy("bob");
    life.until("2027-02-01T09:59:59.999Z");
    assert_eq!(life.told(), "");
    life.until("2027-02-03T00:00:00Z");
    assert_eq!(life.told(), "checkout.expired 2027-02-01T10:00:00.000Z\n");
}

#[test]
fn what_is_another_customers_or_nobodys_is_not_found() {
    let life = Life::new();
    let id = life.join("ada", FREE, None);
    life.join("bob", FREE, None);
    let no_subscription = Err(CommandError::Refused(Refusal::NoSuchSubscription));
    let no_customer = Err(CommandError::Refused(Refusal::NoSuchCustomer));
    assert_eq!(life.cancel("bob", &id, Immediate), no_subscription);
    assert_eq!(
        life.end_at("bob", &id, "2027-02-10T00:00:00Z"),
        no_subscription
    );
    assert_eq!(
        life.cancel("ada", "SUA-0K6FC7CCNBBQD", Immediate),
        no_subscription
    );
    assert_eq!(life.cancel("eve", &id, Immediate), no_customer);
    is(&life, &id, "active", true);
}
