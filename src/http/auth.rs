//! Who may ask: bearer keys, kept and compared only as SHA-256. It knows no route.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest, web};

use super::error::Problem;
use super::{Shared, stykite};
use crate::domain::key::{KeyDigest, Scope};
use crate::ledger::Caller;

const SCHEME: &str = "bearer";

/// Lets a request through that carries a key of a scope that covers `needed`, and notes whose it
/// is for the handler, which takes it as [`web::ReqData`].
pub(super) fn admit(request: &HttpRequest, needed: Scope) -> Result<(), Problem> {
    let caller = caller(request).ok_or(Problem::Unauthorized)?;
    if !caller.scope.covers(needed) {
        return Err(Problem::Forbidden(format!(
            "This needs a key of scope `{}`; yours has `{}`.",
            needed.as_str(),
            caller.scope.as_str()
        )));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    let values = request.headers().get_all(AUTHORIZATION);
    let mut values: Vec<&str> = values
        .map(|value| value.to_str())
        .collect::<Result<_, _>>()
        .ok()?;
    if values.len() == 2 && request.path().starts_with(stykite::PREFIX) {
        // A generated sample of Stykite's sends the header without a token first.
        values.retain(|value| !value.trim().eq_ignore_ascii_case(SCHEME));
    }
    let [value] = *values else {
        return None;
    };
    let (scheme, key) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let shared = request.app_data::<web::Data<Shared>>()?;
    let digest = KeyDigest::of(key.trim());
    if digest == *shared.admin_key.read() {
        return Some(Caller::ADMIN);
    }
    shared.ledger.caller(&digest)
}
