//! Identifiers are the merchant's: whatever they hold, a path finds them again, percent-encoded.

use serde_json::json;

use super::{CALLS, customer, events, path, person, post, refused, shown, subscription, world};
use crate::world::sample;

/// As a careful client encodes a segment of a path: all but what is unreserved.
fn encoded(identifier: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| match unreserved(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    identifier.bytes().map(one).collect()
}

const IDENTIFIERS: [&str; 14] = [
    "name+86@example.com",
    "name 86@example.com",
    "c56164ad-3d54-4eaa-ae3d-46fe3969972b",
    "a/b/c",
    "a%2Fb",
    "100%",
    "ünï-códe-用户-🙂",
    "what?is=this&that#x",
    "...",
    "customer",
    "usage",
    "\"quoted\"\\",
    "CUS-0G9HCNK3E4P1Y",
    "-1",
];

#[test]
fn each_is_found_again_in_every_path() {
    let world = world();
    for identifier in IDENTIFIERS {
        let made = customer(&world, identifier);
        assert_eq!(made["customer_identifier"], identifier);
        let place = encoded(identifier);
        let value = shown(&world, &place);
        assert_eq!(value["customer_identifier"], identifier, "{place}");
        assert_eq!(value["tsid"], made["tsid"], "{place}");
        let reading = json!([{"timestamp": 1_697_363_618_832_u64, "meter_id": CALLS, "qty": 1}]);
        let answer = post(&world, &format!("customer/{place}/usage"), &reading);
        assert_eq!(answer.status, 202, "{place}: {}", answer.text);
        let id = subscription(&world, &place);
        let body = json!({"subscription_tsid": id, "when": "END_OF_CYCLE"});
        let answer = post(
            &world,
            &format!("customer/{place}/cancel_subscription"),
            &body,
        );
        assert_eq!(answer.status, 200, "{place}: {}", answer.text);
    }
}

/// A plus in a path is a plus, not a space, encoded or not.
#[test]
fn a_plus_is_a_plus() {
    let world = world();
    customer(&world, "name+86@example.com");
    for place in [
        "name+86@example.com",
        "name%2B86@example.com",
        "name%2b86%40example.com",
    ] {
        assert_eq!(
            shown(&world, place)["customer_identifier"],
            "name+86@example.com"
        );
    }
    for place in [
        "name%2086@example.com",
        "name 86@example.com".replace(' ', "%20").as_str(),
    ] {
        let answer = world.get(&path(&format!("customer/{place}")));
        assert_eq!(answer.status, 404, "{place}");
    }
}

/// Clients and proxies take these segments out of a path before they send it.
#[test]
fn no_customer_is_called_like_a_step_in_a_path() {
    let world = world();
    for identifier in [".", ".."] {
        let answer = post(&world, "customer", &person(identifier));
        let sentence = refused(&answer, 400);
        assert!(sentence.contains("`customer_identifier`"), "{sentence}");
    }
    assert_eq!(world.read("/v1/stats")["customers"], 0);
}

/// Another's id of any kind is taken: what came under it later would be the wrong one's.
#[test]
fn an_id_of_another_customer_is_nobodys_identifier() {
    let world = world();
    world.razorpay(&sample("razorpay", "02"));
    let value = world.read("/v1/customers/user_42");
    let theirs = [
        value["id"].as_str().unwrap().to_owned(),
        value["references"]["razorpay"].as_str().unwrap().to_owned(),
        customer(&world, "user_1")["tsid"]
            .as_str()
            .unwrap()
            .to_owned(),
    ];
    let before = events(&world);
    for id in theirs {
        let answer = post(&world, "customer", &person(&id));
        let sentence = refused(&answer, 400);
        assert!(
            sentence.contains("`customer_identifier`"),
            "{id}: {sentence}"
        );
    }
    assert_eq!(events(&world), before);
    assert_eq!(world.read("/v1/customers/user_42"), value);
}
