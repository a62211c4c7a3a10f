//! What a gateway is asked that would not stop, or did not answer, when it was asked before.

use super::book::*;
use super::charged::{charge_as, sold_by_razorpay};
use super::*;
use crate::domain::checkout::GatewayWork;
use crate::domain::own::*;

const SUB: &str = "sub_1";

fn charged(book: &mut Book, at: u32, payment: &str, through: u32) {
    charge_as(SUB, book, at, Status::Active, Some((payment, through)));
}

fn answered(book: &mut Book, at: u32, when: CancelWhen, refused: Option<&str>) {
    let fact = CancelledAtGateway {
        subscription_id: SUA[0].into(),
        reference: SUB.into(),
        when,
        refused: refused.map(Into::into),
    };
    book.own(day(at), OwnFact::CancelledAtGateway(fact));
}

fn asked(book: &Book) -> Vec<CancelWhen> {
    let work = book.state.gateway_work().into_iter();
    let asked = work.map(|work| match work {
        GatewayWork::Cancel { when, .. } => when,
        GatewayWork::Open { .. } => panic!("{work:?}"),
    });
    asked.collect()
}

#[test]
fn what_would_not_end_with_its_cycle_is_stopped_at_once_at_its_end() {
    let mut book = sold_by_razorpay();
    charged(&mut book, 2, "pay_1", 32);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    answered(&mut book, 6, CancelWhen::EndOfCycle, Some("no"));
    assert_eq!(asked(&book), []);
    book.settle(day(32));
    assert_eq!(asked(&book), [CancelWhen::Immediate]);
    answered(&mut book, 32, CancelWhen::Immediate, None);
    assert_eq!(asked(&book), []);
    // The same where nobody answered before the end.
    let mut book = sold_by_razorpay();
    charged(&mut book, 2, "pay_1", 32);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    book.settle(day(32));
    assert_eq!(asked(&book), [CancelWhen::Immediate]);
    answered(&mut book, 33, CancelWhen::Immediate, Some("no"));
    assert_eq!(asked(&book), []);
}

/// Else nobody could have it tried again.
#[test]
fn a_refusal_is_known_to_who_decides_until_something_newer_is_decided() {
    let is_refused = |book: &Book| book.state.standing_of(SUA[0]).unwrap().is_stop_refused;
    let mut book = sold_by_razorpay();
    charged(&mut book, 2, "pay_1", 32);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    assert!(!is_refused(&book), "nobody answered");
    answered(&mut book, 6, CancelWhen::EndOfCycle, Some("no"));
    assert!(is_refused(&book));
    book.cancelled(7, SUA[0], CancelWhen::EndOfCycle, 32);
    assert!(!is_refused(&book));
    assert_eq!(asked(&book), [CancelWhen::EndOfCycle]);
    answered(&mut book, 8, CancelWhen::EndOfCycle, None);
    assert_eq!((is_refused(&book), asked(&book)), (false, vec![]));
    // What is over takes the same cancel once more, and ended when it did.
    book.cancelled(9, SUA[0], CancelWhen::Immediate, 9);
    answered(&mut book, 9, CancelWhen::Immediate, Some("no"));
    assert!(is_refused(&book));
    book.cancelled(10, SUA[0], CancelWhen::Immediate, 9);
    assert_eq!(
        (is_refused(&book), asked(&book)),
        (false, vec![CancelWhen::Immediate])
    );
    assert_eq!(book.stands(0).1[2], written(9));
    // The gateway's own end is an answer.
    answered(&mut book, 10, CancelWhen::Immediate, Some("no"));
    assert!(is_refused(&book));
    charge_as(SUB, &mut book, 11, Status::Canceled, None);
    assert!(!is_refused(&book));
}
