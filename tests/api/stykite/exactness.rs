//! Numbers come back as they were told, to the digit, whatever a float would make of them.

use serde_json::json;

use super::{CALLS, CREDITS, customer, path, post, world};
use crate::keys::JSON;
use crate::world::KEY;

#[test]
fn quantities_are_kept_to_the_digit() {
    let world = world();
    for (place, (written, shown)) in [
        ("0.1", "0.1"),
        ("0.30000000000000004", ""),
        ("123456789012.123456789012", "123456789012.123456789012"),
        ("9.999999999999", "9.999999999999"),
        ("26.0", "26"),
        ("1.5e3", "1500"),
        ("0.000000000001", "0.000000000001"),
        ("1000000000000", "1000000000000"),
    ]
    .into_iter()
    .enumerate()
    {
        let identifier = format!("user_{place}");
        customer(&world, &identifier);
        let body =
            format!("[{{\"timestamp\":1697363618832,\"meter_id\":\"{CALLS}\",\"qty\":{written}}}]");
        let usage = path(&format!("customer/{identifier}/usage"));
        let answer = world.ask("POST", &usage, Some(KEY), &[JSON], body.as_bytes());
        // Finer than what is kept is refused, not rounded.
        assert_eq!(
            answer.status,
            if shown.is_empty() { 400 } else { 202 },
            "{written}"
        );
        let text = world.get(&path(&format!("customer/{identifier}"))).text;
        let wanted = format!("\"usage\":{},", if shown.is_empty() { "0" } else { shown });
        assert!(text.contains(&wanted), "{wanted}: {text}");
    }
}

/// Two costs whose sum no float holds.
#[test]
fn costs_add_up_to_the_digit() {
    let world = world();
    customer(&world, "user_1");
    for input in [10, 20] {
        let body = json!({"checkpoint_name": "x", "customer_identifier": "user_1",
            "provider": "OPENAI", "model": "GPT_4", "input_token": input, "output_token": 0});
        let answer = post(&world, "checkpoint/usage", &body);
        let cost = format!("\"input_token_cost\":0.000{},", input / 10);
        assert!(answer.text.contains(&cost), "{}", answer.text);
    }
    let text = world.get(&path("customer/user_1")).text;
    let wanted = format!(
        "{{\"meter_tsid\":\"{CREDITS}\",\"entitlement\":2000,\"usage\":0.3,\"remaining\":1999.7,"
    );
    assert!(text.contains(&wanted), "{text}");
}
