//! Which refusals a route may answer with, how they are written down, and one example of every
//! refusal there is.

use actix_web::ResponseError as _;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::document::header;
use crate::http::body::JSON_BYTES_MAX;
use crate::http::checkout::FORM_BYTES_MAX;
use crate::http::error::{IDEMPOTENCY_KEY, Problem};
use crate::http::field_errors::FieldErrors;
use crate::http::routes::{Access, Answer, Asked, Route};
use crate::http::v1::audit::QUESTION_BYTES_MAX;
use crate::http::v1::keys::idempotency_key_sentence;
use crate::http::webhook::BODY_BYTES_MAX;
use crate::http::wording::Wording;
use crate::ledger::{Audit, AuditRunning};

const UNAVAILABLE: &str = "too many events are waiting; send it again later";

/// What is refused of a moment before there was anything.
pub(in crate::http) fn not_yet() -> Problem {
    let why = "There was no such customer yet: the first event of it happened at \
               2026-09-21T14:13:24.000Z.";
    Problem::NotYet(why.into())
}

/// What a surface that tells each wrong field says of one.
fn wrong_field() -> FieldErrors {
    FieldErrors::of("customerId", "This field is required.")
}

/// One of each code.
pub(super) fn all() -> Vec<Problem> {
    let mut all = vec![
        Problem::InvalidParameter("`limit` must be a whole number from 1 to 200.".into()),
        Problem::OutOfRange("`seq` must be from 1 to 42 here.".into()),
        Problem::Unauthorized,
        Problem::Forbidden("This needs a key of scope `admin`; yours has `read`.".into()),
        Problem::NotFound("customer"),
        not_yet(),
        Problem::MethodNotAllowed {
            method: "PUT".into(),
            allow: "GET, HEAD".into(),
        },
        Problem::UriTooLong,
        Problem::HeadersTooLarge,
        Problem::InvalidSignature,
        Problem::UnknownSource,
        Problem::NotAcceptable("Event 2 is not stale: it counts as it is.".into()),
        Problem::AuditRunning(AuditRunning(Audit::Verify).to_string()),
        Problem::InvalidFields(wrong_field()),
        Problem::NotImplemented("This ledger keeps no files."),
        Problem::Internal(String::new()),
    ];
    all.extend(of_json_body(JSON_BYTES_MAX));
    all
}

fn of_body(limit_bytes: usize) -> Vec<Problem> {
    vec![
        Problem::BodyBroken,
        Problem::BodyTimeout,
        Problem::BodyTooLarge { limit_bytes },
        Problem::UnsupportedEncoding,
        Problem::Unavailable(UNAVAILABLE.into()),
    ]
}

fn of_json_body(limit_bytes: usize) -> Vec<Problem> {
    let why = "The body is not what is expected: missing field `scope` at line 1 column 13.";
    let mut found = of_body(limit_bytes);
    found.extend([
        Problem::InvalidBody(why.into()),
        Problem::UnsupportedMediaType,
        Problem::IdempotencyMismatch(IDEMPOTENCY_KEY),
        Problem::Internal(String::new()),
    ]);
    found
}

