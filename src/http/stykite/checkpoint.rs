//! `POST …/checkpoint/usage`, in both its places and for both of its bodies: tokens of a model, which
//! are priced, or units of a meter, as the guide has it. Each has the answer of its own page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{Answer, Exact, Millis, answer};
use super::place::Place;
use super::shown::best_of_meters;
use super::{command, fields, named};
use crate::domain::amount::{AMOUNT_MAX, Amount};
use crate::domain::entitlement::Entitlement;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body};
use crate::ledger::limits::{EXTRA_BYTES_MAX, IDENTIFIER_CHARS_MAX, TOKENS_MAX, WORD_CHARS_MAX};
use crate::ledger::{self, Caller, Counted, Request, TokenUse, UnitUse};

/// What this page and the guide call what the ledger calls otherwise.
const NAMES: [(&str, &str); 6] = [
    ("checkpoint", "checkpoint_name"),
    ("input", "input_token"),
    ("output", "output_token"),
    ("extra", "extra_params"),
    ("metric", "checkpoint_key"),
    ("amount", "checkpoint_value"),
];

/// What is counted: tokens of a model, or, with `checkpoint_key`, units. Unknown fields are passed
/// over.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteCheckpointUsage", untagged)]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) enum CheckpointBody {
    /// As the page of this call has it.
    Tokens {
        /// The occasion: `session-ended`.
        #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
        checkpoint_name: String,
        #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = fields::WORDS))]
        customer_identifier: String,
        /// `OPENAI`, `ANTHROPIC`: as in the catalogue's table of token prices.
        #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
        provider: String,
        /// `GPT_4`, `CLAUDE_3_OPUS`: the same.
        #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
        model: String,
        #[schemars(range(max = TOKENS_MAX))]
        input_token: u64,
        #[schemars(range(max = TOKENS_MAX))]
        output_token: u64,
        #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::LINE))]
        session_id: Option<String>,
        /// Kept as it is.
        extra_params: Option<serde_json::Map<String, serde_json::Value>>,
    },
    /// As the guide has it.
    Units {
        #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = fields::WORDS))]
        customer_identifier: String,
        /// A meter (`MTR-…`) or a feature of the catalogue.
        #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
        checkpoint_key: String,
        #[schemars(range(min = 0, max = AMOUNT_MAX))]
        checkpoint_value: f64,
    },
}

/// What was counted, and what is left.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StykiteCheckpoint")]
pub(in crate::http) struct Recorded {
    /// `CHU-…`
    tsid: Box<str>,
    /// `CHK-…`
    checkpoint_tsid: String,
    customer_tsid: String,
    company_tsid: String,
    country_tsid: String,
    /// Of the subscription that the use is charged to; `null` without one.
    plan_tsid: Option<Box<str>>,
    input_token: u64,
    output_token: u64,
    provider: Box<str>,
    model: Box<str>,
    input_token_cost: Exact,
    output_token_cost: Exact,
    /// What was debited, in the meter's unit.
    credits: Exact,
    usage_time: Millis,
    created_at: Millis,
    updated_at: Millis,
    /// The meter that was debited first.
    meter_entitlements: Vec<Balance>,
}

/// What is left of a meter.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StykiteBalance")]
struct Balance {
    /// What is left; `null`: unlimited.
    entitlement: Option<Exact>,
    /// `MTR-…`
    meter_tsid: String,
    /// The whole allowance; `null`: unlimited.
    limit: Option<Exact>,
    usage: Option<Exact>,
    /// What is left, once more.
    remaining: Option<Exact>,
    granted: bool,
}

/// The guide's answer.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StykiteCheckpointRecorded")]
pub(in crate::http) struct UnitsRecorded {
    #[schemars(extend("const" = true))]
    status: bool,
    message: &'static str,
}

/// The older page's answer.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StykiteCheckpointUsageRecorded")]
pub(in crate::http) struct TokensRecorded {
    #[schemars(extend("const" = true))]
    success: bool,
    message: &'static str,
}

/// An answer of the path with a country.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteCheckpointAnswer", untagged)]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) enum Answered {
    Tokens(Box<Answer<Recorded>>),
    Units(UnitsRecorded),
}

/// An answer of the older path.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteOlderCheckpointAnswer", untagged)]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) enum OlderAnswered {
    Tokens(TokensRecorded),
    Units(UnitsRecorded),
}

/// What a body asks for.
enum Used {
    Tokens(TokenUse),
    Units(UnitUse),
}

