//! What is had without a payment, story by story: subscriptions that somebody began or changed,
//! trials that were sold, cancels on a date, and what costs nothing.

use super::book::*;
use super::*;
use crate::domain::catalog::Period;
use crate::domain::own::*;
use crate::domain::state::SubscriptionRecord;

fn stood(status: &str, times: [Option<u32>; 3]) -> (String, [Option<String>; 3]) {
    (status.to_owned(), times.map(|at| at.and_then(written)))
}

/// A subscription to a monthly plan.
pub(super) fn begun(sold: usize) -> SubscriptionBegun {
    SubscriptionBegun {
        identifier: ANN.into(),
        begun: Begun {
            id: SUA[sold].into(),
            plan_id: format!("PLV-{}", sold + 1).into(),
            plan_name: "Had".into(),
            trial_ends_at: None,
            is_paid_plan: false,
        },
        terms: Terms {
            period: Period::Monthly,
            price: money().unwrap(),
            quantities: Vec::new(),
        },
        through: None,
        supersedes: Vec::new(),
        checkout: None,
    }
}

pub(super) fn created(book: &mut Book, at: u32, told: SubscriptionBegun) {
    book.own(day(at), OwnFact::SubscriptionCreated(told));
}

/// In the place of another; what was paid for goes on.
pub(super) fn changed(book: &mut Book, at: u32, sold: usize, before: usize, through: Option<u32>) {
    let told = SubscriptionBegun {
        through: through.map(day),
        supersedes: vec![SUA[before].into()],
        ..begun(sold)
    };
    book.own(day(at), OwnFact::PlanChanged(told));
}

pub(super) fn record(book: &Book, sold: usize, now: u32) -> SubscriptionRecord {
    let as_of = AsOf {
        now: day(now),
        grace_days: 3,
    };
    book.state.subscription_record(SUA[sold], as_of).unwrap()
}

fn running(book: &Book, sold: usize, now: u32) -> (Option<Timestamp>, Option<Timestamp>) {
    record(book, sold, now).running_period
}

#[test]
fn what_somebody_began_lasts_until_it_is_ended() {
    let mut book = Book::new();
    created(&mut book, 1, begun(0));
    assert_eq!(book.stands(0), stood("active", [None; 3]));
    assert_eq!(book.state.next_due(), None);
    assert_eq!(book.subscription(SUA[0])["access"]["granted"], true);
    let months = [(2, (1, 32)), (32, (32, 60)), (70, (60, 91))];
    for (now, (from, until)) in months {
        let wanted = (Some(day(from)), Some(day(until)));
        assert_eq!(running(&book, 0, now), wanted, "{now}");
    }
    // Paid for after all: from then on like any other.
    book.opened(40, 0, 0, &[]);
    book.paid(41, "pay_1", 0);
    assert_eq!(book.stands(0), stood("active", [Some(69), None, None]));
    assert_eq!(running(&book, 0, 45), (Some(day(41)), Some(day(69))));
    book.settle(day(69));
    assert_eq!(book.stands(0).0, "expired");
}

#[test]
fn a_trial_that_somebody_gave_ends_in_the_plan() {
    let mut book = Book::new();
    let mut told = begun(0);
    told.begun.trial_ends_at = Some(day(15));
    created(&mut book, 1, told);
    assert_eq!(book.stands(0), stood("trialing", [None; 3]));
    assert_eq!(running(&book, 0, 2), (Some(day(1)), Some(day(15))));
    book.settle(day(20));
    assert_eq!(book.stands(0), stood("active", [None; 3]));
    assert_eq!(running(&book, 0, 20), (Some(day(15)), Some(day(46))));
    assert_eq!(record(&book, 0, 20).trial_ends_at, Some(day(15)));
}

#[test]
fn another_plan_is_in_force_at_once_and_what_was_paid_stays_paid() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(32));
    assert_eq!(
        book.stands(0),
        stood("superseded", [Some(32), None, Some(10)])
    );
    let updated = book.subscription(SUA[0])["updated_at"].clone();
    assert_eq!(updated, day(10).to_string());
    assert_eq!(book.stands(1), stood("active", [Some(32), None, None]));
    assert_eq!(running(&book, 1, 11), (Some(day(10)), Some(day(32))));
    assert_eq!(book.state.next_due(), Some(day(32)));
    // Paid on, it adds to that; unpaid, it expires then.
    let mut paid = Book::new();
    paid.opened(1, 0, 0, &[]);
    paid.paid(1, "pay_1", 0);
    changed(&mut paid, 10, 1, 0, Some(32));
    paid.opened(11, 1, 1, &[]);
    paid.paid(12, "pay_2", 1);
    assert_eq!(paid.stands(1), stood("active", [Some(60), None, None]));
    book.settle(day(40));
    assert_eq!(book.stands(1), stood("expired", [Some(32), None, Some(32)]));
    let live = paid.state.live_subscriptions(ANN);
    let live: Vec<_> = live.iter().map(|held| &*held.id).collect();
    assert_eq!(live, [SUA[1]]);
}

