//! Out of file handles, on a file system that became read-only, with a disk that stands still under
//! more bodies than may wait: refused in time, bounded in memory, and well again by itself.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::super::full::Disk;
use super::super::http::Client;
use super::super::load::{Book, PATH, delivery, subscription_path};
use super::super::rig::{Launch, Rig, SECRET, eventually};
use super::super::strace::Strace;
use super::super::tools;

const FILES_MAX: u32 = 80;
/// More than the service may have.
const CONNECTIONS: usize = 200;
/// A line for each failed accept would fill the disk as well.
const LINES_MAX: usize = 2_000;
const LARGE_BODY_BYTES: usize = 250 * 1024;
/// Together above the 64 MiB that may wait for the writer.
const LARGE_BODIES: usize = 320;
/// What waits, what is being read, and what the allocator keeps of it.
const GROWTH_KIB_MAX: u64 = 256 * 1024;

/// Whoever opens connections until none is left stops others from connecting, and nothing else: the
/// log goes on, and everybody is served once they are gone.
#[test]
fn without_file_handles_nothing_is_lost_and_it_recovers() {
    let rig = Rig::new();
    let launch = Launch {
        files_max: Some(FILES_MAX),
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let (address, book) = (service.address, Book::default());
    // A connection from before keeps working, or is closed; it never hangs.
    book.during(address, 2, || {
        let held: Vec<_> = (0..CONNECTIONS)
            .map_while(|_| TcpStream::connect(address).ok())
            .collect();
        assert!(
            held.len() > FILES_MAX as usize,
            "the limit was not met: {}",
            held.len()
        );
        thread::sleep(std::time::Duration::from_secs(2));
    });
    eventually("it is ready", || {
        service
            .client()
            .get("/readyz", "")
            .is_ok_and(|answer| answer.status == 200)
    });
    book.send(address, 20);
    book.check(address);
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stderr.lines().count() < LINES_MAX,
        "{}",
        ended.stderr.lines().count()
    );
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    rig.verify();
}

/// A start on a file system that cannot be written is refused in words, and leaves no mark.
#[test]
fn a_read_only_file_system_is_refused_at_the_start() {
    if !tools::can_mount() {
        return;
    }
    let disk = Disk::new();
    let rig = Rig::on(&disk.data_dir(), "min_free_bytes = 0\n");
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 20);
    assert_eq!(service.terminate().code, Some(0));
    disk.remount("ro");
    let ended = rig.refused_start(&[]);
    let sentence = ended.refused(1);
    assert!(sentence.contains("Read-only file system"), "{sentence}");
    disk.remount("rw");
    let service = rig.start();
    book.check(service.address);
    book.send(service.address, 5);
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

/// A file system that becomes read-only under a running ledger, as Linux does to one with errors:
/// nothing more is taken in, everything is shown, and nothing of it is lost.
#[test]
fn a_file_system_that_turns_read_only_refuses_and_shows() {
    if !tools::can_trace() {
        return;
    }
    let rig = Rig::new();
    let book = Book::default();
    // sled's writes are spread over threads; from the fourth of each on, all fail.
    let rule = "pwrite64:error=EROFS:when=4+".to_owned();
    let strace = Strace::injecting(rig.path("trace"), rule);
    let service = rig.start_as(&Launch {
        strace: Some(&strace),
        ..Launch::default()
    });
    let mut client = service.client();
    let mut refused = None;
    for _ in 0..300 {
        let n = book.next();
        let answer = delivery(n).post(&mut client).unwrap();
        book.take(n, &answer);
        if answer.status == 503 {
            refused = Some(n);
            break;
        }
    }
    assert!(
        refused.is_some() && strace.has_injected(),
        "no write failed"
    );
    assert_eq!(service.get("/healthz").status, 200);
    assert_eq!(service.get(&subscription_path(1)).status, 200);
    assert_eq!(service.get("/v1/customers").status, 200);
    assert_eq!(service.kill().code, None);
    let service = rig.start();
    book.check(service.address);
    let answer = delivery(refused.unwrap())
        .post(&mut service.client())
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

/// A delivery of a quarter of a MiB, signed; no two alike.
fn large(n: usize) -> (String, Vec<u8>) {
    let mut body = format!("{{\"event\":\"order.paid\",\"n\":{n},\"x\":\"").into_bytes();
    body.resize(LARGE_BODY_BYTES - 2, b'a');
    body.extend(b"\"}");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&body);
    (hex::encode(mac.finalize().into_bytes()), body)
}

/// The disk stands still for six seconds while eighty MiB come in: what may wait waits, the rest is
/// told at once to come back, and when it does everything is there once.
#[test]
fn a_disk_that_stands_still_fills_no_memory() {
    if !tools::can_trace() {
        return;
    }
    let rig = Rig::new();
    let service = rig.start();
    Book::default().send(service.address, 1);
    assert_eq!(service.terminate().code, Some(0));
    // A start syncs twice on its own thread; the writer's third sync is the one that is slow.
    let rule = "fdatasync:delay_enter=6s:when=3".to_owned();
    let strace = Strace::injecting(rig.path("trace"), rule);
    let service = rig.start_as(&Launch {
        strace: Some(&strace),
        ..Launch::default()
    });
    let (address, before) = (service.address, service.memory_kib());
    let events = || service.get("/v1/stats").json()["events"].as_u64().unwrap();
    let (held, next, refused) = (events(), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut most = 0;
    let send = |n: usize| {
        let (signature, body) = large(n);
        let headers = [("x-razorpay-signature", signature.as_str())];
        let answer = Client::new(address).post(PATH, &headers, &body).unwrap();
        // 408: a busy machine may not get so much through in four seconds.
        assert!(matches!(answer.status, 200 | 503 | 408), "{}", answer.text);
        assert_eq!(answer.status == 503, answer.header("retry-after").is_some());
        answer
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..LARGE_BODIES)
            .map(|_| {
                scope.spawn(|| {
                    let answer = send(next.fetch_add(1, Ordering::Relaxed));
                    if answer.text.contains("too many events are waiting") {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while clients.iter().any(|client| !client.is_finished()) {
            most = most.max(service.memory_kib().saturating_sub(before));
            thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    assert!(
        refused.load(Ordering::Relaxed) > 0,
        "nobody was told at once"
    );
    assert!(most < GROWTH_KIB_MAX, "{most} KiB");
    for n in 0..LARGE_BODIES {
        eventually("it is taken", || send(n).status == 200);
    }
    assert!(strace.has_injected(), "the disk was not slow");
    assert_eq!(events(), held + LARGE_BODIES as u64, "each once");
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}
