//! Bodies of requests, with a limit and a deadline: actix itself never times out a slow body.
//! It knows no route; how much is allowed is told.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{self, Bytes, BytesMut};
use serde::de::DeserializeOwned;

use super::error::Problem;

/// Read and dropped beyond the limit, so that a sender sees the 413 and not a reset connection.
const DROPPED_BYTES_MAX: usize = 1024 * 1024;
/// Razorpay gives up after 5 s; a slower body is not coming from a provider.
const DEADLINE: Duration = Duration::from_secs(4);
/// Of a command: a customer with every field is under 2 KiB, and tokens bring what else is kept.
pub(super) const JSON_BYTES_MAX: usize = 16 * 1024;

/// Refuses a content coding: what is signed, or counts as a repetition, is the very bytes.
pub(super) fn check_coding(request: &HttpRequest) -> Result<(), Problem> {
    let mut codings = request.headers().get_all(CONTENT_ENCODING);
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::UnsupportedEncoding);
    }
    Ok(())
}

/// The whole body.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let collected = collect(payload, announced, limit_bytes);
    match tokio::time::timeout(DEADLINE, collected).await {
        Ok(body) => body,
        Err(_) if announced.is_some_and(|length| length > limit_bytes) => {
            Err(Problem::BodyTooLarge { limit_bytes })
        }
        Err(_) => Err(Problem::BodyTimeout),
    }
}

/// The whole body of a command, which has to be JSON.
pub(super) async fn read_json(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Bytes, Problem> {
    read_json_of(request, payload, JSON_BYTES_MAX).await
}

/// The same, where it may be longer.
pub(super) async fn read_json_of(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    check_coding(request)?;
    check_media_type(request)?;
    read(request, payload, limit_bytes).await
}

/// What a question's body says; it may be left out, and then says nothing.
pub(super) async fn read_question<T: DeserializeOwned + Default>(
    request: &HttpRequest,
    payload: web::Payload,
    limit_bytes: usize,
) -> Result<T, Problem> {
    check_coding(request)?;
    let body = read(request, payload, limit_bytes).await?;
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    check_media_type(request)?;
    parse(&body)
}

fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let is_json = types.next().is_some_and(|value| is_json(value.as_bytes()));
    if !is_json || types.next().is_some() {
        return Err(Problem::UnsupportedMediaType);
    }
    Ok(())
}

/// What a command's body says. Unknown, repeated and missing fields are refused by name.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let refused = |error: serde_json::Error| {
        Problem::InvalidBody(format!("The body is not what is expected: {error}."))
    };
    // Left to itself, serde takes a list of values for an object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::InvalidBody(
            "The body must be a JSON object.".into(),
        ));
    }
    serde_json::from_slice(body).map_err(refused)
}

fn is_json(value: &[u8]) -> bool {
    let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default();
    let media_type = media_type.trim_ascii();
    media_type.eq_ignore_ascii_case(b"application/json")
}

async fn collect(
    mut payload: web::Payload,
    announced: Option<usize>,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    let mut first: Option<Bytes> = None;
    let mut body = BytesMut::new();
    let mut total = 0_usize;
    while let Some(chunk) = next_chunk(&mut payload).await {
        let chunk = chunk.map_err(|_| Problem::BodyBroken)?;
        total = total.saturating_add(chunk.len());
        if total > DROPPED_BYTES_MAX {
            return Err(Problem::BodyTooLarge { limit_bytes });
        }
        if total > limit_bytes {
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
    if total > limit_bytes {
        return Err(Problem::BodyTooLarge { limit_bytes });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_media_type() {
        for text in ["application/json", "Application/JSON ; charset=utf-8"] {
            assert!(is_json(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "text/plain",
            "application/jsonx",
            "application/problem+json",
        ] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
    }
}
