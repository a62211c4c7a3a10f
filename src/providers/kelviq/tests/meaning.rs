//! What the facts of each event type are, and what is not taken for one.

use serde_json::{Value, json};

use super::{all, at, body, edited, interpret, payment, sample, subscription};
use crate::domain::event::{Fact, Reason, Standing};
use crate::domain::status::{CheckoutStatus, PaymentStatus, RefundStatus, Status};
use crate::domain::time::Timestamp;

#[test]
fn a_subscription_is_shown_whole() {
    let meaning = sample("03.");
    assert_eq!(meaning.occurred_at, at("2026-09-01T09:30:12Z"));
    let fact = subscription(&meaning);
    assert_eq!(fact.status, Some(Status::Active));
    assert_eq!(fact.plan_id.as_deref(), Some("pro"));
    assert_eq!(fact.started_at, Some(at("2026-09-01T00:00:00Z")));
    assert_eq!(fact.period_end, Some(at("2026-10-01T09:30:00Z")));
    assert_eq!(fact.naming.identifier.as_deref(), Some("user_51"));
    assert!(fact.ends_are_final && fact.period_is_granted);
    let party = &all!(meaning, Fact::Party)[0];
    assert_eq!(party.naming, fact.naming);
    assert_eq!(party.contact.last_name.as_deref(), Some("Iyer"));
    assert_eq!(
        party.contact.email.as_deref(),
        Some("meera.iyer@example.com")
    );
    let revisions: Vec<i64> = meaning.changes.iter().map(|it| it.revision).collect();
    assert_eq!(
        revisions, [1_788_255_012_402_117; 2],
        "microseconds of modified_on"
    );
}

#[test]
fn the_seven_statuses() {
    for (word, status, granted) in [
        ("incomplete", Some(Status::Incomplete), false),
        ("incomplete_expired", Some(Status::Expired), false),
        ("trialing", Some(Status::Trialing), true),
        ("active", Some(Status::Active), true),
        ("past_due", Some(Status::PastDue), false),
        ("canceled", Some(Status::Canceled), false),
        ("superseded", Some(Status::Superseded), false),
        ("cancelled", None, false),
        ("paused", None, false),
    ] {
        let fact = subscription(&edited("03.", |it| it["status"] = word.into()));
        assert_eq!(
            (fact.status, fact.period_is_granted),
            (status, granted),
            "{word}"
        );
        assert_eq!(fact.provider_status.as_deref(), Some(word));
    }
    let wordless = |name| subscription(&edited(name, |it| it["status"] = Value::Null)).status;
    assert_eq!(wordless("18."), Some(Status::Canceled), "the event says so");
    assert_eq!(wordless("12."), None);
}

#[test]
fn a_planned_end_is_no_end() {
    let planned = subscription(&sample("17."));
    assert_eq!(
        (planned.status, planned.ended_at),
        (Some(Status::Active), None)
    );
    assert_eq!(planned.reason, None);
    let ended = subscription(&sample("18."));
    assert_eq!(ended.ended_at, Some(at("2026-11-20T00:00:00Z")));
    assert_eq!(ended.reason.as_deref(), Some("CANCELLED_BY_CUSTOMER"));
    let at_once = edited("18.", |it| it["end_date"] = Value::Null);
    assert_eq!(
        subscription(&at_once).ended_at,
        Some(at("2026-11-05T10:00:00Z"))
    );
}

