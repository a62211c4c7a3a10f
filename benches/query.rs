//! Asking over HTTP: one subscription, one customer and what a customer may use (on both surfaces,
//! with a thousand uses counted), each as a ratio to a bare handler that answers a constant of the
//! same size, in turn; how long lists take and how long they hold up the rest; and the latency of
//! intake at a fixed rate.
//!
//! `cargo bench --bench query` (about three minutes; SUBLEDGER_BENCH_CUSTOMERS, by default 1000000).
#![allow(
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/fill.rs"]
mod fill;
#[path = "support/load.rs"]
mod load;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use subledger::app::{Acceptance, App as Ledger, Running};
use subledger::clock::SystemClock;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 3;
const LIMIT: Duration = Duration::from_secs(3);
const LIMIT_PACED: Duration = Duration::from_secs(5);
const FEW_CUSTOMERS: usize = 10_000;
const USES: usize = 1_000;

fn main() {
    let customers = std::env::var("SUBLEDGER_BENCH_CUSTOMERS");
    let customers: usize = customers.map_or(1_000_000, |text| text.parse().unwrap());
    for customers in [FEW_CUSTOMERS, customers] {
        let folder = tempfile::tempdir().unwrap();
        fill::fill(fill::open(folder.path()), 0..customers, customers).stop();
        println!("{customers} customers with one subscription each");
        let running = serve_ledger(folder.path());
        use_up(running.address());
        for path in [
            "/v1/subscriptions/sub_00000000001234",
            "/v1/customers/user_1234",
            "/v1/customers/user_1234/entitlements",
            "/api/v1/entitlements/?customer_id=user_1234",
        ] {
            compare(running.address(), path);
        }
        lists(running.address());
        intake(running.address(), customers);
        running.stop().unwrap();
    }
}

/// A single thing, against a constant of the same size.
fn compare(ledger: SocketAddr, path: &str) {
    let body = get(ledger, path).1;
    let mut ratios: Vec<(f64, f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let (bare_at, bare) = serve_bare(body.clone());
            let constant = drive(bare_at, "/");
            actix_web::rt::System::new().block_on(bare.stop(true));
            let ours = drive(ledger, path);
            (ours / constant, ours, constant)
        })
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, constant) = ratios[ROUNDS / 2];
    let bytes = body.len();
    println!("GET {path}: {ours:.0}/s; a constant of {bytes} bytes {constant:.0}/s; {ratio:.2}");
}

/// Every list once, while single subscriptions are asked for beside it.
fn lists(ledger: SocketAddr) {
    for path in [
        "/v1/customers?limit=100",
        "/v1/customers?limit=100&q=user_123",
        "/v1/customers?limit=100&status=active",
        "/v1/subscriptions?limit=100",
        "/v1/payments?limit=100",
        "/v1/stats",
    ] {
        let took: Vec<Duration> = (0..ROUNDS).map(|_| get(ledger, path).0).collect();
        println!("GET {path}: {:.1?}", took.iter().min().unwrap());
    }
}

/// Latency at fixed rates, the second one beside lists over all there is.
fn intake(ledger: SocketAddr, customers: usize) {
    let make = |from: usize, count: usize| -> Vec<Vec<u8>> {
        let numbers = customers + from..customers + from + count;
        let body = |number| bodies::body(number, customers, false);
        let request = |n| bodies::request("/webhooks/razorpay", n, &body(n));
        numbers.map(request).collect()
    };
    let closed = load::run(ledger, &make(0, 200_000), CONNECTIONS, LIMIT).unwrap();
    let half = closed.per_second() / 2.0;
    let told = |what: &str, outcome: &load::Outcome| {
        assert_eq!(outcome.refused, 0, "every delivery is taken");
        let (rate, p50, p99) = (outcome.per_second(), outcome.p50, outcome.p99);
        println!("intake {what}: {rate:.0}/s, p50 {p50:.2?}, p99 {p99:.2?}");
    };
    told("as fast as it goes", &closed);
    let count = (half * LIMIT_PACED.as_secs_f64()) as usize;
    let requests = make(200_000, count);
    let limit = LIMIT_PACED + LIMIT;
    told(
        "at half of that",
        &load::paced(ledger, &requests, CONNECTIONS, half, limit).unwrap(),
    );
    let slow = make(200_000 + count, 5_000);
    let (alone, beside) = slow.split_at(2_500);
    let quiet = load::paced(ledger, alone, CONNECTIONS, 500.0, limit);
    told("at 500/s", &quiet.unwrap());
    let lister = std::thread::spawn(move || {
        for _ in 0..10 {
            get(ledger, "/v1/customers?limit=100");
            get(ledger, "/v1/stats");
        }
    });
    let listed = load::paced(ledger, beside, CONNECTIONS, 500.0, limit);
    told("at 500/s beside 10 lists", &listed.unwrap());
    lister.join().unwrap();
}

fn question(path: &str) -> Vec<u8> {
    let key = bodies::ADMIN_KEY;
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n").into()
}

/// A thousand uses by the customer that is asked about.
fn use_up(ledger: SocketAddr) {
    let key = bodies::ADMIN_KEY;
    let body = r#"{"customerId":"user_1234","featureId":"credits","behaviour":"DELTA","value":3}"#;
    let report = format!(
        "POST /api/v1/report/usage/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let reports = vec![report.into_bytes(); USES];
    let outcome = load::run(ledger, &reports, CONNECTIONS, LIMIT).unwrap();
    assert_eq!(outcome.refused, 0, "every use is counted");
}

/// Questions a second, over kept-alive connections.
fn drive(address: SocketAddr, path: &str) -> f64 {
    let requests = vec![question(path); 500_000];
    let outcome = load::run(address, &requests, CONNECTIONS, LIMIT).unwrap();
    assert_eq!(outcome.refused, 0, "every question is answered");
    outcome.per_second()
}

/// One question over a connection of its own: how long it took, and the body.
fn get(address: SocketAddr, path: &str) -> (Duration, Vec<u8>) {
    let mut socket = TcpStream::connect(address).unwrap();
    let mut text = question(path);
    text.truncate(text.len() - 2);
    text.extend_from_slice(b"Connection: close\r\n\r\n");
    let begun = Instant::now();
    socket.write_all(&text).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    let took = begun.elapsed();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    (took, answer.split_off(head.unwrap() + 4))
}

fn serve_ledger(folder: &Path) -> Running {
    let config = bodies::config(folder);
    let app = Ledger::open(
        &config,
        Acceptance::default(),
        Arc::new(SystemClock),
        &bodies::env,
    );
    app.ok().unwrap().spawn().ok().unwrap()
}

/// The ceiling: the same server library, a constant.
fn serve_bare(body: Vec<u8>) -> (SocketAddr, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = web::Bytes::from(body);
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(move || {
                let body = body.clone();
                let answer = move || {
                    let body = body.clone();
                    async move {
                        HttpResponse::Ok()
                            .content_type("application/json")
                            .body(body)
                    }
                };
                App::new().route("/", web::get().to(answer))
            })
            .workers(2)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
            send.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (address, receive.recv().unwrap())
}
