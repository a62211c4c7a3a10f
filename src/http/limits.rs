//! Limits on a request's head, the same for every route.

use actix_web::HttpRequest;

use super::error::Problem;

/// The longest path in use is a customer's identifier, percent-encoded; this is far beyond it.
const URI_BYTES_MAX: usize = 8 * 1024;
/// Providers and clients send under 2 KiB; actix itself stops at 128 KiB.
const HEADERS_BYTES_MAX: usize = 32 * 1024;

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
