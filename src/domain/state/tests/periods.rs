//! Which period is shown of a subscription at a moment: the one that runs then, and of one that is
//! over the last that ran.

use super::book::*;
use super::had::{begun, changed, created, record};
use super::*;
use crate::domain::own::*;

/// What both surfaces show then.
#[track_caller]
fn shows(book: &Book, sold: usize, now: u32, from: u32, until: u32) {
    let record = record(book, sold, now);
    let wanted = (Some(day(from)), Some(day(until)));
    assert_eq!(record.running_period, wanted, "on day {now}");
    let shown = record.view.current_period;
    assert_eq!((shown.start, shown.end), wanted, "on day {now}");
}

/// The same where nothing was paid: the one surface counts the period, the other knows of none.
#[track_caller]
fn counts(book: &Book, sold: usize, now: u32, from: u32, until: u32) {
    let record = record(book, sold, now);
    let wanted = (Some(day(from)), Some(day(until)));
    assert_eq!(record.running_period, wanted, "on day {now}");
    assert_eq!(record.view.current_period.start, None, "on day {now}");
}

/// A month of a plan, after so many days of trial.
fn tried(book: &mut Book, trial_days: u32) {
    book.opened_for(1, 0, month_tried(trial_days), "razorpay");
    book.paid(1, "pay_1", 0);
}

#[test]
fn of_several_that_are_paid_ahead_the_one_that_runs_is_shown() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.paid(2, "pay_2", 0);
    assert_eq!(book.stands(0).1[0], written(60));
    for (now, (from, until)) in [
        (1, (1, 32)),
        (31, (1, 32)),
        (32, (32, 60)),
        (59, (32, 60)),
        (62, (32, 60)),
    ] {
        shows(&book, 0, now, from, until);
    }
    // It ended in the first: the second never ran.
    book.cancelled(20, SUA[0], CancelWhen::Immediate, 20);
    shows(&book, 0, 40, 1, 32);
}

#[test]
fn what_was_paid_before_a_change_and_after_it_runs_one_after_the_other() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(32));
    book.opened(11, 1, 1, &[]);
    book.paid(11, "pay_2", 1);
    shows(&book, 1, 12, 10, 32);
    shows(&book, 1, 32, 32, 60);
    shows(&book, 0, 12, 1, 32);
}

#[test]
fn of_one_that_ended_with_its_period_that_one_is_shown() {
    let mut book = Book::new();
    created(&mut book, 1, begun(0));
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    counts(&book, 0, 31, 1, 32);
    book.settle(day(32));
    assert_eq!(book.stands(0).0, "canceled");
    counts(&book, 0, 32, 1, 32);
    counts(&book, 0, 90, 1, 32);
}

#[test]
fn of_one_that_ended_with_its_trial_that_is_shown() {
    let mut must_be_paid = begun(0);
    must_be_paid.begun.trial_ends_at = Some(day(15));
    must_be_paid.begun.is_paid_plan = true;
    let mut book = Book::new();
    created(&mut book, 1, must_be_paid.clone());
    shows(&book, 0, 2, 1, 15);
    book.settle(day(15));
    assert_eq!(book.stands(0).0, "expired");
    shows(&book, 0, 20, 1, 15);
    // In its trial, and before anything of it: at once.
    for (cancelled, ended) in [(5, 5), (1, 1)] {
        let mut book = Book::new();
        created(&mut book, 1, must_be_paid.clone());
        book.cancelled(cancelled, SUA[0], CancelWhen::Immediate, ended);
        shows(&book, 0, 20, 1, 15);
    }
}

#[test]
fn of_one_that_ended_in_the_trial_that_was_sold_with_it_the_trial_is_shown() {
    let mut book = Book::new();
    tried(&mut book, 14);
    shows(&book, 0, 2, 1, 15);
    let mut cancelled = Book::new();
    tried(&mut cancelled, 14);
    cancelled.cancelled(5, SUA[0], CancelWhen::Immediate, 5);
    shows(&cancelled, 0, 20, 1, 15);
    let mut turned = Book::new();
    tried(&mut turned, 14);
    changed(&mut turned, 10, 1, 0, Some(46));
    assert_eq!(turned.stands(0).0, "superseded");
    shows(&turned, 0, 20, 1, 15);
    // After it, the month that was paid.
    book.settle(day(15));
    shows(&book, 0, 15, 15, 46);
    book.settle(day(46));
    shows(&book, 0, 50, 15, 46);
}

/// It pays for the one that it was changed into.
#[test]
fn what_is_paid_for_after_the_end_never_ran() {
    let mut book = Book::new();
    let mut told = begun(0);
    told.begun.trial_ends_at = Some(day(15));
    created(&mut book, 1, told);
    book.opened(18, 0, 0, &[]);
    changed(&mut book, 20, 1, 0, None);
    book.paid(21, "pay_1", 0);
    assert_eq!(book.stands(0).0, "superseded");
    counts(&book, 0, 25, 15, 46);
    // Changed in its trial.
    let mut book = Book::new();
    let mut told = begun(0);
    told.begun.trial_ends_at = Some(day(15));
    created(&mut book, 1, told);
    book.opened(2, 0, 0, &[]);
    changed(&mut book, 5, 1, 0, None);
    book.paid(6, "pay_1", 0);
    shows(&book, 0, 25, 1, 15);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is paid when: of one in force, the day is in the period that is shown; of one that is
    /// over, the period began before its end.
    #[test]
    fn what_is_shown_holds_the_day(
        mut paid in prop::collection::vec(1_u32..120, 0..7),
        trial_days in prop_oneof![Just(0_u32), 1_u32..20],
        ended in prop::option::of(1_u32..150),
    ) {
        paid.sort_unstable();
        let mut paid = paid.into_iter().zip(2..).peekable();
        let mut book = Book::new();
        tried(&mut book, trial_days);
        for now in 1..150 {
            let is_paid_now = paid.peek().is_some_and(|(at, _)| *at == now);
            while let Some((at, number)) = paid.next_if(|(at, _)| *at == now) {
                book.paid(at, &format!("pay_{number}"), 0);
            }
            let is_over = book.state.standing_of(SUA[0]).is_none_or(|held| held.ended);
            if ended == Some(now) && !is_over && !is_paid_now {
                book.cancelled(now, SUA[0], CancelWhen::Immediate, now);
            }
            book.settle(day(now));
            let record = record(&book, 0, now);
            let (from, until) = record.running_period;
            let (from, until) = (from.unwrap(), until.unwrap());
            match record.view.ended_at {
                None => prop_assert!(from <= day(now) && day(now) < until, "{from} {until}"),
                Some(end) if end == day(1) => {}
                Some(end) => prop_assert!(from < end && end <= until, "{from} {end} {until}"),
            }
            let shown = record.view.current_period;
            prop_assert_eq!((shown.start, shown.end), record.running_period);
        }
    }
}
