//! The moment that a question is about, and whether the answer is to be explained: `as_of`,
//! `known_at` and `explain`, read and refused. It knows neither what is asked nor how it is answered.

use actix_web::web;
use schemars::JsonSchema;
use serde::Deserialize;

use super::invalid;
use crate::domain::key::Scope;
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::ledger::{Caller, KnownAt, Look, Moment, PastError};

/// How `known_at` names an event instead of a time.
const SEQ_PREFIX: &str = "seq:";

/// The parameters of what answers with one thing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WhenQuery {
    /// Only what had happened by then, by the provider's clock. Scope `audit`.
    #[schemars(with = "Option<Timestamp>")]
    as_of: Option<String>,
    /// Only what was recorded by then: a time, or `seq:` and a sequence number. Scope `audit`.
    #[schemars(regex(pattern = KNOWN_AT))]
    known_at: Option<String>,
    /// With `true`, each field is answered with the event that set it. Scope `audit`.
    #[schemars(with = "Option<bool>")]
    explain: Option<String>,
}

/// For the schemas of `known_at`.
pub(super) const KNOWN_AT: &str =
    r"^(seq:[1-9][0-9]*|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))$";

impl WhenQuery {
    /// The moment asked about, and whether to explain; nothing where it is now, and not. See
    /// [`moment`].
    pub(super) fn look(&self, caller: &Caller) -> Result<Option<Look>, Problem> {
        look(caller, &self.as_of, &self.known_at, &self.explain)
    }
}

/// See [`WhenQuery::look`]; for lists, whose parameters name the same beside others.
pub(super) fn look(
    caller: &Caller,
    as_of: &Option<String>,
    known_at: &Option<String>,
    explain: &Option<String>,
) -> Result<Option<Look>, Problem> {
    let is_explained = match explain.as_deref() {
        None | Some("false") => false,
        Some("true") => {
            needs_audit(caller, "explanations")?;
            true
        }
        Some(_) => return Err(invalid("`explain` must be `true` or `false`.".into())),
    };
    let moment = moment(caller, as_of, known_at)?;
    if moment.is_none() && !is_explained {
        return Ok(None);
    }
    Ok(Some(Look {
        moment: moment.unwrap_or_default(),
        is_explained,
    }))
}

/// The moment asked about; nothing where that is now. An empty parameter is no moment: whoever
/// meant one would be answered about another.
pub(super) fn moment(
    caller: &Caller,
    as_of: &Option<String>,
    known_at: &Option<String>,
) -> Result<Option<Moment>, Problem> {
    if as_of.is_none() && known_at.is_none() {
        return Ok(None);
    }
    needs_audit(caller, "`as_of` and `known_at`")?;
    let as_of = as_of
        .as_deref()
        .map(|text| time(text).ok_or_else(|| invalid(format!("`as_of` must be {A_TIME}."))));
    let known_at = known_at.as_deref().map(|text| {
        let refused = || {
            invalid(format!(
                "`known_at` must be {A_TIME}, or `{SEQ_PREFIX}` and a sequence number from 1."
            ))
        };
        known(text).ok_or_else(refused)
    });
    Ok(Some(Moment {
        as_of: as_of.transpose()?,
        known_at: known_at.transpose()?,
    }))
}

const A_TIME: &str = "a time as in `2026-11-21T10:00:00Z` (RFC 3339; a `+` in it is written `%2B`)";

/// Refuses `what` to keys whose scope does not cover `audit`.
pub(super) fn needs_audit(caller: &Caller, what: &str) -> Result<(), Problem> {
    if caller.scope.covers(Scope::Audit) {
        return Ok(());
    }
    Err(Problem::Forbidden(format!(
        "{what} need a key of scope `{}`; yours has `{}`.",
        Scope::Audit.as_str(),
        caller.scope.as_str()
    )))
}

/// That a list at a moment, or an explained one, must be one customer's.
pub(super) fn needs_customer() -> Problem {
    invalid("`as_of`, `known_at` and `explain` need a `customer` whose list it is.".into())
}

fn known(text: &str) -> Option<KnownAt> {
    let Some(digits) = text.strip_prefix(SEQ_PREFIX) else {
        return time(text).map(KnownAt::Time);
    };
    let seq: u64 = digits.parse().ok()?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && seq > 0).then_some(KnownAt::Seq(seq))
}

/// RFC 3339 and no other way to write a time: less of one would leave open what was meant.
fn time(text: &str) -> Option<Timestamp> {
    let (clock, rest) = text.split_at_checked("2026-11-21T10:00:00".len())?;
    let shape: String = clock
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    let fraction = rest.strip_prefix('.');
    let zone = fraction.map_or(rest, |digits| {
        digits.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    let has_digits = fraction.is_none_or(|digits| digits.len() > zone.len());
    let is_zone =
        zone.eq_ignore_ascii_case("z") || (zone.len() == 6 && zone.get(3..4) == Some(":"));
    let is_written_so = ["0000-00-00T00:00:00", "0000-00-00 00:00:00"].contains(&&*shape);
    (is_written_so && has_digits && is_zone)
        .then(|| Timestamp::parse(text))
        .flatten()
}

/// Asks about the past away from the worker's thread: that reads the store.
pub(super) async fn looking_back<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, PastError> + Send + 'static,
) -> Result<T, Problem> {
    let done = web::block(look).await;
    done.map_err(|error| Problem::Internal(error.to_string()))?
        .map_err(Problem::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        for (text, millis) in [
            ("1970-01-01T00:00:01Z", 1_000),
            ("1970-01-01t00:00:01z", 1_000),
            ("1970-01-01 00:00:01Z", 1_000),
            ("1970-01-01T00:00:01.5Z", 1_500),
            ("1970-01-01T05:30:01.000999+05:30", 1_000),
            ("1970-01-01T00:00:00-00:01", 60_000),
        ] {
            assert_eq!(time(text), Timestamp::from_millis(millis), "{text}");
        }
        for text in [
            "",
            "now",
            "1970-01-01",
            "1970-01-01T00:00Z",
            "1970-01-01T00:00:01",
            "1970-01-01T00:00:01.Z",
            "1970-01-01T00:00:01,5Z",
            "1970-01-01T05:30:01 05:30",
            "1970-01-01T05:30:01+0530",
            "1970-01-01T00:00:01Z[UTC]",
            "1970-13-01T00:00:01Z",
            "1970-02-30T00:00:01Z",
            "1969-12-31T23:59:59Z",
            "12026-01-01T00:00:00Z",
            "19700101T000001Z",
            "1970-01-01T00:00:01\u{e9}",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_known_is_named_by_a_time_or_an_event() {
        assert_eq!(known("seq:17"), Some(KnownAt::Seq(17)));
        let time = Timestamp::from_millis(1_000).unwrap();
        assert_eq!(known("1970-01-01T00:00:01Z"), Some(KnownAt::Time(time)));
        for text in [
            "", "17", "seq:", "seq:0", "seq:x", "seq:+1", "seq:-1", "seq: 1", "SEQ:1",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
    }
}
