//! The moment that a question is about, and whether the answer is to be explained: `as_of`,
//! `known_at` and `explain`, read and refused. It knows neither what is asked nor how it is answered.

use std::sync::Arc;

use actix_web::web;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::invalid;
use crate::domain::key::Scope;
use crate::domain::time::Timestamp;
use crate::http::Shared;
use crate::http::error::Problem;
use crate::ledger::{Caller, KnownAt, Ledger, Look, Moment, PastError};

/// Looks back read the store with so many threads, all together: a worker has four, and queries of
/// the present keep the rest.
const LOOKS_MAX: usize = 2;
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
    (is_plain && !digits.starts_with('0')).then_some(KnownAt::Seq(seq))
}

/// RFC 3339 and no other way to write a time: less of one would leave open what was meant. Before
/// 1970 nothing had happened; what is later than the last time is that.
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
        .then(|| Timestamp::parse_clamped(text))
        .flatten()
}

/// The turns of looks back: who waits for one holds no thread.
#[derive(Clone)]
pub(in crate::http) struct Looks(Arc<Semaphore>);

impl Default for Looks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKS_MAX)))
    }
}

impl Looks {
    /// Runs `look` away from the worker's thread, when its turn has come. Who leaves while it waits
    /// is forgotten; who leaves later gives up the turn when the reading is done.
    async fn in_turn<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let turn = turn.map_err(|error| Problem::Internal(error.to_string()))?;
        let done = web::block(move || {
            let _turn = turn;
            look()
        });
        done.await
            .map_err(|error| Problem::Internal(error.to_string()))
    }
}

/// Asks about the past: that reads the store.
pub(in crate::http) async fn looking_back<T: Send + 'static>(
    shared: &Shared,
    look: impl FnOnce(&Ledger) -> Result<T, PastError> + Send + 'static,
) -> Result<T, Problem> {
    let ledger = Arc::clone(&shared.ledger);
    let done = shared.looks.in_turn(move || look(&ledger)).await?;
    done.map_err(Problem::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    /// However many look back, and whether or not they wait for the answer.
    #[test]
    fn looks_back_take_turns_and_leave_threads_to_others() {
        actix_web::rt::System::new().block_on(async {
            let looks = Looks::default();
            let under_way = Arc::new(AtomicUsize::new(0));
            let (finish, finishes) = std::sync::mpsc::channel::<()>();
            let finishes = Arc::new(std::sync::Mutex::new(finishes));
            let ask = || {
                let (looks, under_way) = (looks.clone(), Arc::clone(&under_way));
                let finishes = Arc::clone(&finishes);
                actix_web::rt::spawn(async move {
                    let look = move || {
                        under_way.fetch_add(1, Relaxed);
                        let _ = finishes.lock().unwrap().recv();
                    };
                    looks.in_turn(look).await.is_ok()
                })
            };
            let begun = |count: usize| {
                let under_way = Arc::clone(&under_way);
                async move {
                    while under_way.load(Relaxed) < count {
                        tokio::task::yield_now().await;
                    }
                }
            };
            let leavers: Vec<_> = (0..8).map(|_| ask()).collect();
            begun(LOOKS_MAX).await;
            leavers
                .iter()
                .for_each(actix_web::rt::task::JoinHandle::abort);
            let stays = ask();
            // Were turns given up with the asker, this one would have begun.
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            assert_eq!(under_way.load(Relaxed), LOOKS_MAX);
            drop(finish);
            assert!(stays.await.unwrap());
            assert_eq!(
                under_way.load(Relaxed),
                LOOKS_MAX + 1,
                "those who left never begin"
            );
        });
    }

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
        for (text, clamped) in [
            ("1969-12-31T23:59:59Z", Timestamp::EPOCH),
            ("0001-01-01T00:00:00Z", Timestamp::EPOCH),
            ("0000-01-01T00:00:00+23:59", Timestamp::EPOCH),
            ("9999-12-31T23:59:59Z", Timestamp::MAX),
            ("9999-12-31T23:59:59.999Z", Timestamp::MAX),
            ("9999-12-31T23:59:59-23:59", Timestamp::MAX),
        ] {
            assert_eq!(time(text), Some(clamped), "{text}");
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
            "", "17", "seq:", "seq:0", "seq:01", "seq:x", "seq:+1", "seq:-1", "seq: 1", "SEQ:1",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
    }
}
