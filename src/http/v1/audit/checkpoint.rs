//! `/v1/audit/checkpoint` and its key: the log's head, signed, as other people's tools read it.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::http::Shared;
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::http::v1::{NoQuery, blocking};
use crate::ledger::Shown;

/// A note and a key are lines of text, and the note has a dash that is not ASCII.
pub(in crate::http) const TEXT: &str = "text/plain; charset=utf-8";

/// `GET /v1/audit/checkpoint`
pub(in crate::http) async fn show(
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let note = blocking(move || shared.ledger.checkpoint()).await?;
    Ok(text(note))
}

/// `GET /v1/audit/checkpoint/key`
pub(in crate::http) async fn key(
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    Ok(text(shared.ledger.checkpoint_key().map(|key| key + "\n")))
}

fn text(shown: Shown<String>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((LEDGER_SEQ, shown.seq.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, TEXT))
        .body(shown.value)
}
