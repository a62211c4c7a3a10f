//! What a story came to, compared with what it comes to without a kill. Knows no process.

use serde_json::{Value, json};

/// What the events of a whole story are, whatever their order: the settings, and one a step. The
/// gateway's are compared with those of a story without kills.
const TOLD: [&str; 10] = [
    "catalogue.changed",
    "checkout.attempted",
    "checkout.opened",
    "customer.allowances_set",
    "customer.created",
    "subscription.cancel_asked",
    "subscription.end_date_set",
    "subscription.ended",
    "usage.counted",
    "usage.read",
];

/// One event a step, one payment, and the rest as without a kill; else what is wrong.
pub fn compare(undisturbed: &Value, came_to: &Value) -> Result<(), String> {
    let words = |from: &Value| -> Vec<String> {
        let words = from.as_array().unwrap().iter();
        words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let events = words(&came_to["events"]);
    for kind in TOLD {
        let times = events.iter().filter(|told| *told == kind).count();
        if times != 1 {
            return Err(format!("{kind} is there {times} times: {events:?}"));
        }
    }
    // A gateway says in several ways that it was paid. Killed after the first, ours does not say
    // the others: they would tell nothing new.
    let all = words(&undisturbed["gateway"]);
    let told = words(&came_to["gateway"]);
    let is_fine = told.iter().all(|word| all.contains(word));
    if !is_fine || told.is_empty() || told.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("the gateway said {told:?}"));
    }
    let payments = came_to["payments"].as_array().unwrap().len();
    if payments != 1 {
        return Err(format!("paid {payments} times"));
    }
    let without = |whole: &Value| {
        let mut whole = whole.clone();
        whole["gateway"].take();
        whole
    };
    if without(undisturbed) != without(came_to) {
        return Err(format!(
            "it came to {came_to}\nand without a kill to {undisturbed}"
        ));
    }
    Ok(())
}

/// The comparison fails for each way in which a kill could have done harm.
#[test]
fn a_story_that_went_wrong_would_be_found() {
    let gateway = ["order.paid", "payment.captured"];
    let right = json!({"events": TOLD, "gateway": gateway, "payments": [1], "status": "expired"});
    assert_eq!(compare(&right, &right), Ok(()));
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut other = right.clone();
        change(&mut other);
        compare(&right, &other).unwrap_err()
    };
    let list = |told: &mut Value, name: &str, word: &str| {
        told[name].as_array_mut().unwrap().push(word.into());
    };
    let twice = wrong(&|told| list(told, "events", "usage.counted"));
    assert!(twice.contains("usage.counted is there 2 times"), "{twice}");
    let lost = wrong(&|told| drop(told["events"].as_array_mut().unwrap().remove(1)));
    assert!(
        lost.contains("checkout.attempted is there 0 times"),
        "{lost}"
    );
    let twice = wrong(&|told| told["payments"] = json!([1, 1]));
    assert!(twice.contains("paid 2 times"), "{twice}");
    let other = wrong(&|told| told["status"] = "active".into());
    assert!(other.contains("it came to"), "{other}");
    let more = wrong(&|told| list(told, "events", "trial.ended"));
    assert!(more.contains("it came to"), "{more}");
    for word in ["payment.captured", "payment.failed"] {
        let said = wrong(&|told| list(told, "gateway", word));
        assert!(said.contains("the gateway said"), "{said}");
    }
    let silent = wrong(&|told| told["gateway"] = json!([]));
    assert!(silent.contains("the gateway said"), "{silent}");
}
