//! `/checkout/{id}`: the page on which a payer pays. It knows no key and sets no cookie: whoever has
//! the address may pay. What is decided, the ledger decides.

mod page;
mod words;

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use schemars::JsonSchema;
use serde::Serialize;

use self::page::{Circumstances, Page};
use super::error::Problem;
use super::html::HTML;
use super::{Shared, body};
use crate::domain::checkout::CheckoutView;
use crate::domain::status::CheckoutStatus;
use crate::ledger::{Actor, CommandError, Refusal, Request};

/// A form of one button has a dozen.
pub(super) const FORM_BYTES_MAX: usize = 1024;
/// Gateways mostly answer sooner; who waits longer looks at the page, which looks again by itself.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Longer than a reopening of the store takes.
const RETRY_AFTER_SECONDS: &str = "5";

/// What the buttons say.
#[derive(Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    /// The payer pays.
    Pay,
    /// The payment fails: where no money moves.
    Fail,
    /// The payer calls it off: where no money moves.
    Cancel,
}

/// The form.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CheckoutForm")]
pub(super) struct Form {
    /// Which button was pressed.
    action: Action,
}

/// What the other name of a checkout begins with; the digits after it are those of its `TRN-…`.
const SESSION: &str = "cs_";
const TRANSACTION: &str = "TRN-";

/// The other name of a checkout (`cs_…`): what a session is called.
pub(super) fn session_id(checkout: &str) -> String {
    let digits = checkout.strip_prefix(TRANSACTION).unwrap_or(checkout);
    format!("{SESSION}{digits}")
}

/// A checkout's own id (`TRN-…`), by either of its names.
pub(super) fn checkout_id(name: &str) -> Cow<'_, str> {
    match name.strip_prefix(SESSION) {
        Some(digits) => Cow::Owned(format!("{TRANSACTION}{digits}")),
        None => Cow::Borrowed(name),
    }
}

/// `GET /checkout/{id}`
pub(super) async fn show(
    request: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let Some(view) = shared.ledger.checkout(&checkout_id(&id)) else {
        return unknown();
    };
    if let Some(elsewhere) = goes_to(&view) {
        return see(elsewhere);
    }
    let about = Circumstances {
        hindrance: shared.ledger.hindrance(&view),
        came_back: shared.ledger.came_back(&view, request.query_string()),
    };
    shown(&mut HttpResponse::Ok(), page::write(&view, &about))
}

/// `POST /checkout/{id}`
pub(super) async fn act(
    request: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    body::check_coding(&request)?;
    let id = checkout_id(&id);
    let form = body::read(&request, payload, FORM_BYTES_MAX).await?;
    let by_payer = Request::of(Actor::Payer);
    let ledger = &shared.ledger;
    let Some(action) = action(&form) else {
        let is_known = ledger.checkout(&id).is_some();
        return Ok(if is_known { misunderstood() } else { unknown() });
    };
    let done = match action {
        Action::Pay => ledger.pay_checkout(&id, by_payer).await,
        Action::Fail => ledger.fail_checkout(&id, by_payer).await,
        Action::Cancel => ledger.cancel_checkout(&id, by_payer).await,
    };
    match done {
        Err(CommandError::Unavailable(why)) => {
            tracing::warn!(why, "a payer could not be served");
            return Ok(not_now());
        }
        Err(CommandError::Refused(Refusal::NoSuchCheckout)) => return Ok(unknown()),
        // Two tabs, a page that was open for long: what is so now is shown.
        Ok(_) | Err(CommandError::Refused(_) | CommandError::Mismatch) => {}
    }
    let Some(view) = ledger.checkout_moved(&id, PATIENCE).await else {
        return Ok(unknown());
    };
    let under_way = page::goes_on_at(&view).filter(|_| action == Action::Pay);
    let elsewhere = goes_to(&view).or(under_way);
    let itself = format!("/checkout/{}", view.opened.id);
    Ok(see(elsewhere.unwrap_or(&itself)))
}

/// Where a checkout that is over leads.
fn goes_to(view: &CheckoutView) -> Option<&str> {
    match view.status {
        CheckoutStatus::Paid => view.opened.success_url.as_deref(),
        CheckoutStatus::Cancelled => view.opened.cancel_url.as_deref(),
        CheckoutStatus::Open
        | CheckoutStatus::Processing
        | CheckoutStatus::Failed
        | CheckoutStatus::Expired => None,
    }
}

/// Which button was pressed; `None` where that is not one, and once. Its name and values need no
/// escapes.
fn action(form: &[u8]) -> Option<Action> {
    let fields = form.split(|byte| *byte == b'&');
    let mut values = fields.filter_map(|field| field.strip_prefix(b"action="));
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    match value {
        b"pay" => Some(Action::Pay),
        b"fail" => Some(Action::Fail),
        b"cancel" => Some(Action::Cancel),
        _ => None,
    }
}

fn see(place: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, place))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish()
}

fn unknown() -> HttpResponse {
    let sentence = "There is no payment at this address. Look at the link that you were given.";
    let page = page::sorry("Payment not found", sentence);
    shown(&mut HttpResponse::NotFound(), page)
}

fn misunderstood() -> HttpResponse {
    let sentence = "Nothing was done: `action` must be given once, as `pay`, `fail` or `cancel`. \
                    Go back and press one button.";
    let page = page::sorry("Not understood", sentence);
    shown(&mut HttpResponse::BadRequest(), page)
}

fn not_now() -> HttpResponse {
    let sentence = "Nothing was charged. Try again in a moment.";
    let page = page::sorry("Not possible now", sentence);
    let mut answer = HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE);
    answer.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS));
    shown(&mut answer, page)
}

fn shown(answer: &mut HttpResponseBuilder, page: Page) -> HttpResponse {
    answer
        .insert_header((CONTENT_TYPE, HTML))
        .insert_header((CONTENT_SECURITY_POLICY, page.policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header(("x-frame-options", "DENY"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(page.html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_has_two_names() {
        let id = "TRN-0MSC9073DVBTK";
        assert_eq!(session_id(id), "cs_0MSC9073DVBTK");
        assert_eq!(checkout_id(&session_id(id)), id);
        assert_eq!(checkout_id(id), id);
        assert_eq!(checkout_id("cs_"), "TRN-");
    }

    #[test]
    fn a_button_is_read_and_nothing_else() {
        let read = |form: &str| action(form.as_bytes());
        assert!(read("action=pay") == Some(Action::Pay));
        assert!(read("x=1&action=cancel") == Some(Action::Cancel));
        for form in [
            "",
            "action=",
            "action=PAY",
            "action",
            "xaction=pay",
            "action=fail&action=pay",
            "action=pay&action=pay",
            "{\"action\":\"pay\"}",
        ] {
            assert!(read(form).is_none(), "{form}");
        }
    }
}
