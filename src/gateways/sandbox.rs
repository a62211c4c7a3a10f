//! The gateway that takes no money: it delivers the webhooks that Razorpay would, properly signed,
//! to the service's own intake over HTTP, so that the whole real road is used. The same attempt
//! always makes the same bytes, so that a repetition is a duplicate. Knows no log.

use std::net::SocketAddr;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::http::{Client, TIMEOUT};
use super::{Answer, Before, CameBack, CancelAnswer, Gateway, Order};
use crate::domain::catalog::Price;
use crate::domain::own::{CancelWhen, GATEWAY_SANDBOX, Pretend};
use crate::signature::Key;

/// The word for it in the configuration and in events, and the source of its webhooks.
pub const SANDBOX: &str = GATEWAY_SANDBOX;
/// As long as Razorpay's own ids.
const ID_LETTERS: usize = 14;

/// See the module.
pub struct Sandbox {
    client: Client,
    intake: String,
    key: Key,
}

impl Sandbox {
    /// Delivers to the service that listens at `address`, which knows the same `key`.
    #[must_use]
    pub fn new(address: SocketAddr, key: Key) -> Self {
        let mut address = address;
        // Whoever listens everywhere listens here too.
        if address.ip().is_unspecified() {
            let here = match address {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            };
            address.set_ip(here);
        }
        Self {
            client: Client::to_itself(TIMEOUT),
            intake: format!("http://{address}/webhooks/{SANDBOX}"),
            key,
        }
    }

    fn deliver(&self, body: &[u8]) -> Result<(), String> {
        let signature = hex::encode(self.key.sign(&[body]));
        let event_id = letters(&[body]);
        let headers = [
            ("content-type", "application/json"),
            ("x-razorpay-signature", signature.as_str()),
            ("x-razorpay-event-id", event_id.as_str()),
        ];
        match self.client.post(&self.intake, &headers, body) {
            Ok(reply) if reply.status == 200 => Ok(()),
            Ok(reply) => Err(format!("the own intake answered {}", reply.status)),
            Err(_) => Err("the own intake did not answer".to_owned()),
        }
    }
}

impl Gateway for Sandbox {
    fn name(&self) -> &'static str {
        SANDBOX
    }

    fn pretends(&self) -> bool {
        true
    }

    fn plan_of<'a>(&self, _: &'a Price) -> Option<&'a str> {
        None
    }

    fn open(&self, order: &Order, _: Before) -> Answer {
        for body in bodies(order) {
            if let Err(why) = self.deliver(body.to_string().as_bytes()) {
                return Answer::Later(why);
            }
        }
        Answer::Delivered
    }

    fn cancel(&self, reference: &str, _: CancelWhen) -> CancelAnswer {
        CancelAnswer::Later(format!(
            "the sandbox never charged {reference}; configure the gateway that does"
        ))
    }

    fn came_back(&self, _: &str, _: &str, _: &str) -> Option<CameBack> {
        None
    }
}

/// The events of one attempt, in the order in which Razorpay makes them.
fn bodies(order: &Order) -> Vec<Value> {
    let paid = order.pretend != Some(Pretend::Failed);
    let payment = payment(order, paid);
    if !paid {
        return vec![event(
            order,
            "payment.failed",
            json!({"payment": {"entity": payment}}),
        )];
    }
    let made = order_entity(order);
    let of_order = json!({"payment": {"entity": payment}, "order": {"entity": made}});
    let mut of_link = of_order.clone();
    if let Some(all) = of_link.as_object_mut() {
        all.insert("payment_link".into(), json!({"entity": link(order)}));
    }
    vec![
        event(
            order,
            "payment.captured",
            json!({"payment": {"entity": payment}}),
        ),
        event(order, "order.paid", of_order),
        event(order, "payment_link.paid", of_link),
    ]
}

fn event(order: &Order, kind: &str, payload: Value) -> Value {
    let contains: Vec<&String> = payload
        .as_object()
        .into_iter()
        .flatten()
        .map(|it| it.0)
        .collect();
    json!({
        "account_id": "acc_subledgersandb",
        "contains": contains,
        "created_at": seconds(order),
        "entity": "event",
        "event": kind,
        "payload": payload,
    })
}