#[test]
fn a_change_of_plan_supersedes_the_subscription_it_replaces() {
    let facts = all!(sample("16."), Fact::Subscription);
    let shown: Vec<_> = facts
        .iter()
        .map(|it| (it.status.unwrap(), it.plan_id.as_deref().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [(Status::Active, "team"), (Status::Superseded, "pro")]
    );
    assert_ne!(facts[0].key, facts[1].key);
    assert!(!facts[1].period_is_granted);
    let ended = [facts[0].ended_at, facts[1].ended_at];
    assert_eq!(ended, [None, Some(at("2026-10-20T12:00:02Z"))]);
    // An end that was planned for later comes no more; one that was before stays the end.
    for (planned, ended) in [
        ("2026-12-24", "2026-10-20T12:00:02Z"),
        ("2026-10-19", "2026-10-19T00:00:00Z"),
    ] {
        let mut value: Value = serde_json::from_str(&body("kelviq", "16.")).unwrap();
        value["data"]["previous_attributes"]["end_date"] = planned.into();
        let facts = all!(interpret(&value.to_string()), Fact::Subscription);
        assert_eq!(facts[1].ended_at, Some(at(ended)), "{planned}");
    }
    // The other way that is documented: the same id goes on.
    let mut value: Value = serde_json::from_str(&body("kelviq", "16.")).unwrap();
    value["data"]["object"]["id"] = value["data"]["previous_attributes"]["id"].clone();
    assert_eq!(
        all!(interpret(&value.to_string()), Fact::Subscription).len(),
        1
    );
    assert_eq!(
        all!(sample("12."), Fact::Subscription).len(),
        1,
        "a few old values"
    );
}

#[test]
fn an_order_is_the_payment_and_all_else_points_at_it() {
    let paid = payment(&sample("07."));
    assert_eq!(&*paid.id, "ORD-20260901093005-M3K9P");
    assert_eq!(paid.order_id, Some(paid.id.clone()));
    assert_eq!(paid.status, Some(PaymentStatus::Captured));
    assert_eq!(paid.amount.unwrap().amount_minor, 4000);
    let of = |name| all!(sample(name), Fact::Subscription).len();
    assert_eq!(of("07."), 0);
    let invoice = all!(sample("05."), Fact::Invoice)[0].clone();
    assert_eq!(invoice.payment_id, Some(paid.id.clone()));
    assert_eq!(invoice.subscription_id, paid.subscription_id);
    assert_eq!(
        all!(sample("05."), Fact::Payment),
        [],
        "an invoice adds no money"
    );
    let checkout = all!(sample("02."), Fact::Checkout)[0].clone();
    assert_eq!(checkout.status, Some(CheckoutStatus::Paid));
    assert_eq!(all!(sample("02."), Fact::Payment), []);
    for (word, status) in [
        ("PENDING", Some(PaymentStatus::Created)),
        ("FAILED", Some(PaymentStatus::Failed)),
        ("PARTIAL_REFUND", Some(PaymentStatus::Captured)),
        ("CANCELLED", None),
        ("FRAUDULENT", None),
    ] {
        let fact = payment(&edited("07.", |it| it["status"] = word.into()));
        assert_eq!(fact.status, status, "{word}");
    }
}

#[test]
fn refunds_name_the_order() {
    for (name, status) in [
        ("22.", RefundStatus::Pending),
        ("23.", RefundStatus::Processed),
    ] {
        let refund = &all!(sample(name), Fact::Refund)[0];
        assert_eq!(refund.status, Some(status));
        assert_eq!(&*refund.payment_id, "ORD-20261003141500-T7QK2");
        assert_eq!(refund.amount.unwrap().amount_minor, 450);
    }
    for word in ["FAILED", "CANCELED"] {
        let failed = edited("23.", |it| it["status"] = word.into());
        assert_eq!(
            all!(failed, Fact::Refund)[0].status,
            Some(RefundStatus::Failed)
        );
    }
}

#[test]
fn amounts_are_exact_whichever_way_they_are_written() {
    let amount = |units: Value, decimal: Value| {
        let meaning = edited("07.", |it| {
            it["amount_total_units"] = units;
            it["amount_total"] = decimal;
        });
        payment(&meaning).amount.map(|money| money.amount_minor)
    };
    assert_eq!(amount(json!(4000), json!("1.00")), Some(4000), "units win");
    assert_eq!(amount(Value::Null, json!("19.99")), Some(1999));
    assert_eq!(amount(Value::Null, json!(19.99)), Some(1999));
    assert_eq!(amount(Value::Null, json!(25)), Some(2500));
    for decimal in [json!("1.005"), json!(-3), json!("many"), Value::Null] {
        assert_eq!(amount(Value::Null, decimal.clone()), None, "{decimal}");
    }
    let lower = edited("07.", |it| it["currency"] = "usd".into());
    assert_eq!(payment(&lower).amount.unwrap().currency.as_str(), "USD");
}

#[test]
fn what_has_no_billing_state_is_ignored_and_a_customer_is_somebody() {
    assert_eq!(sample("10.").standing, Standing::Ignored);
    let party = all!(sample("01."), Fact::Party)[0].clone();
    assert_eq!(party.naming.identifier.as_deref(), Some("user_51"));
    let merchants = edited("07.", |it| {
        drop(it.as_object_mut().unwrap().remove("customer"))
    });
    let order = payment(&merchants).naming;
    assert_eq!(
        order.identifier, None,
        "the top-level customer_id is Kelviq's own"
    );
    assert_eq!(order.provider_id, party.naming.provider_id);
}

#[test]
fn what_cannot_be_read_is_set_aside() {
    let unreadable = Standing::Quarantined(Reason::Unreadable);
    for (name, key) in [
        ("03.", "id"),
        ("02.", "id"),
        ("05.", "id"),
        ("22.", "order_id"),
    ] {
        assert_eq!(
            edited(name, |it| it[key] = Value::Null).standing,
            unreadable,
            "{name}"
        );
    }
    let nobody = edited("01.", |it| *it = json!({"object": "customer"}));
    assert_eq!(nobody.standing, unreadable);
    let other = edited("03.", |it| it["object"] = "order".into());
    assert_eq!(other.standing, unreadable);
    for text in [
        "",
        "[]",
        "{}",
        r#"{"type":5}"#,
        r#"{"type":"order.created"}"#,
    ] {
        assert_eq!(interpret(text).standing, unreadable, "{text}");
    }
    for word in [
        "charge.completed",
        "subscription.canceled",
        "customer.deleted",
    ] {
        let text = format!(r#"{{"type":"{word}"}}"#);
        assert_eq!(
            interpret(&text).standing,
            Standing::Quarantined(Reason::UnknownType)
        );
    }
}

#[test]
fn the_time_is_the_envelopes_or_the_objects_own() {
    let with = |time: Value, own: Value| {
        let mut value: Value = serde_json::from_str(&body("kelviq", "07.")).unwrap();
        value["created_at"] = time;
        value["data"]["object"]["modified_on"] = own;
        interpret(&value.to_string()).occurred_at
    };
    let own = json!("2026-09-01T09:30:12Z");
    assert_eq!(
        with(json!("2026-09-02T00:00:00Z"), own.clone()),
        at("2026-09-02T00:00:00Z")
    );
    assert_eq!(with(json!("soon"), own), at("2026-09-01T09:30:12Z"));
    assert_eq!(with(json!(1), Value::Null), at("2026-09-01T09:30:05Z"));
    assert_eq!(interpret(r#"{"type":"x"}"#).occurred_at, Timestamp::EPOCH);
}
