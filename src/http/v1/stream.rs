//! `GET /v1/events/stream`: the log as Server-Sent Events. A reader that is behind and one that is
//! not take the same road, pages of the log; nothing waits in memory for any of them. It knows not
//! where pages are kept.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::BodyStream;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_core::Stream;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::{given, invalid, seq};
use crate::http::Shared;
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::ledger::{Caller, EventFilter, FeedPage, Ledger};

/// The contract's; proxies close a silent connection after 30 s or more.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Two heartbeats: who took neither is gone, or hangs.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// About 13 KiB each; more than there are services behind one ledger.
const READERS_MAX: usize = 1_024;
/// Those who follow are told of new events so often at most: at full speed one reading serves many.
const PACE: Duration = Duration::from_millis(50);
/// All readers together read the store with so many threads; other queries keep the rest.
const STORE_READS_MAX: usize = 2;
/// What a slow reader may leave unsent in our memory is about twice this.
const CHUNK_BYTES_MAX: usize = 32 * 1024;
pub(in crate::http) const LAST_EVENT_ID: &str = "last-event-id";

/// What one who follows the log may cost.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// A comment is sent after so long without an event.
    pub heartbeat: Duration,
    /// A connection that takes nothing of what is sent for so long is cut.
    pub silence_max: Duration,
    /// So many at once.
    pub readers_max: usize,
    /// A chunk ends with the event that makes it so long.
    pub chunk_bytes_max: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            heartbeat: HEARTBEAT,
            silence_max: SILENCE_MAX,
            readers_max: READERS_MAX,
            chunk_bytes_max: CHUNK_BYTES_MAX,
        }
    }
}

/// What all readers share.
pub(in crate::http) struct Streams {
    /// Changes when there is more, and closes when all are to go.
    more: watch::Receiver<u64>,
    places: Arc<Semaphore>,
    store: Semaphore,
    limits: StreamLimits,
}

impl Streams {
    /// Begins to pass on what the ledger tells.
    pub(in crate::http) fn start(ledger: &Ledger, limits: StreamLimits) -> Self {
        let (tell, more) = watch::channel(0);
        actix_web::rt::spawn(pass_on(ledger.folded(), tell));
        Self {
            more,
            places: Arc::new(Semaphore::new(limits.readers_max)),
            store: Semaphore::new(STORE_READS_MAX),
            limits,
        }
    }

    /// How many are open.
    pub(in crate::http) fn open(&self) -> u64 {
        let free = self.places.available_permits();
        self.limits.readers_max.saturating_sub(free) as u64
    }
}

/// Stands between the writer, who may not wake a thousand readers at each commit, and the readers.
async fn pass_on(mut folded: watch::Receiver<u64>, tell: watch::Sender<u64>) {
    while folded.changed().await.is_ok() {
        tell.send_replace(*folded.borrow_and_update());
        sleep(PACE).await;
    }
}

/// Which events.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct StreamQuery {
    /// Begin after this sequence number; 0 is the log's beginning.
    #[schemars(with = "Option<u64>")]
    after: Option<String>,
    /// Of this source.
    source: Option<String>,
    /// Of this type, in the provider's words.
    #[serde(rename = "type")]
    event_type: Option<String>,
}

