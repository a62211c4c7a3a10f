//! `/v1/keys`. The text of a key passes through here once, from the ledger into the answer.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{List, NoQuery, cursor, cursor_after, limit, list};
use crate::domain::key::{KeyId, Scope};
use crate::http::error::Problem;
use crate::http::{Shared, body, customer_id};
use crate::ledger::{Caller, NewKey, Request};

/// A UUID has 36; Stripe and others take 255.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// For the schemas of what the ledger takes as one line.
const NO_CONTROL_CHARACTER: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ListQuery {
    /// How many, at most.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200), extend("default" = 50))]
    limit: Option<String>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = {"properties": {"customer": {"type": "string"}}, "required": ["customer"]},
    "then" = {"properties": {"scope": {"const": "client"}}}
))]
pub(in crate::http) struct KeyRequest {
    /// What to call it. No control characters.
    #[schemars(length(min = 1, max = 100), regex(pattern = NO_CONTROL_CHARACTER))]
    label: String,
    scope: Scope,
    /// With scope `client`: the only customer it may ask about, by any id.
    #[schemars(length(min = 1, max = 512), regex(pattern = NO_CONTROL_CHARACTER))]
    customer: Option<String>,
}

/// A key as its maker sees it.
#[derive(JsonSchema, Serialize)]
pub(in crate::http) struct KeyMade<'a> {
    id: KeyId,
    label: &'a str,
    scope: Scope,
    customer: Option<&'a str>,
    /// Shown once; `null` in the answer to a repetition.
    key: Option<&'a str>,
}

/// `GET /v1/keys`
pub(in crate::http) async fn index(
    query: web::Query<ListQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = (cursor(&query.cursor)?, limit(&query.limit)?);
    let page = shared.ledger.keys(after, limit);
    list(page.map(|page| List::new(page.data, page.next.map(cursor_after))))
}

/// `POST /v1/keys`
pub(in crate::http) async fn create(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let once = idempotency_key(&request)?;
    let body = body::read_json(&request, payload).await?;
    let KeyRequest {
        label,
        scope,
        customer,
    } = body::parse(&body)?;
    let customer = customer.as_deref().map(customer_id);
    let wanted = NewKey::new(&label, scope, customer.as_deref());
    let wanted = wanted.map_err(|refused| Problem::InvalidBody(refused.to_string()))?;
    let asked = match once {
        Some(key) => Request::once(caller.actor, "POST", request.path(), key, &body),
        None => Request::of(caller.actor),
    };
    let made = shared.ledger.create_key(wanted, asked).await?;
    let shown = KeyMade {
        id: made.view.id,
        label: &made.view.label,
        scope: made.view.scope,
        customer: made.view.customer.as_deref(),
        key: made.text.as_ref().map(crate::ledger::KeyText::expose),
    };
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(super::json(&shown)?))
}

/// `DELETE /v1/keys/{id}`
pub(in crate::http) async fn revoke(
    caller: web::ReqData<Caller>,
    id: web::Path<String>,
    _: web::Query<NoQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let unknown = Problem::NotFound("key");
    let Some(id) = KeyId::parse(&id) else {
        return Err(unknown);
    };
    if shared.ledger.revoke_key(id, caller.actor).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(unknown)
    }
}

pub(in crate::http) fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if values.next().is_some() || !(1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.len()) {
        return Err(Problem::InvalidParameter(idempotency_key_sentence()));
    }
    Ok(Some(text))
}

/// What an idempotency key must be.
pub(in crate::http) fn idempotency_key_sentence() -> String {
    format!(
        "`Idempotency-Key` must be given once, with 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII \
         characters."
    )
}
