//! `/api/v1/payment-methods/`: what customers pay with, as far as gateways tell.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{PAGE_SIZE, PageQuery, page};
use super::asked::Asked;
use super::customers::BillingAddress;
use super::fields::camel;
use super::ids::{self, Named};
use super::query::{Query, given};
use super::sold::Payer;
use super::times::Micros;
use crate::domain::instrument::Part;
use crate::domain::state::{PaymentMethodRecord, PaymentMethodsAsked};
use crate::http::error::Problem;

/// All that is shown can be used.
const SUCCEEDED: &str = "succeeded";

/// Which payment methods.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Of this customer.
    customer_id: Option<String>,
    /// Of customers with this e-mail address, in any case.
    customer_email: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A payment method.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPaymentMethod")]
pub(in crate::http) struct PaymentMethod {
    id: u64,
    customer: Owner,
    /// `card`, `upi`, …
    method_type: Box<str>,
    /// What is told of it: `brand`, `last4`, `expMonth`, …
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    method_data: BTreeMap<String, Part>,
    is_default: bool,
    status: &'static str,
    created_on: Micros,
    modified_on: Micros,
}

/// Whose it is.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPaymentMethodOwner")]
struct Owner {
    #[serde(flatten)]
    payer: Payer,
    billing_address: Option<BillingAddress>,
}

impl From<PaymentMethodRecord> for PaymentMethod {
    fn from(record: PaymentMethodRecord) -> Self {
        let parts = record.instrument.parts();
        let parts = parts.map(|(name, part)| (camel(name), part.clone()));
        Self {
            id: record.id,
            customer: Owner {
                payer: Payer::of(&record.customer_key, &record.customer),
                billing_address: record.customer.address.as_ref().map(BillingAddress::from),
            },
            method_data: parts.collect(),
            method_type: record.method,
            is_default: record.is_default,
            status: SUCCEEDED,
            created_on: Micros(record.created_at),
            modified_on: Micros(record.modified_at),
        }
    }
}

/// `GET /api/v1/payment-methods/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let customer = given(&query.customer_id);
    let customer = customer.map(|id| ids::known(Named::Customer, id).into_owned());
    let methods = PaymentMethodsAsked::of(customer, given(&query.customer_email));
    let numbered = query.page.numbered(PAGE_SIZE)?;
    let look = asked.looked_through(move |ledger| ledger.money_numbered(&methods, numbered));
    let found = look.await?;
    page(&asked, numbered, found, PaymentMethod::from)
}
