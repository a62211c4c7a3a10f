//! What holds for every request and answer: limits on the head, and the ledger's sequence on all
//! answers of the query surface.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};

use super::Shared;
use super::error::Problem;

/// The longest path in use is a customer's identifier, percent-encoded; this is far beyond it.
const URI_BYTES_MAX: usize = 8 * 1024;
/// Providers and clients send under 2 KiB; actix itself stops at 128 KiB.
const HEADERS_BYTES_MAX: usize = 32 * 1024;
/// The last sequence folded into what an answer shows.
pub(super) const LEDGER_SEQ: HeaderName = HeaderName::from_static("x-ledger-seq");

/// A browser takes an answer for what it says it is, and for nothing else.
pub(super) const NO_SNIFFING: (HeaderName, HeaderValue) =
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

/// Refuses a head that no honest client sends.
pub(super) fn check(request: &HttpRequest) -> Result<(), Problem> {
    let uri = request.uri();
    if uri
        .path_and_query()
        .is_some_and(|path| path.as_str().len() > URI_BYTES_MAX)
    {
        return Err(Problem::UriTooLong);
    }
    let lines = request.headers().iter();
    let bytes: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > HEADERS_BYTES_MAX {
        Err(Problem::HeadersTooLarge)
    } else {
        Ok(())
    }
}

/// Around every path but the intake's, which checks for itself: boxes a future.
pub(super) async fn layer(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    check(request.request())?;
    let mut answer = next.call(request).await?;
    let (name, value) = NO_SNIFFING;
    answer.headers_mut().insert(name, value);
    let request = answer.request().clone();
    tell_sequence(&request, answer.headers_mut());
    Ok(answer)
}

/// What lies below is asked of the ledger, each in its surface's words.
const QUERY_SURFACES: [&str; 2] = ["/v1/", super::kelviq::PREFIX];

/// Whether answers of a path carry the sequence.
pub(super) fn tells_sequence(path: &str) -> bool {
    QUERY_SURFACES
        .iter()
        .any(|surface| path.starts_with(surface))
}

/// Every answer below `/v1` and `/api/v1` carries the sequence, refusals too.
pub(super) fn tell_sequence(request: &HttpRequest, headers: &mut HeaderMap) {
    if tells_sequence(request.path())
        && !headers.contains_key(&LEDGER_SEQ)
        && let Some(shared) = request.app_data::<web::Data<Shared>>()
    {
        headers.insert(LEDGER_SEQ, HeaderValue::from(shared.ledger.last_seq()));
    }
}
