//! `/api/v1/orders/`: what was sold, as payments show it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{PageQuery, answer};
use super::asked::Asked;
use super::catalog::shown::CatalogPlan;
use super::customers::BillingAddress;
use super::filters::Filters;
use super::ids;
use super::product::{Nothing, Product, product_of};
use super::query::{Query, given};
use super::sold::{PaidWith, Payer, listed};
use super::subscriptions::shown::{Recurrence, period_of, status_of};
use super::times::Seconds;
use crate::domain::catalog::Plan;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Billing, OrderStatus};
use crate::domain::own::Item;
use crate::domain::state::{MoneySearched, OrderRecord, OrdersAsked, SubscriptionRecord};
use crate::domain::status::Status;
use crate::http::error::Problem;
use crate::ledger::{Catalogue, Shown};

/// Which orders.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Whose id, or whose customer's identifier, e-mail address or name contains this.
    search: Option<String>,
    #[schemars(with = "Option<OrderStatus>")]
    status: Option<String>,
    #[schemars(with = "Option<Billing>")]
    billing_type: Option<String>,
    /// Whether they pay another period of a subscription.
    #[schemars(with = "Option<bool>")]
    is_renewal: Option<String>,
    /// Paid on that day or later.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    start_date: Option<String>,
    /// Paid on that day or before.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    end_date: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// An order.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqOrder")]
pub(in crate::http) struct Order {
    /// Kelviq's own, where its webhooks told it; else the gateway's id of the payment, `pay_…`.
    pub(super) id: Box<str>,
    customer: Payer,
    product: Product,
    pub(super) status: OrderStatus,
    pub(super) paid_at: Option<Seconds>,
    /// No provider tells it.
    pub(super) amount_subtotal: Option<String>,
    pub(super) amount_discount: String,
    /// No provider tells it.
    pub(super) amount_tax: Option<String>,
    pub(super) amount_total: Option<String>,
    pub(super) sale_currency: String,
    amount_subtotal_units: Option<i64>,
    amount_discount_units: i64,
    amount_tax_units: Option<i64>,
    amount_total_units: Option<i64>,
    refunded_total_units: i64,
    pub(super) sale_currency_symbol: String,
    billing_address: Option<BillingAddress>,
    plan: Option<PlanShown>,
    pub(super) billing_type: Billing,
    is_renewal: bool,
    license: [Nothing; 0],
    pub(super) is_trial: bool,
    subscription: Option<Summary>,
    pub(super) invoice_id: Option<Box<str>>,
    custom_fields_data: Nothing,
    payment_method: Option<PaidWith>,
    pub(super) created_on: Seconds,
}

/// The plan that was paid for.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(inline)]
enum PlanShown {
    /// One of the catalogue's.
    Known(Box<CatalogPlan>),
    /// One that only its provider knows.
    Named(PlanName),
}

/// What a provider calls a plan.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KelviqPlanName")]
struct PlanName {
    identifier: Box<str>,
    name: Box<str>,
}

/// The subscription that was paid for.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSubscriptionSummary")]
struct Summary {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    status: Box<str>,
    amount: Option<String>,
    currency: Option<String>,
    /// `month`, `3 months`; empty for what is paid once.
    interval: &'static str,
    currency_symbol: String,
    /// When its gateway or provider charges again, where one does by itself.
    next_invoice_date: Option<Seconds>,
}

impl Summary {
    fn of(record: &SubscriptionRecord) -> Self {
        let price = record.price;
        let view = &record.view;
        let (_, end) = record.running_period;
        let goes_on = view.cancel_at.is_none() && view.ended_at.is_none();
        // Of what nobody charges by itself, no invoice comes.
        let is_charged = record.charged_as.is_some()
            && matches!(
                view.status,
                Status::Trialing | Status::Active | Status::PastDue
            );
        Self {
            id: ids::of_subscription(view),
            status: status_of(view),
            amount: price.map(|price| price.in_major_units()),
            interval: Recurrence::of(period_of(record)).words,
            currency_symbol: price.map_or_else(String::new, |price| price.currency.symbol()),
            currency: price.map(|price| price.currency.to_string()),
            next_invoice_date: end.filter(|_| goes_on && is_charged).map(Seconds),
        }
    }
}

