//! What Kelviq tells of sales beside the money: orders, refunds, and what is paid with.

use serde_json::{Value, json};

use super::{all, at, edited, payment, sample};
use crate::domain::event::{Fact, Interpretation, PaymentMethodFact, RefundFact};
use crate::domain::order::{Billing, OrderStatus, RefundReason, RefundSaid, RefundWord};
use crate::domain::status::RefundStatus;

fn method(meaning: &Interpretation) -> PaymentMethodFact {
    all!(meaning, Fact::PaymentMethod)[0].clone()
}

fn refund(meaning: &Interpretation) -> RefundFact {
    all!(meaning, Fact::Refund)[0].clone()
}

#[test]
fn a_payment_method_is_a_card_that_is_kept() {
    let fact = method(&sample("08."));
    assert_eq!((&*fact.id, fact.method.as_deref()), ("482", Some("card")));
    assert_eq!(
        &*fact.instrument.to_text(),
        r#"{"brand":"visa","country":"IN","exp_month":4,"exp_year":2029,"funding":"credit","last4":"4242"}"#
    );
    assert_eq!(fact.status.as_deref(), Some("succeeded"));
    assert!(fact.is_default && !fact.is_deleted);
    assert_eq!(fact.naming.identifier.as_deref(), Some("user_51"));
    assert!(!method(&sample("15.")).is_deleted);
    assert!(method(&sample("19.")).is_deleted);
}

#[test]
fn a_payment_methods_customer_is_the_merchants_also_where_none_is_embedded() {
    let meaning = edited("08.", |it| {
        drop(it.as_object_mut().unwrap().remove("customer"));
    });
    let naming = method(&meaning).naming;
    assert_eq!(naming.identifier.as_deref(), Some("user_51"));
    assert_eq!(naming.provider_id, None);
}

#[test]
fn parts_that_are_neither_words_nor_whole_numbers_are_left_out() {
    let data = json!({"last4": "0042", "x": null, "y": [1], "z": 1.5, "w": "", "live": true});
    let meaning = edited("08.", |it| it["method_data"] = data);
    let text = method(&meaning).instrument.to_text();
    assert_eq!(&*text, r#"{"last4":"0042","live":true}"#);
    let none = edited("08.", |it| it["method_data"] = json!("visa"));
    assert!(method(&none).instrument.is_empty());
}

#[test]
fn an_order_says_what_is_paid_for_and_when() {
    let sale = payment(&sample("07.")).sale.unwrap();
    assert_eq!(sale.status, Some(OrderStatus::Complete));
    assert_eq!(sale.billing, Some(Billing::Subscription));
    assert_eq!(sale.is_renewal, Some(false));
    assert_eq!(sale.paid_at, Some(at("2026-09-01T09:30:11Z")));
    assert_eq!(sale.plan.as_deref(), Some("pro"));
    for (word, status) in [
        ("PENDING", Some(OrderStatus::Pending)),
        ("FAILED", Some(OrderStatus::Failed)),
        ("PARTIAL_REFUND", Some(OrderStatus::PartialRefund)),
        ("REFUNDED", Some(OrderStatus::Refunded)),
        ("CANCELLED", Some(OrderStatus::Cancelled)),
        ("FRAUDULENT", Some(OrderStatus::Fraudulent)),
        ("cancelled", None),
    ] {
        let sale = payment(&edited("07.", |it| it["status"] = word.into())).sale;
        assert_eq!(sale.unwrap().status, status, "{word}");
    }
}

#[test]
fn a_refund_keeps_its_word_and_its_reason() {
    let fact = refund(&sample("22."));
    assert_eq!(fact.status, Some(RefundStatus::Pending));
    let said = RefundSaid {
        word: Some(RefundWord::Processing),
        reason: Some(RefundReason::RequestedByCustomer),
    };
    assert_eq!(fact.said, Some(said));
    let of = |word: Value, reason: Value| {
        let fact = refund(&edited("22.", |it| {
            it["status"] = word;
            it["reason"] = reason;
        }));
        (
            fact.status,
            fact.said.unwrap().word,
            fact.said.unwrap().reason,
        )
    };
    assert_eq!(
        of(json!("CANCELED"), json!("BECAUSE")),
        (
            Some(RefundStatus::Failed),
            Some(RefundWord::Canceled),
            Some(RefundReason::Other)
        )
    );
    assert_eq!(of(json!("?"), Value::Null), (None, None, None));
}
