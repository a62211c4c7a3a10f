//! What an operator's tools ask.

use crate::world::{World, sample};

#[test]
fn health_needs_no_key() {
    let world = World::on_disk();
    assert_eq!(world.get_with("/healthz", &[]).status, 200);
    assert_eq!(world.get_with("/readyz", &[]).status, 200);
    assert_eq!(
        world.get_with("/nothing/here", &[]).word("code"),
        "not_found"
    );
}

/// Below `/v1` every answer says how far the ledger is, also where nothing is served.
#[test]
fn a_path_without_a_route_carries_the_sequence_below_v1_alone() {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    let answer = world.get("/v1/nothing");
    assert_eq!(
        (answer.status, answer.header("x-ledger-seq")),
        (404, Some("2"))
    );
    assert_eq!(world.get("/nothing").header("x-ledger-seq"), None);
}

#[test]
fn metrics_count_what_happened() {
    let world = World::on_disk();
    world.razorpay(&sample("razorpay", "02"));
    world.razorpay(&sample("razorpay", "02"));
    world.post("/webhooks/razorpay", &[], b"{}");
    world.post("/webhooks/nobody", &[], b"{}");
    let answer = world.get_with("/metrics", &[]);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    for line in [
        "subledger_deliveries_total{source=\"razorpay\",outcome=\"recorded\"} 1",
        "subledger_deliveries_total{source=\"razorpay\",outcome=\"duplicate\"} 1",
        "subledger_deliveries_total{source=\"razorpay\",outcome=\"rejected\"} 1",
        "subledger_deliveries_total{source=\"unknown\",outcome=\"refused\"} 1",
        "subledger_customers 1",
        "subledger_events 2",
        "subledger_ready 1",
    ] {
        assert!(
            answer.text.lines().any(|held| held == line),
            "{line}\n{}",
            answer.text
        );
    }
    assert!(answer.text.ends_with("# EOF\n"));
}

#[test]
fn a_full_disk_refuses_webhooks_and_answers_queries() {
    let world = World::on_disk();
    world.razorpay(&sample("razorpay", "02"));
    let world = world
        .restart_with(|config| config.log.min_free_bytes = u64::MAX / 2)
        .unwrap();
    let answer = world.razorpay(&sample("razorpay", "03"));
    assert_eq!(
        (answer.status, answer.word("code").as_str()),
        (503, "unavailable")
    );
    assert!(answer.header("retry-after").is_some());
    // Each delivery is counted once, by the one thing that became of it.
    world.post("/webhooks/razorpay", &[("content-encoding", "gzip")], b"{}");
    let metrics = world.get_with("/metrics", &[]).text;
    for (outcome, count) in [("unavailable", 1), ("refused", 1), ("rejected", 0)] {
        let labels = format!("{{source=\"razorpay\",outcome=\"{outcome}\"}}");
        let line = format!("subledger_deliveries_total{labels} {count}");
        assert!(
            metrics.lines().any(|held| held == line),
            "{line}\n{metrics}"
        );
    }
    assert_eq!(world.get_with("/readyz", &[]).status, 503);
    assert_eq!(world.get_with("/healthz", &[]).status, 200);
    assert_eq!(
        world.read("/v1/customers/user_42")["subscriptions"][0]["status"],
        "active"
    );
}
