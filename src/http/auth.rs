//! Who may ask: bearer keys, kept and compared only as SHA-256. It knows no route.

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest, web};

use super::Shared;
use super::error::Problem;
use crate::domain::key::{KeyDigest, Scope};
use crate::ledger::Caller;

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
    let mut values = request.headers().get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, key) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let shared = request.app_data::<web::Data<Shared>>()?;
    let digest = KeyDigest::of(key.trim());
    if digest == *shared.admin_key.read() {
        return Some(Caller::ADMIN);
    }
    shared.ledger.caller(&digest)
}
