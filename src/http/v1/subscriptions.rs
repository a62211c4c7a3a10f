//! `/v1/subscriptions`.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::when::{self, KNOWN_AT, WhenQuery, looking_back};
use super::{List, blocking, cursor, cursor_after, given, limit, list, single, status};
use crate::domain::key::Scope;
use crate::domain::state::SubscriptionFilter;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
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
    /// Only what had happened by then, by the provider's clock. Scope `audit`, with a `customer`.
    #[schemars(with = "Option<Timestamp>")]
    as_of: Option<String>,
    /// Only what was recorded by then: a time, or `seq:` and a sequence number. Scope `audit`, with
    /// a `customer`.
    #[schemars(regex(pattern = KNOWN_AT))]
    known_at: Option<String>,
    /// With `true`, each field is answered with the event that set it. Scope `audit`, with a
    /// `customer`.
    #[schemars(with = "Option<bool>")]
    explain: Option<String>,
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
    let look = when::look(&caller, &query.as_of, &query.known_at, &query.explain)?;
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    if let Some(look) = look {
        let customer = filter.customer.clone().ok_or_else(when::needs_customer)?;
        let page = looking_back(&shared, move |ledger| {
            ledger.subscriptions_at(&customer, &filter, look, (after, limit))
        });
        let page = page.await?;
        return list(page.map(|page| List::new(page.data, page.next.map(cursor_after))));
    }
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
    when: web::Query<WhenQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    if let Some(look) = when.look(&caller)? {
        let shown = looking_back(&shared, move |ledger| ledger.subscription_at(&id, look)).await?;
        return single(&request, shown.map(Some), "subscription");
    }
    single(
        &request,
        shared.ledger.subscription(&caller, &id),
        "subscription",
    )
}
