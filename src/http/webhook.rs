//! `POST /webhooks/{source}`: bytes in, a receipt out. It never looks into a body.

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Serialize;

use super::error::Problem;
use super::{Shared, body, limits};
use crate::domain::delivery::Headers;
use crate::ledger::{IngestError, Intake, Outcome, Source};

/// Providers' largest bodies are under 10 KiB; this leaves room and bounds what a page can hold.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
/// A longer value of a header we read is no signature, id or time.
const HEADER_VALUE_BYTES_MAX: usize = 8 * 1024;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Receipt")]
pub(super) struct Receipt<'a> {
    #[schemars(extend("enum" = ["recorded", "duplicate", "ignored", "quarantined"]))]
    status: &'static str,
    seq: u64,
    event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["unknown_type", "unreadable", "stale"]))]
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
    body::check_coding(request)?;
    let headers = wanted_headers(request, source)?;
    let body = body::read(request, payload, BODY_BYTES_MAX).await?;
    Ok((headers, body))
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

fn respond(intake: &Intake) -> HttpResponse {
    let reason = match intake.outcome {
        Outcome::Quarantined(reason) => Some(reason.as_str()),
        Outcome::Recorded | Outcome::Duplicate | Outcome::Ignored => None,
    };
    HttpResponse::Ok()
        .insert_header(limits::NO_SNIFFING)
        .json(Receipt {
            status: intake.outcome.as_str(),
            seq: intake.seq,
            event_id: intake.event_id.as_deref(),
            reason,
        })
}
