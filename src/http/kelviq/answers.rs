//! Kelviq's answers: one thing, or a numbered page of a list with the addresses of its neighbours.
//! It knows nothing of what is shown.

use std::num::IntErrorKind;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::query::{given, parameters};
use crate::domain::state::{Numbered, NumberedPage};
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::ledger::Shown;

/// Enough for a screen.
pub(super) const PAGE_SIZE: usize = 10;
/// Bounds what one answer costs.
pub(super) const PAGE_SIZE_MAX: usize = 100;

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(in crate::http) struct PageQuery {
    /// The first is 1.
    #[schemars(with = "Option<u32>", range(min = 1), extend("default" = 1))]
    page: Option<String>,
    /// How many stand on one: more than 100 are 100, and what is no number above nothing is passed
    /// over.
    page_size: Option<String>,
}

/// One page of a list.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "{T}Page")]
pub(in crate::http) struct PageOf<T> {
    /// Of the whole list.
    count: usize,
    #[schemars(extend("format" = "uri"))]
    next: Option<String>,
    #[schemars(extend("format" = "uri"))]
    previous: Option<String>,
    results: Vec<T>,
}

impl PageQuery {
    /// Which page is asked for, of lists that show `size` things at once unless asked otherwise.
    ///
    /// # Errors
    /// `Invalid page.` where the number is none.
    pub(super) fn numbered(&self, size: usize) -> Result<Numbered, Problem> {
        let page = match given(&self.page) {
            Some(text) => positive(text).ok_or(Problem::NotFound("page"))?,
            None => 1,
        };
        let asked = given(&self.page_size).and_then(positive);
        let size = asked.unwrap_or(size).min(PAGE_SIZE_MAX);
        Ok(Numbered { page, size })
    }
}

/// A number above nothing; one that is too large for any page is the largest.
fn positive(text: &str) -> Option<usize> {
    let number = match text.trim().parse::<usize>() {
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => usize::MAX,
        read => read.ok()?,
    };
    (number > 0).then_some(number)
}

/// A page of a list, each thing of it as `show` shows it.
///
/// # Errors
/// `Invalid page.` past the last one.
pub(super) fn page<T, S: Serialize>(
    asked: &Asked,
    numbered: Numbered,
    shown: Shown<Option<NumberedPage<T>>>,
    show: impl Fn(T) -> S,
) -> Result<HttpResponse, Problem> {
    let found = shown.value.ok_or(Problem::NotFound("page"))?;
    let count = found.count;
    let pages = count.div_ceil(numbered.size);
    let address = |page: usize| {
        let uri = asked.http.uri();
        let rest = parameters(uri.query().unwrap_or_default());
        let rest = rest.filter(|(name, _)| name != "page");
        let rest: String = rest.map(|(_, written)| format!("&{written}")).collect();
        format!("{}{}?page={page}{rest}", asked.public_url(), uri.path())
    };
    let told = PageOf {
        count,
        next: (numbered.page < pages).then(|| address(numbered.page.saturating_add(1))),
        previous: (numbered.page > 1).then(|| address(numbered.page.saturating_sub(1))),
        results: found.items.into_iter().map(show).collect(),
    };
    answer(StatusCode::OK, shown.seq, &told)
}

/// What is so after event `seq`, with that status; it is nobody's to keep.
pub(super) fn answer<T: Serialize>(
    status: StatusCode,
    seq: u64,
    body: &T,
) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(body).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(HttpResponse::build(status)
        .insert_header((LEDGER_SEQ, seq.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}
