//! The newest word wins: payments, cancels, end dates and other plans' payments against each other,
//! story by story.

use super::book::*;
use super::*;
use crate::domain::own::*;

fn stood(status: &str, times: [Option<u32>; 3]) -> (String, [Option<String>; 3]) {
    (status.to_owned(), times.map(|at| at.and_then(written)))
}

fn access(book: &Book, sold: usize, now: u32) -> (bool, Option<String>, String) {
    let as_of = AsOf {
        now: day(now),
        grace_days: 3,
    };
    let view = book.state.subscription(SUA[sold], Some(as_of)).unwrap();
    let access = view.access.unwrap();
    let until = access.until.map(|until| until.to_string());
    (access.granted, until, access.reason.to_owned())
}

#[test]
fn a_payment_undoes_the_cancel_before_it() {
    for (when, ends) in [(CancelWhen::Immediate, 5), (CancelWhen::EndOfCycle, 32)] {
        let mut book = Book::new();
        book.opened(1, 0, 0, &[]);
        book.opened(1, 1, 0, &[]);
        book.paid(1, "pay_1", 0);
        book.cancelled(5, SUA[0], when, ends);
        book.paid(6, "pay_2", 1);
        assert_eq!(book.stands(0), stood("active", [Some(60), None, None]));
        let standing = book.state.standing_of(SUA[0]).unwrap();
        assert!(!standing.is_cancel_asked && !standing.ended);
        // A payment that only came late was made before: the cancel holds.
        let mut late = Book::new();
        late.opened(1, 0, 0, &[]);
        late.cancelled(5, SUA[0], when, ends);
        late.paid(4, "pay_1", 0);
        assert!(late.state.standing_of(SUA[0]).unwrap().is_cancel_asked);
        // And a newer cancel than the payment holds again.
        book.cancelled(7, SUA[0], CancelWhen::Immediate, 7);
        assert_eq!(
            book.stands(0),
            stood("canceled", [Some(60), Some(7), Some(7)])
        );
    }
}

#[test]
fn a_payment_is_no_older_than_the_attempt_it_was_made_in() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.opened(1, 1, 0, &[]);
    book.cancelled(5, SUA[0], CancelWhen::Immediate, 5);
    // Gateways tell whole seconds: by its own time it is older than the cancel.
    book.attempted(5, 1, 1);
    book.paid(4, "pay_2", 1);
    assert_eq!(book.stands(0).0, "active");
    // Attempted and paid before, in one moment with the cancel.
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.attempted(5, 0, 1);
    book.cancelled(5, SUA[0], CancelWhen::Immediate, 5);
    book.paid(5, "pay_1", 0);
    assert_eq!(book.stands(0).0, "canceled");
}

#[test]
fn an_end_date_after_the_last_payment_is_the_end() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.end_date(5, SUA[0], 50);
    assert_eq!(book.stands(0), stood("active", [Some(32), Some(50), None]));
    assert_eq!(book.state.next_due(), Some(day(50)));
    let until = Some(day(50).to_string());
    assert_eq!(access(&book, 0, 49), (true, until.clone(), "active".into()));
    assert_eq!(
        access(&book, 0, 50),
        (false, until.clone(), "lapsed".into())
    );
    book.settle(day(50));
    assert_eq!(
        book.stands(0),
        stood("expired", [Some(32), Some(50), Some(50)])
    );
    // What was paid then adds to what was paid, and the date is forgotten.
    book.paid(51, "pay_2", 0);
    assert_eq!(book.stands(0), stood("active", [Some(79), None, None]));
    // An earlier one than what is paid ends it as well, also one that has passed.
    book.end_date(52, SUA[0], 60);
    assert_eq!(access(&book, 0, 59).1, Some(day(60).to_string()));
    book.settle(day(60));
    assert_eq!(book.stands(0).0, "expired");
    // It can be put off again.
    book.end_date(61, SUA[0], 90);
    assert_eq!(book.stands(0), stood("active", [Some(79), Some(90), None]));
}

