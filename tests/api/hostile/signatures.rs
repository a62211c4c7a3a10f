//! Signatures that are nearly right: one byte too many, another provider's, yesterday's secret.

use crate::bad_input::events;
use crate::world::{RAZORPAY_SECRET, STYKITE_SECRET, World, hmac_hex, sample};

#[test]
fn every_other_spelling_is_refused_in_the_same_words() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let right = hmac_hex(RAZORPAY_SECRET, &body);
    let mut mixed = right.clone();
    let letter = mixed.find(|c: char| c.is_ascii_lowercase()).unwrap();
    mixed.replace_range(letter..=letter, &mixed[letter..=letter].to_uppercase());
    let rows = [
        String::new(),
        "0".repeat(64),
        right.to_uppercase(),
        mixed,
        right[..63].to_owned(),
        right[1..].to_owned(),
        format!("{right}0"),
        format!("{right}{right}"),
        format!("sha256={right}"),
        format!("v1,{right}"),
        format!("v0,{right}"),
        format!("v1a,{right}"),
        format!("{right},{right}"),
        format!("{right} {right}"),
        format!("\"{right}\""),
        format!("0x{right}"),
        right.replace('a', "\u{430}"),
        "g".repeat(64),
        "null".to_owned(),
        "true".to_owned(),
        "=".repeat(44),
        RAZORPAY_SECRET.to_owned(),
    ];
    let mut texts = std::collections::BTreeSet::new();
    for signature in &rows {
        let headers = [("x-razorpay-signature", signature.as_str())];
        let answer = world.post("/webhooks/razorpay", &headers, &body);
        assert_eq!(answer.status, 401, "{signature}");
        texts.insert(answer.text);
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(events(&world), 1);
    assert_eq!(world.read("/v1/stats")["rejected"], rows.len());
    assert_eq!(world.razorpay(&body).status, 200, "the right one is");
}

/// Each source has its own secrets: what one provider signed says nothing to another.
#[test]
fn what_one_source_signed_is_nothing_to_another() {
    let world = World::new();
    let secrets = [("razorpay", RAZORPAY_SECRET), ("stykite", STYKITE_SECRET)];
    for (of_body, _) in secrets {
        let body = sample(of_body, "02");
        for (route, own) in secrets {
            for (_, secret) in secrets {
                let signature = hmac_hex(secret, &body);
                for header in ["x-razorpay-signature", "x-stykite-signature"] {
                    let is_right = own == secret && header == format!("x-{route}-signature");
                    let headers = [(header, signature.as_str())];
                    let answer = world.post(&format!("/webhooks/{route}"), &headers, &body);
                    let expected = if is_right { 200 } else { 401 };
                    assert_eq!(answer.status, expected, "{route} {header} {secret}");
                }
            }
        }
    }
    // One body each, on each of the two routes.
    assert_eq!(events(&world), 5);
}

#[test]
fn an_old_secret_counts_until_its_end_and_no_longer() {
    let world = World::from_text(
        r#"
[server]
bind = "127.0.0.1:0"
[log]
engine = "memory"
[sources.razorpay]
provider = "razorpay"
secrets = [
  { id = "new", secret = "the-new-secret" },
  { id = "old", secret = "the-old-secret", not_after = "2026-12-01T00:00:00Z" },
  { id = "retired", secret = "the-retired-secret", verify_only = true },
]
"#,
    )
    .unwrap();
    let send = |number: &str, secret: &str| {
        let body = sample("razorpay", number);
        let signature = hmac_hex(secret, &body);
        let headers = [("x-razorpay-signature", signature.as_str())];
        world.post("/webhooks/razorpay", &headers, &body)
    };
    world.set_time("2026-11-30T23:59:59.999Z");
    for (number, secret, key) in [
        ("02", "the-new-secret", "new"),
        ("03", "the-old-secret", "old"),
    ] {
        let answer = send(number, secret);
        assert_eq!(answer.status, 200, "{secret}");
        let event = world.read(&format!("/v1/events/{}", answer.seq()));
        assert_eq!(event["evidence"]["key_id"], key);
    }
    assert_eq!(send("04", "the-retired-secret").status, 401);
    world.set_time("2026-12-01T00:00:00.001Z");
    assert_eq!(send("04", "the-old-secret").status, 401);
    assert_eq!(
        send("03", "the-old-secret").status,
        401,
        "also what it once took in"
    );
    assert_eq!(send("04", "the-new-secret").status, 200);
    assert_eq!(events(&world), 4);
}
