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

/// What is told of a subscription that is charged and cancelled with its cycle.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The charge for one more period after so many.
    Charged(u32),
    /// Cancelled, when so many periods more than the first were known to be paid.
    Cancelled(u32),
    /// The end of so many periods more than the first has passed.
    Ended(u32),
}

/// When so many periods more than the first are over.
const fn end(periods: u32) -> u32 {
    32 + 30 * periods
}

fn tell(book: &mut Book, step: Step) {
    match step {
        Step::Charged(number) => charged(
            book,
            end(number) - 28,
            &format!("pay_{number}"),
            end(number),
        ),
        Step::Cancelled(known) => {
            // That period is over, and the charge for the next is late.
            book.cancelled(end(known) + 1, SUA[0], CancelWhen::EndOfCycle, end(known));
        }
        Step::Ended(passed) => ended(book, end(passed)),
    }
}

/// Charges, one cancel after any of them, and what the scheduler may have told before it knew of
/// all charges, in any order; and how many charges there are.
fn told() -> impl Strategy<Value = (Vec<Step>, u32)> {
    let lengths = (1_u32..4).prop_flat_map(|charges| (Just(charges), 0..charges));
    lengths.prop_flat_map(|(charges, known)| {
        let mut steps: Vec<Step> = (0..charges).map(Step::Charged).collect();
        steps.push(Step::Cancelled(known));
        steps.extend((0..charges - 1).map(Step::Ended));
        (Just(steps).prop_shuffle(), Just(charges))
    })
}

proptest! {
    /// Who is charged has what is charged for, whenever the charges and the cancel are heard of.
    #[test]
    fn a_cycle_ends_with_what_was_charged_for_in_every_order((steps, charges) in told()) {
        let mut book = sold_by_razorpay();
        for step in steps {
            tell(&mut book, step);
        }
        let last = end(charges - 1);
        let ends = written(last);
        prop_assert_eq!(book.stands(0), ("active".into(), [ends.clone(), ends.clone(), None]));
        prop_assert_eq!(granted_until(&book, last - 1), ends);
        prop_assert_eq!(book.state.next_due(), Some(day(last)));
        let standing = book.state.standing_of(SUA[0]).unwrap();
        prop_assert_eq!((standing.cancel_at, standing.ends_at), (Some(day(last)), Some(day(last))));
        let as_of = AsOf { now: day(last - 1), grace_days: 3 };
        let record = book.state.subscription_record(SUA[0], as_of).unwrap();
        prop_assert_eq!(record.cancel.unwrap().ends_at, day(last));
        book.settle(day(last));
        prop_assert_eq!(book.stands(0).0, "canceled");
        prop_assert_eq!(granted_until(&book, last), None);
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

/// A payment before the cancel that is heard of late counts as well; one after it would undo it.
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
