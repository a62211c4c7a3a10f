//! Requests that are wrong before anybody looks at their body.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::{events, head, length, request, status};
use crate::world::{RAZORPAY_SECRET, World, hmac_hex, sample};

const CLOSE: &str = "Connection: close";
const LIMIT: usize = 256 * 1024;

/// A body of `bytes` bytes that is JSON to its end.
fn body_of(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"event":"order.paid","payload":{"x":""#.to_vec();
    body.resize(bytes - 3, b'a');
    body.extend(b"\"}}");
    body
}

fn chunked(body: &[u8], size: usize, more: &[&str]) -> Vec<u8> {
    let mut request = head(body, &[&["Transfer-Encoding: chunked"], more].concat());
    request.extend(b"\r\n");
    for chunk in body.chunks(size) {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    request
}

#[test]
fn a_body_over_the_limit_is_refused_in_words() {
    let world = World::new();
    let whole = body_of(LIMIT);
    let taken = world.razorpay(&whole);
    assert_eq!(taken.status, 200, "the limit itself is taken");
    let held = world.read(&format!("/v1/events/{}", taken.seq()));
    assert!(held["body"].as_str().unwrap().as_bytes() == whole);
    let chunked_whole = body_of(LIMIT - 1);
    let answer = world.raw(&chunked(&chunked_whole, 5_000, &[CLOSE]));
    assert_eq!(status(&answer), 200, "{answer}");
    let before = events(&world);
    for bytes in [LIMIT + 1, 600_000, 1024 * 1024] {
        let body = body_of(bytes);
        // Without `Connection: close`: the service ends it, once it has answered.
        for request in [
            request(&body, &[&length(&body)]),
            chunked(&body, 65_536, &[]),
        ] {
            let answer = world.raw(&request);
            assert_eq!(status(&answer), 413, "{bytes}: {answer}");
            assert!(answer.contains("\"code\":\"body_too_large\""), "{answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
        }
    }
    // Further than that nobody reads: the client may see no more than a closed connection.
    let body = body_of(3 * 1024 * 1024);
    for request in [
        request(&body, &[&length(&body)]),
        chunked(&body, 65_536, &[]),
    ] {
        assert!(matches!(status(&world.raw(&request)), 413 | 0));
    }
    assert_eq!(events(&world), before);
}

#[test]
fn a_request_that_is_not_plain_http_is_refused_and_not_stored() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let (size, more) = (length(&body), ["X-More: 1"; 200]);
    let (big, bigger) = ("a".repeat(40 * 1024), "a".repeat(200 * 1024));
    let (big, bigger) = (format!("X-Big: {big}"), format!("X-Big: {bigger}"));
    let many = [&[CLOSE, &size][..], &more].concat();
    let plain = |more: &[&str]| request(&body, &[&[CLOSE], more].concat());
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(plain(&[&size])).unwrap();
        text.replacen(from, to, 1).into_bytes()
    };
    let long = |bytes| format!("/webhooks/{}", "a".repeat(bytes));
    let rows: Vec<(&str, Vec<u8>, u16)> = vec![
        ("no length and no coding: no body", plain(&[]), 401),
        ("two lengths", plain(&[&size, &size]), 400),
        (
            "two lengths that differ",
            plain(&[&size, "Content-Length: 3"]),
            400,
        ),
        (
            "a list of lengths",
            plain(&[&format!("{size}, {}", body.len())]),
            400,
        ),
        ("a negative length", plain(&["Content-Length: -1"]), 400),
        ("a signed length", plain(&["Content-Length: +5"]), 400),
        (
            "a huge length",
            plain(&["Content-Length: 99999999999999999999"]),
            400,
        ),
        (
            "length and chunks",
            plain(&[&size, "Transfer-Encoding: chunked"]),
            400,
        ),
        (
            "another coding",
            plain(&["Transfer-Encoding: gzip, chunked"]),
            400,
        ),
        (
            "a chunk without size",
            plain(&["Transfer-Encoding: chunked"]),
            400,
        ),
        ("a folded header", plain(&[&size, "X-A: 1\r\n 2"]), 400),
        ("NUL in a header", plain(&[&size, "X-A: 1\0 2"]), 400),
        (
            "a space before the colon",
            plain(&["Content-Length : 4"]),
            400,
        ),
        ("no host", replaced("Host: ledger\r\n", ""), 400),
        ("200 headers", request(&body, &many), 431),
        ("a header of 40 KiB", plain(&[&size, &big]), 431),
        ("a header of 200 KiB", plain(&[&size, &bigger]), 431),
        (
            "a path of 9 KiB",
            replaced("/webhooks/razorpay", &long(9 * 1024)),
            414,
        ),
        (
            "a path of 140 KiB",
            replaced("/webhooks/razorpay", &long(140 * 1024)),
            431,
        ),
        (
            "a content coding",
            plain(&[&size, "Content-Encoding: gzip"]),
            415,
        ),
        (
            "two content codings",
            plain(&[&size, "Content-Encoding: identity, gzip"]),
            415,
        ),
        ("HEAD", replaced("POST", "HEAD"), 405),
        ("OPTIONS", replaced("POST", "OPTIONS"), 405),
        ("TRACE", replaced("POST", "TRACE"), 405),
        ("an unknown method", replaced("POST", "BREW"), 405),
        ("another version", replaced("HTTP/1.1", "HTTP/3.0"), 400),
        (
            "HTTP/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
            400,
        ),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            400,
        ),
        ("noise", b"\0\xff\xfe\r\n\r\n".to_vec(), 400),
    ];
    for (name, request, expected) in rows {
        let answer = world.raw(&request);
        assert_eq!(status(&answer), expected, "{name}: {answer}");
        assert_eq!(events(&world), 1, "{name}");
    }
    assert_eq!(world.razorpay(&body).word("status"), "recorded");
}

