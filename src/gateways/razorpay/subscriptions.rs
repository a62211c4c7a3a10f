//! Subscriptions that Razorpay charges. It has no reference that would keep a second one away, so
//! what may have been asked for is only ever looked up, by its notes. Knows nothing of links.

use serde_json::{Value, json};

use super::client::Api;
use super::reply::{Outcome, items, text, web_address};
use crate::domain::catalog::Period;
use crate::domain::own::CancelWhen;
use crate::gateways::{Answer, Before, CancelAnswer, GatewayPlan, Order};

/// Razorpay wants an end. UPI mandates, the shortest of all, are given for at least this long.
const YEARS: u32 = 10;
/// Clocks differ, and a request takes its time.
const LOOK_BACK_SECONDS: i64 = 5 * 60;
/// As many as Razorpay lists at once.
const LISTED_AT_ONCE: usize = 100;
/// More subscriptions of one plan in a quarter of an hour than this ledger could have opened.
const PAGES_MAX: usize = 20;
const PATH: &str = "subscriptions";
/// After these Razorpay charges nothing any more.
const ENDED: [&str; 3] = ["cancelled", "completed", "expired"];

pub(super) fn open(api: &Api, order: &Order, plan: &GatewayPlan, before: Before) -> Answer {
    if let Some(answer) = opened_earlier(api, order) {
        return answer;
    }
    if before == Before::Perhaps {
        return look_up(api, order, plan);
    }
    match api.post(PATH, &body(order, plan)) {
        Outcome::Done(made) => opened(&made).unwrap_or_else(unreadable),
        Outcome::Later(why) => Answer::Later(why),
        Outcome::Unknown(why) => Answer::Unknown(why),
        Outcome::Refused { words, .. } => Answer::Refused(words),
    }
}

/// A payment that failed does not end a subscription: its page takes the next one, and a second
/// subscription would be charged beside it.
fn opened_earlier(api: &Api, order: &Order) -> Option<Answer> {
    for reference in &order.earlier {
        match api.get(&format!("{PATH}/{reference}")) {
            Outcome::Done(held) if has_ended(&held) => {}
            Outcome::Done(held) => return Some(opened(&held).unwrap_or_else(unreadable)),
            Outcome::Later(why) | Outcome::Unknown(why) => return Some(Answer::Later(why)),
            // It knows none of that id (any more).
            Outcome::Refused {
                status: 400 | 404, ..
            } => {}
            Outcome::Refused { words, .. } => return Some(Answer::Refused(words)),
        }
    }
    None
}

fn has_ended(held: &Value) -> bool {
    text(held, "status").is_some_and(|word| ENDED.contains(&word))
}

fn body(order: &Order, plan: &GatewayPlan) -> Value {
    json!({
        "plan_id": plan.id,
        "total_count": cycles(plan.period),
        "quantity": 1,
        "customer_notify": false,
        "expire_by": order.expires_at.as_millis() / 1_000,
        "notes": {
            "transaction_tsid": order.checkout,
            "checkout_attempt": order.attempt.to_string(),
        },
    })
}

/// How often a price is charged in [`YEARS`].
const fn cycles(period: Period) -> u32 {
    match period {
        Period::OneTime => 1,
        Period::Daily => YEARS * 365,
        Period::Weekly => YEARS * 52,
        Period::TwentyEightDays => YEARS * 13,
        Period::Monthly => YEARS * 12,
        Period::ThreeMonths => YEARS * 4,
        Period::SixMonths => YEARS * 2,
        Period::Yearly => YEARS,
    }
}

fn look_up(api: &Api, order: &Order, plan: &GatewayPlan) -> Answer {
    let from = order.attempted_at.as_millis() / 1_000 - LOOK_BACK_SECONDS;
    let attempt = order.attempt.to_string();
    let is_ours = |made: &&Value| {
        let note = |name: &str| made.get("notes").and_then(|notes| text(notes, name));
        note("transaction_tsid") == Some(&*order.checkout)
            && note("checkout_attempt") == Some(attempt.as_str())
    };
    for page in 0..PAGES_MAX {
        let skip = page * LISTED_AT_ONCE;
        let path = format!(
            "{PATH}?plan_id={}&from={from}&count={LISTED_AT_ONCE}&skip={skip}",
            plan.id
        );
        let list = match api.get(&path) {
            Outcome::Done(list) => list,
            Outcome::Later(why) | Outcome::Unknown(why) => return Answer::Unknown(why),
            Outcome::Refused { words, .. } => return Answer::Unknown(words),
        };
        let listed = items(&list, PATH);
        if let Some(made) = listed.iter().find(is_ours) {
            return opened(made).unwrap_or_else(unreadable);
        }
        if listed.len() < LISTED_AT_ONCE {
            return Answer::Missing;
        }
    }
    Answer::Missing
}

fn opened(made: &Value) -> Option<Answer> {
    Some(Answer::Opened {
        reference: text(made, "id")?.to_owned(),
        url: web_address(made, "short_url")?.to_owned(),
    })
}

fn unreadable() -> Answer {
    Answer::Unknown("it answered a subscription without an address".to_owned())
}

/// Cancelling twice does no harm, so an unknown outcome is asked for again.
pub(super) fn cancel(api: &Api, reference: &str, when: CancelWhen) -> CancelAnswer {
    let body = json!({"cancel_at_cycle_end": when == CancelWhen::EndOfCycle});
    match api.post(&format!("{PATH}/{reference}/cancel"), &body) {
        Outcome::Done(_) => CancelAnswer::Done,
        Outcome::Later(why) | Outcome::Unknown(why) => CancelAnswer::Later(why),
        Outcome::Refused { words, .. } => match api.get(&format!("{PATH}/{reference}")) {
            Outcome::Done(held) if has_ended(&held) => CancelAnswer::Done,
            Outcome::Later(why) | Outcome::Unknown(why) => CancelAnswer::Later(why),
            Outcome::Done(_) | Outcome::Refused { .. } => CancelAnswer::Refused(words),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_is_charged_for_the_same_years() {
        assert_eq!(cycles(Period::Monthly), 120);
        assert_eq!(cycles(Period::Yearly), 10);
        assert_eq!(cycles(Period::OneTime), 1);
    }
}
