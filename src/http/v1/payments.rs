//! `/v1/payments`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{List, NoQuery, blocking, cursor, cursor_after, given, limit, list, single};
use crate::http::Shared;
use crate::http::error::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    customer: Option<String>,
    subscription: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /v1/payments`
pub(in crate::http) async fn index(
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    let page = blocking(move || {
        let (customer, subscription) = (given(&query.customer), given(&query.subscription));
        Ok(shared.ledger.payments(customer, subscription, after, limit))
    });
    let page = page.await?;
    list(page.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `GET /v1/payments/{id}`
pub(in crate::http) async fn show(
    request: HttpRequest,
    id: web::Path<String>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    single(&request, shared.ledger.payment(&id), "payment")
}
