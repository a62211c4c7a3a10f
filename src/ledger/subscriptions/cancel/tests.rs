//! What a cancel and an end date decide about one subscription. Knows no log and no fold.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::domain::catalog::Period;
use crate::domain::money::{Currency, Money};
use crate::domain::own::Terms;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

const START: &str = "2026-01-31T10:00:00Z";
const PAID: &str = "2026-02-28T10:00:00Z";
const NOW: &str = "2026-02-10T00:00:00Z";
const LATER: &str = "2026-05-01T00:00:00Z";

fn active() -> SubscriptionStanding {
    SubscriptionStanding {
        id: "SUA-0MSC9073DVBTK".into(),
        identifier: Some("ada".into()),
        provider: crate::domain::own::PROVIDER,
        status: Status::Active,
        plan_id: None,
        is_ours: true,
        terms: None,
        must_be_paid: false,
        is_paid: true,
        started_at: Some(at(START)),
        trial_ends_at: None,
        paid_through: Some(at(PAID)),
        ends_at: Some(at(PAID)),
        cycle_end: Some(at(PAID)),
        is_cancel_asked: false,
        cancel_at: None,
        is_stop_refused: false,
        end_date: None,
        ended: false,
        gateway_subscription: None,
        told_until: None,
    }
}

fn expired(end: &str) -> SubscriptionStanding {
    SubscriptionStanding {
        status: Status::Expired,
        ended: true,
        ends_at: Some(at(end)),
        ..active()
    }
}

fn cancel(held: &SubscriptionStanding, when: Cancel, now: Timestamp) -> Result<OwnFact, Refusal> {
    let asked = Cancelling {
        customer: None,
        subscription: held.id.clone(),
        when,
        feedback: None,
        comment: None,
    };
    super::cancel(held, &asked, now)
}

fn cancelled_at(told: Result<OwnFact, Refusal>) -> Timestamp {
    let Ok(OwnFact::CancelAsked(asked)) = told else {
        unreachable!("{told:?}");
    };
    asked.ends_at
}

#[test]
fn a_cancel_ends_it_at_once_or_with_its_cycle() {
    let now = at(NOW);
    let at_once = cancel(&active(), Cancel::Immediate, now);
    assert_eq!(cancelled_at(at_once), now);
    let with_cycle = cancel(&active(), Cancel::EndOfCycle, now);
    assert_eq!(cancelled_at(with_cycle), at(PAID));
    let without = SubscriptionStanding {
        cycle_end: None,
        ..active()
    };
    let with_month = cancel(&without, Cancel::EndOfCycle, at(LATER));
    assert_eq!(cancelled_at(with_month), at("2026-05-31T10:00:00Z"));
}

#[test]
fn what_was_asked_before_changes_nothing_and_may_be_hastened() {
    let asked = SubscriptionStanding {
        is_cancel_asked: true,
        cancel_at: Some(at(PAID)),
        ..active()
    };
    let again = cancel(&asked, Cancel::EndOfCycle, at(NOW));
    assert_eq!(again, Err(Refusal::NothingChanges));
    let at_once = cancel(&asked, Cancel::Immediate, at(NOW));
    assert_eq!(cancelled_at(at_once), at(NOW));
    let dated = SubscriptionStanding {
        end_date: Some(at(NOW)),
        ..active()
    };
    assert_eq!(set_end(&dated, at(NOW)), Err(Refusal::NothingChanges));
    assert!(set_end(&dated, at(LATER)).is_ok());
    assert!(matches!(
        set_end(&asked, at(LATER)),
        Err(Refusal::Invalid(_))
    ));
    assert!(set_end(&asked, at(NOW)).is_ok());
}

#[test]
fn what_expired_is_brought_back_by_an_end_date_and_what_was_cancelled_is_not() {
    assert!(set_end(&expired(NOW), at(LATER)).is_ok());
    assert!(set_end(&expired(PAID), at(LATER)).is_ok());
    let charged = SubscriptionStanding {
        gateway_subscription: Some("sub_1".into()),
        ..expired(NOW)
    };
    let canceled = SubscriptionStanding {
        status: Status::Canceled,
        ..expired(NOW)
    };
    for held in [&charged, &canceled] {
        let Err(Refusal::Invalid(why)) = set_end(held, at(LATER)) else {
            unreachable!("{held:?}");
        };
        assert!(why.contains("end_date"), "{why}");
    }
    let again = cancel(&canceled, Cancel::Immediate, at(LATER));
    assert_eq!(again, Err(Refusal::NothingChanges));
    for held in [canceled, expired(NOW)] {
        let told = cancel(&held, Cancel::EndOfCycle, at(LATER));
        assert!(matches!(told, Err(Refusal::Invalid(_))), "{told:?}");
    }
}

#[test]
fn the_cycle_of_what_an_end_date_put_off_ends_then() {
    let put_off = SubscriptionStanding {
        end_date: Some(at(LATER)),
        ..active()
    };
    let after = at("2026-03-15T00:00:00Z");
    let with_cycle = |now| cancelled_at(cancel(&put_off, Cancel::EndOfCycle, now));
    assert_eq!(with_cycle(at(NOW)), at(PAID));
    assert_eq!(with_cycle(after), at(LATER));
}

