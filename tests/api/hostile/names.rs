//! Paths and names that want to be files, headers, log lines or metric labels.

use crate::bad_input::{events, status};
use crate::world::World;

const CLOSE: &str = "Connection: close";

#[test]
fn a_source_is_found_by_its_name_and_nothing_else() {
    let world = World::new();
    let long = "a".repeat(4_096);
    let names = [
        "..%2f..%2fetc%2fpasswd",
        "..%5c..%5cwindows",
        "%2e%2e",
        "..;",
        "%00",
        "razorpay%00",
        "razorpay%20",
        "%20razorpay",
        "razorpay%0a",
        "razorpay%2F",
        "razorpay.",
        "RazorPay",
        "r%D0%B0zorpay",
        "razor%E2%80%8Bpay",
        "%EF%BD%92azorpay",
        "razorpay;x=1",
        "razorpay%3Fx",
        "%72azorpay%25",
        "razorpay,stykite",
        "*",
        "~",
        "%F0%9F%99%82",
        "%E2%80%AEyapr",
        "%FF%FE",
        "api",
        "scheduler",
        "catalogue",
        "unknown",
        long.as_str(),
    ];
    let mut bodies = std::collections::BTreeSet::new();
    for name in names {
        let line = format!("POST /webhooks/{name} HTTP/1.1\r\nHost: x\r\n{CLOSE}\r\n");
        let answer = world.raw(format!("{line}Content-Length: 2\r\n\r\n{{}}").as_bytes());
        assert_eq!(status(&answer), 404, "{name}: {answer}");
        bodies.insert(answer.split_once("\r\n\r\n").unwrap().1.to_owned());
    }
    assert_eq!(bodies.len(), 1, "no name comes back: {bodies:?}");
    // What is only written otherwise is the same name.
    let line = format!("POST /webhooks/%72azorpay HTTP/1.1\r\nHost: x\r\n{CLOSE}\r\n");
    let answer = world.raw(format!("{line}Content-Length: 2\r\n\r\n{{}}").as_bytes());
    assert_eq!(status(&answer), 401, "{answer}");
    assert_eq!(events(&world), 1);
}

#[test]
fn a_name_splits_no_answer() {
    let world = World::new();
    let evil = "x%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a%3Cscript%3E";
    for path in [
        format!("/webhooks/{evil}"),
        format!("/v1/customers/{evil}"),
        format!("/v1/subscriptions/{evil}"),
        format!("/v1/payments/{evil}"),
        format!("/v1/events/{evil}"),
        format!("/v1/customers?status={evil}"),
        format!("/v1/customers?{evil}=1"),
        format!("/v1/events?cursor={evil}&limit={evil}"),
        format!("/{evil}"),
    ] {
        let key = crate::world::KEY;
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n");
        let answer = world.raw(format!("{head}{CLOSE}\r\n\r\n").as_bytes());
        assert!(
            matches!(status(&answer), 400 | 404 | 405),
            "{path}: {answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            !head.to_lowercase().contains("set-cookie"),
            "{path}: {answer}"
        );
        assert!(
            !body.contains('\n') && !body.contains('\r'),
            "{path}: {answer}"
        );
        assert!(
            head.contains("application/problem+json"),
            "{path}: {answer}"
        );
    }
}

/// A label for each name that somebody thinks of would fill this memory and the monitoring's.
#[test]
fn a_thousand_unknown_sources_are_one_line_of_the_metrics() {
    let world = World::new();
    let lines = |world: &World| {
        let text = world.get_with("/metrics", &[]).text;
        text.lines().count()
    };
    world.post("/webhooks/nobody", &[], b"{}");
    // The first look is itself a route that had not been asked for.
    lines(&world);
    let before = lines(&world);
    for n in 0..1_000 {
        assert_eq!(
            world
                .post(&format!("/webhooks/nobody-{n}"), &[], b"{}")
                .status,
            404
        );
    }
    assert_eq!(lines(&world), before);
    let text = world.get_with("/metrics", &[]).text;
    let line = "subledger_deliveries_total{source=\"unknown\",outcome=\"refused\"} 1001";
    assert!(text.lines().any(|held| held == line), "{text}");
    assert!(!text.contains("nobody"));
}
