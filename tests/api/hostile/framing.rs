//! Where a request ends: two readers that disagree about it let one request hide in another.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::bad_input::{events, length, request, status};
use crate::world::{RAZORPAY_SECRET, World, hmac_hex, sample};

const CLOSE: &str = "Connection: close";

/// A whole delivery, signed, that must never be read out of another request's body.
fn hidden() -> Vec<u8> {
    let body = sample("razorpay", "02");
    request(&body, &[CLOSE, &length(&body)])
}

/// An unsigned request whose framing is `lines`, with a signed one inside what follows.
fn carrier(lines: &[&str], before: &str, after: &str) -> Vec<u8> {
    let mut bytes = b"POST /webhooks/razorpay HTTP/1.1\r\nHost: ledger\r\n".to_vec();
    for line in lines {
        bytes.extend(line.bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(before.bytes());
    bytes.extend(hidden());
    bytes.extend(after.bytes());
    bytes
}

/// All that comes back to a sender who has nothing more to say.
fn told(world: &World, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(world.base.trim_start_matches("http://")).unwrap();
    let patience = Duration::from_secs(20);
    socket.set_read_timeout(Some(patience)).unwrap();
    // The service may answer and close before it has read everything.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of all answers on one connection.
fn statuses(answer: &str) -> Vec<u16> {
    let found = answer.match_indices("HTTP/1.1 ");
    found
        .filter_map(|(at, _)| answer.get(at + 9..at + 12)?.parse().ok())
        .collect()
}

#[test]
fn a_request_hidden_in_another_is_never_taken_in() {
    let world = World::new();
    let size = hidden().len();
    let whole = format!("Content-Length: {size}");
    let chunk = format!("{size:x}\r\n");
    let chunked = "Transfer-Encoding: chunked";
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("a body like any other", carrier(&[&whole], "", "")),
        (
            "one chunk like any other",
            carrier(&[chunked], &chunk, "\r\n0\r\n\r\n"),
        ),
        (
            "length and chunks",
            carrier(&["Content-Length: 5", chunked], "0\r\n\r\n", ""),
        ),
        (
            "chunks and length",
            carrier(&[chunked, "Content-Length: 5"], "0\r\n\r\n", ""),
        ),
        (
            "lengths that differ",
            carrier(&["Content-Length: 0", &whole], "", ""),
        ),
        (
            "lengths in a list",
            carrier(&[&format!("Content-Length: 0, {size}")], "", ""),
        ),
        ("an octal length", carrier(&["Content-Length: 0x0"], "", "")),
        (
            "a length with a sign",
            carrier(&["Content-Length: +0"], "", ""),
        ),
        (
            "a space before the colon",
            carrier(&["Transfer-Encoding : chunked"], "0\r\n\r\n", ""),
        ),
        (
            "chunked twice",
            carrier(&[chunked, chunked], "0\r\n\r\n", ""),
        ),
        (
            "chunked is not last",
            carrier(&["Transfer-Encoding: chunked, identity"], "0\r\n\r\n", ""),
        ),
        (
            "almost chunked",
            carrier(&["Transfer-Encoding: xchunked"], "0\r\n\r\n", ""),
        ),
        (
            "a tab before it",
            carrier(&["Transfer-Encoding: \x0bchunked"], "0\r\n\r\n", ""),
        ),
        (
            "a folded coding",
            carrier(&["Transfer-Encoding:\r\n chunked"], "0\r\n\r\n", ""),
        ),
        (
            "a bare CR",
            carrier(&["X-A: 1\rTransfer-Encoding: chunked"], "0\r\n\r\n", ""),
        ),
        (
            "NUL in a name",
            carrier(&["Transfer\0-Encoding: chunked"], "0\r\n\r\n", ""),
        ),
        ("a chunk with a sign", carrier(&[chunked], "-1\r\n", "")),
        (
            "a chunk that overflows",
            carrier(&[chunked], "fffffffffffffffff\r\n", ""),
        ),
        (
            "a chunk in 0x",
            carrier(&[chunked], "0x5\r\nabcde\r\n0\r\n\r\n", ""),
        ),
        (
            "a chunk without its end",
            carrier(&[chunked], "3\r\nabcd\r\n0\r\n\r\n", ""),
        ),
    ];
    for (name, bytes) in rows {
        let answer = told(&world, &bytes);
        let found = statuses(&answer);
        assert_eq!(events(&world), 1, "{name}: {answer}");
        let refused = |status: &u16| [400, 401].contains(status);
        assert!(
            found.len() <= 1 && found.iter().all(refused),
            "{name}: {answer}"
        );
    }
    // The control: where the first request does end, the second is one of its own.
    let answer = world.raw(&carrier(&["Content-Length: 0"], "", ""));
    assert_eq!(statuses(&answer), [401, 200], "{answer}");
    assert_eq!(events(&world), 2);
}

/// `GET` with a body is odd and allowed; its body is not the next request.
#[test]
fn the_body_of_a_query_is_no_request() {
    let world = World::new();
    let size = hidden().len();
    for path in ["/healthz", "/v1/stats", "/nothing", "/metrics"] {
        for method in ["GET", "HEAD", "DELETE"] {
            let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n").into_bytes();
            bytes.extend(format!("Content-Length: {size}\r\n{CLOSE}\r\n\r\n").bytes());
            bytes.extend(hidden());
            let answer = world.raw(&bytes);
            assert_eq!(statuses(&answer).len(), 1, "{method} {path}: {answer}");
            assert_eq!(events(&world), 1, "{method} {path}");
        }
    }
}

#[test]
fn chunk_extensions_and_trailers_change_nothing() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let half = body.len() / 2;
    let signature = hmac_hex(RAZORPAY_SECRET, &body);
    let mut bytes = b"POST /webhooks/razorpay HTTP/1.1\r\nHost: x\r\n".to_vec();
    bytes.extend(format!("X-Razorpay-Signature: {signature}\r\n{CLOSE}\r\n").bytes());
    bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
    bytes.extend(format!("{half:x};name=value;other=\"quoted\"\r\n").bytes());
    bytes.extend(&body[..half]);
    bytes.extend(format!("\r\n{:X}\r\n", body.len() - half).bytes());
    bytes.extend(&body[half..]);
    bytes.extend(b"\r\n0\r\n\r\n");
    let answer = world.raw(&bytes);
    assert_eq!(status(&answer), 200, "{answer}");
    let event = world.read("/v1/events/2");
    assert_eq!(event["body"].as_str().unwrap().as_bytes(), body);
}

#[test]
fn fifty_in_one_breath_are_answered_in_order() {
    let world = World::new();
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for n in 0..50_u32 {
        let body = format!("{{\"event\":\"order.paid\",\"n\":{n}}}").into_bytes();
        let last = if n == 49 { CLOSE } else { "X-More: yes" };
        let mut one = request(&body, &[&length(&body), last]);
        if n % 3 == 1 {
            let at = one.windows(10).position(|w| w == b"Signature:").unwrap();
            one[at + 12] = b'x';
        }
        expected.push(if n % 3 == 1 { 401 } else { 200 });
        bytes.extend(one);
    }
    let answer = world.raw(&bytes);
    assert_eq!(statuses(&answer), expected);
    let taken = expected.iter().filter(|status| **status == 200).count();
    assert_eq!(events(&world), 1 + taken as u64);
}

#[test]
fn odd_targets_are_answered_like_plain_ones() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let plain = String::from_utf8(request(&body, &[CLOSE, &length(&body)])).unwrap();
    let with = |target: &str| {
        let text = plain.replacen("/webhooks/razorpay", target, 1);
        status(&world.raw(text.as_bytes()))
    };
    assert_eq!(with("//webhooks/razorpay"), 404);
    assert_eq!(with("/webhooks//razorpay"), 404);
    assert_eq!(with("/webhooks/razorpay/"), 404);
    assert_eq!(with("/v1/../webhooks/razorpay"), 404);
    assert_eq!(with("/WEBHOOKS/razorpay"), 404);
    assert!(matches!(with("*"), 400 | 404));
    assert!(matches!(with("webhooks/razorpay"), 400 | 404));
    assert_eq!(events(&world), 1);
    assert_eq!(
        with("http://somewhere.else/webhooks/razorpay"),
        200,
        "absolute form"
    );
    assert_eq!(
        with("/webhooks/razorpay?x=1#y"),
        200,
        "a query is not looked at"
    );
    assert_eq!(events(&world), 2, "the same delivery again");
    for line in [
        "CONNECT ledger:443",
        "OPTIONS *",
        "TRACE /healthz",
        "PUT /v1/stats",
    ] {
        let answer = world.raw(format!("{line} HTTP/1.1\r\nHost: x\r\n{CLOSE}\r\n\r\n").as_bytes());
        assert!(
            matches!(status(&answer), 400 | 404 | 405),
            "{line}: {answer}"
        );
    }
}