#[test]
fn a_change_is_stopped_by_nothing_that_fell_due_for_the_old_one() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    changed(&mut book, 10, 1, 0, Some(32));
    book.settle(day(40));
    assert_eq!(
        book.stands(0),
        stood("superseded", [Some(32), Some(32), Some(10)])
    );
    assert_eq!(book.stands(1).0, "expired");
}

#[test]
fn a_trial_that_was_sold_comes_before_the_first_period_that_is_paid() {
    let mut book = Book::new();
    let item = Item::Plan {
        plan_id: "PLV-1".into(),
        name: "One".into(),
        period: Period::Monthly,
        gateway_plan: None,
        subscription_id: SUA[0].into(),
        supersedes: Vec::new(),
        quantities: vec![Quantity {
            feature: "seats".into(),
            count: 5,
        }],
        trial_days: 14,
        keeps_quantities: false,
    };
    book.opened_for(1, 0, item, "razorpay");
    book.paid(1, "pay_1", 0);
    assert_eq!(book.stands(0), stood("trialing", [Some(46), None, None]));
    assert_eq!(running(&book, 0, 2), (Some(day(1)), Some(day(15))));
    assert_eq!(book.state.next_due(), Some(day(15)));
    let access = book.subscription(SUA[0])["access"].clone();
    assert_eq!(access["until"], day(46).to_string());
    let full = record(&book, 0, 2);
    assert_eq!(full.terms.unwrap().quantities[0].count, 5);
    assert_eq!(full.view.quantities()[0].count, 5);
    book.settle(day(16));
    assert_eq!(book.stands(0), stood("active", [Some(46), None, None]));
    assert_eq!(book.subscription(SUA[0])["trial_used"], true);
    assert_eq!(running(&book, 0, 16), (Some(day(15)), Some(day(46))));
    // The second payment is for a period and nothing else.
    book.paid(20, "pay_2", 0);
    assert_eq!(book.stands(0).1[0], written(74));
    book.settle(day(80));
    assert_eq!(book.stands(0), stood("expired", [Some(74), None, Some(74)]));
}

#[test]
fn a_cancel_on_a_date_ends_it_then_and_says_why() {
    let mut book = Book::new();
    created(&mut book, 1, begun(0));
    let asked = CancelAsked {
        subscription_id: SUA[0].into(),
        when: CancelWhen::OnDate,
        ends_at: day(20),
        feedback: Some("TOO_EXPENSIVE".into()),
        comment: Some("too dear".into()),
    };
    book.own(day(5), OwnFact::CancelAsked(asked));
    assert_eq!(book.stands(0), stood("active", [None, Some(20), None]));
    let cancel = record(&book, 0, 6).cancel.unwrap();
    assert_eq!((cancel.asked_at, cancel.ends_at), (day(5), day(20)));
    assert_eq!(cancel.feedback.as_deref(), Some("TOO_EXPENSIVE"));
    assert_eq!(cancel.comment.as_deref(), Some("too dear"));
    book.settle(day(20));
    assert_eq!(
        book.stands(0),
        stood("canceled", [None, Some(20), Some(20)])
    );
    // What a newer cancel does not say is not said any more.
    let mut again = Book::new();
    created(&mut again, 1, begun(0));
    again.cancelled(2, SUA[0], CancelWhen::OnDate, 20);
    assert_eq!(record(&again, 0, 3).cancel.unwrap().feedback, None);
}

#[test]
fn what_costs_nothing_is_had_at_its_checkout_without_a_payment() {
    let mut book = Book::new();
    created(&mut book, 1, begun(0));
    book.opened(2, 0, 1, &[0]);
    assert_eq!(book.checkout(0), CheckoutStatus::Open);
    let told = SubscriptionBegun {
        supersedes: vec![SUA[0].into()],
        checkout: Some(TRN[0].into()),
        ..begun(1)
    };
    created(&mut book, 3, told);
    assert_eq!(book.checkout(0), CheckoutStatus::Paid);
    let view = book.state.checkout(TRN[0]).unwrap();
    assert_eq!((view.paid_at, view.payment_id), (Some(day(3)), None));
    assert_eq!(book.stands(0).0, "superseded");
    assert_eq!(book.stands(1), stood("active", [None; 3]));
    assert_eq!(book.state.next_due(), None, "it does not expire any more");
}
