//! Lists of money over random lives: what they show is a function of what was heard, each thing in
//! them stands on one page, and each refund is found by its number.

use super::*;
use crate::domain::id::Tsid;
use crate::domain::state::{
    MoneyListing, Numbered, OrdersAsked, PaymentMethodsAsked, RefundsAsked, TransactionsAsked,
};

const AS_OF: AsOf = AsOf {
    now: Timestamp::EPOCH,
    grace_days: 3,
};

fn page<L: MoneyListing>(state: &State, list: &L, asked: Numbered) -> Option<Vec<L::Record>> {
    let mut page = state.begin_money(list, asked);
    while state.gather_money(list, &mut page) {}
    let page = state.money_page(list, page, AS_OF)?;
    assert!(page.items.len() <= asked.size && page.items.len() <= page.count);
    Some(page.items)
}

/// The whole list, by pages of two and by one of all, which must be the same.
fn listed<L: MoneyListing>(
    state: &State,
    list: &L,
    line: impl Fn(&L::Record) -> String,
) -> Vec<String> {
    let whole = Numbered {
        page: 1,
        size: 1_000,
    };
    let whole = page(state, list, whole).unwrap();
    let whole: Vec<String> = whole.iter().map(&line).collect();
    let pages = (1..).map_while(|number| {
        let asked = Numbered {
            page: number,
            size: 2,
        };
        page(state, list, asked)
    });
    let parts: Vec<String> = pages.flatten().map(|record| line(&record)).collect();
    assert_eq!(parts, whole);
    whole
}

/// All that the lists show, less what follows arrival by design.
pub(super) fn money(state: &State) -> Vec<String> {
    let mut lines = listed(state, &OrdersAsked::default(), |order| {
        let subscription = order.subscription.as_ref().map(|held| &held.view.id);
        format!(
            "{} {:?} {:?} {} {} {subscription:?}",
            order.payment.id, order.sold, order.billing, order.is_renewal, order.customer_key
        )
    });
    lines.extend(listed(state, &RefundsAsked::default(), |refund| {
        let found = state.refund(refund.id, AS_OF).unwrap();
        assert_eq!(found.id, refund.id);
        format!("{:?} {}", refund.refund, refund.order.payment.id)
    }));
    lines.extend(listed(state, &TransactionsAsked::default(), |moved| {
        format!(
            "{:?} {:?} {:?} {}",
            moved.id, moved.kind, moved.amount, moved.at
        )
    }));
    lines.extend(listed(state, &PaymentMethodsAsked::default(), |method| {
        format!(
            "{} {} {:?} {} {} {}",
            method.id,
            method.customer_key,
            method.instrument,
            method.is_default,
            method.created_at,
            method.modified_at
        )
    }));
    for number in 0..2 {
        let found = state.refund(Tsid::minted(RAZORPAY, &format!("rfnd_{number}")), AS_OF);
        lines.push(format!("{:?}", found.map(|refund| refund.order.payment.id)));
    }
    for number in 0..4 {
        let asked = Numbered { page: 1, size: 100 };
        let happened = state.order_happenings(&format!("pay_{number}"), asked);
        lines.push(format!("{happened:?}"));
    }
    lines
}

/// One of a customer's two methods at most is the default where none is kept.
#[test]
fn the_method_used_last_is_the_default() {
    let mut book = book::Book::new();
    book.customer(None, false);
    let paid = |at, id: &str, last4: &str| PaymentFact {
        method: Some("card".into()),
        instrument: Some(Instrument::of([("last4".into(), Part::Text(last4.into()))])),
        naming: Naming {
            identifier: Some(book::ANN.into()),
            ..Naming::default()
        },
        ..book::payment_of(at, id, book::TRN[0], PaymentStatus::Captured)
    };
    for (at, id, last4) in [
        (2, "pay_1", "1111"),
        (3, "pay_2", "2222"),
        (4, "pay_3", "1111"),
    ] {
        book.provider(
            book::day(at),
            vec![Fact::Payment(Box::new(paid(at, id, last4)))],
        );
    }
    let state = &book.state;
    let whole = Numbered { page: 1, size: 10 };
    let methods = page(state, &PaymentMethodsAsked::default(), whole).unwrap();
    let shown: Vec<_> = methods
        .iter()
        .map(|it| (it.instrument.text("last4").unwrap(), it.is_default))
        .collect();
    assert_eq!(shown, [("2222", false), ("1111", true)]);
    assert_eq!(methods[1].created_at, book::day(2));
    assert_eq!(methods[1].modified_at, book::day(4));
}
