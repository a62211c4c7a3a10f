//! In whose words a refusal is told: our problems, or those of a vendor whose surface was asked.
//! What is refused, and with which status, is decided before and stays.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::error::{Body, Problem};
use super::{kelviq, stykite};

/// Why, in a sentence, where the vendor's own words do not say.
pub(super) const DETAIL: HeaderName = HeaderName::from_static("x-subledger-detail");

/// Of that sentence, in which may be what a client wrote: proxies hold some kilobytes of headers.
const DETAIL_CHARS_MAX: usize = 500;
const CUT: &str = "...";

/// Whose words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Wording {
    /// RFC 9457.
    #[default]
    Problem,
    /// Stykite's.
    Stykite(stykite::error::Page),
    /// Kelviq's.
    Kelviq,
}

impl Wording {
    /// Of whatever lies at a path, also where nothing does.
    pub(super) fn of_path(path: &str) -> Self {
        if path.starts_with(stykite::PREFIX) {
            Self::Stykite(stykite::error::Page::Silent)
        } else if kelviq::is_path(path) {
            Self::Kelviq
        } else {
            Self::Problem
        }
    }

    fn of(request: &HttpRequest) -> Self {
        let told = request.app_data::<Self>().copied();
        told.unwrap_or_else(|| Self::of_path(request.path()))
    }

    /// The media type of a refusal.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Problem => "application/problem+json",
            Self::Stykite(_) | Self::Kelviq => "application/json",
        }
    }

    /// The shape of a refusal of that status.
    pub(super) fn schema(self, status: u16, generator: &mut SchemaGenerator) -> Schema {
        match self {
            Self::Problem => generator.subschema_for::<Body<'static>>(),
            Self::Stykite(page) => page.schema(status, generator),
            Self::Kelviq => kelviq::error::schema(status, generator),
        }
    }

    /// Whether a refusal of that status brings [`DETAIL`].
    pub(super) fn has_detail(self, status: u16) -> bool {
        match self {
            Self::Problem => false,
            Self::Stykite(page) => page.is_to_the_letter(status),
            Self::Kelviq => kelviq::error::hides_why(status),
        }
    }

    /// The body of a refusal.
    pub(super) fn body(self, problem: &Problem) -> Value {
        let text = self.text(problem).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn text(self, problem: &Problem) -> Option<Vec<u8>> {
        let text = match self {
            Self::Problem => serde_json::to_vec(&problem.body()),
            Self::Stykite(page) => serde_json::to_vec(&page.body(problem)),
            Self::Kelviq => serde_json::to_vec(&kelviq::error::body(problem)),
        };
        text.ok()
    }

    fn tell(self, problem: &Problem, headers: &mut HeaderMap) -> Option<Vec<u8>> {
        if self == Self::Problem {
            return None;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type()));
        if self.has_detail(problem.status_code().as_u16()) {
            headers.insert(DETAIL, visible(&problem.detail()));
        }
        self.text(problem)
    }
}

/// A sentence as a header takes it.
fn visible(sentence: &str) -> HeaderValue {
    let is_plain = |letter: char| letter == ' ' || letter.is_ascii_graphic();
    let letters = sentence.chars();
    let mut plain: String = letters.map(|c| if is_plain(c) { c } else { '?' }).collect();
    if plain.len() > DETAIL_CHARS_MAX {
        plain.truncate(DETAIL_CHARS_MAX - CUT.len());
        plain.push_str(CUT);
    }
    HeaderValue::from_str(&plain).unwrap_or(HeaderValue::from_static(""))
}

/// The answer, refusals in the words of the surface that was asked.
pub(super) fn told(
    answer: Result<ServiceResponse, Error>,
    by_path: Wording,
) -> Result<ServiceResponse, Error> {
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Err(reworded(error, by_path)),
    };
    let refused = answer.response().error();
    let Some(problem) = refused
        .and_then(|error| error.as_error::<Problem>())
        .cloned()
    else {
        return Ok(answer);
    };
    let wording = Wording::of(answer.request());
    Ok(match wording.tell(&problem, answer.headers_mut()) {
        Some(body) => answer.map_body(|_, _| BoxBody::new(body)),
        None => answer,
    })
}

/// What never came to a route.
fn reworded(error: Error, wording: Wording) -> Error {
    match error.as_error::<Problem>() {
        Some(problem) if wording != Wording::Problem => Reworded {
            problem: problem.clone(),
            wording,
        }
        .into(),
        _ => error,
    }
}

#[derive(Debug)]
struct Reworded {
    problem: Problem,
    wording: Wording,
}

impl fmt::Display for Reworded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Reworded {
    fn status_code(&self) -> StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut answer = self.problem.error_response();
        match self.wording.tell(&self.problem, answer.headers_mut()) {
            Some(body) => answer.set_body(BoxBody::new(body)),
            None => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_header_takes_any_sentence() {
        let told = visible("`ünï\ncode` is\u{0} wrong.");
        assert_eq!(told.to_str().unwrap(), "`?n??code` is? wrong.");
    }

    #[test]
    fn a_refusal_before_any_route_is_told_in_the_vendors_words() {
        let path = "/v1/company/COM-1/country/CON-1/customer";
        let wording = Wording::of_path(path);
        let error = reworded(Problem::UriTooLong.into(), wording);
        let answer = error.as_response_error().error_response();
        assert_eq!(answer.status(), 414);
        let media_type = answer.headers().get(CONTENT_TYPE).unwrap();
        assert_eq!(media_type, "application/json");
        for (path, wording) in [
            ("/v1/customers", Wording::Problem),
            ("/api/v1", Wording::Kelviq),
            ("/api/v1/", Wording::Kelviq),
            ("/api/v1/nothing", Wording::Kelviq),
            ("/api/v10", Wording::Problem),
        ] {
            assert_eq!(Wording::of_path(path), wording, "{path}");
        }
    }
}
