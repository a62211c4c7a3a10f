//! The newest word wins: a payment after a cancel or an end date, and an end date after a payment.

use subledger::ledger::Cancel::{EndOfCycle, Immediate};

use super::life::{Life, PRO};

fn is(life: &Life, id: &str, status: &str, granted: bool) {
    assert_eq!(life.standing(id), (status.to_owned(), granted));
}

/// The page was open when the merchant cancelled; what is paid then is not paid for nothing.
#[test]
fn a_payment_after_a_cancel_undoes_it() {
    for when in [Immediate, EndOfCycle] {
        let life = Life::new();
        let id = life.join("ada", PRO, None);
        life.buy("ada");
        let checkout = life.checkout("ada");
        life.until("2027-02-01T00:00:00Z");
        life.cancel("ada", &id, when).unwrap();
        life.until("2027-02-01T01:00:00Z");
        life.pay(&checkout);
        is(&life, &id, "active", true);
        let shown = life.subscription(&id);
        assert_eq!(shown["cancel_at"], serde_json::Value::Null);
        assert_eq!(shown["paid_through"], "2027-03-31T10:00:00.000Z");
        life.until("2027-05-01T00:00:00Z");
        is(&life, &id, "expired", false);
        assert_eq!(shown["customer"]["customer_identifier"], "ada");
    }
}

#[test]
fn a_payment_after_an_end_date_that_passed_undoes_it() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    let checkout = life.checkout("ada");
    life.end_at("ada", &id, "2027-01-31T12:00:00Z").unwrap();
    life.until("2027-01-31T13:00:00Z");
    is(&life, &id, "expired", false);
    let shown = life.subscription(&id);
    assert_eq!(shown["access"]["until"], "2027-01-31T12:00:00.000Z");
    life.pay(&checkout);
    is(&life, &id, "active", true);
    assert_eq!(
        life.subscription(&id)["paid_through"],
        "2027-02-28T13:00:00.000Z"
    );
}

#[test]
fn an_end_date_after_the_payment_gives_more_time_or_less() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.buy("ada");
    life.end_at("ada", &id, "2027-03-20T00:00:00Z").unwrap();
    // Longer than what is paid, and not a moment longer.
    life.until("2027-03-19T23:59:59.999Z");
    is(&life, &id, "active", true);
    assert_eq!(
        life.subscription(&id)["access"]["until"],
        "2027-03-20T00:00:00.000Z"
    );
    life.until("2027-03-20T00:00:00Z");
    is(&life, &id, "expired", false);
    // What expired lives again by a later date.
    life.end_at("ada", &id, "2027-04-20T00:00:00Z").unwrap();
    is(&life, &id, "active", true);
    life.cancel("ada", &id, EndOfCycle).unwrap();
    assert_eq!(
        life.subscription(&id)["cancel_at"],
        "2027-04-20T00:00:00.000Z"
    );
    life.until("2027-04-20T00:00:00Z");
    is(&life, &id, "canceled", false);
}

#[test]
fn an_end_date_gives_a_trial_more_time() {
    let life = Life::new();
    let id = life.join("ada", PRO, None);
    life.end_at("ada", &id, "2027-02-20T00:00:00Z").unwrap();
    life.until("2027-02-19T00:00:00Z");
    is(&life, &id, "trialing", true);
    life.until("2027-02-20T00:00:00Z");
    is(&life, &id, "expired", false);
    assert_eq!(life.subscription(&id)["reason"], "trial_ended");
    assert_eq!(life.told(), "trial.ended 2027-02-20T00:00:00.000Z\n");
}
