//! Durable ingest over HTTP, as a ratio to a bare handler that verifies and parses the same bodies
//! and stores nothing. Both serve with two workers in this process and are loaded from one thread,
//! in turn, so that the ratio holds on a machine whose speed drifts.
//!
//! `cargo bench --bench ingest` (about two minutes).
#![allow(
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/load.rs"]
mod load;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subledger::app::{Acceptance, App as Ledger, Running};
use subledger::clock::SystemClock;

/// As in the binary; the bare handler profits from it as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 3;
const SECONDS: u64 = 4;
/// Customers whose subscriptions the bodies are about.
const SUBSCRIPTIONS: usize = 10_000;

fn main() {
    // Bodies are about 450 bytes and about 1.2 KB, as gathered from providers.
    println!(
        "{:>6} {:>6} {:>12} {:>12} {:>7} {:>9} {:>9} {:>7}",
        "bytes", "conns", "bare/s", "ours/s", "ratio", "p50", "p99", "batch"
    );
    for (big, count) in [(false, 420_000), (true, 300_000)] {
        let bodies: Vec<String> = (0..count)
            .map(|number| bodies::body(number, SUBSCRIPTIONS, big))
            .collect();
        let bytes = bodies.iter().map(String::len).sum::<usize>() / bodies.len();
        for connections in [64, 256] {
            let mut rounds: Vec<Round> = (0..ROUNDS).map(|_| round(&bodies, connections)).collect();
            rounds.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
            let median = rounds.get(ROUNDS / 2).unwrap();
            println!(
                "{bytes:>6} {connections:>6} {:>12.0} {:>12.0} {:>7.3} {:>9.2?} {:>9.2?} {:>7.1}",
                median.bare,
                median.ours,
                median.ratio(),
                median.p50,
                median.p99,
                median.batch
            );
        }
    }
}

struct Round {
    bare: f64,
    ours: f64,
    p50: Duration,
    p99: Duration,
    batch: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.ours / self.bare
    }
}

fn round(bodies: &[String], connections: usize) -> Round {
    let (bare_at, bare) = serve_bare();
    let outcome = drive(bare_at, "/webhook", bodies, connections);
    actix_web::rt::System::new().block_on(bare.stop(true));
    let folder = tempfile::tempdir().unwrap();
    let running = serve_ledger(folder.path());
    let ours = drive(running.address(), "/webhooks/razorpay", bodies, connections);
    let counters = running.ledger().numbers();
    assert_eq!(ours.refused, 0, "every delivery is taken");
    assert!(
        counters.committed_events as usize > ours.answers,
        "and committed"
    );
    let batch = counters.committed_events as f64 / counters.commits as f64;
    running.stop().unwrap();
    Round {
        bare: outcome.per_second(),
        ours: ours.per_second(),
        p50: ours.p50,
        p99: ours.p99,
        batch,
    }
}

fn drive(address: SocketAddr, path: &str, bodies: &[String], connections: usize) -> load::Outcome {
    let requests: Vec<Vec<u8>> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| bodies::request(path, n, body))
        .collect();
    load::run(
        address,
        &requests,
        connections,
        Duration::from_secs(SECONDS),
    )
    .unwrap()
}

fn serve_ledger(folder: &std::path::Path) -> Running {
    let config = bodies::config(folder);
    let app = Ledger::open(
        &config,
        Acceptance::default(),
        Arc::new(SystemClock),
        &|_| None,
    );
    app.ok().unwrap().spawn().ok().unwrap()
}

/// The ceiling: the same server library, the same checks, nothing kept.
fn serve_bare() -> (SocketAddr, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(|| App::new().route("/webhook", web::post().to(bare)))
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

async fn bare(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mut mac = Hmac::<Sha256>::new_from_slice(bodies::SECRET.as_bytes()).unwrap();
    mac.update(&body);
    let signature = request.headers().get("x-razorpay-signature");
    let signature = signature.and_then(|value| hex::decode(value.as_bytes()).ok());
    if mac.verify_slice(&signature.unwrap_or_default()).is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(value) => {
            std::hint::black_box(value);
            HttpResponse::Ok()
                .content_type("application/json")
                .body("{\"status\":\"ok\"}")
        }
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}
