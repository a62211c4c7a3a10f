//! `/api/v1/customers/`: making, showing, listing, changing and archiving customers.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answers::{PAGE_SIZE, PageQuery, answer, page};
use super::asked::{Asked, Sent};
use super::fields::{self, Fields, Given};
use super::ids::{self, Named};
use super::kinds::{self, EMAIL, LINE, WORDS};
use super::product::Nothing;
use super::query::{Query, given};
use super::sold::whole_name;
use super::times::Micros;
use super::{refused, wrong};
use crate::domain::customer::{Address, AddressView, CustomerView};
use crate::domain::state::{CustomerRecord, CustomersSearched};
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::ledger::limits::{
    EMAIL_CHARS_MAX, IDENTIFIER_CHARS_MAX, LINE_CHARS_MAX, METADATA_BYTES_MAX,
    POSTAL_CODE_CHARS_MAX,
};
use crate::ledger::{Again, CustomerChange, NewCustomer, Refusal, Shown};

/// What this surface calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 3] = [
    ("customer_identifier", "customerId"),
    ("email", "email"),
    ("metadata", "metadata"),
];
static OF_FIELDS: [(Refusal, &str, &str); 1] = [(Refusal::CustomerExists, "customerId", EXISTS)];
const EXISTS: &str = "A customer with this customerId already exists.";
const IMMUTABLE: &str = "A customer keeps its customerId.";

type Metadata = serde_json::Map<String, serde_json::Value>;

/// A customer to be made. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqNewCustomer", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct NewCustomerBody {
    /// Your own identifier of the customer; never to be used again.
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = WORDS))]
    customer_id: String,
    #[serde(flatten)]
    details: DetailsBody,
}

/// What shall be known of a customer from now on. What is absent stays, `null` clears it.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqCustomerChange", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct ChangeBody {
    /// The same as in the path, if anything.
    customer_id: Option<String>,
    #[serde(flatten)]
    details: DetailsBody,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
struct DetailsBody {
    #[schemars(length(max = EMAIL_CHARS_MAX), regex(pattern = EMAIL))]
    email: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = LINE))]
    name: Option<String>,
    /// Kept as it is.
    metadata: Option<Metadata>,
    billing_address: Option<BillingAddressBody>,
}

#[derive(JsonSchema)]
#[schemars(rename = "KelviqBillingAddress", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
struct BillingAddressBody {
    /// ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = LINE))]
    line1: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = LINE))]
    line2: Option<String>,
    #[schemars(length(max = POSTAL_CODE_CHARS_MAX), regex(pattern = LINE))]
    postal_code: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = LINE))]
    city: Option<String>,
    #[schemars(length(max = LINE_CHARS_MAX), regex(pattern = LINE))]
    state: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Whose identifier, e-mail address or name contains this, in any case.
    search: Option<String>,
    /// The one that is called so, by any id.
    customer_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A customer.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqCustomer")]
pub(in crate::http) struct Customer {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    customer_id: Box<str>,
    name: Option<String>,
    email: Option<Box<str>>,
    details: Nothing,
    #[schemars(with = "Option<Metadata>")]
    metadata: Option<Box<RawValue>>,
    billing_address: Option<BillingAddress>,
    created_on: Micros,
    modified_on: Micros,
}

/// Where a customer is billed.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqBilledAt")]
pub(super) struct BillingAddress {
    country: Option<Box<str>>,
    line1: Option<Box<str>>,
    line2: Option<Box<str>>,
    postal_code: Option<Box<str>>,
    city: Option<Box<str>>,
    state: Option<String>,
}

impl From<&AddressView> for BillingAddress {
    fn from(view: &AddressView) -> Self {
        Self {
            country: view.country_code.clone(),
            line1: view.line1.clone(),
            line2: view.line2.clone(),
            postal_code: view.postal_code.clone(),
            city: view.city.clone(),
            state: view.state.clone(),
        }
    }
}

impl From<&CustomerRecord> for Customer {
    fn from(record: &CustomerRecord) -> Self {
        let view = &record.customer;
        let metadata = record.metadata.as_ref();
        Self {
            id: ids::of_customer(view),
            customer_id: merchants_id(view),
            name: whole_name(view),
            email: view.email.clone(),
            details: Nothing {},
            // It was an object when it came in.
            metadata: metadata.and_then(|text| RawValue::from_string(text.to_string()).ok()),
            billing_address: view.address.as_ref().map(BillingAddress::from),
            created_on: Micros(view.created_at),
            modified_on: Micros(view.updated_at),
        }
    }
}

/// What the merchant calls a customer; of one that only a provider told of, what that calls it.
fn merchants_id(view: &CustomerView) -> Box<str> {
    let by_provider = || view.references.values().next().cloned();
    let known = view.name.customer_identifier.clone().or_else(by_provider);
    known.unwrap_or_else(|| view.name.id.as_str().into())
}

/// What a body says of a customer beside its identifier.
struct Details {
    email: Given<String>,
    name: Given<Option<String>>,
    metadata: Given<String>,
    billing_address: Given<Address>,
}

impl Details {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            email: fields.given("email", kinds::email),
            name: fields.given("name", kinds::maybe_words(LINE_CHARS_MAX)),
            metadata: fields.given("metadata", kinds::verbatim(METADATA_BYTES_MAX)),
            billing_address: fields.inside("billingAddress", billing_address),
        }
    }
}

