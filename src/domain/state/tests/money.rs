//! Lists of money over random lives: what they show is a function of what was heard, each thing in
//! them stands on one page, and each refund is found by its number.

use super::*;
use crate::domain::id::Tsid;
use crate::domain::standing::word_of;
use crate::domain::state::arena::Ix;
use crate::domain::state::{
    CheckoutsSearched, MoneyListing, MoneySearched, Numbered, OrderRecord, OrdersAsked,
    PaymentMethodsAsked, RefundsAsked, TransactionsAsked,
};

const AS_OF: AsOf = AsOf {
    now: Timestamp::EPOCH,
    grace_days: 3,
};

pub(super) fn page<L: MoneyListing>(
    state: &State,
    list: &L,
    asked: Numbered,
) -> Option<Vec<L::Record>> {
    let mut page = state.begin_money(list, asked);
    while state.gather_money(list, &mut page) {}
    let page = state.money_page(list, page, AS_OF)?;
    // What is counted is shown: nothing changes meanwhile.
    let before = (asked.page - 1) * asked.size;
    assert_eq!(page.items.len(), (page.count - before).min(asked.size));
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

fn orders(state: &State, asked: &OrdersAsked) -> Vec<OrderRecord> {
    let whole = Numbered {
        page: 1,
        size: 1_000,
    };
    page(state, asked, whole).unwrap()
}

/// Said of each pair of payments: whether the one pays again what the other paid before.
fn is_paid_before(state: &State, own: &OrderRecord, other: &OrderRecord) -> bool {
    let found = |order: &OrderRecord| -> Ix {
        let id = &order.payment.id;
        state.arena.find(Kind::Payment, RAZORPAY, id).unwrap()
    };
    let (own_ix, other_ix) = (found(own), found(other));
    let word = |ix: Ix, at| word_of(at, state.asked_for(ix), &state.arena.get(ix).name);
    let paid = state.subscription_paid(own_ix);
    let own_at = own.sold.paid_at.unwrap_or(own.payment.created_at);
    paid.is_some()
        && state.subscription_paid(other_ix) == paid
        && own.customer_key == other.customer_key
        && (other.sold.paid_at).is_some_and(|at| word(other_ix, at) < word(own_ix, own_at))
}

/// A filter finds what an order says of itself, and that is what all orders together say.
fn filters_agree(state: &State) {
    let all = orders(state, &OrdersAsked::default());
    let ids = |wanted: &dyn Fn(&OrderRecord) -> bool| -> Vec<Box<str>> {
        let found = all.iter().filter(|order| wanted(order));
        found.map(|order| order.payment.id.clone()).collect()
    };
    let found = |asked: &OrdersAsked| -> Vec<Box<str>> {
        let found = orders(state, asked).into_iter();
        found.map(|order| order.payment.id).collect()
    };
    for order in &all {
        let before = all.iter().any(|other| is_paid_before(state, order, other));
        let wanted = order.sold.is_renewal.unwrap_or(before);
        assert_eq!(order.is_renewal, wanted, "{}", order.payment.id);
    }
    for wanted in [true, false] {
        let asked = OrdersAsked {
            is_renewal: Some(wanted),
            ..OrdersAsked::default()
        };
        assert_eq!(found(&asked), ids(&|order| order.is_renewal == wanted));
    }
    for wanted in [Billing::OneTime, Billing::Subscription] {
        let asked = OrdersAsked {
            billing: Some(wanted),
            ..OrdersAsked::default()
        };
        assert_eq!(found(&asked), ids(&|order| order.billing == wanted));
    }
    for text in ["PAY_1", "Ann"] {
        let asked = OrdersAsked {
            searched: MoneySearched::of(Some(text), None, None),
            ..OrdersAsked::default()
        };
        let needle = text.to_lowercase();
        let is_found = |order: &OrderRecord| {
            let root = state.find_customer(&order.customer_key).unwrap();
            order.payment.id.contains(&needle)
                || state.matches(root, state.arena.get(root), &needle)
        };
        assert_eq!(found(&asked), ids(&is_found), "{text}");
    }
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
    filters_agree(state);
    let checkouts = listed(state, &CheckoutsSearched::default(), |it| {
        it.view.opened.id.to_string()
    });
    lines.extend(checkouts);
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

/// Without it a reader of the list gets nothing where it counts on a number.
#[test]
fn a_refund_is_shown_once_something_tells_how_much_it_is() {
    let mut book = book::Book::new();
    book.customer(None, false);
    book.opened(1, 0, 0, &[]);
    book.paid(2, "pay_1", 0);
    let mut told = RefundFact {
        provider: RAZORPAY,
        id: "rfnd_1".into(),
        payment_id: "pay_1".into(),
        status: Some(RefundStatus::Pending),
        amount: None,
        created_at: Some(book::day(3)),
        said: None,
    };
    let number = Tsid::minted(RAZORPAY, "rfnd_1");
    let shown = |state: &State| {
        let listed = listed(state, &RefundsAsked::default(), |it| {
            format!("{:?}", it.amount)
        });
        (listed.len(), state.refund(number, AS_OF).is_some())
    };
    book.provider(book::day(3), vec![Fact::Refund(told.clone())]);
    assert_eq!(shown(&book.state), (0, false));
    let payment = book.state.payment("pay_1").unwrap();
    assert_eq!(payment.refunds.len(), 1);
    told.amount = lives::money();
    book.provider(book::day(4), vec![Fact::Refund(told)]);
    assert_eq!(shown(&book.state), (1, true));
}

/// The same rule as where a customer is looked for by it: not that of English letters alone.
#[test]
fn an_address_is_the_same_in_any_case_and_any_script() {
    let mut book = book::Book::new();
    book.customer(None, false);
    let paid = PaymentFact {
        method: Some("card".into()),
        naming: Naming {
            identifier: Some("zoë".into()),
            ..Naming::default()
        },
        contact: Contact {
            email: Some("ZOË@Example.com".into()),
            ..Contact::default()
        },
        ..book::payment_of(2, "pay_1", book::TRN[0], PaymentStatus::Captured)
    };
    book.provider(book::day(2), vec![Fact::Payment(Box::new(paid))]);
    let whole = Numbered { page: 1, size: 10 };
    for (email, wanted) in [
        ("ZOË@EXAMPLE.COM", 1),
        ("zoë@example.com", 1),
        ("zoe@example.com", 0),
    ] {
        let asked = PaymentMethodsAsked::of(None, Some(email));
        let found = page(&book.state, &asked, whole).unwrap();
        assert_eq!(found.len(), wanted, "{email}");
    }
}

/// No command and no provider that is known says so, but nothing keeps one from it.
#[test]
fn what_is_no_order_yet_makes_no_renewal_of_another() {
    let mut book = book::Book::new();
    book.customer(None, false);
    let told = |at, id: &str, status| PaymentFact {
        subscription_id: Some("sub_1".into()),
        naming: Naming {
            identifier: Some(book::ANN.into()),
            ..Naming::default()
        },
        sale: Some(Sale {
            paid_at: Some(book::day(at)),
            ..Sale::default()
        }),
        ..book::payment_of(at, id, book::TRN[0], status)
    };
    for (at, id, status) in [
        (2, "pay_1", PaymentStatus::Authorized),
        (3, "pay_2", PaymentStatus::Captured),
    ] {
        let fact = Fact::Payment(Box::new(told(at, id, status)));
        book.provider(book::day(at), vec![fact]);
    }
    let all = orders(&book.state, &OrdersAsked::default());
    let shown: Vec<_> = all
        .iter()
        .map(|it| (&*it.payment.id, it.is_renewal))
        .collect();
    assert_eq!(shown, [("pay_2", false)]);
}
