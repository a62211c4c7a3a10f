//! What the facts of an event are, and how its entities are tied together.

use serde_json::{Value, json};

use super::{USER_42, at, edited, notes, only, paid_until, payment, sample, subscription};
use crate::domain::event::{
    Change, CheckoutFact, Fact, InvoiceFact, OrderFact, PartyFact, RefundFact, Standing,
};
use crate::domain::status::CheckoutStatus;
use crate::domain::status::Status;
use crate::domain::status::{PaymentStatus, RefundStatus};

#[test]
fn a_renewal_says_four_things_at_one_time() {
    let meaning = sample("07.");
    assert_eq!(meaning.changes.len(), 4);
    for Change {
        occurred_at,
        revision,
        rank,
        ..
    } in &meaning.changes
    {
        assert_eq!((*occurred_at, *revision, *rank), (at(1_792_592_040), 2, 4));
    }
    let subscription = subscription(&meaning);
    assert_eq!(subscription.key.as_str(), "sub_Ldgr0000000001");
    assert_eq!(subscription.status, Some(Status::Active));
    assert_eq!(subscription.period_end, Some(at(1_795_184_000)));
    assert_eq!(notes(&subscription.naming), USER_42);
    assert!(subscription.ends_are_final);
    let payment = payment(&meaning);
    assert_eq!(
        payment.status,
        Some(PaymentStatus::Captured),
        "captured is the text 1 here"
    );
    assert_eq!(
        payment.subscription_id.as_deref(),
        Some("sub_Ldgr0000000001")
    );
    assert_eq!(payment.amount.unwrap().amount_minor, 49_900);
    let party: PartyFact = only!(meaning, Fact::Party).unwrap();
    assert_eq!(
        party.naming.provider_id.as_deref(),
        Some("cust_Ldgr000000001")
    );
    assert_eq!(
        notes(&party.naming),
        USER_42,
        "payments do not carry the subscription's notes"
    );
    assert_eq!(
        party.contact.email.as_deref(),
        Some("gaurav.kumar@example.com")
    );
    assert_eq!(paid_until(&meaning), Some(1_795_184_000));
}

#[test]
fn only_money_pays_for_a_period() {
    for (name, until) in [
        ("01.", None),
        ("02.", Some(1_792_592_000)),
        ("03.", None),
        ("04.", None),
        ("05.", Some(1_792_592_000)),
        ("09.", None),
        ("11.", None),
        ("14.", None),
        ("15.", None),
        ("16.", None),
        ("18.", Some(1_821_104_000)),
        ("40.", None),
    ] {
        assert_eq!(paid_until(&sample(name)), until, "{name}");
    }
    for (word, pays) in [
        ("captured", true),
        ("refunded", true),
        ("authorized", false),
        ("failed", false),
    ] {
        for name in ["07.", "05."] {
            let edit = |it: &mut Value| it["payload"]["payment"]["entity"]["status"] = word.into();
            assert_eq!(
                paid_until(&edited(name, edit)).is_some(),
                pays,
                "{name} {word}"
            );
        }
    }
    let without = |it: &mut Value| drop(it["payload"].as_object_mut().unwrap().remove("payment"));
    assert_eq!(paid_until(&edited("07.", without)), None);
    assert_eq!(paid_until(&edited("05.", without)), Some(1_792_592_000));
}

#[test]
fn payments_and_refunds_by_their_own_words() {
    assert_eq!(payment(&sample("08.")).status, Some(PaymentStatus::Failed));
    assert_eq!(
        payment(&sample("21.")).status,
        Some(PaymentStatus::Captured),
        "refunded is money"
    );
    assert_eq!(
        payment(&sample("29.")).status,
        Some(PaymentStatus::Authorized)
    );
    let lying = edited("08.", |it| {
        it["payload"]["payment"]["entity"]["captured"] = true.into()
    });
    assert_eq!(payment(&lying).status, Some(PaymentStatus::Failed));
    let refund: RefundFact = only!(sample("21."), Fact::Refund).unwrap();
    assert_eq!(refund.status, Some(RefundStatus::Processed));
    let alone = edited("20.", |it| {
        drop(it["payload"].as_object_mut().unwrap().remove("payment"))
    });
    let refund: RefundFact = only!(alone, Fact::Refund).unwrap();
    assert_eq!(&*refund.payment_id, "pay_Ldgr0000000004");
    let unknown = edited("03.", |it| {
        it["payload"]["payment"]["entity"]["status"] = "new".into()
    });
    assert_eq!(
        (payment(&unknown).status, unknown.standing),
        (None, Standing::Folded)
    );
    let wordless = edited("03.", |it| {
        it["payload"]["payment"]["entity"]["status"] = Value::Null
    });
    assert_eq!(
        payment(&wordless).status,
        Some(PaymentStatus::Captured),
        "the event says so"
    );
}

