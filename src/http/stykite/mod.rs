//! Stykite's API on the ledger: its paths, bodies and envelopes. It reads what its clients send,
//! asks for a use-case and shows the answer in Stykite's words; nothing is decided here.

pub(super) mod answers;
pub(super) mod checkpoint;
pub(super) mod customer;
pub(super) mod entitlements;
pub(super) mod error;
pub(super) mod fields;
pub(super) mod payment;
pub(super) mod place;
pub(super) mod shown;
pub(super) mod subscription;
pub(super) mod usage;

use actix_web::HttpRequest;
use actix_web::web::Bytes;

use super::error::Problem;
use super::v1::keys::idempotency_key;
use crate::ledger::{Caller, CommandError, Refusal, Request};

/// What every path of this surface begins with.
pub(super) const PREFIX: &str = "/v1/company/";
/// Of a body that is a list. A thousand elements have a tenth of it, so that ten times too many are
/// told so.
pub(super) const LIST_BYTES_MAX: usize = 1024 * 1024;

/// The command that a request asks for: counted once where it brings an idempotency key.
fn command(caller: &Caller, request: &HttpRequest, body: &Bytes) -> Result<Request, Problem> {
    let once = idempotency_key(request)?;
    let method = request.method().as_str();
    Ok(match once {
        Some(key) => Request::once(caller.actor, method, request.path(), key, body),
        None => Request::of(caller.actor),
    })
}

/// The refusal of a command, its fields named as the request names them: pairs of the ledger's word
/// and Stykite's.
fn named(names: &'static [(&str, &str)]) -> impl Fn(CommandError) -> Problem {
    move |error| {
        let CommandError::Refused(Refusal::Invalid(why)) = error else {
            return error.into();
        };
        let rename = |why: String, (ours, theirs): &(&str, &str)| {
            why.replace(&format!("`{ours}`"), &format!("`{theirs}`"))
        };
        Problem::InvalidBody(names.iter().fold(why, rename))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_request_names_them() {
        let told = |error: CommandError| named(&[("at", "timestamp"), ("total", "qty")])(error);
        let refused = |why: &str| CommandError::Refused(Refusal::Invalid(why.to_owned()));
        assert_eq!(
            told(refused("At index 3: `total` is late at `at`, not `attic`.")),
            Problem::InvalidBody("At index 3: `qty` is late at `timestamp`, not `attic`.".into())
        );
        let unknown = CommandError::Refused(Refusal::NoSuchCompany);
        assert_eq!(told(unknown), Problem::NotFound("company"));
    }
}
