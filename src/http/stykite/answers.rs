//! Stykite's answers: its envelopes, and what stands in them. Times are milliseconds, numbers are
//! written exactly. It reads views of the domain and decides nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::time::Timestamp;
use crate::http::error::Problem;

/// `{"status": true, "value": …}`
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "{T}Answer")]
pub(in crate::http) struct Answer<T> {
    #[schemars(extend("const" = true))]
    status: bool,
    value: T,
}

impl<T> Answer<T> {
    pub(super) const fn of(value: T) -> Self {
        Self {
            status: true,
            value,
        }
    }
}

/// What is answered where Stykite documents no body: what clients of either envelope look at.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteDone")]
pub(in crate::http) struct Done {
    #[schemars(extend("const" = true))]
    status: bool,
    #[schemars(extend("const" = true))]
    success: bool,
    message: &'static str,
}

impl Done {
    pub(super) const fn because(message: &'static str) -> Self {
        Self {
            status: true,
            success: true,
            message,
        }
    }
}

/// Milliseconds since 1970.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Millis(i64);

impl From<Timestamp> for Millis {
    fn from(time: Timestamp) -> Self {
        Self(time.as_millis())
    }
}

/// A JSON number with every digit of the decimal, and no other.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Exact {
    value: Decimal,
    /// `5.0` for 5.
    has_point: bool,
}

impl Exact {
    /// `1990`, `0.5`
    pub(in crate::http) fn plain(value: Decimal) -> Self {
        Self {
            value: value.normalize(),
            has_point: false,
        }
    }

    /// `5.0`, `0.5`: as Stykite writes costs and credits.
    pub(super) fn with_point(value: Decimal) -> Self {
        Self {
            has_point: true,
            ..Self::plain(value)
        }
    }

    /// A decimal that a view shows as text.
    pub(in crate::http) fn shown(text: &str) -> Option<Self> {
        Decimal::from_str_exact(text).ok().map(Self::plain)
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = self.value.to_string();
        if self.has_point && !digits.contains('.') {
            digits.push_str(".0");
        }
        let raw = RawValue::from_string(digits).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl JsonSchema for Exact {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0})
    }
}

/// The answer of that status; it is nobody's to keep.
pub(super) fn answer<T: Serialize>(status: StatusCode, body: &T) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(body).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_written_exactly() {
        let written = |number: Exact| serde_json::to_string(&number).unwrap();
        let decimal = |text: &str| Decimal::from_str_exact(text).unwrap();
        for (text, plain, with_point) in [
            ("5", "5", "5.0"),
            ("5.00", "5", "5.0"),
            ("0.001", "0.001", "0.001"),
            ("0", "0", "0.0"),
            (
                "1990.123456789012",
                "1990.123456789012",
                "1990.123456789012",
            ),
            (
                "12345678901234567890.5",
                "12345678901234567890.5",
                "12345678901234567890.5",
            ),
        ] {
            assert_eq!(written(Exact::plain(decimal(text))), plain);
            assert_eq!(written(Exact::with_point(decimal(text))), with_point);
            assert_eq!(written(Exact::shown(text).unwrap()), plain);
        }
        assert!(Exact::shown("many").is_none());
    }

    #[test]
    fn envelopes_are_stykites() {
        let written = serde_json::to_string(&Answer::of(1)).unwrap();
        assert_eq!(written, r#"{"status":true,"value":1}"#);
        let written = serde_json::to_string(&Done::because("Done.")).unwrap();
        assert_eq!(
            written,
            r#"{"status":true,"success":true,"message":"Done."}"#
        );
    }
}
