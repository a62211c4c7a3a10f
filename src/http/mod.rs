//! The ledger over HTTP. Handlers parse, call the ledger and map its answer; this room knows
//! nothing of the log, of providers or of configuration.

mod auth;
mod body;
mod checkout;
mod error;
mod field_errors;
mod flood;
mod html;
mod kelviq;
mod limits;
mod metrics;
mod ndjson;
mod openapi;
mod ops;
mod panics;
mod refused;
mod requests;
mod routes;
mod stykite;
mod unread;
mod unrepeated;
mod v1;
mod webhook;
mod wording;

use std::any::Any;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::{Server, Service};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

pub(crate) use kelviq::customer_id;
use parking_lot::RwLock;
pub use routes::{Access, Route, routes};
pub use v1::stream::StreamLimits;

use self::error::Problem;
use self::flood::Flood;
use self::requests::Requests;
use self::unread::Unread;
use self::v1::stream::Streams;
use self::v1::when::Looks;
use self::wording::Wording;
use crate::domain::key::KeyDigest;
use crate::ledger::{Ledger, Source};

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
    admin_key: RwLock<KeyDigest>,
    requests: Requests,
    looks: Looks,
    /// Of signatures that were not accepted, by source.
    forgeries: BTreeMap<String, Flood>,
    /// Where the outside finds this service, without a slash at the end.
    public_url: Box<str>,
}

impl Shared {
    /// What handlers need to serve `ledger` at `public_url`.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, admin_key: KeyDigest, public_url: &str) -> Self {
        let names = ledger.source_names().map(str::to_owned);
        let forgeries = names.map(|name| (name, Flood::new())).collect();
        Self {
            ledger,
            admin_key: RwLock::new(admin_key),
            requests: Requests::new(),
            looks: Looks::default(),
            forgeries,
            public_url: public_url.trim_end_matches('/').into(),
        }
    }

    /// From now on this key may do everything, and the one before it nothing.
    pub fn exchange_admin_key(&self, key: KeyDigest) {
        *self.admin_key.write() = key;
    }

    /// Says that a signature was not accepted, at most once a second for each source.
    fn note_forgery(&self, source: &Source) {
        let flood = self.forgeries.get(source.name());
        if let Some(passed_over) = flood.and_then(Flood::admit) {
            let source = source.name();
            tracing::warn!(
                source,
                passed_over,
                "a webhook's signature was not accepted"
            );
        }
    }
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
    config.default_service(web::to(no_route));
}

async fn no_route(request: HttpRequest) -> HttpResponse {
    let mut answer = HttpResponse::from_error(Problem::NoRoute);
    limits::tell_sequence(&request, answer.headers_mut());
    answer
}

/// Starts serving on `listener`. The server runs until its handle stops it; it handles no signals.
/// Called inside an actix system.
///
/// # Errors
/// Where the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    shared: web::Data<Shared>,
    workers: usize,
    limits: StreamLimits,
) -> std::io::Result<Server> {
    let streams = web::Data::new(Streams::start(&shared.ledger, limits));
    let app = move || {
        // One for each worker, so that a request costs no shared count.
        let counted = Rc::new(shared.clone());
        App::new()
            .app_data(shared.clone())
            .app_data(streams.clone())
            .configure(configure)
            .wrap_fn(move |mut request, service| {
                let (began, counted) = (Instant::now(), Rc::clone(&counted));
                let unread = Unread::of(&mut request);
                let wording = Wording::of_path(request.path());
                let answer = service.call(request);
                async move {
                    let answer = panics::caught(answer, counted.ledger.tally()).await;
                    counted.requests.note(&answer, began.elapsed());
                    unread.into_iter().for_each(Unread::outlive_the_answer);
                    wording::told(answer, wording)
                }
            })
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .worker_max_blocking_threads(BLOCKING_THREADS_MAX)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEAD_DEADLINE)
        .keep_alive(KEEP_ALIVE)
        .on_connect(move |io, _| cut_when_silent(io, limits.silence_max))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Has the system end a connection whose other side takes nothing of what is sent for so long. A
/// body is not asked for more while the last of it is unsent, so it could not see that itself.
fn cut_when_silent(io: &dyn Any, silence_max: Duration) {
    if let Some(socket) = io.downcast_ref::<actix_web::rt::net::TcpStream>() {
        let millis = u32::try_from(silence_max.as_millis()).unwrap_or(u32::MAX);
        // A socket that refuses has died already.
        let _ = rustix::net::sockopt::set_tcp_user_timeout(socket, millis);
    }
}
