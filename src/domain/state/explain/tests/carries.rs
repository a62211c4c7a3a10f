//! What of an event says a field, by the words of the event alone: it knows no rule of the fold.

use serde_json::{Value, json};

use super::{History, shown};
use crate::domain::event::{Fact, Interpretation};
use crate::domain::own::OwnFact;
use crate::domain::status::RefundStatus;
use crate::domain::time::Timestamp;

/// Whether an event's own changes say what a field shows.
pub(super) fn carries(
    history: &History<'_>,
    place: usize,
    kind: &str,
    object: &Value,
    field: &str,
) -> bool {
    let meaning = &history.life[place];
    let facts = || meaning.changes.iter().map(|change| &change.fact);
    let value = &object[field];
    let words = || serde_json::to_string(&meaning.changes).unwrap();
    let told = |text: &Value| text.as_str().is_some_and(|text| words().contains(text));
    let alone = || shown(&history.fold([place].into_iter()), kind, object)[field] == *value;
    let is_time = |at: Timestamp| json!(at) == *value;
    match (kind, field) {
        (_, "last_seq") => json!(history.event(place).seq) == *value,
        (_, "updated_at") => meaning.changes.iter().any(|c| is_time(c.occurred_at)),
        (_, "created_at") => {
            let told = |fact: &Fact| match fact {
                Fact::Subscription(fact) => fact.created_at.is_some_and(is_time),
                Fact::Payment(fact) => fact.created_at.is_some_and(is_time),
                _ => false,
            };
            meaning.changes.iter().any(|c| is_time(c.occurred_at)) || facts().any(told)
        }
        (_, "access") => true,
        ("subscription", _) if object["provider"] == "subledger" => carries_sold(
            &serde_json::to_string(&meaning.changes).unwrap(),
            object,
            field,
        ),
        ("subscription", "status" | "ended_at" | "cancel_at") if decides(meaning) => true,
        ("customer", "addons") => facts().any(|fact| matches!(fact, Fact::Payment(_))),
        ("subscription", "paid_through") => facts().any(|fact| match fact {
            Fact::PaidThrough(fact) => is_time(fact.until),
            Fact::Subscription(fact) => fact.period_is_granted && json!(fact.period_end) == *value,
            _ => false,
        }),
        ("subscription", "id" | "provider" | "provider_subscription_id") => {
            object["provider"] == "stykite" || told(&object["provider_subscription_id"])
        }
        (_, "customer") => {
            told(&value["customer_identifier"]) || value["customer_identifier"].is_null()
        }
        ("payment", "status") if value == "refunded" || value == "partially_refunded" => facts()
            .any(|fact| match fact {
                Fact::Refund(fact) => {
                    fact.status == Some(RefundStatus::Processed)
                        && json!(fact.payment_id) == object["id"]
                }
                _ => false,
            }),
        ("payment", "id" | "provider" | "refunds") => told(&object["id"]),
        ("payment", "invoice_id" | "order_id") => told(value),
        // It shows our id; the life knows the provider's.
        ("payment", "subscription_id") => facts().any(|fact| match fact {
            Fact::Payment(fact) => fact.subscription_id.is_some(),
            Fact::Invoice(fact) => fact.subscription_id.is_some(),
            Fact::Own(fact) => fact.sells().is_some(),
            _ => false,
        }),
        // Nothing is shown of what was cleared.
        ("customer", "email" | "first_name" | "last_name") if value.is_null() => {
            words().contains(&format!("\"{field}\":\"\""))
        }
        ("customer", "address") if value.is_null() => words().contains("\"address\":{}"),
        ("customer", "address") => told(&value["city"]),
        ("customer", "email" | "phone" | "customer_identifier" | "first_name" | "last_name") => {
            told(value)
        }
        ("customer", "id") => told(value) || !value.as_str().unwrap().starts_with("CUS-0G9"),
        ("customer", "references") => value.as_object().unwrap().values().any(told),
        _ => alone(),
    }
}

/// Whether an event says something that was decided about a subscription.
fn decides(meaning: &Interpretation) -> bool {
    meaning.changes.iter().any(|change| match &change.fact {
        Fact::Own(fact) => matches!(
            **fact,
            OwnFact::CancelAsked(_) | OwnFact::EndDateSet(_) | OwnFact::SubscriptionEnded(_)
        ),
        _ => false,
    })
}

/// Whether the words of an event say what a field of a subscription that is sold here shows.
fn carries_sold(words: &str, object: &Value, field: &str) -> bool {
    let says = |text: &Value| text.as_str().is_some_and(|text| words.contains(text));
    let any = |all: &[&str]| all.iter().any(|word| words.contains(word));
    let charged = ["\"pay_", "\"sub_"];
    let is_charged = any(&charged);
    let is_had = any(&["subscription.created", "subscription.plan_changed"]);
    let begins = is_had || any(&["customer.created"]);
    match field {
        "id" | "provider" | "source" => says(&object["id"]),
        "plan" => says(&object["plan"]["id"]),
        "status" => match object["status"].as_str().unwrap() {
            "trialing" => begins || is_charged,
            "superseded" => is_had || is_charged,
            "canceled" => any(&["cancel_asked", "subscription.ended", "\"sub_"]),
            "expired" => any(&["subscription.ended", "trial.ended", "\"sub_"]),
            "active" => begins || is_charged || any(&["trial.ended"]),
            _ => any(&["\"sub_"]),
        },
        "trial_used" => begins || is_charged || any(&[".ended", "cancel_asked"]),
        "current_period" => begins || is_charged || any(&["end_date_set"]),
        "paid_through" => is_had || is_charged,
        "reason" => any(&["trial.ended"]),
        "quantity" => any(&["\"sub_"]),
        "customer" => says(&object["customer"]["customer_identifier"]),
        _ => says(&object[field]),
    }
}