fn billing_address(fields: &mut Fields<'_>) -> Option<Address> {
    let mut line = |name: &str, chars_max: usize| {
        let text = fields.maybe(name, kinds::maybe_words(chars_max)).flatten();
        text.map(Into::into)
    };
    Some(Address {
        line1: line("line1", LINE_CHARS_MAX),
        line2: line("line2", LINE_CHARS_MAX),
        city: line("city", LINE_CHARS_MAX),
        postal_code: line("postalCode", POSTAL_CODE_CHARS_MAX),
        state: line("state", LINE_CHARS_MAX),
        state_code: None,
        country_code: fields.maybe("country", kinds::country).map(Into::into),
    })
}

/// Given name and family name: the first word, and the rest.
fn two_names(name: &str) -> (Box<str>, Box<str>) {
    let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
    (first.into(), rest.into())
}

fn new_customer(body: &[u8]) -> Result<NewCustomer, Problem> {
    let mut fields = fields::object(body)?;
    let identifier = fields.needed("customerId", kinds::words(IDENTIFIER_CHARS_MAX));
    let details = Details::read(&mut fields);
    let name = details.name.value().flatten();
    let (first, last) = name.as_deref().map(two_names).unzip();
    let made = identifier.map(|identifier| NewCustomer {
        identifier: identifier.into(),
        email: details.email.value().map(Into::into),
        first_name: first,
        last_name: last.filter(|last| !last.is_empty()),
        address: details.billing_address.value().unwrap_or_default(),
        metadata: details.metadata.value().map(Into::into),
        again: Again::Refused,
        ..NewCustomer::default()
    });
    fields.done(made)
}

/// What is to be changed of a customer, which `is_called` so.
fn change(
    body: &[u8],
    customer: &str,
    is_called: impl Fn(&str) -> bool,
) -> Result<CustomerChange, Problem> {
    /// `null` clears it.
    fn told<T, U: Default>(given: Given<T>, value: impl FnOnce(T) -> U) -> Option<U> {
        match given {
            Given::Absent => None,
            Given::Null => Some(U::default()),
            Given::Value(given) => Some(value(given)),
        }
    }
    let mut fields = fields::object(body)?;
    let identifier = fields.maybe("customerId", kinds::words(IDENTIFIER_CHARS_MAX));
    if identifier.is_some_and(|given| !is_called(&given)) {
        fields.refuse("customerId", IMMUTABLE);
    }
    let details = Details::read(&mut fields);
    fields.done(Some(CustomerChange {
        customer: customer.into(),
        email: told(details.email, |email| email.as_str().into()),
        name: told(details.name, |name| two_names(&name.unwrap_or_default())),
        address: told(details.billing_address, |address| address),
        metadata: told(details.metadata, |text| text.as_str().into()),
    }))
}

fn shown(
    found: Shown<Option<CustomerRecord>>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let record = found.value.ok_or(Problem::NotFound("customer"))?;
    answer(status, found.seq, &Customer::from(&record))
}

/// `POST /api/v1/customers/`
pub(in crate::http) async fn create(sent: Sent) -> Result<HttpResponse, Problem> {
    let new = new_customer(&sent.body)?;
    if *ids::known(Named::Customer, &new.identifier) != *new.identifier {
        // Paths would name by it whom that UUID names, and never this one.
        return Err(wrong("customerId", EXISTS));
    }
    let identifier = new.identifier.clone();
    let ledger = sent.asked.ledger();
    let made = ledger.create_customer(new, &sent.command).await;
    made.map_err(refused(&OF_FIELDS, &NAMES))?;
    shown(ledger.customer_kept(&identifier), StatusCode::CREATED)
}

/// `GET /api/v1/customers/{customerId}/`
pub(in crate::http) async fn show(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = ids::known(Named::Customer, &id);
    let found = asked.ledger().customer_record(&asked.caller, &id);
    shown(found, StatusCode::OK)
}

/// `PATCH /api/v1/customers/{customerId}/`
pub(in crate::http) async fn update(
    id: web::Path<String>,
    sent: Sent,
) -> Result<HttpResponse, Problem> {
    let ledger = sent.asked.ledger();
    let customer = ids::known(Named::Customer, &id);
    let kept = ledger.customer_kept(&customer).value;
    let own = kept.map(|record| merchants_id(&record.customer));
    let is_called = |given: &str| given == *id || own.as_deref() == Some(given);
    let change = change(&sent.body, &customer, is_called)?;
    let told = ledger.update_customer(change, &sent.command).await;
    told.map_err(refused(&OF_FIELDS, &NAMES))?;
    shown(ledger.customer_kept(&customer), StatusCode::OK)
}

/// `DELETE /api/v1/customers/{customerId}/`
pub(in crate::http) async fn archive(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let customer = ids::known(Named::Customer, &id);
    let request = asked.command(b"")?;
    let archived = asked.ledger().archive_customer(&customer, &request).await;
    let seq = archived.map_err(refused(&OF_FIELDS, &NAMES))?;
    Ok(HttpResponse::NoContent()
        .insert_header((LEDGER_SEQ, seq.to_string()))
        .finish())
}

/// `GET /api/v1/customers/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let identifier = given(&query.customer_id).map(|id| {
        let known = ids::known(Named::Customer, id);
        let record = asked.ledger().customer_record(&asked.caller, &known).value;
        let own = record.and_then(|found| found.customer.name.customer_identifier);
        own.map_or_else(|| id.to_owned(), String::from)
    });
    let searched = CustomersSearched {
        search: given(&query.search).map(str::to_owned),
        identifier,
    };
    let numbered = query.page.numbered(PAGE_SIZE)?;
    let found = asked
        .looked_through(move |ledger| ledger.customers_numbered(&searched, numbered))
        .await?;
    page(&asked, numbered, found, |record| Customer::from(&record))
}