#[test]
fn a_repeated_signature_counts_as_none_and_a_repeated_event_id_as_unknown() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let size = length(&body);
    let signature = hmac_hex(RAZORPAY_SECRET, &body);
    for other in [signature, "0".repeat(64)] {
        let again = format!("X-Razorpay-Signature: {other}");
        let answer = world.raw(&request(&body, &[CLOSE, &size, &again]));
        assert_eq!(status(&answer), 401, "{answer}");
        assert!(
            answer.contains("\"code\":\"invalid_signature\""),
            "{answer}"
        );
    }
    let ids = ["X-Razorpay-Event-Id: one", "X-Razorpay-Event-Id: two"];
    let answer = world.raw(&request(&body, &[&[CLOSE, &size][..], &ids].concat()));
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("\"event_id\":null"), "{answer}");
}

#[test]
fn other_plain_ways_of_sending_are_taken() {
    let world = World::new();
    let numbers = ["01", "02", "03", "04", "05", "06"];
    let bodies = numbers.map(|number| sample("razorpay", number));
    let [old, chunks, lines, patient, first, second] = &bodies;
    let text = String::from_utf8(request(old, &[&length(old)])).unwrap();
    let text = text.replacen("HTTP/1.1", "HTTP/1.0", 1);
    assert_eq!(status(&world.raw(text.as_bytes())), 200, "HTTP/1.0");
    let whole = chunked(chunks, 7, &[CLOSE]);
    assert_eq!(status(&world.raw(&whole)), 200, "chunks of seven bytes");
    let text = String::from_utf8(request(lines, &[CLOSE, &length(lines)])).unwrap();
    let text = text.replace("\r\n", "\n");
    assert_eq!(status(&world.raw(text.as_bytes())), 200, "bare line feeds");
    let answer = world.raw(&request(
        patient,
        &[CLOSE, &length(patient), "Expect: 100-continue"],
    ));
    assert_eq!(status(&answer), 100);
    assert!(answer.contains("\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
    // Two on one connection, the first of which nobody signed.
    let unsigned = "POST /webhooks/razorpay HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let pipelined = [
        unsigned.as_bytes(),
        &request(first, &[&length(first)]),
        &request(second, &[CLOSE, &length(second)]),
    ];
    let answer = world.raw(&pipelined.concat());
    let answers: Vec<_> = answer.match_indices("HTTP/1.1 ").collect();
    let words: Vec<_> = answers
        .iter()
        .map(|(at, _)| &answer[at + 9..at + 12])
        .collect();
    assert_eq!(words, ["401", "200", "200"]);
    assert_eq!(events(&world), 1 + bodies.len() as u64);
}

#[test]
fn a_body_that_breaks_off_is_not_stored() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let begun = request(&body, &[&length(&body)]);
    let mut begun_chunks = chunked(&body, 100, &[]);
    begun_chunks.truncate(begun_chunks.len() - 7);
    for bytes in [
        &begun[..begun.len() - 1],
        &begun[..begun.len() - 600],
        &begun_chunks,
    ] {
        for polite in [true, false] {
            let mut socket = TcpStream::connect(world.base.trim_start_matches("http://")).unwrap();
            socket.write_all(bytes).unwrap();
            if !polite {
                drop(socket);
                continue;
            }
            socket.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            let _ = socket.read_to_string(&mut answer);
            assert!(matches!(status(&answer), 400 | 0), "{answer}");
        }
    }
    assert_eq!(world.read("/v1/stats")["events"], 1);
    assert_eq!(world.razorpay(&body).word("status"), "recorded");
}

