//! `/v1/events`, `/v1/quarantine` and `/v1/stats`: the log itself. These read the store, so they
//! leave the worker's own thread.

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    List, NoQuery, blocking, cursor_after_seq, cursor_seq, given, limit, list, seq, single,
};
use crate::http::Shared;
use crate::http::error::Problem;
use crate::ledger::{EventFilter, EventPage, Shown};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// After this sequence number; `cursor` goes before it.
    #[schemars(with = "Option<u64>")]
    after: Option<String>,
    /// Of this source.
    source: Option<String>,
    /// Of this type, in the provider's words.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct QuarantineQuery {
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

fn paged(shown: Shown<EventPage>) -> Result<HttpResponse, Problem> {
    list(shown.map(|page| List::new(page.data, page.next_after.map(cursor_after_seq))))
}

/// `GET /v1/events`
pub(in crate::http) async fn index(
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let filter = EventFilter {
        source: given(&query.source).map(str::to_owned),
        event_type: given(&query.event_type).map(str::to_owned),
    };
    let after = seq("after", &query.after)?;
    let after = cursor_seq(&query.cursor)?.or(after).unwrap_or(0);
    let limit = limit(&query.limit)?;
    paged(super::blocking(move || shared.ledger.events(&filter, after, limit)).await?)
}

/// `GET /v1/events/{seq}`
pub(in crate::http) async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let Ok(seq) = path.parse::<u64>() else {
        return Err(Problem::NotFound("event"));
    };
    let shown = super::blocking(move || shared.ledger.event(seq)).await?;
    single(&request, shown, "event")
}

/// `GET /v1/quarantine`
pub(in crate::http) async fn quarantine(
    query: web::Query<QuarantineQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let after = cursor_seq(&query.cursor)?.unwrap_or(0);
    let limit = limit(&query.limit)?;
    paged(super::blocking(move || shared.ledger.quarantine(after, limit)).await?)
}

/// `GET /v1/stats`
pub(in crate::http) async fn stats(
    request: HttpRequest,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let shown = blocking(move || Ok(shared.ledger.stats())).await?;
    single(&request, shown.map(Some), "stats")
}
