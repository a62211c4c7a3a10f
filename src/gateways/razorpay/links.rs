//! Payment links. Razorpay takes each `reference_id` once, which is our checkout's id, so that
//! asking again opens no second one. Knows nothing of subscriptions.

use serde_json::{Value, json};

use super::client::Api;
use super::reply::{Outcome, items, text, web_address};
use crate::gateways::{Answer, Before, Order};

/// Razorpay takes no end sooner than 15 minutes; the rest is for the way and for clocks that differ.
const PAYABLE_SECONDS_MIN: i64 = 20 * 60;
/// Razorpay's limit on an e-mail address.
const EMAIL_CHARS_MAX: usize = 64;
const PATH: &str = "payment_links";
/// A word of what Razorpay says of a `reference_id` that it knows; its exact words have changed.
const TAKEN_WORD: &str = "reference";

pub(super) fn open(api: &Api, order: &Order, return_to: &str, before: Before) -> Answer {
    if before == Before::Perhaps {
        match look_up(api, order) {
            Found::Nothing => {}
            Found::Link(answer) => return answer,
            Found::Trouble(why) | Found::Refused(why) => return Answer::Unknown(why),
        }
    }
    match api.post(PATH, &body(order, return_to)) {
        Outcome::Done(link) => opened(&link).unwrap_or_else(unreadable),
        Outcome::Later(why) => Answer::Later(why),
        Outcome::Unknown(why) => Answer::Unknown(why),
        Outcome::Refused { status: 400, words } => refused(api, order, words),
        Outcome::Refused { words, .. } => Answer::Refused(words),
    }
}

/// What was refused because it is there already is as good as opened.
fn refused(api: &Api, order: &Order, words: String) -> Answer {
    match look_up(api, order) {
        Found::Link(answer) => answer,
        Found::Trouble(why) => Answer::Unknown(why),
        // Lists may lag behind.
        Found::Nothing | Found::Refused(_) if words.to_lowercase().contains(TAKEN_WORD) => {
            Answer::Unknown(words)
        }
        Found::Nothing | Found::Refused(_) => Answer::Refused(words),
    }
}

enum Found {
    Link(Answer),
    Nothing,
    /// It cannot be looked up now.
    Trouble(String),
    /// It may not be looked up.
    Refused(String),
}

fn look_up(api: &Api, order: &Order) -> Found {
    let path = format!("{PATH}?reference_id={}", order.checkout);
    let list = match api.get(&path) {
        Outcome::Done(list) => list,
        Outcome::Later(why) | Outcome::Unknown(why) => return Found::Trouble(why),
        Outcome::Refused { words, .. } => return Found::Refused(words),
    };
    let is_ours = |link: &&Value| text(link, "reference_id") == Some(&*order.checkout);
    match items(&list, PATH).iter().find(is_ours) {
        Some(link) => Found::Link(usable(link, order)),
        None => Found::Nothing,
    }
}

fn usable(link: &Value, order: &Order) -> Answer {
    let is_price = link.get("amount").and_then(Value::as_i64) == Some(order.price.amount_minor)
        && text(link, "currency") == Some(order.price.currency.as_str());
    if !is_price {
        return Answer::Refused("the payment link of this checkout has another amount".to_owned());
    }
    match text(link, "status") {
        Some(ended @ ("cancelled" | "expired")) => {
            Answer::Refused(format!("the payment link of this checkout is {ended}"))
        }
        _ => opened(link).unwrap_or_else(unreadable),
    }
}

fn opened(link: &Value) -> Option<Answer> {
    Some(Answer::Opened {
        reference: text(link, "id")?.to_owned(),
        url: web_address(link, "short_url")?.to_owned(),
    })
}

fn unreadable() -> Answer {
    Answer::Unknown("it answered a payment link without an address".to_owned())
}

fn body(order: &Order, return_to: &str) -> Value {
    let seconds = |time: crate::domain::time::Timestamp| time.as_millis() / 1_000;
    let soonest = seconds(order.asked_at).saturating_add(PAYABLE_SECONDS_MIN);
    let mut body = json!({
        "amount": order.price.amount_minor,
        "currency": order.price.currency,
        "accept_partial": false,
        "reference_id": order.checkout,
        "description": order.description,
        "expire_by": seconds(order.expires_at).max(soonest),
        "notify": {"sms": false, "email": false},
        "reminder_enable": false,
        // Not the attempt: a link outlives it, and is used by the next one too.
        "notes": {"transaction_tsid": order.checkout},
        "callback_url": format!("{return_to}{}", order.checkout),
        "callback_method": "get",
    });
    let email = order
        .email
        .as_deref()
        .filter(|email| email.len() <= EMAIL_CHARS_MAX);
    if let (Some(email), Some(fields)) = (email, body.as_object_mut()) {
        fields.insert("customer".into(), json!({"email": email}));
    }
    body
}
