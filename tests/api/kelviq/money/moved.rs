//! Refunds, transactions and payment methods.

use serde_json::{Value, json};

use super::{FIRST, ONCE, REFUND, RENEWAL, after, all, list, words};
use crate::kelviq::{get, told, world};
use crate::world::sample;

#[test]
fn refunds_have_kelviqs_words() {
    let world = world();
    for number in ["21", "22"] {
        world.send("kelviq", &sample("kelviq", number));
    }
    let refund = list(&world, &format!("refunds/{REFUND}/"));
    assert_eq!(refund["status"], "PROCESSING");
    assert_eq!(refund["order"]["status"], "COMPLETE");
    world.send("kelviq", &sample("kelviq", "23"));
    let answer = get(&world, &format!("refunds/{REFUND}"));
    assert!(answer.text.contains(r#""amount":4.5,"#), "{}", answer.text);
    let refund = told(&answer, 200);
    assert_eq!(refund["id"], REFUND);
    assert_eq!(refund["status"], "SUCCEEDED");
    assert_eq!(refund["reason"], "REQUESTED_BY_CUSTOMER");
    assert_eq!(refund["amountUnits"], 450);
    assert_eq!(refund["internalNote"], Value::Null);
    assert_eq!(refund["order"], list(&world, &format!("orders/{ONCE}/")));
    for (query, count) in [
        ("", 1),
        ("?status=SUCCEEDED", 1),
        ("?status=PENDING", 0),
        ("?search=t7qk2", 1),
        ("?search=A374", 1),
        ("?search=tom", 1),
        ("?search=meera", 0),
        ("?start_date=2026-10-05&end_date=2026-10-05", 1),
        ("?end_date=2026-10-04", 0),
    ] {
        assert_eq!(
            all(&world, &format!("refunds/{query}")).len(),
            count,
            "{query}"
        );
    }
}

#[test]
fn razorpays_refunds_have_uuids_that_lead_back_to_them() {
    let world = after("razorpay");
    let refunds = all(&world, "refunds/");
    assert_eq!(refunds.len(), 3);
    let statuses = words(&refunds, "status");
    assert_eq!(statuses.iter().filter(|it| **it == "FAILED").count(), 1);
    for refund in &refunds {
        let id = refund["id"].as_str().unwrap();
        assert_eq!((id.len(), id.matches('-').count()), (36, 4));
        assert_eq!(refund["reason"], Value::Null);
        assert_eq!(&list(&world, &format!("refunds/{id}/")), refund);
        assert_eq!(
            &list(&world, &format!("refunds/{}", id.to_uppercase())),
            refund
        );
    }
    told(
        &get(&world, "refunds/00000000-0000-8000-8000-000000000000/"),
        404,
    );
}

#[test]
fn transactions_say_which_way_the_money_went() {
    let world = after("kelviq");
    let moved = all(&world, "transaction/");
    let short: Vec<_> = moved
        .iter()
        .map(|it| {
            json!([
                it["transactionType"],
                it["order"]["id"],
                it["amountTotal"],
                it["netPayout"]
            ])
        })
        .collect();
    assert_eq!(
        short,
        [
            json!(["REFUND", ONCE, 4.5, -4.5]),
            json!(["CHARGE", ONCE, 10, 10]),
            json!(["CHARGE", RENEWAL, 40, 40]),
            json!(["CHARGE", FIRST, 40, 40]),
        ]
    );
    for (name, wanted) in [
        ("createdOn", json!("2026-10-05T08:00:00Z")),
        ("currency", json!("USD")),
        ("currencySymbol", json!("$")),
        ("morFee", json!(0)),
        ("morFeeBreakdown", json!([])),
        ("collectedTax", json!(0)),
        ("status", json!("success")),
        ("paymentMethodType", json!("")),
        ("paymentMethodName", Value::Null),
        ("availableOn", Value::Null),
        ("isSettled", json!(false)),
    ] {
        assert_eq!(moved[0][name], wanted, "{name}");
    }
    let ids: std::collections::BTreeSet<&str> = words(&moved, "id").into_iter().collect();
    assert_eq!(ids.len(), moved.len());

    let world = after("razorpay");
    let count = |query: &str| all(&world, &format!("transaction/?{query}")).len();
    assert_eq!(count("status=failure"), 1);
    assert_eq!(count("status=pending"), 0);
    assert_eq!(count("status=failure&search=Ldgr0000000003"), 1);
    assert_eq!(count("status=success&search=Ldgr0000000003"), 0);
    let lost = all(&world, "transaction/?search=pay_Ldgr0000000002");
    let mut kinds = words(&lost, "transactionType");
    kinds.sort_unstable();
    assert_eq!(kinds, ["CHARGE", "CHARGEBACK", "REFUND"]);
    assert_eq!(lost[0]["paymentMethodName"], "visa");
    assert_eq!(lost[0]["last4"], "4366");
    let failed = &all(&world, "transaction/?status=failure")[0];
    assert_eq!(
        (&failed["amountTotal"], &failed["netPayout"]),
        (&json!(499), &json!(0))
    );
}

#[test]
fn payment_methods_are_kept_exchanged_and_taken_away() {
    let world = world();
    world.send("kelviq", &sample("kelviq", "08"));
    let kept = all(&world, "payment-methods/?customer_id=user_51");
    assert_eq!(
        kept,
        [
            json!({"id": 482, "methodType": "card", "isDefault": true, "status": "succeeded",
            "methodData": {"brand": "visa", "last4": "4242", "expMonth": 4, "expYear": 2029,
                "funding": "credit", "country": "IN"},
            "customer": {"customerId": "user_51", "name": "Meera Iyer",
                "email": "meera.iyer@example.com", "billingAddress": null},
            "createdOn": "2026-09-01T09:30:14.000000Z",
            "modifiedOn": "2026-09-01T09:30:14.000000Z"})
        ]
    );
    world.send("kelviq", &sample("kelviq", "15"));
    let exchanged = all(
        &world,
        "payment-methods/?customer_email=MEERA.IYER@example.com",
    );
    assert_eq!(exchanged[0]["methodData"]["last4"], "4444");
    assert_eq!(exchanged[0]["createdOn"], kept[0]["createdOn"]);
    for nobody in [
        "customer_id=user_52",
        "customer_email=a@b.c",
        "customer_id=x&customer_email=y",
    ] {
        assert_eq!(all(&world, &format!("payment-methods/?{nobody}")).len(), 0);
    }
    world.send("kelviq", &sample("kelviq", "19"));
    assert_eq!(all(&world, "payment-methods/").len(), 0);
    // What is taken away does not come back by a word that comes late.
    let late = String::from_utf8(sample("kelviq", "15")).unwrap();
    let late = late.replace("2026-10-02T09:29:00Z", "2027-01-01T00:00:00Z");
    world.send("kelviq", late.as_bytes());
    assert_eq!(all(&world, "payment-methods/").len(), 0);
}

#[test]
fn one_that_cannot_be_used_is_not_shown() {
    let world = world();
    let text = String::from_utf8(sample("kelviq", "08")).unwrap();
    world.send(
        "kelviq",
        text.replace("succeeded", "requires_action").as_bytes(),
    );
    assert_eq!(all(&world, "payment-methods/").len(), 0);
}

#[test]
fn what_payments_were_made_with_is_shown_once() {
    let world = after("razorpay");
    let methods = all(&world, "payment-methods/?customer_id=user_42");
    let mut types = words(&methods, "methodType");
    types.sort_unstable();
    assert_eq!(types, ["card", "upi"]);
    let card = methods
        .iter()
        .find(|it| it["methodType"] == "card")
        .unwrap();
    assert_eq!(
        card["methodData"],
        json!({"brand": "visa", "last4": "4366", "expMonth": 1, "expYear": 2099,
            "funding": "credit", "issuer": "KARB"})
    );
    assert_eq!(card["isDefault"], true);
    let upi = methods.iter().find(|it| it["methodType"] == "upi").unwrap();
    assert_eq!(upi["methodData"], json!({"vpa": "success@razorpay"}));
    assert_eq!(upi["isDefault"], false);
    for method in &methods {
        let id = method["id"].as_u64().unwrap();
        assert!((1 << 52..1 << 53).contains(&id), "{id}");
    }
    assert_eq!(
        list(&world, "payment-methods/?page_size=1&page=2")["results"][0]["customer"]["name"],
        "Gaurav Kumar"
    );
}

#[test]
fn a_refund_of_which_nobody_says_how_much_is_in_no_list() {
    let world = world();
    for number in ["21", "22"] {
        world.send("kelviq", &sample("kelviq", number));
    }
    let text = String::from_utf8(sample("kelviq", "23")).unwrap();
    let mut told_of: Value = serde_json::from_str(&text).unwrap();
    let object = told_of["data"]["object"].as_object_mut().unwrap();
    object["id"] = json!("a374c39f-f6c2-5fee-8214-000000000000");
    for name in ["amount", "amount_units"] {
        object.remove(name);
    }
    told_of["id"] = json!("evt-without-an-amount");
    let answer = world.send("kelviq", told_of.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let refunds = all(&world, "refunds/");
    assert_eq!(words(&refunds, "id"), [REFUND]);
    let refund = list(&world, "refunds/a374c39f-f6c2-5fee-8214-000000000000/");
    assert_eq!(
        (&refund["amount"], &refund["amountUnits"]),
        (&Value::Null, &Value::Null)
    );
}
