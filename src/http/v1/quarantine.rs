//! `POST /v1/quarantine/{seq}/accept`: a stale event counts after all.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::idempotency_key;
use super::{NoQuery, blocking};
use crate::http::Shared;
use crate::http::body;
use crate::http::error::Problem;
use crate::ledger::{Caller, NotAcceptable};

/// Nothing is to be said but which event; `{}` says as much.
const BODY_BYTES_MAX: usize = 1024;

/// No field.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Nothing {}

/// What was folded, and by which event.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Accepted {
    #[schemars(extend("enum" = ["accepted"]))]
    status: &'static str,
    /// Of the event that says so.
    seq: u64,
    accepted_seq: u64,
}

/// `POST /v1/quarantine/{seq}/accept`
pub(in crate::http) async fn accept(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    path: web::Path<String>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    // Each event is accepted once, so every repetition is the same request, also without a key.
    idempotency_key(&request)?;
    body::check_coding(&request)?;
    let body = body::read(&request, payload, BODY_BYTES_MAX).await?;
    if !body.trim_ascii().is_empty() {
        let Nothing {} = body::parse(&body)?;
    }
    let unknown = Problem::NotFound("event");
    let Ok(accepted_seq) = path.parse::<u64>() else {
        return Err(unknown);
    };
    let ledger = shared.clone();
    let found = blocking(move || ledger.ledger.acceptable(accepted_seq)).await?;
    let found = found.map_err(|why| match why {
        NotAcceptable::NoSuchEvent => unknown,
        NotAcceptable::NotStale | NotAcceptable::NotUnderstood => {
            Problem::NotAcceptable(why.to_string())
        }
    })?;
    let seq = shared.ledger.accept(found, caller.actor).await?;
    Ok(HttpResponse::Ok().json(Accepted {
        status: "accepted",
        seq,
        accepted_seq,
    }))
}
