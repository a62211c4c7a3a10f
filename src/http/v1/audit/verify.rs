//! `POST /v1/audit/verify`: is every record what was recorded?

use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{QUESTION_BYTES_MAX, Told};
use crate::http::error::Problem;
use crate::http::v1::NoQuery;
use crate::http::{Shared, body, ndjson};
use crate::ledger::{Audit, Caller, VerifyError};

/// What the log is compared with besides what the ledger has kept itself.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Question {
    /// Checkpoints of this ledger that were kept elsewhere: each the whole text of a signed note.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    checkpoints: Vec<String>,
}

/// `POST /v1/audit/verify`
pub(in crate::http) async fn verify(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    _: web::Query<NoQuery>,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let Question { checkpoints } =
        body::read_question(&request, payload, QUESTION_BYTES_MAX).await?;
    let job = shared.ledger.begin_audit(Audit::Verify, caller.actor)?;
    let ledger = shared.clone();
    // Thousands of signatures may have to be checked, and files be read.
    let verification = web::block(move || ledger.ledger.verification(&checkpoints)).await;
    let verification = verification.map_err(|error| Problem::Internal(error.to_string()))??;
    ndjson::answer("audit", move |lines| {
        let mut told = Told::new(job, lines);
        let found = verification.run(&mut |so_far| told.step(&so_far));
        // The store closes once its last reader is gone, and the turn is given back after that.
        drop(verification);
        told.conclude(match &found {
            Ok(report) if report.intact => Ok((report, "intact")),
            Ok(report) => Ok((report, "damaged")),
            Err(error) => Err(no_verdict(error)),
        });
    })
}

fn no_verdict(error: &VerifyError) -> Problem {
    Problem::Unavailable(format!("There is no verdict: {error}; ask again later."))
}
