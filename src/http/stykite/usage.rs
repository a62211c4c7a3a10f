//! `POST …/customer/{customerIdentifier}/usage`: what meters showed, each up to a time.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;

use super::answers::{Done, answer};
use super::place::Place;
use super::{LIST_BYTES_MAX, command, fields, named};
use crate::domain::amount::AMOUNT_MAX;
use crate::domain::own::Reading;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body};
use crate::ledger::Caller;
use crate::ledger::limits::{ENTRIES_MAX, MOMENT_MILLIS_MIN, WORD_CHARS_MAX};

/// What this page calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 2] = [("at", "timestamp"), ("total", "qty")];

/// What one meter showed.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteReading")]
#[allow(dead_code, reason = "only its schema is read")]
struct ReadingBody {
    /// Up to when, in milliseconds since 1970; at most one day ahead.
    #[schemars(range(min = MOMENT_MILLIS_MIN))]
    timestamp: i64,
    /// `MTR-…`
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    meter_id: String,
    /// All that was used until then, not since the last reading.
    #[schemars(range(min = 0, max = AMOUNT_MAX))]
    qty: f64,
}

/// In any order.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteReadings")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct Readings(
    #[schemars(length(min = 1, max = ENTRIES_MAX))] Vec<ReadingBody>,
);

fn read(body: &[u8]) -> Result<Vec<Reading>, Problem> {
    let elements = fields::list(body)?.into_iter();
    let reading = |fields: fields::Fields<'_>| {
        Ok(Reading {
            meter_id: fields.text("meter_id", WORD_CHARS_MAX)?.into(),
            at: fields.moment("timestamp")?,
            total: fields.quantity("qty")?,
        })
    };
    elements.map(reading).collect()
}

/// `POST …/usage`
pub(in crate::http) async fn report(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json_of(&request, payload, LIST_BYTES_MAX).await?;
    let asked = command(&caller, &request, &body)?;
    let readings = read(&body)?;
    place.check(&shared)?;
    let company = Some(place.company_id.as_str());
    let ledger = &shared.ledger;
    ledger
        .report_usage(company, place.customer(), readings, &asked)
        .await
        .map_err(named(&NAMES))?;
    answer(StatusCode::ACCEPTED, &Done::because("Usage recorded."))
}