fn payment(order: &Order, paid: bool) -> Value {
    let attempt = order.attempt.to_string();
    let failure = |text: &'static str| (!paid).then_some(text);
    json!({
        "id": format!("pay_{}", letters(&[order.checkout.as_bytes(), attempt.as_bytes()])),
        "entity": "payment",
        "amount": order.price.amount_minor,
        "currency": order.price.currency,
        "status": if paid { "captured" } else { "failed" },
        "captured": paid,
        "method": "card",
        "order_id": format!("order_{}", letters(&[order.checkout.as_bytes()])),
        "description": order.description,
        "email": order.email,
        "amount_refunded": 0,
        "refund_status": null,
        "invoice_id": null,
        "notes": notes(order),
        "error_code": failure("BAD_REQUEST_ERROR"),
        "error_description": failure("The sandbox was told to let the payment fail."),
        "error_source": failure("customer"),
        "error_step": failure("payment_authorization"),
        "error_reason": failure("payment_failed"),
        "created_at": seconds(order),
    })
}

fn order_entity(order: &Order) -> Value {
    json!({
        "id": format!("order_{}", letters(&[order.checkout.as_bytes()])),
        "entity": "order",
        "amount": order.price.amount_minor,
        "amount_paid": order.price.amount_minor,
        "amount_due": 0,
        "currency": order.price.currency,
        "receipt": order.checkout,
        "status": "paid",
        "notes": notes(order),
        "created_at": seconds(order),
    })
}

fn link(order: &Order) -> Value {
    json!({
        "id": format!("plink_{}", letters(&[b"link", order.checkout.as_bytes()])),
        "amount": order.price.amount_minor,
        "amount_paid": order.price.amount_minor,
        "currency": order.price.currency,
        "reference_id": order.checkout,
        "status": "paid",
        "description": order.description,
        "order_id": format!("order_{}", letters(&[order.checkout.as_bytes()])),
        "notes": notes(order),
        "created_at": seconds(order),
        "updated_at": seconds(order),
    })
}

fn notes(order: &Order) -> Value {
    json!({"transaction_tsid": order.checkout, "checkout_attempt": order.attempt.to_string()})
}

/// Razorpay's clock shows whole seconds.
fn seconds(order: &Order) -> i64 {
    order.attempted_at.as_millis() / 1_000
}

fn letters(parts: &[&[u8]]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update(part.len().to_be_bytes())
            .chain_update(part)
    });
    hex::encode(hash.finalize())
        .chars()
        .take(ID_LETTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Timestamp;

    fn order(attempt: u32, pretend: Pretend) -> Order {
        Order {
            checkout: "TRN-0MSC9073DVBTK".into(),
            attempt,
            attempted_at: Timestamp::from_millis(1_790_000_000_999).unwrap(),
            asked_at: Timestamp::from_millis(1_790_000_000_999).unwrap(),
            earlier: Vec::new(),
            price: Money {
                amount_minor: 49_900,
                currency: Currency::parse("INR").unwrap(),
            },
            description: "Pro".into(),
            plan: None,
            email: None,
            expires_at: Timestamp::from_millis(1_790_086_400_000).unwrap(),
            pretend: Some(pretend),
        }
    }

    #[test]
    fn an_attempt_always_makes_the_same_bytes_and_another_makes_others() {
        let text =
            |order: &Order| -> Vec<String> { bodies(order).iter().map(Value::to_string).collect() };
        let first = text(&order(1, Pretend::Paid));
        assert_eq!(first, text(&order(1, Pretend::Paid)));
        assert_eq!(first.len(), 3);
        let second = text(&order(2, Pretend::Paid));
        assert!(first.iter().all(|body| !second.contains(body)));
    }

    #[test]
    fn a_payment_names_its_checkout_and_attempt() {
        for (pretend, kind, status) in [
            (Pretend::Paid, "payment.captured", "captured"),
            (Pretend::Failed, "payment.failed", "failed"),
        ] {
            let event = bodies(&order(3, pretend)).remove(0);
            assert_eq!(event["event"], kind);
            let payment = &event["payload"]["payment"]["entity"];
            assert_eq!(payment["status"], status);
            assert_eq!(payment["notes"]["transaction_tsid"], "TRN-0MSC9073DVBTK");
            assert_eq!(payment["notes"]["checkout_attempt"], "3");
            assert_eq!(payment["created_at"], 1_790_000_000);
        }
    }
}
