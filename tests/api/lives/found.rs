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