/// What comes back until the service closes the connection, and that it does.
fn answered_and_closed(world: &World, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(world.base.trim_start_matches("http://")).unwrap();
    let patience = std::time::Duration::from_secs(20);
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.write_all(request).unwrap();
    let mut answer = String::new();
    let read = socket.read_to_string(&mut answer);
    assert!(read.is_ok(), "the connection stays open after {answer}");
    answer
}

/// The deadline is four seconds; so is this test.
#[test]
fn a_body_that_never_ends_is_given_up() {
    let world = World::new();
    let body = sample("razorpay", "02");
    let cut = |mut request: Vec<u8>| {
        request.truncate(request.len() - 50);
        request
    };
    let big = body_of(LIMIT + 1_000);
    let rows = [
        (cut(request(&body, &[&length(&body)])), 408),
        (cut(chunked(&body, 100, &[])), 408),
        (head(&body, &["Transfer-Encoding: chunked", ""]), 408),
        // What is already too long stays too long.
        (cut(request(&big, &[&length(&big)])), 413),
        (cut(head(&body, &[])), 408),
    ];
    std::thread::scope(|scope| {
        for (request, expected) in rows {
            let world = &world;
            scope.spawn(move || {
                let answer = answered_and_closed(world, &request);
                assert_eq!(status(&answer), expected, "{answer}");
            });
        }
    });
    assert_eq!(events(&world), 1);
}

/// A client that begins a chunked body nobody asked for, and falls silent, kept its connection for
/// ever: enough of them, and nobody else could connect.
#[test]
fn a_silent_client_does_not_keep_its_connection() {
    let world = World::new();
    let rows = [
        ("GET /healthz", 200),
        ("GET /nothing/here", 404),
        ("POST /webhooks/nobody", 404),
        ("POST /v1/stats", 405),
        ("GET /webhooks/razorpay", 405),
        ("GET /v1/customers", 401),
    ];
    std::thread::scope(|scope| {
        for (line, expected) in rows {
            let world = &world;
            scope.spawn(move || {
                let head = "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc";
                let answer = answered_and_closed(world, format!("{line} {head}").as_bytes());
                assert_eq!(status(&answer), expected, "{line}: {answer}");
            });
        }
    });
    // More than is read of a body that is too long, and then nothing.
    let mut endless = chunked(&body_of(1_200_000), 65_536, &[]);
    endless.truncate(endless.len() - 10);
    let answer = answered_and_closed(&world, &endless);
    assert_eq!(status(&answer), 413, "{answer}");
    // A body that did end keeps its connection for the next request.
    let body = sample("razorpay", "02");
    let two = [chunked(&body, 99, &[]), chunked(&body, 99, &[CLOSE])].concat();
    let answer = answered_and_closed(&world, &two);
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
}
