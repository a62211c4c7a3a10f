//! Refusals in Stykite's words. Two of its pages document bodies, which are answered to the letter;
//! the others document none and get both of the shapes that its clients read at once.

use actix_web::ResponseError as _;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::http::error::Problem;

/// A page of Stykite's documentation, as far as it tells bodies of refusals. All tell the 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Page {
    /// It tells no other.
    Silent,
    /// Cancel Subscription: 400 and 404.
    Cancel,
    /// Track Checkpoint Usage, as it was first: 400 and 404.
    Checkpoint,
}

/// A refusal as Stykite documents it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteDocumentedError")]
pub(in crate::http) struct Documented {
    #[schemars(extend("const" = false))]
    success: bool,
    message: String,
}

/// A refusal where Stykite documents none: what clients of either envelope look at.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteError")]
pub(in crate::http) struct Superset {
    #[schemars(extend("const" = false))]
    status: bool,
    #[schemars(extend("const" = false))]
    success: bool,
    /// Why, in a sentence that names the field.
    message: String,
}

/// The body of a refusal.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::http) enum Refusal {
    Documented(Documented),
    Superset(Superset),
}

impl Page {
    /// Whether this page tells the body of that status.
    pub(in crate::http) fn is_to_the_letter(self, status: u16) -> bool {
        match self {
            Self::Silent => status == 401,
            Self::Cancel | Self::Checkpoint => [400, 401, 404].contains(&status),
        }
    }

    pub(in crate::http) fn schema(self, status: u16, generator: &mut SchemaGenerator) -> Schema {
        if self.is_to_the_letter(status) {
            generator.subschema_for::<Documented>()
        } else {
            generator.subschema_for::<Superset>()
        }
    }

    pub(in crate::http) fn body(self, problem: &Problem) -> Refusal {
        let status = problem.status_code().as_u16();
        if !self.is_to_the_letter(status) {
            return Refusal::Superset(Superset {
                status: false,
                success: false,
                message: problem.detail(),
            });
        }
        let message = match (status, self) {
            (400, _) => "Invalid request parameters.",
            (401, _) => "Unauthorized access. Invalid token.",
            (_, Self::Cancel) => "Subscription not found.",
            // The page knows no other 404; a customer that is missing is not called a company.
            _ if *problem == Problem::NotFound("customer") => "Customer not found.",
            (_, Self::Checkpoint | Self::Silent) => "Company not found.",
        };
        Refusal::Documented(Documented {
            success: false,
            message: message.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(page: Page, problem: &Problem) -> String {
        serde_json::to_string(&page.body(problem)).unwrap()
    }

    #[test]
    fn documented_bodies_are_told_to_the_letter() {
        let invalid = Problem::InvalidBody("`when` is missing.".into());
        let unauthorized = r#"{"success":false,"message":"Unauthorized access. Invalid token."}"#;
        for page in [Page::Silent, Page::Cancel, Page::Checkpoint] {
            assert_eq!(text(page, &Problem::Unauthorized), unauthorized);
        }
        let bad = r#"{"success":false,"message":"Invalid request parameters."}"#;
        assert_eq!(text(Page::Cancel, &invalid), bad);
        assert_eq!(text(Page::Checkpoint, &invalid), bad);
        for what in ["company", "country", "customer", "subscription"] {
            assert_eq!(
                text(Page::Cancel, &Problem::NotFound(what)),
                r#"{"success":false,"message":"Subscription not found."}"#
            );
        }
        assert_eq!(
            text(Page::Checkpoint, &Problem::NotFound("company")),
            r#"{"success":false,"message":"Company not found."}"#
        );
    }

    #[test]
    fn others_get_both_envelopes_and_the_sentence() {
        let invalid = Problem::InvalidBody("`email` is missing.".into());
        assert_eq!(
            text(Page::Silent, &invalid),
            r#"{"status":false,"success":false,"message":"`email` is missing."}"#
        );
        let forbidden = Problem::Forbidden("Too small.".into());
        assert_eq!(
            text(Page::Cancel, &forbidden),
            r#"{"status":false,"success":false,"message":"Too small."}"#
        );
    }
}
