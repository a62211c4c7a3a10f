//! What was paid within one second stands in the order in which it was tried, whatever ids a gateway
//! gives and whichever webhook comes first. Knows no list of another kind.

use super::book::*;
use super::money::page;
use super::*;
use crate::domain::catalog::Period;
use crate::domain::own::*;
use crate::domain::state::{
    Numbered, OrdersAsked, PaymentMethodsAsked, RefundsAsked, TransactionKind, TransactionsAsked,
};

const WHOLE: Numbered = Numbered { page: 1, size: 100 };

/// A month, for which the first that buys it pays after a week that is not paid for.
fn item(trial_days: u32) -> Item {
    Item::Plan {
        quantities: Vec::new(),
        trial_days,
        keeps_quantities: false,
        plan_id: "PLV-1".into(),
        name: "Sold".into(),
        period: Period::Monthly,
        gateway_plan: None,
        subscription_id: SUA[0].into(),
        supersedes: Vec::new(),
    }
}

fn refund_of(payment: &str) -> Fact {
    Fact::Refund(RefundFact {
        provider: RAZORPAY,
        id: format!("rfnd_{payment}").into(),
        payment_id: payment.into(),
        status: Some(RefundStatus::Processed),
        amount: money(),
        created_at: Some(day(1)),
        said: None,
    })
}

/// Two checkouts that were tried one after the other, and paid in one second; both paid back in it.
fn paid_at_once(ids: [&str; 2], tried: [i64; 2], is_second_heard_first: bool) -> Book {
    let mut book = Book::new();
    for (number, trial_days) in [(0, 7), (1, 0)] {
        book.opened_for(1, number, item(trial_days), GATEWAY_SANDBOX);
    }
    for (number, millis) in tried.into_iter().enumerate() {
        let attempt = CheckoutAttempted {
            id: TRN[number].into(),
            attempt: 1,
            pretend: Some(Pretend::Paid),
            pays: None,
        };
        let at = day(1).plus_millis(millis);
        book.own(at, OwnFact::CheckoutAttempted(attempt));
    }
    let heard = if is_second_heard_first {
        [1, 0]
    } else {
        [0, 1]
    };
    for number in heard {
        let last4 = Part::Text(format!("000{number}").into());
        let paid = PaymentFact {
            method: Some("card".into()),
            instrument: Some(Instrument::of([("last4".into(), last4)])),
            ..payment_of(1, ids[number], TRN[number], PaymentStatus::Captured)
        };
        book.provider(day(1), vec![Fact::Payment(Box::new(paid))]);
    }
    for number in heard {
        book.provider(day(1), vec![refund_of(ids[number])]);
    }
    book
}

proptest! {
    #[test]
    fn what_was_paid_within_a_second_stands_as_it_was_tried(
        ids in prop::collection::btree_set("pay_[a-z0-9]{2}", 2),
        is_greater_first in any::<bool>(),
        first in 0_i64..500,
        gap in 0_i64..500,
        is_second_heard_first in any::<bool>(),
    ) {
        let mut ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
        if is_greater_first {
            ids.reverse();
        }
        let ids = [ids[0], ids[1]];
        let book = paid_at_once(ids, [first, first + gap], is_second_heard_first);
        let state = &book.state;

        // A week that is tried, and two months.
        let (status, times) = book.stands(0);
        prop_assert_eq!(status, "trialing");
        prop_assert_eq!(&times[0], &written(67));

        let orders = page(state, &OrdersAsked::default(), WHOLE).unwrap();
        let orders: Vec<_> = orders
            .iter()
            .map(|it| (&*it.payment.id, it.is_renewal, it.is_trial()))
            .collect();
        prop_assert_eq!(orders, [(ids[1], true, false), (ids[0], false, true)]);

        let moved = page(state, &TransactionsAsked::default(), WHOLE).unwrap();
        let moved: Vec<_> = moved.iter().map(|it| (&*it.order.payment.id, it.kind)).collect();
        let (charge, refund) = (TransactionKind::Charge, TransactionKind::Refund);
        let newest_first = [(ids[1], refund), (ids[1], charge), (ids[0], refund), (ids[0], charge)];
        prop_assert_eq!(moved, newest_first);

        let refunds = page(state, &RefundsAsked::default(), WHOLE).unwrap();
        let refunds: Vec<_> = refunds.iter().map(|it| &*it.order.payment.id).collect();
        prop_assert_eq!(refunds, [ids[1], ids[0]]);

        let methods = page(state, &PaymentMethodsAsked::default(), WHOLE).unwrap();
        let mut used_last = methods.iter().filter(|it| it.is_default);
        prop_assert_eq!(used_last.next().unwrap().instrument.text("last4"), Some("0001"));

        let happened = state.order_happenings(ids[0], WHOLE).unwrap().unwrap();
        let orders: Vec<_> = happened.items.iter().map(|it| &*it.order).collect();
        prop_assert_eq!(orders, [ids[1], ids[1], ids[1], ids[0], ids[0], ids[0]]);
    }
}

/// One checkout, tried twice: what was paid first paid it.
#[test]
fn of_two_payments_of_one_checkout_that_of_the_first_attempt_paid_it() {
    for ids in [["pay_a", "pay_b"], ["pay_b", "pay_a"]] {
        let mut book = Book::new();
        book.opened_for(1, 0, item(0), GATEWAY_SANDBOX);
        for (attempt, id) in (1..).zip(ids) {
            let at = day(1).plus_millis(100 * i64::from(attempt));
            let fact = CheckoutAttempted {
                id: TRN[0].into(),
                attempt,
                pretend: Some(Pretend::Paid),
                pays: None,
            };
            book.own(at, OwnFact::CheckoutAttempted(fact));
            let mut paid = payment_of(1, id, TRN[0], PaymentStatus::Captured);
            let note = ("checkout_attempt".into(), attempt.to_string().into());
            paid.naming.notes.push(note);
            book.provider(day(1), vec![Fact::Payment(Box::new(paid))]);
        }
        let view = book.state.checkout(TRN[0]).unwrap();
        assert_eq!(view.payment_id.as_deref(), Some(ids[0]));
    }
}
