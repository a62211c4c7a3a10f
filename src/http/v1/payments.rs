//! `/v1/payments`.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{List, NoQuery, blocking, cursor, cursor_after, given, limit, list, single};
use crate::http::Shared;
use crate::http::error::Problem;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// Of this customer, by any id.
    customer: Option<String>,
    /// Of this subscription, by any id.
    subscription: Option<String>,
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
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