#[test]
fn the_cycle_of_what_a_gateway_is_about_to_charge_is_the_one_to_come() {
    let with_cycle =
        |held: &SubscriptionStanding, now| cancelled_at(cancel(held, Cancel::EndOfCycle, at(now)));
    let price = Money {
        amount_minor: 100,
        currency: Currency::parse("INR").unwrap(),
    };
    let charged = SubscriptionStanding {
        gateway_subscription: Some("sub_1".into()),
        terms: Some(Terms {
            period: Period::Monthly,
            price,
            quantities: Vec::new(),
        }),
        is_paid: false,
        ends_at: None,
        ..active()
    };
    assert_eq!(with_cycle(&charged, NOW), at(PAID));
    assert_eq!(with_cycle(&charged, PAID), at("2026-03-28T10:00:00Z"));
    // However long the charge is overdue, and again while it is.
    assert_eq!(with_cycle(&charged, LATER), at("2026-05-28T10:00:00Z"));
    let asked = |ends: &str| SubscriptionStanding {
        is_cancel_asked: true,
        cancel_at: Some(at(ends)),
        ..charged.clone()
    };
    for ends in ["2026-05-28T10:00:00Z", "2026-04-28T10:00:00Z"] {
        let again = cancel(&asked(ends), Cancel::EndOfCycle, at(LATER));
        assert_eq!(again, Err(Refusal::NothingChanges), "{ends}");
    }
    // The control: nobody charges for what is paid once at a time.
    assert_eq!(with_cycle(&active(), LATER), at(PAID));
}

#[test]
fn what_a_gateway_refused_may_be_asked_again_and_ended_when_it_did() {
    let refused = |held: SubscriptionStanding| SubscriptionStanding {
        is_stop_refused: true,
        ..held
    };
    let asked = SubscriptionStanding {
        is_cancel_asked: true,
        cancel_at: Some(at(PAID)),
        ..active()
    };
    let again = cancel(&refused(asked.clone()), Cancel::EndOfCycle, at(NOW));
    assert_eq!(cancelled_at(again), at(PAID));
    let canceled = SubscriptionStanding {
        status: Status::Canceled,
        ..expired(NOW)
    };
    for held in [&canceled, &expired(NOW)] {
        let again = cancel(&refused(held.clone()), Cancel::Immediate, at(LATER));
        assert_eq!(cancelled_at(again), at(NOW));
        // What is over has no cycle any more, nor a date that is to come.
        for when in [
            Cancel::EndOfCycle,
            Cancel::OnDate(at("2027-01-01T00:00:00Z")),
        ] {
            let told = cancel(&refused(held.clone()), when, at(LATER));
            assert!(matches!(told, Err(Refusal::Invalid(_))), "{told:?}");
        }
    }
    // Another stands in its place: a cancel would say something else than that.
    let superseded = SubscriptionStanding {
        status: Status::Superseded,
        ..expired(NOW)
    };
    let told = cancel(&refused(superseded), Cancel::Immediate, at(LATER));
    assert!(matches!(told, Err(Refusal::Invalid(_))), "{told:?}");
    // The control.
    let again = cancel(&asked, Cancel::EndOfCycle, at(NOW));
    assert_eq!(again, Err(Refusal::NothingChanges));
    assert!(cancel(&expired(NOW), Cancel::Immediate, at(LATER)).is_err());
}

#[test]
fn a_date_that_is_not_to_come_is_refused_by_a_sentence_that_is_true_on_every_surface() {
    for date in [NOW, START] {
        let told = cancel(&active(), Cancel::OnDate(at(date)), at(NOW));
        let why = "`date` must be later than now: to end it now, cancel it at once.";
        assert_eq!(told, Err(Refusal::Invalid(why.into())));
    }
    let told = cancel(&active(), Cancel::OnDate(at(LATER)), at(NOW));
    assert_eq!(cancelled_at(told), at(LATER));
}

#[test]
fn a_decision_stands_above_the_newest_word_of_a_clock_that_is_ahead() {
    let ahead = SubscriptionStanding {
        told_until: Some(at(LATER)),
        ..active()
    };
    assert_eq!(told_at(&ahead, at(NOW)), at(LATER).plus_millis(1));
    assert_eq!(told_at(&active(), at(NOW)), at(NOW));
}

#[test]
fn what_others_charge_is_ended_there_unless_they_cannot() {
    let of = |provider| SubscriptionStanding {
        provider,
        is_ours: false,
        ..active()
    };
    for provider in ["razorpay", "kelviq"] {
        let told = cancel(&of(provider), Cancel::Immediate, at(NOW));
        let why = format!("The subscription is charged by {provider}; cancel it there.");
        assert_eq!(told, Err(Refusal::Invalid(why)));
        assert!(set_end(&of(provider), at(LATER)).is_err());
    }
    assert!(cancel(&of("stykite"), Cancel::Immediate, at(NOW)).is_ok());
    assert!(set_end(&of("stykite"), at(LATER)).is_ok());
}
