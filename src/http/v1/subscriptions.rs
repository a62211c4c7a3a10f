//! `/v1/subscriptions`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{List, NoQuery, cursor, cursor_after, given, limit, list, single, status};
use crate::domain::state::SubscriptionFilter;
use crate::http::Shared;
use crate::http::auth::Admin;
use crate::http::error::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    customer: Option<String>,
    status: Option<String>,
    provider: Option<String>,
    plan: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /v1/subscriptions`
pub(in crate::http) async fn index(
    _: Admin,
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let filter = SubscriptionFilter {
        customer: given(&query.customer).map(str::to_owned),
        status: status(&query.status)?,
        provider: given(&query.provider).map(str::to_owned),
        plan: given(&query.plan).map(str::to_owned),
    };
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    let page = shared.ledger.subscriptions(&filter, after, limit);
    list(page.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `GET /v1/subscriptions/{id}`
pub(in crate::http) async fn show(
    _: Admin,
    request: HttpRequest,
    id: web::Path<String>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    single(&request, shared.ledger.subscription(&id), "subscription")
}
