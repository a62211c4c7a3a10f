//! The ledger over HTTP. Handlers parse, call the ledger and map its answer; this room knows
//! nothing of the log, of providers or of configuration.

mod auth;
mod error;
mod limits;
mod metrics;
mod ops;
mod panics;
mod unread;
mod v1;
mod webhook;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Handler, HttpServiceFactory, Server, Service};
use actix_web::middleware::from_fn;
use actix_web::{App, FromRequest, HttpServer, Resource, Responder, web};

pub use auth::KeyDigest;

use self::error::Problem;
use self::unread::Unread;
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

/// Every path with what it answers. [`index`] holds the same list for documentation and tests.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            let why = error.to_string();
            let why = why.trim_start_matches("Query deserialize error: ");
            Problem::InvalidParameter(format!("The query is not understood: {why}.")).into()
        }))
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::NoRoute.into()))
        .service(post("/webhooks/{source}", webhook::receive))
        .service(get("/v1/subscriptions/{id}", v1::subscriptions::show))
        .service(get("/v1/subscriptions", v1::subscriptions::index))
        .service(get("/v1/customers/{id}", v1::customers::show))
        .service(get(
            "/v1/customers/{id}/entitlements",
            v1::customers::entitlements,
        ))
        .service(get("/v1/customers/{id}/events", v1::customers::events))
        .service(get("/v1/customers", v1::customers::index))
        .service(get("/v1/payments/{id}", v1::payments::show))
        .service(get("/v1/payments", v1::payments::index))
        .service(get("/v1/events/{seq}", v1::events::show))
        .service(get("/v1/events", v1::events::index))
        .service(get("/v1/quarantine", v1::events::quarantine))
        .service(get("/v1/stats", v1::events::stats))
        .service(get("/healthz", ops::healthz))
        .service(get("/readyz", ops::readyz))
        .service(get("/metrics", ops::metrics))
        .default_service(web::to(|| async { Err::<&str, _>(Problem::NoRoute) }));
}

fn get<H, Args>(path: &str, handler: H) -> impl HttpServiceFactory + use<H, Args>
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|| not_allowed("GET, HEAD")))
        .wrap(from_fn(limits::layer))
}

fn post<H, Args>(path: &str, handler: H) -> Resource
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let others = web::to(|| not_allowed("POST"));
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(others)
}

async fn not_allowed(allow: &'static str) -> Result<&'static str, Problem> {
    Err(Problem::MethodNotAllowed { allow })
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
        let counting = shared.clone();
        App::new()
            .app_data(shared.clone())
            .configure(routes)
            .wrap_fn(move |mut request, service| {
                let unread = Unread::of(&mut request);
                let answer = service.call(request);
                let shared = counting.clone();
                async move {
                    let answer = panics::caught(answer, shared.ledger.tally()).await;
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
