//! `POST …/payment`: opens a checkout; its page is at `/checkout/` and the transaction's id.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{Answer, answer};
use super::place::Place;
use super::{command, fields};
use crate::domain::catalog::Period;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body};
use crate::ledger::limits::{IDENTIFIER_CHARS_MAX, WORD_CHARS_MAX};
use crate::ledger::{Caller, NewCheckout, Wanted};

/// The first two are on the page of this call; the guide bills plans quarterly too.
const PLAN_TYPES: [(&str, Period); 3] = [
    ("MONTHLY", Period::Monthly),
    ("YEARLY", Period::Yearly),
    ("QUARTERLY", Period::ThreeMonths),
];

/// What is paid for.
#[derive(Clone, Copy, JsonSchema)]
#[schemars(rename_all = "UPPERCASE", inline)]
enum Component {
    Plan,
    Addon,
}

const COMPONENTS: [(&str, Component); 2] = [("PLAN", Component::Plan), ("ADDON", Component::Addon)];

/// A checkout to be opened. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteNewPayment")]
pub(in crate::http) struct NewPaymentBody {
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = fields::WORDS))]
    customer_identifier: String,
    /// `PLV-…`; of an add-on, its version: `ADV-…`.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    plan_id: String,
    /// How long is paid for at once. An add-on is paid for once, whatever this says.
    #[schemars(with = "String", extend("enum" = ["MONTHLY", "YEARLY", "QUARTERLY"]))]
    plan_type: Period,
    payment_component: Component,
}

impl NewPaymentBody {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = fields::object(body)?;
        Ok(Self {
            customer_identifier: fields.text("customer_identifier", IDENTIFIER_CHARS_MAX)?,
            plan_id: fields.text("plan_id", WORD_CHARS_MAX)?,
            plan_type: fields.word("plan_type", &PLAN_TYPES)?,
            payment_component: fields.word("payment_component", &COMPONENTS)?,
        })
    }

    fn wanted(self, place: &Place) -> NewCheckout {
        NewCheckout {
            customer: self.customer_identifier.into(),
            wanted: match self.payment_component {
                Component::Plan => Wanted::Plan {
                    plan_id: self.plan_id,
                    period: self.plan_type,
                },
                Component::Addon => Wanted::Addon {
                    version_id: self.plan_id,
                },
            },
            country: place.country_id.clone(),
            success_url: None,
            cancel_url: None,
        }
    }
}

/// What was opened.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "StykitePayment")]
pub(in crate::http) struct Transaction {
    /// `TRN-…`
    transaction_tsid: String,
}

/// `POST …/payment`
pub(in crate::http) async fn open(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json(&request, payload).await?;
    let asked = command(&caller, &request, &body)?;
    let mut wanted = NewPaymentBody::read(&body)?;
    place.check(&shared)?;
    wanted.customer_identifier = place.identifier_of(&shared, &wanted.customer_identifier)?;
    let opened = shared
        .ledger
        .open_checkout(wanted.wanted(&place), asked)
        .await?;
    let transaction_tsid = opened.id;
    answer(
        StatusCode::OK,
        &Answer::of(Transaction { transaction_tsid }),
    )
}
