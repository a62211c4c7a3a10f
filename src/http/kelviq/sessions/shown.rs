//! A checkout as Kelviq shows its sessions. It reads the ledger's record and decides nothing.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::customers::BillingAddress;
use super::super::orders::Order;
use super::super::product::{Nothing, Product, product_of};
use super::super::sold::{PaidWith, Payer};
use super::super::subscriptions::shown::Held;
use super::super::times::Seconds;
use crate::domain::catalog::Period;
use crate::domain::money::Money;
use crate::domain::order::{Billing, OrderStatus};
use crate::domain::own::Item;
use crate::domain::state::{CheckoutRecord, OrderRecord};
use crate::domain::status::CheckoutStatus;
use crate::http::checkout::session_id;
use crate::ledger::{Catalogue, EventView};

type Metadata = serde_json::Map<String, serde_json::Value>;

/// A checkout.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSession")]
pub(in crate::http) struct Session {
    /// `cs_…`
    id: String,
    customer: Option<Payer>,
    product: Product,
    billing_address: Option<BillingAddress>,
    discount_code: Option<Nothing>,
    tax_id: Option<Nothing>,
    currency: String,
    currency_symbol: String,
    #[schemars(extend("enum" = ["open", "processing", "success", "expired"]))]
    status: &'static str,
    created_on: Seconds,
    selected_data: Selected,
    offering_data: Nothing,
    data: Nothing,
    custom_fields_data: Nothing,
    #[schemars(with = "Metadata")]
    metadata: Box<RawValue>,
    customization: Nothing,
    /// Days before the first period that is paid for.
    trial_period: u32,
}

/// The same, with what came of it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSessionInFull")]
pub(in crate::http) struct SessionInFull {
    #[serde(flatten)]
    session: Session,
    order: Option<SessionOrder>,
    /// What was paid for.
    subscription: Option<Held>,
    payment_method: Option<PaidWith>,
}

/// What is sold.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Selected {
    /// Your word for the plan; nothing for an add-on.
    plan_identifier: Option<String>,
    name: Box<str>,
    charge_period: Option<Period>,
    /// In the currency's major unit.
    amount: String,
    features: Vec<Bought>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
struct Bought {
    identifier: Box<str>,
    quantity: u64,
}

impl Selected {
    fn of(item: &Item, price: Money, catalogue: &Catalogue) -> Self {
        let amount = price.in_major_units();
        match item {
            Item::Plan {
                plan_id,
                name,
                period,
                quantities,
                ..
            } => {
                let bought = quantities.iter().map(|quantity| Bought {
                    identifier: quantity.feature.clone(),
                    quantity: quantity.count,
                });
                Self {
                    plan_identifier: catalogue.plan_word(plan_id).map(Into::into),
                    name: name.clone(),
                    charge_period: Some(*period),
                    amount,
                    features: bought.collect(),
                }
            }
            Item::Addon { name, .. } => Self {
                plan_identifier: None,
                name: name.clone(),
                charge_period: None,
                amount,
                features: Vec::new(),
            },
        }
    }
}

/// What a status is called.
pub(super) const fn status_word(status: CheckoutStatus) -> &'static str {
    match status {
        // What failed can be tried again.
        CheckoutStatus::Open | CheckoutStatus::Failed => "open",
        CheckoutStatus::Processing => "processing",
        CheckoutStatus::Cancelled | CheckoutStatus::Expired => "expired",
        CheckoutStatus::Paid => "success",
    }
}

fn verbatim(text: Option<&str>) -> Box<RawValue> {
    // It was an object when it came in.
    let raw = text.and_then(|text| RawValue::from_string(text.to_owned()).ok());
    raw.unwrap_or_else(|| RawValue::from_string("{}".to_owned()).unwrap_or_default())
}

impl Session {
    pub(super) fn of(record: &CheckoutRecord, catalogue: &Catalogue) -> Self {
        let (view, opened) = (&record.view, &record.view.opened);
        let customer = record.customer.as_ref();
        let company = customer.and_then(|customer| customer.company_id.as_deref());
        let address = customer.and_then(|customer| customer.address.as_ref());
        let trial_period = match &opened.item {
            Item::Plan { trial_days, .. } => *trial_days,
            Item::Addon { .. } => 0,
        };
        Self {
            id: session_id(&opened.id),
            customer: customer.map(|customer| Payer::of(&opened.identifier, customer)),
            product: product_of(catalogue, company),
            billing_address: address.map(BillingAddress::from),
            discount_code: None,
            tax_id: None,
            currency: opened.price.currency.to_string(),
            currency_symbol: opened.price.currency.symbol(),
            status: status_word(view.status),
            created_on: Seconds(view.opened_at),
            selected_data: Selected::of(&opened.item, opened.price, catalogue),
            offering_data: Nothing {},
            data: Nothing {},
            custom_fields_data: Nothing {},
            metadata: verbatim(opened.metadata.as_deref()),
            customization: Nothing {},
            trial_period,
        }
    }
}

