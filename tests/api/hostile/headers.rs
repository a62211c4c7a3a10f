//! Headers that are too many, too long, twice there, or name a coding.

use crate::bad_input::{events, length, request, status};
use crate::world::{RAZORPAY_SECRET, STYKITE_SECRET, World, hmac_hex, sample};

const CLOSE: &str = "Connection: close";

#[test]
fn a_value_that_is_read_may_have_8_kib_and_others_more() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let size = length(&body);
    let send = |name: &str, bytes: usize| {
        let line = format!("{name}: {}", "a".repeat(bytes));
        let answer = world.raw(&request(&body, &[CLOSE, &size, &line]));
        status(&answer)
    };
    assert_eq!(send("X-Razorpay-Event-Id", 8 * 1024 + 1), 431);
    // Repeated, because the right one is there as well, and too long at that.
    assert_eq!(send("X-Razorpay-Signature", 8 * 1024 + 1), 431);
    assert_eq!(events(&world), 1);
    assert_eq!(send("X-Somebody-Else", 20 * 1024), 200, "nobody reads it");
    assert_eq!(events(&world), 2);
}

#[test]
fn ninety_headers_are_taken_and_a_hundred_are_not() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let size = length(&body);
    let send = |count: usize| {
        let lines: Vec<String> = (0..count).map(|n| format!("X-More-{n}: {n}")).collect();
        let mut all = vec![CLOSE, &size];
        all.extend(lines.iter().map(String::as_str));
        status(&world.raw(&request(&body, &all)))
    };
    assert_eq!(send(100), 431);
    assert_eq!(send(5_000), 431);
    assert_eq!(events(&world), 1);
    assert_eq!(send(90), 200);
}

/// A header that is there twice is read as one by some and as the other by others.
#[test]
fn what_proves_the_sender_may_stand_there_once() {
    let world = World::new();
    let body = sample("stykite", "02");
    let signature = hmac_hex(STYKITE_SECRET, &body);
    let wrong = "0".repeat(64);
    let token = [("x-api-key", STYKITE_SECRET), ("x-api-host", "stykite")];
    let signed = ("x-stykite-signature", signature.as_str());
    let rows: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("stykite", vec![signed, signed]),
        ("stykite", vec![signed, ("x-stykite-signature", &wrong)]),
        ("stykite", vec![("x-stykite-signature", &wrong), signed]),
        ("stykite", vec![signed, ("X-STYKITE-SIGNATURE", "")]),
        ("stykite-token", vec![token[0], token[0], token[1]]),
        ("stykite-token", vec![token[0], token[1], token[1]]),
        (
            "stykite-token",
            vec![token[0], token[1], ("x-api-key", "another-key")],
        ),
    ];
    for (source, headers) in rows {
        let answer = world.post(&format!("/webhooks/{source}"), &headers, &body);
        assert_eq!(answer.status, 401, "{source} {}", answer.text);
        assert_eq!(answer.word("code"), "invalid_signature");
    }
    assert_eq!(events(&world), 1);
    assert_eq!(
        world.post("/webhooks/stykite", &[signed], &body).status,
        200
    );
}

/// Whoever decodes before the signature is checked changes what was signed, and a body of a few
/// bytes can decode to gigabytes.
#[test]
fn a_coded_body_is_refused_unread() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let size = length(&body);
    for coding in [
        "gzip",
        "GZIP",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "compress",
        "*",
        "chunked",
        "",
        ",",
        "identity, gzip",
        "gzip, identity",
        "identity,identity",
        "identity;q=1",
        "ident\tity",
    ] {
        let line = format!("Content-Encoding: {coding}");
        let answer = world.raw(&request(&body, &[CLOSE, &size, &line]));
        assert_eq!(status(&answer), 415, "{coding}: {answer}");
        assert!(
            answer.contains("\"code\":\"unsupported_encoding\""),
            "{answer}"
        );
    }
    let two = ["Content-Encoding: identity", "Content-Encoding: gzip"];
    let answer = world.raw(&request(&body, &[&[CLOSE, &size][..], &two].concat()));
    assert_eq!(status(&answer), 415, "{answer}");
    assert_eq!(events(&world), 1);
    for coding in ["identity", "IDENTITY"] {
        let line = format!("Content-Encoding: {coding}");
        let answer = world.raw(&request(&body, &[CLOSE, &size, &line]));
        assert_eq!(status(&answer), 200, "{coding}: {answer}");
    }
    assert_eq!(events(&world), 2);
}

/// A gzip member that grows a thousandfold, rightly signed and without a word about its coding: it
/// is what it is, and its very bytes are kept.
#[test]
fn a_bomb_that_does_not_say_so_is_bytes() {
    let world = World::new();
    // The header of a gzip member, and a stored block that never ends.
    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bomb.extend([0xED; 10_000]);
    let answer = world.razorpay(&bomb);
    assert_eq!(
        (answer.status, answer.word("reason").as_str()),
        (200, "unreadable")
    );
    let signature = hmac_hex(RAZORPAY_SECRET, &bomb);
    let event = world.read(&format!("/v1/events/{}", answer.seq()));
    assert!(event["evidence"].to_string().contains(&signature));
}
