//! `POST` and `GET …/customer`: making a customer, who is subscribed at once, and showing one.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::answers::{Answer, answer};
use super::place::Place;
use super::shown::{Customer, CustomerInFull};
use super::{command, fields, named};
use crate::domain::customer::Address;
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::http::v1::NoQuery;
use crate::http::v1::when::looking_back;
use crate::http::{Shared, body};
use crate::ledger::limits::{
    EMAIL_CHARS_MAX, IDENTIFIER_CHARS_MAX, LINE_CHARS_MAX, PHONE_CHARS_MAX, POSTAL_CODE_CHARS_MAX,
    TRIAL_DAYS_MAX, WORD_CHARS_MAX,
};
use crate::ledger::{self, Again, Caller, Ledger, NewCustomer, Welcome};

/// A country's letters, or those of a part of it.
const CODE_CHARS_MAX: usize = 3;

/// What this page calls what the ledger calls otherwise.
/// Where a postal code is needed, by ISO 3166-1 alpha-2.
const NEEDS_ZIPCODE: &str = "US";
const NAMES: [(&str, &str); 1] = [("postal_code", "zipcode")];

/// Somebody at some place, for the schema.
const EMAIL: &str = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$";

/// A number or a text.
struct Digits;

impl JsonSchema for Digits {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Digits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"], "minimum": 0, "maximum": 999_999_999_999_999_u64,
            "maxLength": POSTAL_CODE_CHARS_MAX, "pattern": fields::LINE,
        })
    }
}

/// A customer to be made. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "StykiteNewCustomer")]
pub(in crate::http) struct NewCustomerBody {
    #[schemars(length(max = EMAIL_CHARS_MAX), regex(pattern = EMAIL))]
    email: String,
    /// Your own identifier of the customer: an e-mail address, a UUID, any text of one line.
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = fields::WORDS))]
    customer_identifier: String,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = fields::LINE))]
    first_name: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = fields::LINE))]
    last_name: Option<String>,
    #[schemars(with = "Option<Digits>")]
    phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country_code: String,
    /// The part of ISO 3166-2 after the country's: `KA` of `IN-KA`.
    #[schemars(length(max = CODE_CHARS_MAX), regex(pattern = fields::LINE))]
    state_code: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = fields::LINE))]
    city: Option<String>,
    /// Needed where `country_code` is `US`.
    #[schemars(with = "Option<Digits>")]
    zipcode: Option<String>,
    /// How long the trial is, instead of the plan's own length. 0: no trial.
    #[schemars(range(max = TRIAL_DAYS_MAX))]
    trial_days: Option<u32>,
    /// `PLV-…`, instead of the catalogue's default plan.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = fields::WORDS))]
    plan_id: Option<String>,
}

impl NewCustomerBody {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = fields::object(body)?;
        let trial_days = if fields.has("trial_days") {
            let days = fields.whole("trial_days", TRIAL_DAYS_MAX.into())?;
            u32::try_from(days).ok()
        } else {
            None
        };
        // Blank, it would quietly mean the default plan.
        let plan_id = if fields.has("plan_id") {
            Some(fields.text("plan_id", WORD_CHARS_MAX)?)
        } else {
            None
        };
        let country_code = fields.text("country_code", CODE_CHARS_MAX)?;
        let zipcode = fields.maybe_digits("zipcode", POSTAL_CODE_CHARS_MAX)?;
        if country_code == NEEDS_ZIPCODE && zipcode.is_none() {
            return Err(Problem::InvalidBody(format!(
                "`zipcode` is needed where `country_code` is {NEEDS_ZIPCODE}."
            )));
        }
        Ok(Self {
            email: fields.text("email", EMAIL_CHARS_MAX)?,
            customer_identifier: fields.text("customer_identifier", IDENTIFIER_CHARS_MAX)?,
            first_name: fields.maybe_text("first_name", LINE_CHARS_MAX)?,
            last_name: fields.maybe_text("last_name", LINE_CHARS_MAX)?,
            phone: fields.maybe_digits("phone", PHONE_CHARS_MAX)?,
            country_code,
            state_code: fields.maybe_text("state_code", CODE_CHARS_MAX)?,
            city: fields.maybe_text("city", LINE_CHARS_MAX)?,
            zipcode,
            trial_days,
            plan_id,
        })
    }

    fn wanted(self, place: &Place) -> NewCustomer {
        let boxed = |text: Option<String>| text.map(Into::into);
        NewCustomer {
            company_id: Some(place.company_id.as_str().into()),
            country_id: place.country_id.as_deref().map(Into::into),
            identifier: self.customer_identifier.into(),
            email: Some(self.email.into()),
            first_name: boxed(self.first_name),
            last_name: boxed(self.last_name),
            phone: boxed(self.phone),
            address: Address {
                city: boxed(self.city),
                postal_code: boxed(self.zipcode),
                state_code: boxed(self.state_code),
                country_code: Some(self.country_code.into()),
                ..Address::default()
            },
            metadata: None,
            welcome: Some(Welcome {
                plan_id: boxed(self.plan_id),
                trial_days: self.trial_days,
            }),
            again: Again::Answered,
        }
    }
}

/// `POST …/customer`
pub(in crate::http) async fn create(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let body = body::read_json(&request, payload).await?;
    let asked = command(&caller, &request, &body)?;
    let wanted = NewCustomerBody::read(&body)?;
    place.check(&shared)?;
    let wanted = wanted.wanted(&place);
    let identifier = wanted.identifier.clone();
    let before = shared.ledger.last_seq();
    let seq = shared.ledger.create_customer(wanted, &asked).await;
    let seq = seq.map_err(named(&NAMES))?;
    let full = full_after(&shared, &identifier, before, seq).await?;
    answer(StatusCode::OK, &Answer::of(Customer::from(&full.customer)))
}

/// The customer right after event `seq`. Where that is not later than `before`, the last event
/// before it was asked for, this is a repetition: it gets the first answer again.
pub(super) async fn full_after(
    shared: &Shared,
    identifier: &str,
    before: u64,
    seq: u64,
) -> Result<ledger::CustomerInFull, Problem> {
    let now = shared.ledger.customer_in_full(identifier);
    if seq > before || seq == now.seq {
        return now.value.ok_or(Problem::NotFound("customer"));
    }
    let identifier = identifier.to_owned();
    let ask = move |ledger: &Ledger| ledger.customer_in_full_after(&identifier, seq);
    Ok(looking_back(shared, ask).await?.value)
}

/// `GET …/customer/{customerIdentifier}`
pub(in crate::http) async fn show(
    place: web::Path<Place>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    place.check(&shared)?;
    let identifier = place.identifier_of(&shared, place.customer())?;
    let shown = shared.ledger.customer_in_full(&identifier);
    let full = shown.value.ok_or(Problem::NotFound("customer"))?;
    let mut answer = answer(StatusCode::OK, &Answer::of(CustomerInFull::from(&full)))?;
    answer.headers_mut().insert(LEDGER_SEQ, shown.seq.into());
    Ok(answer)
}