impl PlanShown {
    /// By the plan's id or identifier.
    fn of(catalogue: &Catalogue, record: &OrderRecord) -> Option<Self> {
        let held = record.subscription.as_ref().map(|held| &held.view.plan);
        let said = record.sold.plan.as_deref();
        let offered = match &record.item {
            Some(Item::Plan { plan_id, name, .. }) => Some((plan_id, name)),
            Some(Item::Addon { .. }) | None => None,
        };
        let id = said.or_else(|| held.and_then(|plan| plan.id.as_deref()));
        let id = id.or_else(|| offered.map(|(id, _)| &**id))?;
        let is_meant = |plan: &Plan| plan.identifier == id || plan.id == id;
        let found = catalogue.catalog().and_then(|catalog| {
            let mut all = catalog.plans.iter().enumerate();
            let (place, plan) = all.find(|(_, plan)| is_meant(plan))?;
            Some(CatalogPlan::of(catalogue, catalog, place, plan))
        });
        let name = || held.and_then(|plan| plan.name.clone());
        let name = || name().or_else(|| offered.map(|(_, name)| name.clone()));
        Some(match found {
            Some(plan) => Self::Known(Box::new(plan)),
            None => Self::Named(PlanName {
                identifier: catalogue.plan_word(id).unwrap_or(id).into(),
                name: name().unwrap_or_else(|| id.into()),
            }),
        })
    }
}

impl Order {
    pub(super) fn of(catalogue: &Catalogue, record: &OrderRecord) -> Self {
        let (payment, sold) = (&record.payment, &record.sold);
        let total = payment.amount;
        let nothing = total.map(|money| Money {
            amount_minor: 0,
            ..money
        });
        let currency = total.map(|money| money.currency);
        let customer = &record.customer;
        Self {
            id: payment.id.clone(),
            customer: Payer::of(&record.customer_key, customer),
            product: product_of(catalogue, customer.company_id.as_deref()),
            status: sold.status,
            paid_at: sold.paid_at.map(Seconds),
            amount_subtotal: None,
            amount_discount: nothing.map_or_else(|| "0".into(), |money| money.in_major_units()),
            amount_tax: None,
            amount_total: total.map(|money| money.in_major_units()),
            sale_currency_symbol: currency.map_or_else(String::new, Currency::symbol),
            sale_currency: currency.map_or_else(String::new, |it| it.to_string()),
            amount_subtotal_units: None,
            amount_discount_units: 0,
            amount_tax_units: None,
            amount_total_units: total.map(|money| money.amount_minor),
            refunded_total_units: sold.refunded_minor,
            billing_address: customer.address.as_ref().map(BillingAddress::from),
            plan: PlanShown::of(catalogue, record),
            billing_type: record.billing,
            is_renewal: record.is_renewal,
            license: [],
            is_trial: record.is_trial(),
            subscription: record.subscription.as_ref().map(Summary::of),
            invoice_id: payment.invoice_id.clone(),
            custom_fields_data: Nothing {},
            payment_method: PaidWith::of(record),
            created_on: Seconds(payment.created_at),
        }
    }
}

fn asked_for(query: &ListQuery) -> Result<OrdersAsked, Problem> {
    let mut filters = Filters::default();
    let from = filters.from("startDate", &query.start_date);
    let before = filters.until("endDate", &query.end_date);
    let text = given(&query.search);
    let asked = OrdersAsked {
        searched: MoneySearched::of(text, from, before),
        status: filters.word("status", &query.status),
        billing: filters.word("billingType", &query.billing_type),
        is_renewal: filters.flag("isRenewal", &query.is_renewal),
    };
    filters.done(asked)
}

/// `GET /api/v1/orders/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let orders = asked_for(&query)?;
    listed(asked, &query.page, orders, Order::of).await
}

/// `GET /api/v1/orders/{id}/`
pub(in crate::http) async fn show(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().payment_record(&id);
    let record = value.ok_or(Problem::NotFound("order"))?;
    let catalogue = asked.ledger().catalogue().value;
    answer(StatusCode::OK, seq, &Order::of(&catalogue, &record))
}
