//! `/v1/customers`.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::when::{self, KNOWN_AT, WhenQuery, looking_back};
use super::{
    List, blocking, cursor, cursor_after, cursor_after_seq, cursor_seq, given, limit, list, single,
};
use crate::domain::state::CustomerFilter;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::http::Shared;
use crate::http::error::Problem;
use crate::ledger::{Caller, Ledger, Shown};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// Any of whose subscriptions has this status.
    #[schemars(with = "Option<Status>")]
    status: Option<String>,
    /// Whose identifier, e-mail address or name contains this, in any case.
    q: Option<String>,
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct EventsQuery {
    /// Only what had happened by then, by the provider's clock. Scope `audit`.
    #[schemars(with = "Option<Timestamp>")]
    as_of: Option<String>,
    /// Only what was recorded by then: a time, or `seq:` and a sequence number. Scope `audit`.
    #[schemars(regex(pattern = KNOWN_AT))]
    known_at: Option<String>,
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// `GET /v1/customers`
pub(in crate::http) async fn index(
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let filter = CustomerFilter {
        status: super::status(&query.status)?,
        q: given(&query.q).map(str::to_owned),
    };
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    let page = blocking(move || Ok(shared.ledger.customers(&filter, after, limit))).await?;
    list(page.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `GET /v1/customers/{id}`
pub(in crate::http) async fn show(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    id: web::Path<String>,
    when: web::Query<WhenQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    if let Some(look) = when.look(&caller)? {
        let shown = looking_back(&shared, move |ledger| ledger.customer_at(&id, look)).await?;
        return single(&request, shown.map(Some), "customer");
    }
    single(&request, shared.ledger.customer(&id), "customer")
}

/// `GET /v1/customers/{id}/entitlements`
pub(in crate::http) async fn entitlements(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    id: web::Path<String>,
    when: web::Query<WhenQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    if let Some(look) = when.look(&caller)? {
        let shown = looking_back(&shared, move |ledger| ledger.entitlements_at(&id, look)).await?;
        return single(&request, shown.map(Some), "customer");
    }
    single(
        &request,
        shared.ledger.entitlements(&caller, &id),
        "customer",
    )
}

/// `GET /v1/customers/{id}/events`
pub(in crate::http) async fn events(
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    query: web::Query<EventsQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let moment = when::moment(&caller, &query.as_of, &query.known_at)?;
    let after = cursor_seq(&query.cursor)?.unwrap_or(0);
    let limit = limit(&query.limit)?;
    let shown = if let Some(moment) = moment {
        let ask = move |ledger: &Ledger| ledger.customer_events_at(&id, moment, after, limit);
        looking_back(&shared, ask).await?
    } else {
        let ask = move || shared.ledger.customer_events(&id, after, limit);
        let Shown { seq, value } = super::blocking(ask).await?;
        let value = value.ok_or(Problem::NotFound("customer"))?;
        Shown { seq, value }
    };
    list(shown.map(|page| List::new(page.data, page.next_after.map(cursor_after_seq))))
}