/// What a route may refuse with.
pub(super) fn of(route: &Route) -> Vec<Problem> {
    let mut found = vec![Problem::UriTooLong, Problem::HeadersTooLarge];
    found.extend(route.doc.refusals.iter().cloned());
    if route.access != Access::Open {
        let wrong = "The query is not understood: unknown field `colour`, there are no fields.";
        let narrow = "This needs a wider scope.";
        found.extend([Problem::Unauthorized, Problem::Forbidden(narrow.into())]);
        // Nothing of what is asked is looked at.
        if matches!(route.doc.answer, Answer::Never) {
            return found;
        }
        found.push(match route.doc.wording {
            // It passes over what it does not know.
            Wording::Kelviq if route.doc.counts_once => {
                Problem::InvalidParameter(idempotency_key_sentence())
            }
            Wording::Kelviq => Problem::InvalidFields(wrong_field()),
            Wording::Problem | Wording::Stykite(_) => Problem::InvalidParameter(wrong.into()),
        });
        if route.path.contains('{') {
            found.push(Problem::NotFound("thing"));
        }
    }
    match route.doc.asked {
        Asked::Json(_) | Asked::JsonOrNothing(_) => {
            let limit_bytes = route.doc.body_bytes_max.unwrap_or(JSON_BYTES_MAX);
            found.extend(of_json_body(limit_bytes));
        }
        Asked::Question(_) => {
            found.extend(of_body(QUESTION_BYTES_MAX));
            let wrong = "The body is not what is expected: unknown field `colour`.";
            found.extend([
                Problem::InvalidBody(wrong.into()),
                Problem::UnsupportedMediaType,
            ]);
        }
        Asked::Form(_) => {
            let mut refused = of_body(FORM_BYTES_MAX);
            // A payer is told by a page.
            refused.retain(|problem| !matches!(problem, Problem::Unavailable(_)));
            found.extend(refused);
        }
        Asked::Delivery => {
            found.extend(of_body(BODY_BYTES_MAX));
            found.extend([Problem::InvalidSignature, Problem::UnknownSource]);
        }
        Asked::Nothing if route.method == actix_web::http::Method::DELETE => found.extend([
            Problem::Unavailable(UNAVAILABLE.into()),
            Problem::Internal(String::new()),
        ]),
        Asked::Nothing => {}
    }
    found
}

/// What is answered with `status`, told in `wording`.
pub(super) fn refusal(
    status: u16,
    problems: &[&Problem],
    wording: Wording,
    schema: &Schema,
    has_seq: bool,
) -> Value {
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code()).collect();
    let titles: Vec<String> = problems.iter().map(|problem| problem.to_string()).collect();
    let mut headers = Map::new();
    for (name, text) in [
        (401, "WWW-Authenticate", "`Bearer`."),
        (503, "Retry-After", "Seconds."),
    ]
    .into_iter()
    .filter(|(held, _, _)| *held == status && !codes.contains(&"invalid_signature"))
    .map(|(_, name, text)| (name, text))
    {
        headers.insert(name.into(), header(text, json!({"type": "string"})));
    }
    if wording.has_detail(status) {
        let text = "Why, in a sentence that names the field.";
        headers.insert(
            "X-Subledger-Detail".into(),
            header(text, json!({"type": "string"})),
        );
    }
    // A head that no client sends is refused before the ledger is asked.
    if has_seq && ![414, 431].contains(&status) {
        let text = "The last sequence number folded.";
        headers.insert(
            "X-Ledger-Seq".into(),
            header(text, json!({"type": "integer", "minimum": 0})),
        );
    }
    let content = if wording == Wording::Problem {
        let example = |code: &&str| {
            let reference = format!("#/components/examples/{code}");
            ((*code).to_owned(), json!({"$ref": reference}))
        };
        let examples: Map<String, Value> = codes.iter().map(example).collect();
        let narrowed =
            json!({"properties": {"status": {"const": status}, "code": {"enum": codes}}});
        json!({"schema": {"allOf": [schema, narrowed]}, "examples": examples})
    } else {
        let example = problems.first().map(|problem| wording.body(problem));
        json!({"schema": schema, "example": example})
    };
    json!({
        "description": titles.join("\n\n"),
        "headers": headers,
        "content": {wording.media_type(): content}
    })
}

/// The statuses of `problems`, each with its codes.
pub(super) fn by_status(problems: &[Problem]) -> Vec<(u16, Vec<&Problem>)> {
    let mut found: Vec<(u16, Vec<&Problem>)> = Vec::new();
    for problem in problems {
        let status = problem.status_code().as_u16();
        match found.iter_mut().find(|(held, _)| *held == status) {
            Some((_, held)) if held.iter().any(|known| known.code() == problem.code()) => {}
            Some((_, held)) => held.push(problem),
            None => found.push((status, vec![problem])),
        }
    }
    found.sort_by_key(|(status, _)| *status);
    found
}

/// `{code: {summary, value}}` for every code.
pub(super) fn examples() -> Map<String, Value> {
    let all = all();
    let example = |problem: &Problem| {
        let body = serde_json::to_value(problem.body()).unwrap_or_default();
        let summary = body.get("title").cloned().unwrap_or_default();
        (
            problem.code().to_owned(),
            json!({"summary": summary, "value": body}),
        )
    };
    all.iter().map(example).collect()
}
