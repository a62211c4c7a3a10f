//! `/api/v1/refunds/`: what was paid back. This ledger pays nothing back itself.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{PageQuery, answer};
use super::asked::Asked;
use super::filters::Filters;
use super::ids::{self, KELVIQ, Named};
use super::orders::Order;
use super::query::{Query, given};
use super::sold::{Number, listed};
use crate::domain::id::Tsid;
use crate::domain::order::{RefundReason, RefundWord};
use crate::domain::state::{MoneySearched, RefundRecord, RefundsAsked};
use crate::http::error::Problem;
use crate::ledger::{Catalogue, Shown};

/// Which refunds.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Whose id, whose order's, or whose customer's identifier, e-mail address or name contains
    /// this.
    search: Option<String>,
    #[schemars(with = "Option<RefundWord>")]
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

/// A refund.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqRefund")]
pub(in crate::http) struct Refund {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    reason: Option<RefundReason>,
    /// In minor units.
    amount_units: i64,
    amount: Number,
    /// No provider tells it.
    internal_note: Option<String>,
    /// No provider tells it.
    failure_reason: Option<String>,
    status: RefundWord,
    order: Order,
}

impl Refund {
    fn of(catalogue: &Catalogue, record: &RefundRecord) -> Self {
        let seen = &record.refund;
        let own = (record.order.payment.provider == KELVIQ).then(|| seen.view.id.to_string());
        Self {
            id: own.unwrap_or_else(|| ids::uuid_of(Named::Refund, record.id)),
            reason: seen.reason,
            amount_units: record.amount.amount_minor,
            amount: Number::of(record.amount),
            internal_note: None,
            failure_reason: None,
            status: seen.word,
            order: Order::of(catalogue, &record.order),
        }
    }
}

/// `GET /api/v1/refunds/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let mut filters = Filters::default();
    let from = filters.from("startDate", &query.start_date);
    let before = filters.until("endDate", &query.end_date);
    let text = given(&query.search);
    let refunds = RefundsAsked {
        searched: MoneySearched::of(text, from, before),
        status: filters.word("status", &query.status),
    };
    let refunds = filters.done(refunds)?;
    listed(asked, &query.page, refunds, Refund::of).await
}

/// `GET /api/v1/refunds/{refundId}/`
pub(in crate::http) async fn show(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let number = ids::read(Named::Refund, &id).unwrap_or_else(|| Tsid::minted(KELVIQ, &id));
    let Shown { seq, value } = asked.ledger().refund_record(number);
    let record = value.ok_or(Problem::NotFound("refund"))?;
    let catalogue = asked.ledger().catalogue().value;
    answer(StatusCode::OK, seq, &Refund::of(&catalogue, &record))
}
