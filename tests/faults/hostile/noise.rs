//! Random bytes and deliveries that were changed on their way, while honest ones go on: no fault of
//! ours is answered, nothing is stored that was not sent, and nothing is lost.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::rngs::StdRng;

use super::super::load::{Book, PATH, delivery};
use super::super::rig::{Rig, chance, rounds};
use super::clients::{connect, status};

const CLIENTS: usize = 4;
/// From here on the numbers of deliveries that the book does not send.
const STRANGERS: u64 = 900_000;
const CASES: u64 = 600;
const LASTS_MAX: Duration = Duration::from_secs(15);

fn request(n: u64) -> Vec<u8> {
    let sent = delivery(n);
    let lines: String = sent
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = sent.body.len();
    let head =
        format!("POST {PATH} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), sent.body.as_bytes()].concat()
}

/// A request with some of its bytes overwritten, doubled or cut out.
fn changed(chance: &mut StdRng) -> Vec<u8> {
    let mut bytes = request(chance.random_range(STRANGERS..STRANGERS + 5_000));
    for _ in 0..chance.random_range(1..4) {
        // Its head as often as its much longer body.
        let end = if chance.random() { 200 } else { bytes.len() };
        let at = chance.random_range(0..end.min(bytes.len()).max(1));
        let len = chance.random_range(1..20).min(bytes.len() - at);
        match chance.random_range(0..4) {
            0 => bytes[at] = chance.random(),
            1 => bytes[at] ^= 1 << chance.random_range(0..8),
            2 => drop(bytes.drain(at..at + len)),
            _ => {
                let again = bytes[at..at + len].to_vec();
                bytes.splice(at..at, again);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn noise(chance: &mut StdRng) -> Vec<u8> {
    let len = chance.random_range(0..3_000);
    (0..len).map(|_| chance.random()).collect()
}

fn told(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = connect(address);
    // A chunked body that nobody reads keeps its connection for two seconds.
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn noise_and_broken_deliveries_do_no_harm() {
    let mut chance = chance();
    let rig = Rig::new();
    let service = rig.start();
    let (address, book) = (service.address, Book::default());
    let mut seen = [0_u64; 600];
    book.during(address, CLIENTS, || {
        let deadline = Instant::now() + LASTS_MAX;
        for case in 0..CASES * rounds(20) / 20 {
            if Instant::now() > deadline {
                break;
            }
            let bytes = if case % 4 == 0 {
                noise(&mut chance)
            } else {
                changed(&mut chance)
            };
            let answer = told(address, &bytes);
            let status = usize::from(status(&answer));
            let shown = String::from_utf8_lossy(&bytes);
            assert!(status < 500, "{answer} for {shown}");
            // A change to what is not signed leaves a true delivery.
            assert!(
                status != 200 || answer.contains("\"seq\":"),
                "{answer} for {shown}"
            );
            seen[status] += 1;
        }
    });
    // The controls: all three kinds were met, so the cases do reach the signature and the parser.
    assert!(seen[400] > 0 && seen[401] > 0, "{:?}", &seen[400..420]);
    assert!(book.acknowledged() > 0, "no honest delivery was among them");
    book.check_among_others(address);
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    rig.verify();
    let (code, report) = rig.replay();
    assert_eq!((code, &report["identical"]), (Some(0), &true.into()));
}
