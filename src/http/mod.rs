//! The ledger over HTTP. Handlers parse, call the ledger and map its answer; this room knows
//! nothing of the log, of providers or of configuration.

mod auth;
mod body;
mod error;
mod limits;
mod metrics;
mod openapi;
mod ops;
mod routes;
mod throttle;
mod unread;
mod v1;
mod webhook;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, Service};
use actix_web::{App, HttpServer, web};

pub use routes::{Access, Route, routes};

use self::error::Problem;
use self::unread::Unread;
use crate::domain::key::KeyDigest;
use crate::ledger::Ledger;

/// A silent connection is closed after this; a head that takes longer is answered 408.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// Between the requests of one connection. Providers open a new one a delivery.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Of one worker: bounds memory (about 10 KiB each) and file handles under a flood.
const CONNECTIONS_MAX: usize = 4_096;
/// For what is under way at a stop; the whole stop has 5 s.
const SHUTDOWN_SECONDS: u64 = 2;
/// Threads of one worker that read the store for queries about events.
const BLOCKING_THREADS_MAX: usize = 4;

/// What every handler shares.
pub struct Shared {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// The key that may do everything.
    pub admin_key: KeyDigest,
}

/// How requests are read, and every route.
fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            let why = error.to_string();
            let why = why.trim_start_matches("Query deserialize error: ");
            Problem::InvalidParameter(format!("The query is not understood: {why}.")).into()
        }))
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::NoRoute.into()));
    routes::configure(config);
    config.default_service(web::to(|| async { Err::<&str, _>(Problem::NoRoute) }));
}

/// Starts serving on `listener`. The server runs until its handle stops it; it handles no signals.
///
/// # Errors
/// Where the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    shared: web::Data<Shared>,
    workers: usize,
) -> std::io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .configure(configure)
            .wrap_fn(|mut request, service| {
                let unread = Unread::of(&mut request);
                let answer = service.call(request);
                async move {
                    let answer = answer.await;
                    unread.into_iter().for_each(Unread::outlive_the_answer);
                    answer
                }
            })
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .worker_max_blocking_threads(BLOCKING_THREADS_MAX)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEAD_DEADLINE)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
