//! Small lives that once were shown otherwise than the contract says.

use serde_json::{Value, json};

use crate::world::World;

fn payment(status: &str) -> Value {
    json!({"id": "pay_1", "amount": 49900, "currency": "INR", "status": status,
        "created_at": 1_790_000_000})
}

fn refund(amount: i64, status: &str) -> Value {
    json!({"id": format!("rfnd_{amount}"), "amount": amount, "currency": "INR",
        "payment_id": "pay_1", "status": status, "created_at": 1_790_000_100})
}

fn event(name: &str, entities: &[(&str, Value)]) -> Vec<u8> {
    let wrapped = entities
        .iter()
        .map(|(kind, entity)| ((*kind).to_owned(), json!({ "entity": entity })));
    let payload: serde_json::Map<_, _> = wrapped.collect();
    let body = json!({"entity": "event", "event": name, "payload": payload,
        "created_at": 1_790_000_200});
    body.to_string().into_bytes()
}

/// What a customer or payment shows after these bodies, in this order and in the opposite one.
fn both_ways(path: &str, field: &str, bodies: &[(&str, Vec<u8>)]) -> [Value; 2] {
    let told = |bodies: &mut dyn Iterator<Item = &(&str, Vec<u8>)>| {
        let world = World::new();
        for (provider, body) in bodies {
            assert_eq!(world.send(provider, body).word("status"), "recorded");
        }
        world.read(path)[field].clone()
    };
    [told(&mut bodies.iter()), told(&mut bodies.iter().rev())]
}

/// Refund deliveries of old carry no payment, and the capture may come days later or never: money
/// that went back was shown as `failed` or `authorized`.
#[test]
fn a_processed_refund_shows_also_before_its_capture() {
    for (status, amount, word) in [
        ("failed", 49_900, "refunded"),
        ("authorized", 100, "partially_refunded"),
        ("created", 49_900, "refunded"),
    ] {
        let bodies = [
            (
                "razorpay",
                event("payment.failed", &[("payment", payment(status))]),
            ),
            (
                "razorpay",
                event(
                    "refund.processed",
                    &[("refund", refund(amount, "processed"))],
                ),
            ),
        ];
        let shown = both_ways("/v1/payments/pay_1", "status", &bodies);
        assert_eq!(shown, [json!(word), json!(word)]);
    }
    let bodies = [
        (
            "razorpay",
            event("payment.captured", &[("payment", payment("captured"))]),
        ),
        (
            "razorpay",
            event("refund.failed", &[("refund", refund(49_900, "failed"))]),
        ),
    ];
    let shown = both_ways("/v1/payments/pay_1", "status", &bodies);
    assert_eq!(shown, [json!("captured"), json!("captured")]);
}

/// An event may name two of a customer's ids at once (an invoice's and its payment's). Which of
/// them was shown depended on which the ledger had met first.
#[test]
fn the_reference_shown_does_not_depend_on_arrival() {
    let named = |id: &str| {
        let mut paid = payment("captured");
        paid["customer_id"] = json!(id);
        paid["notes"] = json!({"customer_identifier": "user_1"});
        paid
    };
    let invoice = json!({"id": "inv_1", "customer_id": "cust_b", "status": "paid"});
    let both = event(
        "invoice.paid",
        &[("payment", named("cust_a")), ("invoice", invoice)],
    );
    for early in ["cust_a", "cust_b"] {
        let early = event("payment.captured", &[("payment", named(early))]);
        let early = String::from_utf8(early)
            .unwrap()
            .replace("1790000200", "1790000001");
        let bodies = [early.into_bytes(), both.clone()].map(|body| ("razorpay", body));
        let shown = both_ways("/v1/customers/user_1", "references", &bodies);
        assert_eq!(shown[0], json!({"razorpay": "cust_a"}));
        assert_eq!(shown[0], shown[1]);
    }
}

/// One event may say two things of a person: the merchant's address on a link, the payer's own on
/// the payment. Which was shown depended on which of the two the ledger had met first.
#[test]
fn the_contact_shown_does_not_depend_on_arrival() {
    let notes = json!({"customer_identifier": "user_1"});
    let mut paid = payment("captured");
    paid["email"] = json!("payer@example.com");
    paid["notes"] = notes.clone();
    let link = json!({"id": "plink_1", "notes": notes, "status": "paid",
        "updated_at": 1_790_000_300, "customer": {"email": "billing@example.com"}});
    let both = event(
        "payment_link.paid",
        &[("payment", paid), ("payment_link", link)],
    );
    let mut early = payment("authorized");
    early["notes"] = json!({"customer_identifier": "user_1"});
    let bodies = [
        ("razorpay", both),
        (
            "razorpay",
            event("payment.authorized", &[("payment", early)]),
        ),
    ];
    let shown = both_ways("/v1/customers/user_1", "email", &bodies);
    assert_eq!(shown[0], shown[1]);
}

/// Two providers may use one word for two customers. Which of them a path meant depended on which
/// provider had spoken first.
#[test]
fn a_name_that_two_providers_use_does_not_depend_on_arrival() {
    let mut paid = payment("captured");
    paid["customer_id"] = json!("same-word");
    paid["notes"] = json!({"customer_identifier": "user_1"});
    let stykite = json!({"id": "WBH-1", "event": "customer.subscription_status.update",
        "data": {"customer_id": "same-word", "customer_identifier": "user_2", "status": "ACTIVE",
        "timestamp": 1_790_000_000_000_i64}});
    let bodies = [
        ("razorpay", event("payment.captured", &[("payment", paid)])),
        ("stykite", stykite.to_string().into_bytes()),
    ];
    let shown = both_ways("/v1/customers/same-word", "customer_identifier", &bodies);
    assert_eq!(shown[0], shown[1]);
}
