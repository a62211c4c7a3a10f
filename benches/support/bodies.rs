//! Signed bodies as a provider sends them, unique by number, and the configuration that takes them.
//! Knows nothing of how they are sent.
#![allow(dead_code)] // no bench needs all of it

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subledger::config::Config;

pub(crate) const SECRET: &str = "bench-webhook-secret";
/// The admin key, where a bench asks as well.
pub(crate) const ADMIN_KEY: &str = "bench-admin-key";

/// A body about one of `customers` subscriptions: as it stands, or a charge with its payment.
pub(crate) fn body(number: usize, customers: usize, big: bool) -> String {
    let (customer, period) = (number % customers, (number / customers + 1) as i64);
    let start = 1_790_000_000 + period * 2_592_000;
    let mut entity = serde_json::json!({
        "id": format!("sub_{customer:014}"), "entity": "subscription", "plan_id": "plan_00000000000001",
        "customer_id": format!("cust_{customer:014}"), "status": "active", "current_start": start,
        "current_end": start + 2_592_000, "notes": {"customer_identifier": format!("user_{customer}")},
        "paid_count": period, "created_at": 1_789_999_880, "start_at": 1_790_000_000
    });
    let mut payload = serde_json::json!({});
    if big {
        for field in [
            "ended_at",
            "expire_by",
            "short_url",
            "change_scheduled_at",
            "offer_id",
        ] {
            entity[field] = serde_json::Value::Null;
        }
        entity["quantity"] = 1.into();
        entity["total_count"] = 12.into();
        entity["customer_notify"] = true.into();
        payload["payment"] = serde_json::json!({"entity": {
            "id": format!("pay_{number:014}"), "entity": "payment", "amount": 49900, "currency": "INR",
            "status": "captured", "order_id": format!("order_{number:012}"), "invoice_id": format!("inv_{number:014}"),
            "international": false, "method": "upi", "amount_refunded": 0, "refund_status": null, "captured": "1",
            "description": null, "card_id": null, "bank": null, "wallet": null, "vpa": "a@upi", "email": null,
            "contact": "+919000000000", "notes": [], "fee": 1178, "tax": 180, "error_code": null,
            "acquirer_data": {}, "created_at": 1_790_000_000 + number as i64
        }});
    }
    payload["subscription"] = serde_json::json!({ "entity": entity });
    serde_json::json!({
        "entity": "event", "account_id": "acc_00000000000001",
        "event": if big { "subscription.charged" } else { "subscription.updated" },
        "contains": ["subscription"], "payload": payload, "created_at": 1_790_000_000 + number as i64
    })
    .to_string()
}

/// The provider's signature, in hex.
pub(crate) fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// The request that delivers a body.
pub(crate) fn request(path: &str, number: usize, body: &str) -> Vec<u8> {
    let signature = signature(body.as_bytes());
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         X-Razorpay-Event-Id: {number:014x}\r\nX-Razorpay-Signature: {signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The plan of every body, with a feature of each kind.
const CATALOG: &str = r#"
[[catalog.features]]
id = "priority-support"
name = "Priority support"
type = "boolean"
[[catalog.features]]
id = "credits"
name = "Credits"
type = "meter"
[[catalog.features]]
id = "max-projects"
name = "Projects"
type = "customizable"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
razorpay_plan = "plan_00000000000001"
[[catalog.plans.features]]
feature = "priority-support"
[[catalog.plans.features]]
feature = "credits"
limit = 100000
reset = "EVERY_MONTH"
hard_limit = true
[[catalog.plans.features]]
feature = "max-projects"
limit = 100
"#;

/// One source on a free port, the plan in the catalogue, everything in `folder`.
pub(crate) fn config(folder: &Path) -> Config {
    let text = format!(
        "[server]\nbind = \"127.0.0.1:0\"\n[sources.razorpay]\nsecrets = [{{ secret = \"{SECRET}\" }}]\n{CATALOG}"
    );
    let mut config = Config::parse("bench.toml", &text, std::iter::empty())
        .ok()
        .unwrap();
    config.data_dir = folder.to_owned();
    config
}

/// The only variable that is set.
pub(crate) fn env(name: &str) -> Option<String> {
    (name == subledger::app::ADMIN_KEY_VARIABLE).then(|| ADMIN_KEY.to_owned())
}
