//! `/v1/subscriptions`.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{List, NoQuery, blocking, cursor, cursor_after, given, limit, list, single, status};
use crate::domain::key::Scope;
use crate::domain::state::SubscriptionFilter;
use crate::domain::status::Status;
use crate::http::Shared;
use crate::http::error::Problem;
use crate::ledger::{Caller, Shown};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// Of this customer, by any id.
    customer: Option<String>,
    /// With this status.
    #[schemars(with = "Option<Status>")]
    status: Option<String>,
    /// Of this provider.
    provider: Option<String>,
    /// Of this plan, by the provider's id.
    plan: Option<String>,
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// `GET /v1/subscriptions`
pub(in crate::http) async fn index(
    caller: web::ReqData<Caller>,
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let filter = SubscriptionFilter {
        customer: given(&query.customer).map(str::to_owned),
        status: status(&query.status)?,
        provider: given(&query.provider).map(str::to_owned),
        plan: given(&query.plan).map(str::to_owned),
    };
    if filter.customer.is_none() && !caller.scope.covers(Scope::Read) {
        let why = "A key of scope `client` must name a customer: `?customer=`.";
        return Err(Problem::Forbidden(why.into()));
    }
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    let caller = caller.into_inner();
    let ask = move || Ok(shared.ledger.subscriptions(&caller, &filter, after, limit));
    let page = blocking(ask).await?;
    let seq = page.seq;
    let value = page.value.ok_or(Problem::NotFound("customer"))?;
    list(Shown { seq, value }.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `GET /v1/subscriptions/{id}`
pub(in crate::http) async fn show(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    id: web::Path<String>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    single(
        &request,
        shared.ledger.subscription(&caller, &id),
        "subscription",
    )
}
