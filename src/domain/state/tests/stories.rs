//! What is sold here, rule by rule: each story is told to a ledger fact by fact, and what is due is
//! told when it is.

use super::book::*;
use super::*;
use crate::domain::checkout::GatewayWork;
use crate::domain::own::*;

fn stood(status: &str, times: [Option<u32>; 3]) -> (String, [Option<String>; 3]) {
    (status.to_owned(), times.map(|at| at.and_then(written)))
}

#[test]
fn a_trial_ends_in_a_free_plan_or_in_nothing() {
    let mut free = Book::new();
    free.customer(Some(day(15)), false);
    assert_eq!(free.stands(0), stood("trialing", [None; 3]));
    assert_eq!(free.state.next_due(), Some(day(15)));
    // What was due by another end of the trial changes nothing.
    let early = SubscriptionDue {
        subscription_id: SUA[0].into(),
        due: day(9),
    };
    free.own(day(9), OwnFact::TrialEnded(early));
    assert_eq!(free.stands(0), stood("trialing", [None; 3]));
    free.settle(day(20));
    assert_eq!(free.stands(0), stood("active", [None; 3]));
    assert_eq!(free.state.next_due(), None);

    let mut sold = Book::new();
    sold.customer(Some(day(15)), true);
    sold.settle(day(20));
    assert_eq!(sold.stands(0), stood("expired", [None, None, Some(15)]));
    assert_eq!(sold.subscription(SUA[0])["reason"], "trial_ended");
    // Paid for after all.
    sold.opened(21, 0, 0, &[]);
    sold.paid(22, "pay_1", 0);
    assert_eq!(sold.stands(0), stood("active", [Some(53), None, None]));
    assert_eq!(sold.subscription(SUA[0])["reason"], serde_json::Value::Null);
}

#[test]
fn a_trial_that_is_paid_is_over_at_once() {
    let mut book = Book::new();
    book.customer(Some(day(15)), true);
    book.opened(2, 0, 0, &[]);
    book.paid(3, "pay_1", 0);
    assert_eq!(book.stands(0), stood("active", [Some(34), None, None]));
    let view = book.subscription(SUA[0]);
    assert_eq!(view["current_period"]["start"], day(3).to_string());
    assert_eq!(view["trial_used"], true);
    assert_eq!(book.state.next_due(), Some(day(34)));
}

#[test]
fn each_payment_adds_its_period_to_what_is_paid_or_begins_anew() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    assert!(book.subscription(SUA[0]).is_null(), "nothing is paid yet");
    book.paid(1, "pay_1", 0);
    // Two links of one checkout were both paid: both periods count.
    book.paid(3, "pay_2", 0);
    assert_eq!(book.stands(0), stood("active", [Some(60), None, None]));
    book.opened(20, 1, 0, &[]);
    book.paid(21, "pay_3", 1);
    assert_eq!(book.stands(0), stood("active", [Some(91), None, None]));
    book.settle(day(95));
    assert_eq!(book.stands(0), stood("expired", [Some(91), None, Some(91)]));
    // Later than that: there is a gap that nobody paid for.
    book.opened(99, 2, 0, &[]);
    book.paid(101, "pay_4", 2);
    assert_eq!(book.stands(0), stood("active", [Some(131), None, None]));
    assert_eq!(book.state.live_subscriptions(ANN).len(), 1);
}

#[test]
fn a_late_word_of_an_early_payment_undoes_the_end() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.settle(day(40));
    assert_eq!(book.stands(0).0, "expired");
    book.paid(30, "pay_2", 0);
    assert_eq!(book.stands(0), stood("active", [Some(60), None, None]));
}

#[test]
fn only_enough_of_the_right_money_that_was_captured_pays() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.attempted(1, 0, 1);
    let mut small = payment_of(2, "pay_1", TRN[0], PaymentStatus::Captured);
    small.amount.as_mut().unwrap().amount_minor -= 1;
    book.provider(day(2), vec![Fact::Payment(Box::new(small))]);
    let mut other = payment_of(2, "pay_2", TRN[0], PaymentStatus::Captured);
    other.amount.as_mut().unwrap().currency = Currency::parse("USD").unwrap();
    book.provider(day(2), vec![Fact::Payment(Box::new(other))]);
    book.payment(2, "pay_3", 0, PaymentStatus::Authorized);
    // A text that is no id of ours names no checkout.
    let strange = payment_of(2, "pay_4", "TRN-1", PaymentStatus::Captured);
    book.provider(day(2), vec![Fact::Payment(Box::new(strange))]);
    assert_eq!(book.checkout(0), CheckoutStatus::Processing);
    book.paid(2, "pay_3", 0);
    assert_eq!(book.checkout(0), CheckoutStatus::Paid);
    let view = book.state.checkout(TRN[0]).unwrap();
    assert_eq!(
        (view.paid_at, view.payment_id),
        (Some(day(2)), Some("pay_3".into()))
    );
    let payment = book.state.payment("pay_3").unwrap();
    assert_eq!(payment.subscription_id.as_deref(), Some(SUA[0]));
    assert_eq!(
        payment.customer.unwrap().customer_identifier.as_deref(),
        Some(ANN)
    );
}