#[test]
fn an_end_date_puts_off_the_end_of_a_trial_that_must_be_paid() {
    let mut book = Book::new();
    book.customer(Some(day(15)), true);
    book.end_date(2, SUA[0], 20);
    assert_eq!(book.stands(0), stood("trialing", [None, Some(20), None]));
    let due = book.state.due(day(20), 9);
    assert!(
        matches!(due.as_slice(), [OwnFact::TrialEnded(_)]),
        "{due:?}"
    );
    assert_eq!(access(&book, 0, 19).1, Some(day(20).to_string()));
    book.settle(day(20));
    assert_eq!(book.stands(0), stood("expired", [None, Some(20), Some(20)]));
    assert_eq!(book.subscription(SUA[0])["reason"], "trial_ended");
    let until = Some(day(20).to_string());
    assert_eq!(access(&book, 0, 19), (false, until, "expired".into()));
    // Also after it was over.
    book.end_date(21, SUA[0], 30);
    assert_eq!(book.stands(0).0, "trialing");
    book.opened(22, 0, 0, &[]);
    book.paid(23, "pay_1", 0);
    assert_eq!(book.stands(0), stood("active", [Some(54), None, None]));

    // One that is free after its trial ends then.
    let mut free = Book::new();
    free.customer(Some(day(15)), false);
    free.end_date(2, SUA[0], 20);
    free.settle(day(19));
    assert_eq!(free.stands(0), stood("active", [None, Some(20), None]));
    free.settle(day(20));
    assert_eq!(free.stands(0), stood("expired", [None, Some(20), Some(20)]));
    assert_eq!(access(&free, 0, 25).1, Some(day(20).to_string()));
}

#[test]
fn a_cancel_after_an_end_date_ends_with_the_least_of_both() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.end_date(2, SUA[0], 20);
    book.cancelled(3, SUA[0], CancelWhen::EndOfCycle, 32);
    assert_eq!(book.stands(0), stood("active", [Some(32), Some(20), None]));
    book.settle(day(40));
    assert_eq!(
        book.stands(0),
        stood("expired", [Some(32), Some(20), Some(20)])
    );
}

#[test]
fn of_two_that_take_each_others_place_the_one_paid_last_stands() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[1]);
    book.opened(1, 1, 1, &[0]);
    book.paid(2, "pay_1", 0);
    book.paid(3, "pay_2", 1);
    assert_eq!(
        (book.stands(0).0, book.stands(1).0),
        ("superseded".into(), "active".into())
    );
    book.paid(4, "pay_3", 0);
    assert_eq!(
        (book.stands(0).0, book.stands(1).0),
        ("active".into(), "superseded".into())
    );
    assert_eq!(book.stands(1).1[2], written(4));
    book.paid(4, "pay_4", 1);
    let live = book.state.live_subscriptions(ANN);
    assert_eq!(
        live.len(),
        1,
        "paid in one moment, and still one of them stands"
    );
}

#[test]
fn nothing_is_superseded_before_it_began() {
    let mut book = Book::new();
    book.opened(1, 0, 1, &[0]);
    book.paid(1, "pay_1", 0);
    // Begun after the payment that takes its place.
    book.customer(None, false);
    assert_eq!(book.stands(0), stood("superseded", [None, None, Some(1)]));
    let mut book = Book::new();
    book.opened(9, 1, 1, &[0]);
    book.attempted(9, 1, 1);
    book.opened(5, 0, 0, &[]);
    book.paid(5, "pay_1", 0);
    // By its own time it is older than what it takes the place of.
    book.paid(4, "pay_2", 1);
    assert_eq!(
        book.stands(0),
        stood("superseded", [Some(36), None, Some(5)])
    );
}

#[test]
fn an_attempt_says_which_subscription_is_paid_for() {
    let mut book = Book::new();
    book.customer(None, false);
    book.opened(2, 0, 1, &[0]);
    let plan = |now| book_pending(&book, now);
    assert_eq!(plan(3).as_deref(), Some(SUA[1]));
    assert_eq!(plan(9), None, "its time is over");
    book.attempted_for(3, 0, 1, Some((2, &[1])));
    assert_eq!(book_pending(&book, 3).as_deref(), Some(SUA[2]));
    book.paid(4, "pay_1", 0);
    assert!(book.subscription(SUA[1]).is_null());
    assert_eq!(book.stands(2).0, "active");
    assert_eq!(book.stands(0).0, "active", "it is not superseded any more");
    assert_eq!(book_pending(&book, 4), None, "it is paid");
    let customer = book.subscription(SUA[2])["customer"].clone();
    assert_eq!(customer["customer_identifier"], ANN);
    // The newest attempt counts, whichever comes last: here nothing is said to have changed.
    book.attempted(3, 0, 2);
    assert_eq!(
        (book.stands(0).0, book.stands(1).0),
        ("superseded".into(), "active".into())
    );
    assert!(book.subscription(SUA[2]).is_null());
}

fn book_pending(book: &Book, now: u32) -> Option<Box<str>> {
    book.state.pending_subscription(ANN, "PLV-2", day(now))
}