impl Used {
    fn read(body: &[u8], place: &Place) -> Result<Self, Problem> {
        let fields = fields::object(body)?;
        let company_id = Some(place.company_id.as_str().into());
        // The guide's body has neither tokens nor a name, so either of its fields tells it.
        let is_units = fields.has("checkpoint_key") || fields.has("checkpoint_value");
        if is_units && !fields.has("checkpoint_name") {
            return Ok(Self::Units(UnitUse {
                company_id,
                customer: fields
                    .text("customer_identifier", IDENTIFIER_CHARS_MAX)?
                    .into(),
                metric: fields.text("checkpoint_key", WORD_CHARS_MAX)?.into(),
                amount: fields.quantity("checkpoint_value")?,
            }));
        }
        let boxed = |text: Option<String>| text.map(Into::into);
        Ok(Self::Tokens(TokenUse {
            company_id,
            customer: fields
                .text("customer_identifier", IDENTIFIER_CHARS_MAX)?
                .into(),
            checkpoint: fields.text("checkpoint_name", WORD_CHARS_MAX)?.into(),
            provider: fields.text("provider", WORD_CHARS_MAX)?.into(),
            model: fields.text("model", WORD_CHARS_MAX)?.into(),
            input: fields.whole("input_token", TOKENS_MAX)?,
            output: fields.whole("output_token", TOKENS_MAX)?,
            session_id: boxed(fields.maybe_text("session_id", WORD_CHARS_MAX)?),
            extra: fields
                .maybe_object("extra_params", EXTRA_BYTES_MAX)?
                .map(Into::into),
        }))
    }
}

/// `POST …/country/{countryId}/checkpoint/usage`
pub(in crate::http) async fn record(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (used, asked) = read(&caller, &request, &place, payload, &shared).await?;
    match used {
        Used::Tokens(used) => {
            let before = shared.ledger.last_seq();
            let counted = shared
                .ledger
                .count_tokens(used, &asked)
                .await
                .map_err(named(&NAMES))?;
            let recorded = recorded(&shared, &place, before, counted).await?;
            answer(StatusCode::OK, &Answer::of(recorded))
        }
        Used::Units(used) => count_units(&shared, used, &asked).await,
    }
}

/// `POST /v1/company/{companyId}/checkpoint/usage`
pub(in crate::http) async fn record_as_before(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (used, asked) = read(&caller, &request, &place, payload, &shared).await?;
    match used {
        Used::Tokens(used) => {
            shared
                .ledger
                .count_tokens(used, &asked)
                .await
                .map_err(named(&NAMES))?;
            let said = TokensRecorded {
                success: true,
                message: "Checkpoint usage recorded successfully.",
            };
            answer(StatusCode::OK, &said)
        }
        Used::Units(used) => count_units(&shared, used, &asked).await,
    }
}

async fn read(
    caller: &Caller,
    request: &HttpRequest,
    place: &Place,
    payload: web::Payload,
    shared: &Shared,
) -> Result<(Used, Request), Problem> {
    let body = body::read_json(request, payload).await?;
    let asked = command(caller, request, &body)?;
    let used = Used::read(&body, place)?;
    place.check(shared)?;
    Ok((used, asked))
}

async fn count_units(
    shared: &Shared,
    used: UnitUse,
    asked: &Request,
) -> Result<HttpResponse, Problem> {
    shared
        .ledger
        .count_units(used, asked)
        .await
        .map_err(named(&NAMES))?;
    let said = UnitsRecorded {
        status: true,
        message: "Checkpoint recorded successfully",
    };
    answer(StatusCode::OK, &said)
}

async fn recorded(
    shared: &Shared,
    place: &Place,
    before: u64,
    counted: Counted,
) -> Result<Recorded, Problem> {
    let Counted {
        seq,
        at,
        usage,
        checkpoint_id,
    } = counted;
    let full = super::customer::full_after(shared, &usage.identifier, before, seq).await?;
    let rows = best_of_meters(&full.entitlements);
    let debited = rows.get(&*usage.meter_id);
    let tokens = usage
        .tokens
        .ok_or_else(|| Problem::Internal(format!("event {seq} counts no tokens")))?;
    let others = rows.iter().filter(|(meter, _)| **meter != &*usage.meter_id);
    let balances = debited.into_iter().chain(others.map(|(_, row)| row));
    Ok(Recorded {
        tsid: usage.id,
        checkpoint_tsid: checkpoint_id,
        customer_tsid: full.customer.name.id.clone(),
        company_tsid: place.company_id.clone(),
        country_tsid: place.country_id.clone().unwrap_or_default(),
        plan_tsid: debited.and_then(|row| plan_of(&full, row)),
        input_token: tokens.input,
        output_token: tokens.output,
        provider: tokens.provider,
        model: tokens.model,
        input_token_cost: Exact::with_point(tokens.input_cost),
        output_token_cost: Exact::with_point(tokens.output_cost),
        credits: Exact::with_point(usage.amount),
        usage_time: at.into(),
        created_at: at.into(),
        updated_at: at.into(),
        meter_entitlements: balances.map(|row| Balance::from(*row)).collect(),
    })
}

/// The plan of the subscription that a row is of.
fn plan_of(full: &ledger::CustomerInFull, row: &Entitlement) -> Option<Box<str>> {
    let of_row = full.customer.subscriptions.iter();
    let mut of_row = of_row.filter(|held| Some(&held.id) == row.subscription_id.as_ref());
    of_row.next()?.plan.id.clone()
}

impl From<&Entitlement> for Balance {
    fn from(row: &Entitlement) -> Self {
        let number = |amount: Option<Amount>| Exact::shown(&amount?.to_string());
        Self {
            entitlement: number(row.remaining),
            meter_tsid: row.meter_id.clone().unwrap_or_default(),
            limit: number(row.limit),
            usage: number(row.usage),
            remaining: number(row.remaining),
            granted: row.granted,
        }
    }
}