#[test]
fn a_payment_is_found_by_its_orders_receipt() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    let mut payment = payment_of(2, "pay_1", TRN[0], PaymentStatus::Captured);
    payment.naming = Naming::default();
    payment.order_id = Some("order_1".into());
    book.provider(day(2), vec![Fact::Payment(Box::new(payment))]);
    assert_eq!(book.checkout(0), CheckoutStatus::Open);
    let order = OrderFact {
        provider: RAZORPAY,
        id: "order_1".into(),
        naming: Naming {
            reference: Some(TRN[0].into()),
            ..Naming::default()
        },
    };
    book.provider(day(3), vec![Fact::Order(order)]);
    assert_eq!(book.checkout(0), CheckoutStatus::Paid);
    assert_eq!(book.stands(0).0, "active");
}

#[test]
fn a_failed_payment_ends_the_attempt_that_it_was_made_in() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.attempted(1, 0, 1);
    book.payment(2, "pay_1", 0, PaymentStatus::Failed);
    assert_eq!(book.checkout(0), CheckoutStatus::Failed);
    book.attempted(3, 0, 2);
    assert_eq!(book.checkout(0), CheckoutStatus::Processing);
    // Of the first attempt, though it came after the second was made.
    let mut late = payment_of(4, "pay_2", TRN[0], PaymentStatus::Failed);
    late.naming
        .notes
        .push(("checkout_attempt".into(), "1".into()));
    book.provider(day(4), vec![Fact::Payment(Box::new(late))]);
    assert_eq!(book.checkout(0), CheckoutStatus::Processing);
    book.payment(5, "pay_3", 0, PaymentStatus::Failed);
    assert_eq!(book.checkout(0), CheckoutStatus::Failed);
    // It went through in the end.
    book.paid(5, "pay_3", 0);
    assert_eq!(book.checkout(0), CheckoutStatus::Paid);
}

#[test]
fn a_checkout_that_is_over_can_still_turn_out_to_be_paid() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.attempted(1, 0, 1);
    book.settle(day(7));
    assert_eq!(book.checkout(0), CheckoutStatus::Processing);
    book.settle(day(8));
    assert_eq!(book.checkout(0), CheckoutStatus::Expired);
    assert_eq!(book.state.gateway_work(), []);
    book.paid(7, "pay_1", 0);
    assert_eq!(book.checkout(0), CheckoutStatus::Paid);
    assert_eq!(book.stands(0).0, "active");
    book.opened(9, 1, 1, &[]);
    let off = CheckoutCancelled { id: TRN[1].into() };
    book.own(day(10), OwnFact::CheckoutCancelled(off));
    assert_eq!(book.checkout(1), CheckoutStatus::Cancelled);
    assert!(
        book.state.due(day(30), 9).is_empty(),
        "nothing is left to expire"
    );
}

#[test]
fn a_cancel_at_once_ends_it_and_grants_nothing() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.cancelled(5, SUA[0], CancelWhen::Immediate, 5);
    let canceled = stood("canceled", [Some(32), Some(5), Some(5)]);
    assert_eq!(book.stands(0), canceled);
    let access = &book.subscription(SUA[0])["access"];
    assert_eq!(access["until"], day(5).to_string());
    assert_eq!(access["granted"], false, "whatever the clock says");
    book.end_date(6, SUA[0], 90);
    book.cancelled(7, SUA[0], CancelWhen::Immediate, 7);
    assert_eq!(book.stands(0), canceled);
    assert_eq!(book.state.next_due(), None);
    assert!(book.state.standing_of(SUA[0]).unwrap().ended);
}

