//! A cancel with the cycle, against what is charged and paid for, in whatever order both are heard
//! of.

use super::book::*;
use super::charged::{charge_as, sold_by_razorpay};
use super::*;
use crate::domain::own::*;

const SUB: &str = "sub_1";

fn charged(book: &mut Book, at: u32, payment: &str, through: u32) {
    charge_as(SUB, book, at, Status::Active, Some((payment, through)));
}

fn ended(book: &mut Book, due: u32) {
    let fact = SubscriptionDue {
        subscription_id: SUA[0].into(),
        due: day(due),
    };
    book.own(day(due), OwnFact::SubscriptionEnded(fact));
}

fn granted_until(book: &Book, now: u32) -> Option<String> {
    let as_of = AsOf {
        now: day(now),
        grace_days: 3,
    };
    let view = book.state.subscription(SUA[0], Some(as_of)).unwrap();
    let access = view.access.unwrap();
    access
        .until
        .filter(|_| access.granted)
        .map(|until| until.to_string())
}

/// A cancel on the 33rd day with a cycle that was known to end on the 32nd.
const STEPS: usize = 4;

fn tell(book: &mut Book, step: usize) {
    match step {
        0 => charged(book, 2, "pay_1", 32),
        1 => book.cancelled(33, SUA[0], CancelWhen::EndOfCycle, 32),
        2 => ended(book, 32),
        _ => charged(book, 34, "pay_2", 62),
    }
}

proptest! {
    /// Who is charged has what is charged for, whenever the charge and the cancel are heard of.
    #[test]
    fn a_cycle_ends_with_what_was_charged_for_in_every_order(
        order in Just((0..STEPS).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let mut book = sold_by_razorpay();
        for step in order {
            tell(&mut book, step);
        }
        let ends = written(62);
        prop_assert_eq!(book.stands(0), ("active".into(), [ends.clone(), ends.clone(), None]));
        prop_assert_eq!(granted_until(&book, 50), ends);
        prop_assert_eq!(book.state.next_due(), Some(day(62)));
        let standing = book.state.standing_of(SUA[0]).unwrap();
        prop_assert_eq!((standing.cancel_at, standing.ends_at), (Some(day(62)), Some(day(62))));
        let as_of = AsOf { now: day(50), grace_days: 3 };
        let record = book.state.subscription_record(SUA[0], as_of).unwrap();
        prop_assert_eq!(record.cancel.unwrap().ends_at, day(62));
        book.settle(day(62));
        prop_assert_eq!(book.stands(0).0, "canceled");
    }
}

/// The control: an end that somebody chose is no cycle's, whatever is charged.
#[test]
fn what_is_charged_moves_no_date() {
    let mut book = sold_by_razorpay();
    charged(&mut book, 2, "pay_1", 32);
    book.cancelled(5, SUA[0], CancelWhen::OnDate, 40);
    charged(&mut book, 34, "pay_2", 62);
    assert_eq!(book.stands(0).1[1], written(40));
    book.settle(day(40));
    assert_eq!(book.stands(0).0, "canceled");
    let mut dated = sold_by_razorpay();
    charged(&mut dated, 2, "pay_1", 32);
    dated.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    dated.end_date(6, SUA[0], 20);
    charged(&mut dated, 34, "pay_2", 62);
    assert_eq!(dated.stands(0).1[1], written(20));
}

/// A payment before the cancel that comes late is for the cycle as well: after it, it would undo it.
#[test]
fn a_payment_before_the_cancel_moves_the_end_of_its_cycle() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.opened(1, 1, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    book.paid(4, "pay_2", 1);
    let ends = written(60);
    assert_eq!(
        book.stands(0),
        ("active".into(), [ends.clone(), ends, None])
    );
    book.settle(day(60));
    assert_eq!(book.stands(0).0, "canceled");
}
