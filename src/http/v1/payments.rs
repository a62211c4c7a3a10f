//! `/v1/payments`.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::when::{self, KNOWN_AT, WhenQuery, looking_back};
use super::{List, blocking, cursor, cursor_after, given, limit, list, single};
use crate::domain::time::Timestamp;
use crate::http::Shared;
use crate::http::error::Problem;
use crate::ledger::Caller;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// Of this customer, by any id.
    customer: Option<String>,
    /// Of this subscription, by any id.
    subscription: Option<String>,
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

/// `GET /v1/payments`
pub(in crate::http) async fn index(
    caller: web::ReqData<Caller>,
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let look = when::look(&caller, &query.as_of, &query.known_at, &query.explain)?;
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    if let Some(look) = look {
        let customer = given(&query.customer).ok_or_else(when::needs_customer)?;
        let customer = customer.to_owned();
        let page = looking_back(&shared, move |ledger| {
            let subscription = given(&query.subscription);
            ledger.payments_at(&customer, subscription, look, (after, limit))
        });
        let page = page.await?;
        return list(page.map(|page| List::new(page.data, page.next.map(cursor_after))));
    }
    let page = blocking(move || {
        let (customer, subscription) = (given(&query.customer), given(&query.subscription));
        Ok(shared.ledger.payments(customer, subscription, after, limit))
    });
    let page = page.await?;
    list(page.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `GET /v1/payments/{id}`
pub(in crate::http) async fn show(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    id: web::Path<String>,
    when: web::Query<WhenQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    if let Some(look) = when.look(&caller)? {
        let shown = looking_back(&shared, move |ledger| ledger.payment_at(&id, look)).await?;
        return single(&request, shown.map(Some), "payment");
    }
    single(&request, shared.ledger.payment(&id), "payment")
}
