//! How refusals look outside: RFC 9457 problems. The one place that knows both a refusal and its
//! HTTP status.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use schemars::JsonSchema;
use serde::Serialize;

use super::field_errors::FieldErrors;
use super::limits::NO_SNIFFING;

/// How long a sender should wait before it tries again: longer than a reopening of the store takes.
const RETRY_AFTER_SECONDS: &str = "5";
/// By what a command is known, but for an event of the merchant's.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A refusal. Every arm has a stable `code`, listed in `docs/api.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The webhook is not shown to come from its provider. One constant message on purpose.
    InvalidSignature,
    /// No such source, or one that is off.
    UnknownSource,
    /// No such thing.
    NotFound(&'static str),
    /// It is there now, and was not at the moment asked about.
    NotYet(String),
    /// Nothing lives at this path.
    NoRoute,
    /// The path is right, the method is not.
    MethodNotAllowed {
        /// Which.
        method: String,
        /// What is.
        allow: String,
    },
    /// More than the limit.
    BodyTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The sender was too slow.
    BodyTimeout,
    /// The body ended before its announced length, or broke the protocol.
    BodyBroken,
    /// A coding other than identity.
    UnsupportedEncoding,
    /// The path and query are too long.
    UriTooLong,
    /// The headers are too large.
    HeadersTooLarge,
    /// Cannot store now.
    Unavailable(String),
    /// No key, or an unknown one.
    Unauthorized,
    /// The key may not do this.
    Forbidden(String),
    /// A query parameter or a header is wrong.
    InvalidParameter(String),
    /// A proof was asked for about records that the log does not have.
    OutOfRange(String),
    /// A command's body is not what is expected.
    InvalidBody(String),
    /// Fields of a command's body are wrong: all that are.
    InvalidFields(FieldErrors),
    /// A command's body is not said to be JSON.
    UnsupportedMediaType,
    /// The idempotency key, which is called so, came with another body before.
    IdempotencyMismatch(&'static str),
    /// The event is not set aside as stale.
    NotAcceptable(String),
    /// Another audit has the turn.
    AuditRunning(String),
    /// What a vendor's surface has, and a ledger does not do: why, in a sentence.
    NotImplemented(&'static str),
    /// Our fault.
    Internal(String),
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Problem")]
pub(super) struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: String,
    code: &'a str,
}

impl Problem {
    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        match self {
            Self::InvalidSignature => (
                StatusCode::UNAUTHORIZED,
                "invalid_signature",
                "Signature not accepted",
                "The request does not carry a valid signature for this source.".into(),
            ),
            Self::UnknownSource => (
                StatusCode::NOT_FOUND,
                "unknown_source",
                "Unknown source",
                "No source of this name is configured and has its secret set.".into(),
            ),
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "not_found",
                "Not found",
                format!("There is no such {what}."),
            ),
            Self::NotYet(why) => (StatusCode::NOT_FOUND, "not_yet", "Not yet", why.clone()),
            Self::NoRoute => (
                StatusCode::NOT_FOUND,
                "not_found",
                "Not found",
                "Nothing is served at this path.".into(),
            ),
            Self::MethodNotAllowed { allow, .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                format!("This path answers {allow}."),
            ),
            Self::BodyTooLarge { limit_bytes } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "Body too large",
                format!("The body may have at most {limit_bytes} bytes."),
            ),
            Self::BodyTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "body_timeout",
                "Body too slow",
                "The body did not arrive in time.".into(),
            ),
            Self::BodyBroken => (
                StatusCode::BAD_REQUEST,
                "body_broken",
                "Body broken off",
                "The body ended before its announced length.".into(),
            ),
            Self::UnsupportedEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "Content coding not supported",
                "Send the body as it is, without a content coding.".into(),
            ),
            Self::UriTooLong => (
                StatusCode::URI_TOO_LONG,
                "uri_too_long",
                "URI too long",
                "The path and query are longer than this service reads.".into(),
            ),
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers_too_large",
                "Headers too large",
                "The headers are larger than this service reads.".into(),
            ),
            Self::Unavailable(why) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Unavailable",
                why.clone(),
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Key needed",
                "Send a known key as `Authorization: Bearer <key>`.".into(),
            ),
            Self::Forbidden(why) => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "Scope too small",
                why.clone(),
            ),
            Self::OutOfRange(why) => (
                StatusCode::BAD_REQUEST,
                "out_of_range",
                "Out of range",
                why.clone(),
            ),
            Self::InvalidBody(why) => (
                StatusCode::BAD_REQUEST,
                "invalid_body",
                "Invalid body",
                why.clone(),
            ),
            Self::InvalidFields(fields) => (
                StatusCode::BAD_REQUEST,
                "invalid_fields",
                "Invalid fields",
                fields.to_string(),
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Media type not supported",
                "Send the body as `Content-Type: application/json`.".into(),
            ),
            Self::IdempotencyMismatch(name) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "Idempotency key used before",
                format!("This `{name}` came with another body before; use a new one."),
            ),
            Self::InvalidParameter(why) => (
                StatusCode::BAD_REQUEST,
                "invalid_parameter",
                "Invalid parameter",
                why.clone(),
            ),
            Self::NotAcceptable(why) => (
                StatusCode::CONFLICT,
                "not_stale",
                "Nothing to accept",
                why.clone(),
            ),
            Self::AuditRunning(why) => (
                StatusCode::CONFLICT,
                "audit_running",
                "An audit is running",
                why.clone(),
            ),
            Self::NotImplemented(why) => (
                StatusCode::NOT_IMPLEMENTED,
                "not_implemented",
                "Not implemented",
                (*why).into(),
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "The request could not be answered; the service's log says why.".into(),
            ),
        }
    }

    /// The stable word of `docs/api.md`.
    pub(super) fn code(&self) -> &'static str {
        self.parts().1
    }

    /// Why, in a sentence.
    pub(super) fn detail(&self) -> String {
        self.parts().3
    }

    /// The answer's body.
    pub(super) fn body(&self) -> Body<'static> {
        let (status, code, title, detail) = self.parts();
        Body {
            r#type: format!("urn:subledger:problem:{code}"),
            title,
            status: status.as_u16(),
            detail,
            code,
        }
    }

    fn extra_header(&self) -> Option<(HeaderName, &str)> {
        match self {
            Self::MethodNotAllowed { allow, .. } => Some((ALLOW, allow)),
            Self::Unavailable(_) => Some((RETRY_AFTER, RETRY_AFTER_SECONDS)),
            Self::Unauthorized => Some((WWW_AUTHENTICATE, "Bearer")),
            Self::InvalidSignature
            | Self::UnknownSource
            | Self::NotFound(_)
            | Self::NotYet(_)
            | Self::NoRoute
            | Self::BodyTooLarge { .. }
            | Self::BodyTimeout
            | Self::BodyBroken
            | Self::UnsupportedEncoding
            | Self::UriTooLong
            | Self::HeadersTooLarge
            | Self::Forbidden(_)
            | Self::InvalidParameter(_)
            | Self::OutOfRange(_)
            | Self::InvalidBody(_)
            | Self::InvalidFields(_)
            | Self::NotImplemented(_)
            | Self::UnsupportedMediaType
            | Self::IdempotencyMismatch(_)
            | Self::NotAcceptable(_)
            | Self::AuditRunning(_)
            | Self::Internal(_) => None,
        }
    }

    /// Refusals are told by the layer that counts requests; what is our fault, here, with why.
    fn log(&self) {
        if let Self::Internal(why) = self {
            tracing::error!(why, "a request could not be answered");
        }
    }

    /// Whether what is left of the request on the connection cannot be trusted.
    fn closes(&self) -> bool {
        matches!(
            self,
            Self::BodyTooLarge { .. }
                | Self::BodyTimeout
                | Self::BodyBroken
                | Self::UriTooLong
                | Self::HeadersTooLarge
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, code, _, detail) = self.parts();
        write!(f, "{code}: {detail}")
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.parts().0
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.log();
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CONTENT_TYPE, "application/problem+json"));
        answer.insert_header(NO_SNIFFING);
        if let Some(header) = self.extra_header() {
            answer.insert_header(header);
        }
        if self.closes() {
            answer.force_close();
        }
        answer.body(serde_json::to_vec(&self.body()).unwrap_or_default())
    }
}
