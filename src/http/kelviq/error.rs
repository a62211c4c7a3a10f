//! Refusals in Kelviq's words: the fields that are wrong, each with its sentences, or one sentence.
//! It decides nothing of what is refused.

use actix_web::ResponseError as _;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::http::error::Problem;
use crate::http::field_errors::FieldErrors;

/// A refusal in one sentence.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KelviqDetail")]
pub(in crate::http) struct Detail {
    /// Why.
    detail: String,
}

/// The body of a refusal.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::http) enum Refusal {
    Fields(FieldErrors),
    Detail(Detail),
}

/// The shape of a refusal of that status.
pub(in crate::http) fn schema(status: u16, generator: &mut SchemaGenerator) -> Schema {
    let detail = generator.subschema_for::<Detail>();
    if status != 400 {
        return detail;
    }
    let fields = generator.subschema_for::<FieldErrors>();
    json_schema!({"anyOf": [fields, detail]})
}

/// The body of a refusal.
pub(in crate::http) fn body(problem: &Problem) -> Refusal {
    if let Problem::InvalidFields(fields) = problem {
        return Refusal::Fields(fields.clone());
    }
    let detail = own_words(problem).map(str::to_owned);
    let detail = detail.unwrap_or_else(|| {
        if let Problem::MethodNotAllowed { method, .. } = problem {
            return format!("Method \"{method}\" not allowed.");
        }
        problem.detail()
    });
    Refusal::Detail(Detail { detail })
}

/// What Kelviq says where it always says the same.
fn own_words(problem: &Problem) -> Option<&'static str> {
    match problem.status_code().as_u16() {
        401 => Some("Authentication credentials were not provided."),
        403 => Some("You do not have permission to perform this action."),
        404 if *problem == Problem::NotFound("subscription") => Some("Subscription not found."),
        404 if *problem == Problem::NotFound("page") => Some("Invalid page."),
        404 => Some("Not found."),
        _ => None,
    }
}

/// Whether the words above say less than is known of a refusal of that status.
pub(in crate::http) const fn hides_why(status: u16) -> bool {
    status == 403
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn refusals_are_told_in_kelviqs_words() {
        let text = |problem: &Problem| serde_json::to_string(&body(problem)).unwrap();
        let method = Problem::MethodNotAllowed {
            method: "PUT".into(),
            allow: "GET".into(),
        };
        let field = FieldErrors::of("customerId", "This field is required.");
        for (problem, wanted) in [
            (
                Problem::InvalidFields(field),
                r#"{"customerId":["This field is required."]}"#,
            ),
            (method, r#"{"detail":"Method \"PUT\" not allowed."}"#),
            (Problem::NotFound("page"), r#"{"detail":"Invalid page."}"#),
            (
                Problem::NotFound("subscription"),
                r#"{"detail":"Subscription not found."}"#,
            ),
            (Problem::NoRoute, r#"{"detail":"Not found."}"#),
            (
                Problem::NotImplemented("It is not kept here."),
                r#"{"detail":"It is not kept here."}"#,
            ),
        ] {
            assert_eq!(text(&problem), wanted);
        }
    }
}
