//! `/api/v1/transaction/`: what was charged, what was paid back and what banks took back.

use actix_web::HttpResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::PageQuery;
use super::asked::Asked;
use super::filters::Filters;
use super::ids::uuid_of_words;
use super::orders::Order;
use super::query::{Query, given};
use super::sold::{Number, listed, name_of};
use super::times::Seconds;
use crate::domain::state::{
    MoneySearched, TransactionKind, TransactionRecord, TransactionStatus, TransactionsAsked,
};
use crate::http::error::Problem;
use crate::ledger::Catalogue;

/// Which transactions.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Whose order's id, or whose customer's identifier, e-mail address or name contains this.
    search: Option<String>,
    #[schemars(with = "Option<StatusAsked>")]
    status: Option<String>,
    /// Made on that day or later.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    start_date: Option<String>,
    /// Made on that day or before.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    end_date: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// What came of it. What is pending is no transaction here yet.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum StatusAsked {
    Success,
    Failure,
    Pending,
}

impl From<StatusAsked> for Option<TransactionStatus> {
    fn from(asked: StatusAsked) -> Self {
        match asked {
            StatusAsked::Success => Some(TransactionStatus::Success),
            StatusAsked::Failure => Some(TransactionStatus::Failure),
            StatusAsked::Pending => None,
        }
    }
}

/// Money that moved, or was refused.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqTransaction")]
pub(in crate::http) struct Transaction {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    order: Order,
    created_on: Seconds,
    currency: String,
    currency_symbol: String,
    /// How much moved, whichever way.
    amount_total: Number,
    /// Nobody sells in the merchant's place here.
    mor_fee: Number,
    mor_fee_breakdown: [Number; 0],
    collected_tax: Number,
    /// Less than nothing where it moved back.
    net_payout: Number,
    status: TransactionStatus,
    transaction_type: TransactionKind,
    /// Empty where the gateway does not tell.
    payment_method_type: Box<str>,
    payment_method_name: Option<Box<str>>,
    last4: Option<Box<str>>,
    /// No provider tells it.
    available_on: Option<String>,
    is_settled: bool,
}

impl Transaction {
    fn of(catalogue: &Catalogue, record: &TransactionRecord) -> Self {
        let total = Number::of(record.amount);
        let net_payout = match (record.status, record.kind) {
            (TransactionStatus::Failure, _) => Number::ZERO,
            (TransactionStatus::Success, TransactionKind::Charge) => total,
            (TransactionStatus::Success, TransactionKind::Refund | TransactionKind::Chargeback) => {
                total.negative()
            }
        };
        let currency = record.amount.currency;
        let payment = &record.order.payment;
        let told = record.order.sold.instrument.as_ref();
        let number = record.id.as_u64().to_string();
        Self {
            id: uuid_of_words(&["transaction", payment.provider, &number]),
            order: Order::of(catalogue, &record.order),
            created_on: Seconds(record.at),
            currency_symbol: currency.symbol(),
            currency: currency.to_string(),
            amount_total: total,
            mor_fee: Number::ZERO,
            mor_fee_breakdown: [],
            collected_tax: Number::ZERO,
            net_payout,
            status: record.status,
            transaction_type: record.kind,
            payment_method_type: payment.method.clone().unwrap_or_default(),
            payment_method_name: told.and_then(name_of).map(Into::into),
            last4: told.and_then(|it| it.text("last4")).map(Into::into),
            available_on: None,
            is_settled: false,
        }
    }
}

/// `GET /api/v1/transaction/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let mut filters = Filters::default();
    let from = filters.from("startDate", &query.start_date);
    let before = filters.until("endDate", &query.end_date);
    let status: Option<StatusAsked> = filters.word("status", &query.status);
    let text = given(&query.search);
    let transactions = TransactionsAsked {
        searched: MoneySearched::of(text, from, before),
        status: status.map(Into::into),
    };
    let transactions = filters.done(transactions)?;
    listed(asked, &query.page, transactions, Transaction::of).await
}
