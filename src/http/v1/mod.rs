//! The query surface. Handlers parse, ask the ledger, and answer; nothing is decided here.

pub(super) mod audit;
pub(super) mod customers;
pub(super) mod events;
pub(super) mod keys;
pub(super) mod payments;
pub(super) mod quarantine;
pub(super) mod stream;
pub(super) mod subscriptions;
pub(super) mod when;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::Problem;
use super::limits::LEDGER_SEQ;
use crate::domain::state::Ident;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::ledger::{ReadError, Shown};

/// Enough for a screen.
const LIMIT_DEFAULT: usize = 50;
/// Bounds what one answer costs.
const LIMIT_MAX: usize = 200;

/// A list as it is answered.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "{T}List")]
pub(super) struct List<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
    has_more: bool,
}

impl<T> List<T> {
    pub(super) fn new(data: Vec<T>, next_cursor: Option<String>) -> Self {
        Self {
            data,
            has_more: next_cursor.is_some(),
            next_cursor,
        }
    }
}

/// Runs what reads the store, or looks at everything there is, away from the worker's thread.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Problem> {
    let done = web::block(read).await;
    done.map_err(|error| Problem::Internal(error.to_string()))?
        .map_err(Problem::from)
}

/// No parameter at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuery {}

/// Answers with a list.
pub(super) fn list<T: Serialize>(shown: Shown<List<T>>) -> Result<HttpResponse, Problem> {
    let body = json(&shown.value)?;
    Ok(HttpResponse::Ok()
        .insert_header((LEDGER_SEQ, shown.seq.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

/// Answers with one resource and its `ETag`, or 304 where the asker has it.
pub(super) fn single<T: Serialize>(
    request: &HttpRequest,
    shown: Shown<Option<T>>,
    what: &'static str,
) -> Result<HttpResponse, Problem> {
    let value = shown.value.ok_or(Problem::NotFound(what))?;
    let body = json(&value)?;
    let digest = Sha256::digest(&body);
    let etag = format!("\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
    let known = request.headers().get_all(IF_NONE_MATCH);
    let known = known.filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
    let unchanged = known.any(|held| held == "*" || held.trim_start_matches("W/") == etag);
    let mut answer = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((LEDGER_SEQ, shown.seq.to_string()))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((ETAG, etag));
    if unchanged {
        return Ok(answer.finish());
    }
    Ok(answer
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| Problem::Internal(error.to_string()))
}

/// An empty parameter (`?status=`) counts as absent.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

pub(super) fn limit(text: &Option<String>) -> Result<usize, Problem> {
    let Some(text) = given(text) else {
        return Ok(LIMIT_DEFAULT);
    };
    match text.parse() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(invalid(format!(
            "`limit` must be a whole number from 1 to {LIMIT_MAX}."
        ))),
    }
}

pub(super) fn status(text: &Option<String>) -> Result<Option<Status>, Problem> {
    let Some(word) = given(text) else {
        return Ok(None);
    };
    let known = || Status::ALL.map(Status::as_str).join(", ");
    Status::parse(word)
        .map(Some)
        .ok_or_else(|| invalid(format!("`status` must be one of {}.", known())))
}

pub(super) fn seq(name: &str, text: &Option<String>) -> Result<Option<u64>, Problem> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let parsed = text.parse().map(Some);
    parsed.map_err(|_| invalid(format!("`{name}` must be a sequence number.")))
}

/// Where a list goes on, as an opaque text.
pub(super) fn cursor_after(ident: Ident) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{}", ident.updated_at.as_millis(), ident.id))
}

pub(super) fn cursor(text: &Option<String>) -> Result<Option<Ident>, Problem> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (updated_at, id) = plain.split_once('.')?;
        let updated_at = Timestamp::from_millis(updated_at.parse().ok()?)?;
        Some(Ident {
            updated_at,
            id: id.parse().ok()?,
        })
    };
    read().map(Some).ok_or_else(bad_cursor)
}

/// Where a list of events goes on.
pub(super) fn cursor_after_seq(seq: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("seq.{seq}"))
}

pub(super) fn cursor_seq(text: &Option<String>) -> Result<Option<u64>, Problem> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        plain.strip_prefix("seq.")?.parse().ok()
    };
    read().map(Some).ok_or_else(bad_cursor)
}

fn bad_cursor() -> Problem {
    invalid("`cursor` must be the `next_cursor` of an earlier answer to the same list.".into())
}

fn invalid(why: String) -> Problem {
    Problem::InvalidParameter(why)
}
