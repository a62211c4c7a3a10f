//! `POST …/cancel_subscription` and `PUT …/subscription`: when a customer's subscription ends.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;

use super::answers::{Done, answer};
use super::place::Place;
use super::{command, fields};
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body};
use crate::ledger::limits::{MOMENT_MILLIS_MIN, WORD_CHARS_MAX};
use crate::ledger::{Caller, Cancel, Cancelling};

const WHEN: [(&str, Cancel); 2] = [
    ("IMMEDIATE", Cancel::Immediate),
    ("END_OF_CYCLE", Cancel::EndOfCycle),
];
/// What one of Stykite's pages writes before a subscription's digits, and what all others do.
const PREFIXES: (&str, &str) = ("CSU-", "SUA-");

/// Which subscription is to end, and when. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteCancel")]
pub(in crate::http) struct CancelBody {
    /// `SUA-…`; `CSU-…` with the same digits is the same.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    subscription_tsid: String,
    #[schemars(with = "String", extend("enum" = ["IMMEDIATE", "END_OF_CYCLE"]))]
    when: Cancel,
}

/// Which subscription ends when. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteUpdate")]
pub(in crate::http) struct UpdateBody {
    /// `SUA-…`; `CSU-…` with the same digits is the same.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    subscription_tsid: String,
    /// Milliseconds since 1970. A time that has passed ends it at once.
    #[schemars(
        with = "i64",
        range(min = MOMENT_MILLIS_MIN, max = 253_402_300_799_999_i64)
    )]
    end_date: Timestamp,
}

impl CancelBody {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = fields::object(body)?;
        Ok(Self {
            subscription_tsid: subscription(&fields)?,
            when: fields.word("when", &WHEN)?,
        })
    }
}

impl UpdateBody {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = fields::object(body)?;
        Ok(Self {
            subscription_tsid: subscription(&fields)?,
            end_date: fields.moment("end_date")?,
        })
    }
}

fn subscription(fields: &fields::Fields<'_>) -> Result<String, Problem> {
    let given = fields.text("subscription_tsid", WORD_CHARS_MAX)?;
    let (other, ours) = PREFIXES;
    let digits = given.strip_prefix(other);
    Ok(digits
        .map(|digits| format!("{ours}{digits}"))
        .unwrap_or(given))
}

/// `POST …/cancel_subscription`
pub(in crate::http) async fn cancel(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json(&request, payload).await?;
    let asked = command(&caller, &request, &body)?;
    let CancelBody {
        subscription_tsid,
        when,
    } = CancelBody::read(&body)?;
    place.check(&shared)?;
    let customer = place.identifier_of(&shared, place.customer())?;
    let ledger = &shared.ledger;
    let cancelling = Cancelling::of(&customer, &subscription_tsid, when);
    ledger.cancel_subscription(cancelling, &asked).await?;
    let said = match when {
        Cancel::Immediate => "Subscription cancelled.",
        Cancel::EndOfCycle | Cancel::OnDate(_) => {
            "Subscription will be cancelled at the end of its cycle."
        }
    };
    answer(StatusCode::OK, &Done::because(said))
}

/// `PUT …/subscription`
pub(in crate::http) async fn update(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json(&request, payload).await?;
    let asked = command(&caller, &request, &body)?;
    let UpdateBody {
        subscription_tsid,
        end_date,
    } = UpdateBody::read(&body)?;
    place.check(&shared)?;
    let customer = place.identifier_of(&shared, place.customer())?;
    let ledger = &shared.ledger;
    ledger
        .set_end_date(&customer, &subscription_tsid, end_date, asked)
        .await?;
    answer(StatusCode::CREATED, &Done::because("Subscription updated."))
}