#[test]
fn words_that_are_missing_or_new() {
    let status = |name, word: Value| {
        let meaning = edited(name, |it| {
            it["payload"]["subscription"]["entity"]["status"] = word
        });
        let fact = subscription(&meaning);
        (fact.status, fact.provider_status.map(String::from))
    };
    assert_eq!(
        status("11.", Value::Null),
        (Some(Status::OnHold), Some("halted".into()))
    );
    assert_eq!(status("16.", Value::Null), (None, None));
    assert_eq!(
        status("11.", "frozen".into()),
        (None, Some("frozen".into()))
    );
    assert_eq!(
        status("15.", "active".into()),
        (Some(Status::Active), Some("active".into()))
    );
}

#[test]
fn a_paid_link_ties_its_parts_together() {
    let meaning = sample("30.");
    let link: CheckoutFact = only!(meaning, Fact::Checkout).unwrap();
    assert_eq!(link.status, Some(CheckoutStatus::Paid));
    assert_eq!(
        link.naming.reference.as_deref(),
        Some("txn_01J9Z6T6C4Q2M3N4P5R6S7T8V9")
    );
    assert_eq!(link.contact.first_name.as_deref(), Some("Gaurav"));
    assert_eq!(link.contact.last_name.as_deref(), Some("Kumar"));
    let order: OrderFact = only!(meaning, Fact::Order).unwrap();
    assert_eq!(order.naming.reference, link.naming.reference);
    assert_eq!(
        payment(&meaning).order_id.as_deref(),
        Some("order_Ldgr00000099")
    );
    assert_eq!(payment(&meaning).subscription_id, None);
    let bare = edited("30.", |it| {
        it["payload"]["order"]["entity"]["id"] = "Ldgr00000099".into()
    });
    let order: OrderFact = only!(bare, Fact::Order).unwrap();
    assert_eq!(&*order.id, "order_Ldgr00000099", "as the payment calls it");
    assert!(
        notes(&only!(sample("32."), Fact::Checkout).unwrap().naming).is_empty(),
        "null notes"
    );
}

#[test]
fn links_are_made_where_the_entities_have_none() {
    let meaning = edited("05.", |it| {
        let payload = &mut it["payload"];
        for key in ["order_id", "invoice_id"] {
            payload["payment"]["entity"][key] = Value::Null;
        }
        payload["invoice"]["entity"]["payment_id"] = Value::Null;
        payload["payment"]["entity"]["email"] = "void@razorpay.com".into();
    });
    let payment = payment(&meaning);
    assert_eq!(payment.order_id.as_deref(), Some("order_Ldgr00000001"));
    assert_eq!(payment.invoice_id.as_deref(), Some("inv_Ldgr0000000001"));
    assert_eq!(payment.contact.email, None);
    let invoice: InvoiceFact = only!(meaning, Fact::Invoice).unwrap();
    assert_eq!(invoice.payment_id.as_deref(), Some("pay_Ldgr0000000001"));
    assert_eq!(
        invoice.subscription_id.as_deref(),
        Some("sub_Ldgr0000000001")
    );
    let party: PartyFact = only!(meaning, Fact::Party).unwrap();
    assert_eq!(
        party.contact.email.as_deref(),
        Some("gaurav.kumar@example.com"),
        "the invoice's"
    );
}

#[test]
fn each_customer_of_an_event_is_named_once() {
    let meaning = edited("07.", |it| {
        it["payload"]["payment"]["entity"]["customer_id"] = "cust_other".into();
        it["payload"]["payment"]["entity"]["notes"] =
            json!({"customer_identifier": "x", "gst": 245});
    });
    let parties: Vec<&PartyFact> = meaning
        .changes
        .iter()
        .filter_map(|it| match &it.fact {
            Fact::Party(party) => Some(party),
            _ => None,
        })
        .collect();
    assert_eq!(parties.len(), 2);
    for party in &parties {
        let notes = notes(&party.naming);
        assert_eq!(notes.len(), 3);
        assert!(
            USER_42.iter().all(|note| notes.contains(note)),
            "the subscription's come first"
        );
        assert!(notes.contains(&("gst", "245")));
    }
    assert_eq!(
        parties[0].contact.email, None,
        "the payment is another customer's"
    );
    assert!(parties[1].contact.email.is_some());
}
