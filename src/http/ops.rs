//! What an operator's tools ask, without a key.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};

use schemars::JsonSchema;
use serde::Serialize;

use super::error::Problem;
use super::v1::stream::Streams;
use super::{Shared, metrics as openmetrics};
use crate::ledger::Numbers;

/// OpenMetrics 1.0.
pub(super) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How it is.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Health")]
pub(super) struct Word {
    #[schemars(extend("enum" = ["ok", "ready"]))]
    status: &'static str,
}

/// `GET /healthz`: the process lives.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Word { status: "ok" })
}

/// `GET /readyz`: webhooks can be stored and queries show all of them.
pub(super) async fn readyz(shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    shared.ledger.ready().map_err(Problem::Unavailable)?;
    Ok(HttpResponse::Ok().json(Word { status: "ready" }))
}

/// `GET /metrics`.
pub(super) async fn metrics(
    shared: web::Data<Shared>,
    streams: web::Data<Streams>,
) -> Result<HttpResponse, Problem> {
    let numbers = Numbers {
        streams: streams.open(),
        ..shared.ledger.numbers()
    };
    let text = openmetrics::render(numbers, &shared.requests);
    let text = text.map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, OPENMETRICS))
        .body(text))
}