/// What was paid at it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSessionOrder")]
struct SessionOrder {
    id: Box<str>,
    status: OrderStatus,
    paid_at: Option<Seconds>,
    created_on: Seconds,
    billing_type: Billing,
    is_trial: bool,
    /// No provider tells it.
    amount_subtotal: Option<String>,
    amount_discount: String,
    /// No provider tells it.
    amount_tax: Option<String>,
    amount_total: Option<String>,
    sale_currency: String,
    sale_currency_symbol: String,
    invoice_id: Option<Box<str>>,
}

impl From<Order> for SessionOrder {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            status: order.status,
            paid_at: order.paid_at,
            created_on: order.created_on,
            billing_type: order.billing_type,
            is_trial: order.is_trial,
            amount_subtotal: order.amount_subtotal,
            amount_discount: order.amount_discount,
            amount_tax: order.amount_tax,
            amount_total: order.amount_total,
            sale_currency: order.sale_currency,
            sale_currency_symbol: order.sale_currency_symbol,
            invoice_id: order.invoice_id,
        }
    }
}

impl SessionInFull {
    pub(super) fn of(
        record: &CheckoutRecord,
        order: Option<&OrderRecord>,
        catalogue: &Catalogue,
    ) -> Self {
        let subscription = record.subscription.as_ref();
        Self {
            session: Session::of(record, catalogue),
            order: order.map(|record| Order::of(catalogue, record).into()),
            subscription: subscription.map(|record| Held::of(record, catalogue.asked_at)),
            payment_method: order.and_then(PaidWith::of),
        }
    }
}

/// What the log says of a checkout: one event.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KelviqSessionEvent")]
pub(in crate::http) struct SessionEvent {
    /// Its place in the log.
    id: u64,
    title: String,
    code: String,
    #[schemars(extend("enum" = ["pending", "success", "failed"]))]
    status: &'static str,
    timestamp: Seconds,
    metadata: EventMetadata,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
struct EventMetadata {
    /// Who told it.
    source: String,
}

/// Title, code and status of what this ledger tells of a checkout itself.
const OWN_EVENTS: [(&str, &str, &str, &str); 7] = [
    (
        "checkout.opened",
        "Checkout session created",
        "checkout_session.created",
        "success",
    ),
    (
        "checkout.attempted",
        "Payment attempted",
        "checkout_session.payment_attempted",
        "pending",
    ),
    (
        "checkout.at_gateway",
        "Payment page opened",
        "checkout_session.payment_page_opened",
        "pending",
    ),
    (
        "checkout.refused",
        "Payment refused",
        "checkout_session.payment_refused",
        "failed",
    ),
    (
        "checkout.cancelled",
        "Checkout session cancelled",
        "checkout_session.cancelled",
        "failed",
    ),
    (
        "checkout.expired",
        "Checkout session expired",
        "checkout_session.expired",
        "failed",
    ),
    (
        "subscription.created",
        "Checkout session completed",
        "checkout_session.completed",
        "success",
    ),
];
/// Words of what providers tell when money was taken, or was not.
const DONE: [&str; 3] = ["captured", "paid", "completed"];
const FAILED: [&str; 2] = ["failed", "expired"];

impl From<EventView> for SessionEvent {
    fn from(event: EventView) -> Self {
        let kind = event.event_type.as_deref().unwrap_or_default();
        let mut own = OWN_EVENTS
            .iter()
            .filter(|_| event.provider == crate::domain::own::PROVIDER);
        let own = own.find(|(held, ..)| *held == kind);
        let has = |words: &[&str]| words.iter().any(|word| kind.ends_with(word));
        let (title, code, status) = match own {
            Some((_, title, code, status)) => ((*title).to_owned(), (*code).to_owned(), *status),
            None => {
                let status = match () {
                    () if has(&DONE) => "success",
                    () if has(&FAILED) => "failed",
                    () => "pending",
                };
                (kind.replace(['.', '_'], " "), kind.to_owned(), status)
            }
        };
        Self {
            id: event.seq,
            title,
            code,
            status,
            timestamp: Seconds(event.occurred_at),
            metadata: EventMetadata {
                source: event.source,
            },
        }
    }
}
