//! Points in time and calendar arithmetic, in UTC. Knows no clock: "now" is always handed in.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU64;

use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z, between then and the end of the year 9999.
///
/// Written as RFC 3339 with milliseconds: `2026-11-21T10:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// One more than the milliseconds: without a zero, an `Option` of it costs nothing, and the
    /// state holds millions of those.
    NonZeroU64,
);

/// 9999-12-31T23:59:59.999Z in milliseconds.
const MAX_MILLIS: i64 = 253_402_300_799_999;

impl Default for Timestamp {
    fn default() -> Self {
        Self::EPOCH
    }
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z: also the time of a fact that carries none, so that it loses to all others.
    pub const EPOCH: Self = Self(NonZeroU64::MIN);
    /// 9999-12-31T23:59:59.999Z, the last time RFC 3339 can write.
    pub const MAX: Self = Self::EPOCH.at(MAX_MILLIS);

    /// The time that many milliseconds after this one.
    const fn at(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis.unsigned_abs()))
    }

    /// A time from Unix milliseconds; `None` outside 1970..=9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis >= 0 && millis <= MAX_MILLIS {
            Some(Self::EPOCH.at(millis))
        } else {
            None
        }
    }

    /// A time from Unix seconds; `None` outside 1970..=9999.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(1000) {
            Some(millis) => Self::from_millis(millis),
            None => None,
        }
    }

    /// Unix milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        (self.0.get() - 1).cast_signed()
    }

    /// Reads RFC 3339 (`2026-12-31T00:00:00Z`, any offset).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Self::from_millis(parsed.as_millisecond())
    }

    /// [`Timestamp::parse`] of any year, held inside 1970..=9999.
    #[must_use]
    pub fn parse_clamped(text: &str) -> Option<Self> {
        if let Ok(parsed) = text.parse::<jiff::Timestamp>() {
            return Some(Self::EPOCH.plus_millis(parsed.as_millisecond()));
        }
        // The last day has times that are past the end in some zone; jiff has no instant for them.
        let pieces = Pieces::parse(text).ok()?;
        let is_end = pieces.date().year() == 9999 && pieces.to_numeric_offset().is_some();
        is_end.then_some(Self::MAX)
    }

    /// The microseconds since 1970 of an RFC 3339 time: only to order what is closer together than
    /// a millisecond.
    #[must_use]
    pub fn parse_micros(text: &str) -> Option<i64> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(parsed.as_microsecond())
    }

    /// This time moved by whole milliseconds, held inside 1970..=9999.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        let moved = self.as_millis().saturating_add(millis);
        Self::EPOCH.at(moved.clamp(0, MAX_MILLIS))
    }

    /// This time moved by whole days of 24 hours, held inside 1970..=9999.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        self.plus_millis(i64::from(days).saturating_mul(86_400_000))
    }

    /// This time moved by calendar months in UTC, the day clamped to the month's end.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.plus_span(i64::from(months).months())
    }

    fn plus_span(self, span: Span) -> Self {
        self.civil()
            .and_then(|civil| civil.checked_add(span).ok())
            .and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
            .and_then(|zoned| Self::from_millis(zoned.timestamp().as_millisecond()))
            .unwrap_or(Self::MAX)
    }

    fn civil(self) -> Option<DateTime> {
        let instant = jiff::Timestamp::from_millisecond(self.as_millis()).ok()?;
        Some(TimeZone::UTC.to_datetime(instant))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.as_millis()) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$";
        json_schema!({"type": "string", "format": "date-time", "pattern": pattern})
    }
}

/// Text for people, milliseconds for the snapshot.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.as_millis())
        }
    }
}

/// The same, back.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = Cow::<'_, str>::deserialize(deserializer)?;
            return Self::parse(&text).ok_or_else(|| D::Error::custom("a time that is none"));
        }
        let millis = i64::deserialize(deserializer)?;
        Self::from_millis(millis).ok_or_else(|| D::Error::custom("a time outside 1970..=9999"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn writes_rfc_3339_with_milliseconds() {
        let at = Timestamp::from_seconds(1_790_000_000).unwrap();
        assert_eq!(at.to_string(), "2026-09-21T14:13:20.000Z");
        assert_eq!(Timestamp::parse("2026-09-21T14:13:20Z"), Some(at));
        assert_eq!(Timestamp::EPOCH.to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn refuses_times_that_rfc_3339_cannot_write() {
        assert_eq!(Timestamp::from_seconds(-1), None);
        assert_eq!(Timestamp::from_seconds(i64::MAX), None);
        assert_eq!(Timestamp::from_seconds(253_402_300_800), None);
    }

    #[test]
    fn months_clamp_to_the_end_of_the_month() {
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(
            at("2027-01-31T10:00:00Z").plus_months(1),
            at("2027-02-28T10:00:00Z")
        );
        assert_eq!(
            at("2028-02-29T10:00:00Z").plus_months(12),
            at("2029-02-28T10:00:00Z")
        );
        assert_eq!(Timestamp::MAX.plus_months(1), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.plus_days(3), Timestamp::MAX);
    }
}