#[test]
fn a_cancel_with_the_cycle_ends_with_it() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    assert_eq!(book.stands(0), stood("active", [Some(32), Some(32), None]));
    assert_eq!(book.state.live_subscriptions(ANN), []);
    book.settle(day(32));
    assert_eq!(
        book.stands(0),
        stood("canceled", [Some(32), Some(32), Some(32)])
    );
    // In a trial, the end is one event and not two.
    let mut tried = Book::new();
    tried.customer(Some(day(15)), true);
    tried.cancelled(2, SUA[0], CancelWhen::EndOfCycle, 15);
    let due = tried.state.due(day(15), 9);
    assert!(
        matches!(due.as_slice(), [OwnFact::SubscriptionEnded(_)]),
        "{due:?}"
    );
    assert_eq!(tried.stands(0), stood("trialing", [None, Some(15), None]));
    tried.settle(day(15));
    assert_eq!(
        tried.stands(0),
        stood("canceled", [None, Some(15), Some(15)])
    );
}

#[test]
fn a_later_end_date_undoes_an_end() {
    let mut book = Book::new();
    book.customer(None, false);
    book.end_date(2, SUA[0], 10);
    assert_eq!(book.stands(0), stood("active", [None, Some(10), None]));
    book.settle(day(12));
    assert_eq!(book.stands(0), stood("expired", [None, Some(10), Some(10)]));
    book.end_date(13, SUA[0], 20);
    assert_eq!(book.stands(0), stood("active", [None, Some(20), None]));
    // The end that passed before is one that has passed.
    book.end_date(14, SUA[0], 10);
    assert_eq!(book.stands(0).0, "expired");
    book.end_date(15, SUA[0], 21);
    book.settle(day(30));
    assert_eq!(book.stands(0), stood("expired", [None, Some(21), Some(21)]));
}

#[test]
fn another_plan_takes_the_place_of_the_first_once_it_is_paid() {
    let mut book = Book::new();
    book.customer(None, false);
    book.opened(2, 0, 1, &[0]);
    assert_eq!(book.stands(0).0, "active");
    book.paid(3, "pay_1", 0);
    assert_eq!(book.stands(0), stood("superseded", [None, None, Some(3)]));
    assert_eq!(book.stands(1), stood("active", [Some(34), None, None]));
    let live = book.state.live_subscriptions(ANN);
    let ids: Vec<_> = live.iter().map(|standing| &*standing.id).collect();
    assert_eq!(ids, [SUA[1]]);
}

#[test]
fn an_addon_is_there_once_it_is_paid() {
    let mut book = Book::new();
    let item = Item::Addon {
        addon_id: "ADO-1".into(),
        version_id: "ADV-1".into(),
        name: "More".into(),
    };
    book.opened_for(1, 0, item, "sandbox");
    let addons = |book: &Book| book.state.customer(ANN, None).unwrap().addons;
    assert_eq!(addons(&book), []);
    book.paid(2, "pay_1", 0);
    let bought = serde_json::to_value(addons(&book)).unwrap();
    let expected = serde_json::json!([{
        "id": "ADO-1", "version_id": "ADV-1", "name": "More", "price": "499.00",
        "transaction_id": TRN[0], "status": "ACTIVE", "purchased_at": day(2).to_string(),
        "last_seq": 2,
    }]);
    assert_eq!(bought, expected);
}

fn work(book: &Book) -> Vec<GatewayWork> {
    book.state.gateway_work()
}

#[test]
fn a_gateway_is_asked_until_it_has_answered() {
    let open = |attempt| GatewayWork::Open {
        checkout: TRN[0].into(),
        attempt,
    };
    let page = |attempt| {
        OwnFact::CheckoutAtGateway(CheckoutAtGateway {
            id: TRN[0].into(),
            attempt,
            reference: "plink_1".into(),
            url: Some("https://example.com".into()),
        })
    };
    for gateway in ["razorpay", "sandbox"] {
        let mut book = Book::new();
        let item = Item::Addon {
            addon_id: "ADO-1".into(),
            version_id: "ADV-1".into(),
            name: "More".into(),
        };
        book.opened_for(1, 0, item, gateway);
        assert_eq!(work(&book), []);
        book.attempted(1, 0, 1);
        assert_eq!(work(&book), [open(1)]);
        book.own(day(1), page(1));
        // The sandbox has no page: it is done when what it pretends has arrived.
        let is_done = gateway != "sandbox";
        assert_eq!(work(&book).is_empty(), is_done, "{gateway}");
        book.payment(2, "pay_1", 0, PaymentStatus::Failed);
        assert_eq!(work(&book), []);
        book.attempted(3, 0, 2);
        assert_eq!(work(&book), [open(2)]);
        let refused = CheckoutRefused {
            id: TRN[0].into(),
            attempt: 2,
            why: "no".into(),
        };
        book.own(day(3), OwnFact::CheckoutRefused(refused));
        assert_eq!(work(&book), []);
        assert_eq!(book.checkout(0), CheckoutStatus::Failed);
    }
}
