//! `PUT …/customer/{customerIdentifier}/meter-entitlements`: what a customer may use of meters,
//! whatever its plan says.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use rust_decimal::Decimal;
use schemars::JsonSchema;

use super::answers::{Done, answer};
use super::place::Place;
use super::{LIST_BYTES_MAX, command, fields, named};
use crate::domain::amount::AMOUNT_MAX;
use crate::domain::own::Allowance;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body};
use crate::ledger::Caller;
use crate::ledger::limits::{ENTRIES_MAX, WORD_CHARS_MAX};

/// What this page calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 2] = [("meter_id", "meter_tsid"), ("limit", "entitlement")];

/// What a customer may use of one meter.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteEntitlementSet")]
#[allow(dead_code, reason = "only its schema is read")]
struct EntitlementSet {
    /// `MTR-…`
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    meter_tsid: String,
    /// So much from now on: not added to what was there.
    #[schemars(range(max = AMOUNT_MAX))]
    entitlement: u64,
}

/// Each meter once.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteEntitlementSets")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct EntitlementSets(
    #[schemars(length(min = 1, max = ENTRIES_MAX))] Vec<EntitlementSet>,
);

fn read(body: &[u8]) -> Result<Vec<Allowance>, Problem> {
    let elements = fields::list(body)?.into_iter();
    let allowance = |fields: fields::Fields<'_>| {
        Ok(Allowance {
            meter_id: fields.text("meter_tsid", WORD_CHARS_MAX)?.into(),
            limit: Decimal::from(fields.whole_quantity("entitlement")?),
        })
    };
    elements.map(allowance).collect()
}

/// `PUT …/meter-entitlements`
pub(in crate::http) async fn set(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json_of(&request, payload, LIST_BYTES_MAX).await?;
    let asked = command(&caller, &request, &body)?;
    let allowances = read(&body)?;
    place.check(&shared)?;
    let company = Some(place.company_id.as_str());
    let ledger = &shared.ledger;
    ledger
        .set_allowances(company, place.customer(), allowances, &asked)
        .await
        .map_err(named(&NAMES))?;
    answer(
        StatusCode::OK,
        &Done::because("Meter entitlements updated."),
    )
}
