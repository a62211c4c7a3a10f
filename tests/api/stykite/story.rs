//! One customer from the first call to the last, by this surface alone and the page that a payer
//! sees: made, paid on, used, sold an add-on, cancelled, over.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ADDON, CREDITS, FREE, PRO, customer, meter, post, shown, world};
use crate::world::World;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a checkout and pays it as a browser does.
fn paid(world: &World, plan_id: &str, component: &str) -> String {
    let body = json!({"customer_identifier": "user_1", "plan_id": plan_id,
        "plan_type": "MONTHLY", "payment_component": component});
    let answer = post(world, "payment", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["value"]["transaction_tsid"]
        .as_str()
        .unwrap()
        .to_owned();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let page = format!("/checkout/{id}");
    assert_eq!(world.post(&page, &[form], b"action=pay").status, 303);
    until(|| world.get_with(&page, &[]).text.contains("This is paid."));
    id
}

fn until(so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "it did not come to be");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn held(world: &World, plan: &str) -> Value {
    let value = shown(world, "user_1");
    let mut all = value["subscriptions"].as_array().unwrap().iter();
    all.find(|held| held["plan_tsid"] == plan).unwrap().clone()
}

#[test]
fn from_the_first_call_to_the_last() {
    let world = world();
    customer(&world, "user_1");
    assert_eq!(held(&world, FREE)["status"], "ACTIVE");

    paid(&world, PRO, "PLAN");
    let pro = held(&world, PRO);
    assert_eq!(
        (&pro["status"], &pro["granted"]),
        (&json!("ACTIVE"), &json!(true))
    );
    assert_eq!(pro["plan_type"], "MONTHLY");
    // A month is paid for once: it ends with it.
    assert_eq!(pro["current_period_end"], 1_798_243_200_000_u64);
    assert_eq!(pro["end_date"], pro["current_period_end"]);
    assert_eq!(
        held(&world, FREE)["status"],
        "CANCELLED",
        "the other is in its place"
    );
    assert_eq!(shown(&world, "user_1")["status"], "ACTIVE");
    assert_eq!(meter(&world, "user_1", CREDITS)["entitlement"], 10_000);

    let transaction = paid(&world, ADDON, "ADDON");
    let addons = shown(&world, "user_1")["addons"].clone();
    assert_eq!(addons[0]["tsid"], ADDON);
    assert_eq!(addons[0]["adon_tsid"], "ADO-0FREQGYM88QQV");
    assert_eq!(addons[0]["status"], "ACTIVE");
    assert_eq!(addons[0]["price"].as_f64(), Some(11.0));
    assert_eq!(addons[0]["transaction_tsid"], transaction);

    world.set_time("2026-12-01T00:00:00Z");
    let body = json!({"checkpoint_name": "session-ended", "customer_identifier": "user_1",
        "provider": "OPENAI", "model": "GPT_4", "input_token": 100, "output_token": 200});
    let answer = post(&world, "checkpoint/usage", &body);
    assert_eq!(answer.json()["value"]["plan_tsid"], PRO);
    assert_eq!(meter(&world, "user_1", CREDITS)["remaining"], 9_995);

    let id = pro["subscription_tsid"].clone();
    let body = json!({"subscription_tsid": id, "when": "END_OF_CYCLE"});
    let answer = post(&world, "customer/user_1/cancel_subscription", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let pro = held(&world, PRO);
    assert_eq!(pro["status"], "ACTIVE");
    assert_eq!(pro["cancel_date"], pro["current_period_end"]);

    world.set_time("2026-12-26T00:00:01Z");
    until(|| held(&world, PRO)["status"] == "CANCELLED");
    assert_eq!(held(&world, PRO)["granted"], false);
    assert_eq!(shown(&world, "user_1")["status"], "CANCELLED");
    let row = meter(&world, "user_1", CREDITS);
    assert_eq!(
        (&row["granted"], &row["remaining"]),
        (&json!(false), &json!(0))
    );
}

#[test]
fn a_month_that_is_longer_than_the_one_before_is_a_month() {
    let world = world();
    world.set_time("2027-01-31T10:00:00Z");
    customer(&world, "user_1");
    paid(&world, PRO, "PLAN");
    paid(&world, PRO, "PLAN");
    world.set_time("2027-03-05T10:00:00Z");
    let pro = held(&world, PRO);
    // From 28 February to 31 March.
    assert_eq!(pro["current_period_start"], 1_803_808_800_000_u64);
    assert_eq!(pro["current_period_end"], 1_806_487_200_000_u64);
    assert_eq!(pro["plan_type"], "MONTHLY");
}