/// `GET /v1/events/stream`
pub(in crate::http) async fn follow(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    query: web::Query<StreamQuery>,
    shared: web::Data<Shared>,
    streams: web::Data<Streams>,
) -> Result<HttpResponse, Problem> {
    let last_seq = shared.ledger.last_seq();
    let after = seq("after", &query.after)?;
    // A client that comes back asks for the same URL, and says in the header how far it came.
    let asked = last_event_id(&request)?.or(after);
    if asked.is_some_and(|asked| asked > last_seq) {
        return Err(invalid(format!(
            "The log ends at {last_seq}; a later place is not this log's. Read it anew with \
             `?after=0`."
        )));
    }
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((LEDGER_SEQ, last_seq.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((CONTENT_TYPE, "text/event-stream"));
    if request.method() == Method::HEAD {
        return Ok(answer.finish());
    }
    let place = Arc::clone(&streams.places).try_acquire_owned();
    let too_many = |_| Problem::Unavailable("Too many streams are open; try again later.".into());
    let mut reader = Reader {
        after: asked.unwrap_or(last_seq),
        filter: EventFilter {
            source: given(&query.source).map(str::to_owned),
            event_type: given(&query.event_type).map(str::to_owned),
        },
        caller: caller.into_inner(),
        more: streams.more.clone(),
        beat_at: Instant::now() + streams.limits.heartbeat,
        shared,
        streams,
        _place: place.map_err(too_many)?,
    };
    // Who begins now is told where that is: without it a break before the first event were a gap.
    let begins_at = asked.is_none().then(|| place_line(last_seq));
    // A store that cannot be read is said as a status.
    let first = reader.read().await?.unwrap_or_default();
    let first = begins_at.unwrap_or_default() + &first;
    let body = Events {
        first: Some(Bytes::from(first)).filter(|first| !first.is_empty()),
        next: Some(Box::pin(reader.next())),
    };
    Ok(answer.body(BodyStream::new(body)))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<u64>, Problem> {
    let mut values = request.headers().get_all(LAST_EVENT_ID);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?");
    let wrong = || invalid("`Last-Event-ID` must be given once and be a sequence number.".into());
    if values.next().is_some() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // Clients that have seen no event yet may send it empty.
    let seen = Some(text).filter(|text| !text.is_empty());
    seen.map(|text| text.parse().map_err(|_| wrong()))
        .transpose()
}

/// Moves a client's `Last-Event-ID` without an event.
fn place_line(seq: u64) -> String {
    format!("id: {seq}\n\n")
}

/// One who follows the log.
struct Reader {
    after: u64,
    filter: EventFilter,
    caller: Caller,
    more: watch::Receiver<u64>,
    beat_at: Instant,
    shared: web::Data<Shared>,
    streams: web::Data<Streams>,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// What is to be sent next, once there is something; `None` when the stream is to end.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        loop {
            let is_ending = self.more.has_changed().is_err();
            if is_ending || !self.shared.ledger.is_known(&self.caller) {
                return None;
            }
            let text = match self.read().await {
                Ok(Some(text)) => text,
                Ok(None) => {
                    tokio::select! {
                        changed = self.more.changed() => changed.ok()?,
                        () = sleep_until(self.beat_at) => {}
                    }
                    String::new()
                }
                Err(problem) => {
                    tracing::debug!(%problem, "a stream ends");
                    return None;
                }
            };
            let text = self.or_heartbeat(text);
            if !text.is_empty() {
                self.beat_at = Instant::now() + self.streams.limits.heartbeat;
                return Some((self, Bytes::from(text)));
            }
        }
    }

    /// A comment where there is nothing else and one is due. With a filter it says as well how far
    /// the log was looked through, so that a resumption need not do that again.
    fn or_heartbeat(&self, text: String) -> String {
        if !text.is_empty() || Instant::now() < self.beat_at {
            return text;
        }
        let place = if self.filter == EventFilter::default() {
            "\n".into()
        } else {
            place_line(self.after)
        };
        format!(": heartbeat\n{place}")
    }

    /// The next events, at most a chunk; empty where the filter let none of a page through, `None`
    /// where nothing more is folded.
    async fn read(&mut self) -> Result<Option<String>, Problem> {
        // Before looking: what is folded after that is told again.
        self.more.mark_unchanged();
        if self.after >= self.shared.ledger.last_seq() {
            return Ok(None);
        }
        let Some(page) = self.page().await? else {
            return Ok(None);
        };
        let mut text = String::new();
        for event in page.after(self.after) {
            self.after = event.seq;
            if event.is_wanted(&self.filter) {
                let (seq, json) = (event.seq, &event.json);
                // A string takes everything.
                let _ = write!(text, "id: {seq}\nevent: message\ndata: {json}\n\n");
            }
            if text.len() >= self.streams.limits.chunk_bytes_max {
                break;
            }
        }
        Ok(Some(text))
    }

    async fn page(&self) -> Result<Option<Arc<FeedPage>>, Problem> {
        let after = self.after;
        if let Some(page) = self.shared.ledger.ready_page(after) {
            return Ok(Some(page));
        }
        let turn = self.streams.store.acquire().await;
        let _turn = turn.map_err(|error| Problem::Internal(error.to_string()))?;
        // Whoever had the turn before may have read the very page.
        if let Some(page) = self.shared.ledger.ready_page(after) {
            return Ok(Some(page));
        }
        let shared = self.shared.clone();
        super::blocking(move || shared.ledger.feed_page(after)).await
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Reader, Bytes)>>>>;

/// A reader as a body.
struct Events {
    first: Option<Bytes>,
    next: Option<Next>,
}

impl Stream for Events {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(next) = &mut self.next else {
            return Poll::Ready(None);
        };
        let sent = ready!(next.as_mut().poll(cx));
        let (next, chunk) = sent.map_or((None, None), |(reader, chunk)| {
            let next: Next = Box::pin(reader.next());
            (Some(next), Some(Ok(chunk)))
        });
        self.next = next;
        Poll::Ready(chunk)
    }
}
