//! `POST /webhooks/{source}`: bytes in, a receipt out. It never looks into a body.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::Shared;
use super::error::Problem;
use super::limits;
use crate::domain::delivery::Headers;
use crate::ledger::{IngestError, Intake, Outcome, Source};

/// Providers' largest bodies are under 10 KiB; this leaves room and bounds what a page can hold.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
/// Read and dropped beyond the limit, so that a sender sees the 413 and not a reset connection.
const BODY_BYTES_DROPPED_MAX: usize = 1024 * 1024;
/// Razorpay gives up after 5 s; a slower body is not coming from a provider. actix itself never
/// times out a slow body.
const BODY_DEADLINE: Duration = Duration::from_secs(4);
/// A longer value of a header we read is no signature, id or time.
const HEADER_VALUE_BYTES_MAX: usize = 8 * 1024;

#[derive(Serialize)]
struct Receipt<'a> {
    status: &'static str,
    seq: u64,
    event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Takes in one webhook.
pub(super) async fn receive(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    limits::check(&request)?;
    let Some(source) = shared.ledger.source(&path) else {
        shared.ledger.tally().unknown_source();
        return Err(Problem::UnknownSource);
    };
    let read = read(&request, payload, source).await;
    let (headers, body) = read.inspect_err(|_| source.refused())?;
    let intake = shared.ledger.ingest(source, &headers, &body).await;
    let intake = intake.inspect_err(|error| {
        if *error == IngestError::InvalidSignature {
            shared.note_forgery(source);
        }
    })?;
    tracing::debug!(
        source = source.name(),
        seq = intake.seq,
        outcome = intake.outcome.as_str(),
        "webhook taken in"
    );
    Ok(respond(&intake))
}

/// What of the request the ledger is asked about.
async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    source: &Source,
) -> Result<(Headers, Bytes), Problem> {
    let mut codings = request.headers().get_all(CONTENT_ENCODING);
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::UnsupportedEncoding);
    }
    let headers = wanted_headers(request, source)?;
    Ok((headers, read_body(request, payload).await?))
}

fn wanted_headers(request: &HttpRequest, source: &Source) -> Result<Headers, Problem> {
    let mut headers = Headers::default();
    for name in source.headers() {
        for value in request.headers().get_all(*name) {
            if value.len() > HEADER_VALUE_BYTES_MAX {
                return Err(Problem::HeadersTooLarge);
            }
            headers.push(name, value.as_bytes());
        }
    }
    Ok(headers)
}

async fn read_body(request: &HttpRequest, payload: web::Payload) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match tokio::time::timeout(BODY_DEADLINE, collect(payload, announced)).await {
        Ok(body) => body,
        Err(_) if announced.is_some_and(|length| length > BODY_BYTES_MAX) => Err(too_large()),
        Err(_) => Err(Problem::BodyTimeout),
    }
}

const fn too_large() -> Problem {
    Problem::BodyTooLarge {
        limit_bytes: BODY_BYTES_MAX,
    }
}

async fn collect(mut payload: web::Payload, announced: Option<usize>) -> Result<Bytes, Problem> {
    let mut first: Option<Bytes> = None;
    let mut body = BytesMut::new();
    let mut total = 0_usize;
    while let Some(chunk) = next_chunk(&mut payload).await {
        let chunk = chunk.map_err(|_| Problem::BodyBroken)?;
        total = total.saturating_add(chunk.len());
        if total > BODY_BYTES_DROPPED_MAX {
            return Err(too_large());
        }
        if total > BODY_BYTES_MAX {
            continue;
        }
        // Most bodies come in one piece and are used as they came, without a copy.
        if announced == Some(total) && body.is_empty() && first.is_none() {
            first = Some(chunk);
        } else {
            if let Some(first) = first.take() {
                body.extend_from_slice(&first);
            }
            body.extend_from_slice(&chunk);
        }
    }
    if total > BODY_BYTES_MAX {
        return Err(too_large());
    }
    Ok(first.unwrap_or_else(|| body.freeze()))
}

async fn next_chunk(
    payload: &mut web::Payload,
) -> Option<Result<Bytes, actix_web::error::PayloadError>> {
    std::future::poll_fn(|cx| {
        futures_core::Stream::poll_next(std::pin::Pin::new(&mut *payload), cx)
    })
    .await
}

fn respond(intake: &Intake) -> HttpResponse {
    let reason = match intake.outcome {
        Outcome::Quarantined(reason) => Some(reason.as_str()),
        Outcome::Recorded | Outcome::Duplicate | Outcome::Ignored => None,
    };
    HttpResponse::Ok().json(Receipt {
        status: intake.outcome.as_str(),
        seq: intake.seq,
        event_id: intake.event_id.as_deref(),
        reason,
    })
}
