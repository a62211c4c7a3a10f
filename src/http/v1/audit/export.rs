//! `GET /v1/audit/export`: the log as text, while it is read.

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::Shared;
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::http::ndjson::{self, Lines, NDJSON};
use crate::http::v1::seq;
use crate::ledger::audit::{LogExport, NotExported};
use crate::ledger::{Audit, Caller, Job, ReadError};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ExportQuery {
    /// The first record's sequence number; left out, 1.
    #[schemars(with = "Option<u64>", range(min = 1))]
    from: Option<String>,
    /// The last record's sequence number; left out, the last one there is.
    #[schemars(with = "Option<u64>", range(min = 1))]
    to: Option<String>,
}

/// `GET /v1/audit/export`
pub(in crate::http) async fn export(
    caller: web::ReqData<Caller>,
    request: HttpRequest,
    query: web::Query<ExportQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = (seq("from", &query.from)?, seq("to", &query.to)?);
    let ledger = shared.clone();
    let begun = web::block(move || ledger.ledger.export(from, to)).await;
    let begun = begun.map_err(|error| Problem::Internal(error.to_string()))??;
    let last_seq = begun.last_seq;
    let mut answer = if request.method() == Method::HEAD {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, NDJSON))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish()
    } else {
        let job = shared.ledger.begin_audit(Audit::Export, caller.actor)?;
        ndjson::answer("export", move |lines| send(begun, job, &lines))?
    };
    let seq = HeaderValue::from(last_seq);
    answer.headers_mut().insert(LEDGER_SEQ, seq);
    Ok(answer)
}

/// Sends it to its last line, or to the problem that stands instead of that.
fn send(mut export: LogExport, mut job: Job, lines: &Lines) {
    let verdict = loop {
        if job.step().is_err() {
            let why = "the service stops; export again once it is back".to_owned();
            let _ = lines.send_problem(&Problem::Unavailable(why));
            break "ended by the stop of the service";
        }
        match export.next_lines() {
            Ok(Some(text)) => {
                if lines.send_text(text).is_err() {
                    break "nobody reads any more";
                }
            }
            Ok(None) => break "whole",
            Err(error) => {
                tracing::error!(%error, "an export ends without its last line");
                let _ = lines.send_problem(&broken(&error));
                break "ended by a record that cannot be read";
            }
        }
    };
    // The store closes once its last reader is gone, and the turn is given back after that.
    drop(export);
    job.conclude(verdict);
}

/// The status was sent long before, so that this is all that is said: with the record's number.
fn broken(error: &ReadError) -> Problem {
    Problem::Unavailable(format!("The export ends here: {error}."))
}

impl From<NotExported> for Problem {
    fn from(error: NotExported) -> Self {
        match error {
            NotExported::Range(why) => Self::OutOfRange(format!("{why}.")),
            NotExported::Read(error) => error.into(),
        }
    }
}
