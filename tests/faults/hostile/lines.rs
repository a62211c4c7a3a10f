//! What strangers can make the log say: each line is one JSON object whatever stands in names, ids
//! and bodies, and a flood of wrong signatures is no flood of lines.

use std::io::Write as _;
use std::time::Instant;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::super::load::PATH;
use super::super::rig::{ADMIN_KEY, Launch, Rig, SECRET};
use super::clients::{connect, until_closed};

/// Colours, a bell, another line, text from right to left, and what a terminal would run.
const EVIL: &str = "\u{1b}[31mred\u{7}\u{202e}gnp.exe\u{2028}\u{9b}2J";
const FORGERIES: usize = 2_000;
/// A start, a stop and whatever else is said once.
const LINES_ONCE: usize = 16;
/// Wrong signatures and refusals: each may be told of once a second.
const LINES_A_SECOND: u64 = 2;

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Why `text` is not one JSON object a line without control characters.
fn broken_line(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        let is_object = serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object());
        !is_object || line.chars().any(char::is_control)
    })
}

#[test]
fn no_stranger_writes_a_line_of_the_log() {
    let rig = Rig::new();
    let levels = [("RUST_LOG", "trace")];
    let launch = Launch {
        env: &levels,
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let mut client = service.client();
    let escaped: String = EVIL.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let split = "%0d%0a%7B%22level%22%3A%22INFO%22%7D";
    for path in [&escaped, split, "%00", "%ff%fe"] {
        for (place, allowed) in [("webhooks", 404), ("v1/customers", 404), ("v1/events", 400)] {
            let answer = client
                .post(&format!("/{place}/{path}"), &[], b"{}")
                .unwrap();
            assert!(matches!(answer.status, 404 | 405), "{}", answer.text);
            let answer = client.get(&format!("/{place}/{path}"), ADMIN_KEY).unwrap();
            assert!(
                [allowed, 404, 405].contains(&answer.status),
                "{}",
                answer.text
            );
        }
        let query = format!("/v1/events?type={path}&source={path}&cursor={path}");
        assert_eq!(client.get(&query, ADMIN_KEY).unwrap().status, 400);
    }
    // Signed, so that all of it is believed: an id, a type and a customer with everything in them.
    let text = serde_json::to_string(EVIL).unwrap();
    let sample = include_str!("../../../sample-events/razorpay/02.subscription.activated.json");
    let named = sample
        .replace("\"user_42\"", &text)
        .replace("\"plan_Ldgr000000001\"", &text);
    let typed = format!("{{\"event\":{text},\"payload\":{{}}}}");
    for body in [named, typed, EVIL.to_owned()] {
        let signature = signature(body.as_bytes());
        let id = "evt\u{202e}\u{9b}2J";
        let headers = [
            ("x-razorpay-signature", signature.as_str()),
            ("x-razorpay-event-id", id),
        ];
        let answer = client.post(PATH, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            !answer.text.chars().any(|c| c.is_ascii_control()),
            "{}",
            answer.text
        );
    }
    let mut socket = connect(service.address);
    socket
        .write_all(format!("GET /{EVIL} HTTP/1.1\r\nX: {EVIL}\r\n\r\n").as_bytes())
        .unwrap();
    until_closed(socket);
    for list in ["customers", "subscriptions", "events", "quarantine"] {
        let answer = client.get(&format!("/v1/{list}"), ADMIN_KEY).unwrap();
        assert_eq!(answer.status, 200);
        assert!(
            !answer.text.chars().any(|c| c.is_ascii_control()),
            "{}",
            answer.text
        );
    }
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0));
    assert_eq!(broken_line(&ended.stderr), None);
    assert!(ended.stderr.lines().count() > 20, "the level was not set");
}

#[test]
fn a_flood_of_forgeries_is_no_flood_of_lines() {
    let rig = Rig::new();
    let service = rig.start();
    let mut client = service.client();
    let wrong = "0".repeat(64);
    let begun = Instant::now();
    for n in 0..FORGERIES {
        let path = if n % 3 == 0 { "/webhooks/nobody" } else { PATH };
        let headers = [("x-razorpay-signature", wrong.as_str())];
        let answer = client.post(path, &headers, b"{}").unwrap();
        assert!(matches!(answer.status, 401 | 404), "{}", answer.text);
    }
    let rejected = service.get("/v1/stats").json()["rejected"]
        .as_u64()
        .unwrap();
    assert!(
        rejected > FORGERIES as u64 / 2,
        "counted all the same: {rejected}"
    );
    let ended = service.terminate();
    let seconds = begun.elapsed().as_secs() + 1;
    let lines_max = LINES_ONCE + usize::try_from(LINES_A_SECOND * seconds).unwrap();
    assert!(lines_max < FORGERIES / 2, "too slow to tell: {seconds} s");
    let lines = ended.stderr.lines().count();
    assert!(
        (1..lines_max).contains(&lines),
        "{lines} lines: {}",
        ended.stderr
    );
}

/// The search finds each way in which a line can break.
#[test]
fn a_broken_line_would_be_found() {
    assert_eq!(broken_line("{\"a\":1}\n{\"b\":\"\\u001b\"}\n"), None);
    for text in [
        "{\"a\":1\n2}",
        "plain",
        "{\"a\":\"\u{1b}[1m\"}",
        "{\"a\":\"\u{9b}\"}",
        "[1]",
    ] {
        assert!(broken_line(text).is_some(), "{text}");
    }
}
