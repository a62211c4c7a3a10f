//! `POST /v1/audit/replay`: does the log say what the ledger shows?

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{QUESTION_BYTES_MAX, Told};
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body, ndjson};
use crate::ledger::{Audit, Caller, RefoldError, ReplayError, ReplayOf, Until};

/// What to fold again, and what to compare.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayQuestion")]
pub(in crate::http) struct Question {
    /// Fold no event after this sequence number, or none recorded after this time.
    until: Option<UntilWord>,
    /// Compare and show this customer alone, by any id.
    customer: Option<String>,
    /// Fold only this source's events.
    source: Option<String>,
    /// With `customer`: tell what each of its events changed.
    #[serde(default)]
    diff: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum UntilWord {
    Seq(u64),
    Time(#[schemars(with = "Timestamp")] String),
}

impl Question {
    fn read(self) -> Result<ReplayOf, Problem> {
        let until = match self.until {
            None => None,
            Some(UntilWord::Seq(seq)) => Some(Until::Seq(seq)),
            Some(UntilWord::Time(text)) => {
                Some(Until::Time(Timestamp::parse(&text).ok_or_else(|| {
                    let example = "2027-03-31T23:59:59Z";
                    invalid(format!(
                        "`until` must be a sequence number, or a time as in `{example}`."
                    ))
                })?))
            }
        };
        if self.diff && self.customer.is_none() {
            return Err(invalid(
                "`diff` needs a `customer` whose events it is.".into(),
            ));
        }
        Ok(ReplayOf {
            until,
            customer: self.customer,
            source: self.source,
            with_steps: self.diff,
        })
    }
}

fn invalid(why: String) -> Problem {
    Problem::InvalidBody(why)
}

/// `POST /v1/audit/replay`
pub(in crate::http) async fn replay(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let question: Question = body::read_question(&request, payload, QUESTION_BYTES_MAX).await?;
    let of = question.read()?;
    let replay = shared.ledger.replay_beside(of);
    let replay = replay.ok_or(Problem::NotFound("customer"))?;
    let job = shared.ledger.begin_audit(Audit::Replay, caller.actor)?;
    ndjson::answer("audit", move |lines| {
        let mut told = Told::new(job, lines);
        let found = replay.run(&mut |so_far| told.step(&so_far));
        // The store closes once its last reader is gone, and the turn is given back after that.
        drop(replay);
        told.conclude(match &found {
            Ok(report) => Ok((report, verdict(report.identical))),
            Err(error) => Err(no_result(error)),
        });
    })
}

const fn verdict(identical: Option<bool>) -> &'static str {
    match identical {
        Some(true) => "identical",
        Some(false) => "different",
        None => "folded, and compared with nothing",
    }
}

fn no_result(error: &ReplayError) -> Problem {
    match error {
        ReplayError::Log(RefoldError::Damaged { .. }) => Problem::Internal(error.to_string()),
        ReplayError::Log(RefoldError::Store(_)) | ReplayError::Ended(_) => {
            Problem::Unavailable(format!("There is no result: {error}; ask again later."))
        }
    }
}
