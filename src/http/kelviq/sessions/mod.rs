//! `/api/v1/checkout/sessions/`: the checkouts that were opened here, on whichever surface.

mod shown;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

pub(in crate::http) use self::shown::{Session, SessionEvent, SessionInFull};
use super::answers::{PAGE_SIZE, PageQuery, answer, page};
use super::asked::Asked;
use super::filters::Filters;
use super::query::{Query, given};
use crate::domain::state::{CheckoutsSearched, MoneySearched};
use crate::domain::status::CheckoutStatus;
use crate::http::checkout::checkout_id;
use crate::http::error::Problem;
use crate::ledger::Shown;

/// What a session's id begins with: its checkout has another beginning before the same digits.
const SESSION: &str = "cs_";

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Whose id, or whose customer's identifier, e-mail address or name contains this.
    search: Option<String>,
    /// Words with commas between: `open`, `processing`, `success`, `expired`.
    status: Option<String>,
    /// Opened on that day or later.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    start_date: Option<String>,
    /// Opened on that day or before.
    #[schemars(extend("anyOf" = [{"format": "date"}, {"const": ""}]))]
    end_date: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// What a word for a status stands for; nothing for a word that is none.
fn statuses(words: &str) -> Vec<CheckoutStatus> {
    let all = [
        CheckoutStatus::Open,
        CheckoutStatus::Processing,
        CheckoutStatus::Failed,
        CheckoutStatus::Cancelled,
        CheckoutStatus::Expired,
        CheckoutStatus::Paid,
    ];
    let is_named = |status: &CheckoutStatus| {
        let mut words = words.split(',').map(str::trim);
        words.any(|word| word == shown::status_word(*status))
    };
    let mut named = all.to_vec();
    named.retain(is_named);
    named
}

impl ListQuery {
    fn searched(&self) -> Result<CheckoutsSearched, Problem> {
        let mut filters = Filters::default();
        let from = filters.from("startDate", &self.start_date);
        let until = filters.until("endDate", &self.end_date);
        let search = given(&self.search);
        let text = search.map(|text| text.trim_start_matches(SESSION));
        filters.done(CheckoutsSearched {
            searched: MoneySearched::of(text, from, until),
            statuses: given(&self.status).map(statuses),
            ..CheckoutsSearched::default()
        })
    }
}

/// `GET /api/v1/checkout/sessions/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let searched = query.searched()?;
    let numbered = query.page.numbered(PAGE_SIZE)?;
    let found = asked
        .looked_through(move |ledger| ledger.checkouts_numbered(&searched, numbered))
        .await?;
    let catalogue = asked.ledger().catalogue().value;
    page(&asked, numbered, found, |record| {
        Session::of(&record, &catalogue)
    })
}

/// `GET /api/v1/checkout/sessions/{session_id}/`
pub(in crate::http) async fn show(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let ledger = asked.ledger();
    let Shown { seq, value } = ledger.checkout_record(&checkout_id(&id));
    let record = value.ok_or(Problem::NotFound("checkout"))?;
    let catalogue = ledger.catalogue().value;
    let payment = record.view.payment_id.as_deref();
    let order = payment.and_then(|id| ledger.payment_record(id).value);
    let shown = SessionInFull::of(&record, order.as_ref(), &catalogue);
    answer(StatusCode::OK, seq, &shown)
}

/// `GET /api/v1/checkout/sessions/{session_id}/events/`
pub(in crate::http) async fn events(
    asked: Asked,
    id: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let numbered = query.numbered(PAGE_SIZE)?;
    let id = checkout_id(&id).into_owned();
    let found = asked
        .looked_through(move |ledger| ledger.checkout_events(&id, numbered))
        .await??;
    let Shown { seq, value } = found;
    let value = value.ok_or(Problem::NotFound("checkout"))?;
    page(&asked, numbered, Shown { seq, value }, SessionEvent::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_stands_for_all_that_are_called_so() {
        assert_eq!(statuses("success"), [CheckoutStatus::Paid]);
        let open = [CheckoutStatus::Open, CheckoutStatus::Failed];
        assert_eq!(statuses("open"), open);
        assert_eq!(statuses("open, processing,x").len(), 3);
        assert!(statuses("paid").is_empty());
    }
}
