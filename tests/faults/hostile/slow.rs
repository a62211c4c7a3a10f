//! Clients that take their time: they are given up, or cost no more than their connection, and
//! nobody else waits for them.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::super::load::{Book, PATH, delivery};
use super::super::rig::{ADMIN_KEY, Rig};
use super::clients::{connect, dribble, status, until_closed};

const CLIENTS: usize = 4;
/// Fewer where this process may not open so many.
const IDLE_MAX: usize = 1_500;
/// Of which the service may grow by what it keeps for a connection; it was a few KiB.
const KIB_A_CONNECTION_MAX: u64 = 64;
/// Beyond what buffers and the allocator may keep of answers that nobody reads.
const UNREAD_GROWTH_KIB_MAX: u64 = 160 * 1024;

fn files_max() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = text.lines().find(|line| line.starts_with("Max open files"));
    let soft = line
        .and_then(|line| line.split_whitespace().nth(3))
        .unwrap();
    soft.parse().unwrap_or(usize::MAX)
}

/// A signed delivery's head and body, cut after `part` of its bytes, from 0 to 100.
fn begun(n: u64, part: usize) -> Vec<u8> {
    let sent = delivery(n);
    let (body, signature) = (&sent.body, &sent.signature);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Razorpay-Signature: {signature}\r\n");
    let mut bytes = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    bytes.truncate(bytes.len() * part / 100);
    bytes
}

/// Heads and bodies that come a byte at a time, or not at all. actix alone waits for such a body
/// for ever.
#[test]
fn who_is_too_slow_is_told_so_while_others_are_served() {
    let rig = Rig::new();
    let service = rig.start();
    let address = service.address;
    let book = Book::default();
    book.during(address, CLIENTS, || {
        thread::scope(|scope| {
            for part in [0, 10] {
                scope.spawn(move || {
                    let mut socket = connect(address);
                    socket.write_all(&begun(1, part)).unwrap();
                    let answer = until_closed(socket);
                    assert!(
                        matches!(status(&answer), 408 | 0),
                        "a head of {part}%: {answer}"
                    );
                });
            }
            scope.spawn(move || {
                let second = Duration::from_millis(300);
                let answer = dribble(connect(address), b"GET /healthz-healthz", second);
                assert!(matches!(status(&answer), 408 | 0), "a slow head: {answer}");
            });
            for (length, chunks) in [
                ("Content-Length: 4000", false),
                ("Transfer-Encoding: chunked", true),
            ] {
                scope.spawn(move || {
                    let mut socket = connect(address);
                    let head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n");
                    socket.write_all(head.as_bytes()).unwrap();
                    let piece: &[u8] = if chunks { b"1\r\nx\r\n" } else { b"x" };
                    let answer = dribble(socket, piece, Duration::from_millis(400));
                    assert_eq!(status(&answer), 408, "a slow body: {answer}");
                    assert!(answer.contains("\"code\":\"body_timeout\""), "{answer}");
                });
            }
        });
    });
    assert!(book.acknowledged() > 100, "{}", book.acknowledged());
    book.check(address);
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

/// More connections than any provider opens, all of them held: silent, in the middle of a head or a
/// body, or kept alive with half of a second head, for which actix has no clock.
#[test]
fn a_thousand_idle_connections_are_not_in_the_way() {
    let rig = Rig::new();
    let service = rig.start();
    let address = service.address;
    let book = Book::default();
    book.send(address, 50);
    let before = service.memory_kib();
    let count = IDLE_MAX.min(files_max() / 3);
    let healthy = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HT";
    let held: Vec<TcpStream> = (0..count)
        .map(|n| {
            let mut socket = connect(address);
            let bytes = match n % 4 {
                0 => Vec::new(),
                1 => begun(1, 10),
                2 => begun(1, 80),
                _ => healthy.to_vec(),
            };
            socket.write_all(&bytes).unwrap();
            socket
        })
        .collect();
    let taken = book.acknowledged();
    book.during(address, CLIENTS, || thread::sleep(Duration::from_secs(2)));
    assert!(book.acknowledged() > taken + 100, "the load came to a halt");
    assert_eq!(service.get("/readyz").status, 200);
    let grown = service.memory_kib().saturating_sub(before);
    // The load itself fills caches and lists.
    let allowed = 64 * 1024 + KIB_A_CONNECTION_MAX * count as u64;
    assert!(grown < allowed, "{grown} KiB for {count} connections");
    book.check(address);
    // And they do not hold up a stop.
    assert_eq!(service.terminate().code, Some(0));
    drop(held);
    rig.verify();
}

/// A client that asks for much and reads nothing: the answers stay unmade, not in memory.
#[test]
fn who_asks_and_never_reads_costs_no_memory() {
    let rig = Rig::new();
    let service = rig.start();
    let address = service.address;
    let book = Book::default();
    book.send(address, 300);
    let page = service.get("/v1/events?limit=200").text.len();
    let before = service.memory_kib();
    let ask = format!(
        "GET /v1/events?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n"
    );
    let asked = 400;
    let readers: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut socket = connect(address);
            socket
                .set_write_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            // The service stops reading as well, in time.
            let _ = socket.write_all(ask.repeat(asked).as_bytes());
            socket
        })
        .collect();
    let taken = book.acknowledged();
    book.during(address, CLIENTS, || thread::sleep(Duration::from_secs(1)));
    let grown = service.memory_kib().saturating_sub(before);
    let all = page * asked * readers.len() / 1024;
    assert!(
        all as u64 > 2 * UNREAD_GROWTH_KIB_MAX,
        "too little was asked for: {all} KiB"
    );
    assert!(grown < UNREAD_GROWTH_KIB_MAX, "{grown} KiB of {all}");
    assert!(book.acknowledged() > taken, "the load came to a halt");
    book.check(address);
    assert_eq!(service.terminate().code, Some(0));
    drop(readers);
}
