//! Deliveries that carry the time at which they were signed: stale ones, and resends.

use crate::world::{KELVIQ_SECRET, NOW, RAZORPAY_SECRET, World, hmac_hex, sample, seconds};

const MINUTE: i64 = 60;

#[test]
fn a_stale_delivery_is_kept_aside_and_its_fresh_resend_folds() {
    let world = World::on_disk();
    let now = seconds(NOW);
    for (provider, number) in [("kelviq", "03"), ("standard-webhooks", "01")] {
        let body = sample(provider, number);
        let send = |sent_at| match provider {
            "kelviq" => world.kelviq_at(&body, sent_at),
            _ => world.standard_at(&body, sent_at),
        };
        let customer = if provider == "kelviq" {
            "user_51"
        } else {
            "user_61"
        };
        let path = format!("/v1/customers/{customer}");
        let stale = send(now - 6 * MINUTE);
        assert_eq!(
            (stale.status, stale.word("reason").as_str()),
            (200, "stale")
        );
        assert_eq!(world.get(&path).status, 404, "it is not folded");
        let again = send(now - 6 * MINUTE);
        assert_eq!(
            (again.word("status").as_str(), again.seq()),
            ("duplicate", stale.seq())
        );
        let ahead = send(now + 6 * MINUTE);
        assert_eq!(
            ahead.word("reason"),
            "stale",
            "another time is another delivery"
        );
        let fresh = send(now - 5 * MINUTE);
        assert_eq!(
            (fresh.status, fresh.word("status").as_str()),
            (200, "recorded")
        );
        assert_eq!(world.read(&path)["subscriptions"][0]["status"], "active");
        let retry = send(now + MINUTE);
        assert_eq!(
            (retry.word("status").as_str(), retry.seq()),
            ("duplicate", fresh.seq())
        );
        let event = world.read(&format!("/v1/events/{}", stale.seq()));
        assert_eq!(event["flags"], serde_json::json!(["stale"]));
        assert_eq!(
            event["evidence"]["headers"]["webhook-timestamp"],
            (now - 6 * MINUTE).to_string()
        );
    }
    // Both stay what they were when the log is folded anew.
    let world = world.restart();
    assert_eq!(world.read("/v1/stats")["quarantined"], 4);
}

#[test]
fn one_sources_signature_or_secret_opens_no_other() {
    let world = World::new();
    let now = seconds(NOW);
    let body = sample("kelviq", "03");
    let hex = |secret: &str| {
        let message = [format!("id.{now}.").as_bytes(), &body].concat();
        format!("v1,{}", hmac_hex(secret, &message))
    };
    let to = |path: &str, signature: &str| world.dispatch(path, "id", now, signature, &body).status;
    assert_eq!(to("/webhooks/kelviq", &hex(KELVIQ_SECRET)), 200);
    assert_eq!(to("/webhooks/kelviq", &hex(RAZORPAY_SECRET)), 401);
    assert_eq!(to("/webhooks/standard-webhooks", &hex(KELVIQ_SECRET)), 401);
    assert_eq!(to("/webhooks/razorpay", &hex(KELVIQ_SECRET)), 401);
    let plain = hmac_hex(KELVIQ_SECRET, &body);
    let razorpay = world.post(
        "/webhooks/razorpay",
        &[("X-Razorpay-Signature", &plain)],
        &body,
    );
    assert_eq!(razorpay.status, 401);
    let kelviq = world.post(
        "/webhooks/kelviq",
        &[("X-Razorpay-Signature", &plain)],
        &body,
    );
    assert_eq!(
        (kelviq.status, kelviq.word("code").as_str()),
        (401, "invalid_signature")
    );
    assert_eq!(world.read("/v1/stats")["events"], 2);
}

#[test]
fn an_event_about_a_customer_alone_is_listed_among_the_customers_events() {
    let world = World::new();
    let seqs: Vec<u64> = ["01", "09", "03", "07", "05"]
        .into_iter()
        .map(|number| world.send("kelviq", &sample("kelviq", number)).seq())
        .collect();
    let events = world.read("/v1/customers/user_51/events");
    let listed: Vec<u64> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(listed, seqs);
    let payment = world.read("/v1/payments/ORD-20260901093005-M3K9P");
    assert_eq!(payment["invoice_id"], "INV-20260901093010-M3K9P");
}
