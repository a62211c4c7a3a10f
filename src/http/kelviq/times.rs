//! Times as Kelviq writes and reads them, each kind of field in its own way; all are UTC. It knows
//! no field.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::domain::time::Timestamp;

/// How long a text of RFC 3339 with milliseconds is without those and the zone.
const SECONDS_CHARS: usize = 19;
/// The same of its day.
const DAY_CHARS: usize = 10;

/// A kind of text for a time: how it is written, and its schema.
macro_rules! written {
    ($(#[$doc:meta])* $name:ident, $schema:tt, $write:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) struct $name(pub(super) Timestamp);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&str) -> String = $write;
                serializer.serialize_str(&write(&self.0.to_string()))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                concat!("Kelviq", stringify!($name)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

written!(
    /// `2026-02-07T06:02:05Z`
    Seconds,
    {"type": "string", "format": "date-time"},
    |text| format!("{}Z", until(text, SECONDS_CHARS))
);
written!(
    /// `2026-02-07T06:02:05.123000Z`
    Micros,
    {"type": "string", "format": "date-time"},
    |text| format!("{}000Z", text.trim_end_matches('Z'))
);
written!(
    /// `2026-02-07`
    Day,
    {"type": "string", "format": "date"},
    |text| until(text, DAY_CHARS).to_owned()
);
written!(
    /// `2026-02-07 06:02:05`
    Spaced,
    {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"},
    |text| until(text, SECONDS_CHARS).replace('T', " ")
);
written!(
    /// `2026-02-07 06:02:05.123000`
    SpacedMicros,
    {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}$"},
    |text| format!("{}000", text.trim_end_matches('Z').replace('T', " "))
);

fn until(text: &str, chars: usize) -> &str {
    text.get(..chars).unwrap_or(text)
}

/// The beginning of a day: `2026-02-07`.
pub(super) fn day(text: &str) -> Option<Timestamp> {
    let is_written = text.len() == DAY_CHARS && text.is_ascii();
    let begin = is_written.then(|| format!("{text}T00:00:00Z"))?;
    Timestamp::parse(&begin)
}

/// The same of any year, held inside those that a [`Timestamp`] has.
pub(super) fn any_day(text: &str) -> Option<Timestamp> {
    let is_written = text.len() == DAY_CHARS && text.is_ascii();
    let begin = is_written.then(|| format!("{text}T00:00:00Z"))?;
    Timestamp::parse_clamped(&begin)
}

/// A moment: RFC 3339, or `2026-02-07 06:02:05` with or without parts of a second. Without a zone it
/// is UTC.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let has_time = text
        .as_bytes()
        .get(DAY_CHARS)
        .is_some_and(|byte| b" Tt".contains(byte));
    let zoned = Timestamp::parse(text);
    has_time
        .then(|| zoned.or_else(|| Timestamp::parse(&format!("{text}Z"))))
        .flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(kind: impl Serialize) -> String {
        let value = serde_json::to_value(kind).unwrap();
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn each_kind_is_written_in_its_own_way() {
        let at = Timestamp::parse("2026-02-07T06:02:05.123Z").unwrap();
        assert_eq!(text(Seconds(at)), "2026-02-07T06:02:05Z");
        assert_eq!(text(Micros(at)), "2026-02-07T06:02:05.123000Z");
        assert_eq!(text(Day(at)), "2026-02-07");
        assert_eq!(text(Spaced(at)), "2026-02-07 06:02:05");
        assert_eq!(text(SpacedMicros(at)), "2026-02-07 06:02:05.123000");
    }

    #[test]
    fn moments_are_read_in_every_spelling() {
        let at = Timestamp::parse("2026-02-07T06:02:05.123Z");
        for text in [
            "2026-02-07 06:02:05.123456",
            "2026-02-07T06:02:05.123",
            "2026-02-07 06:02:05.123Z",
            "2026-02-07T11:32:05.123+05:30",
        ] {
            assert_eq!(moment(text), at, "{text}");
        }
        for text in [
            "",
            "2026-02-07",
            "06:02:05",
            "1770444125",
            "2026-02-30 06:02:05",
            "é",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
        assert_eq!(day("2026-02-07"), Timestamp::parse("2026-02-07T00:00:00Z"));
        for text in [
            "2026-02-30",
            "2026-2-7",
            "07/02/2026",
            "2026-02-07T00:00:00Z",
        ] {
            assert_eq!(day(text), None, "{text}");
            assert_eq!(any_day(text), None, "{text}");
        }
        assert_eq!(any_day("2026-02-07"), day("2026-02-07"));
        assert_eq!(any_day("9999-12-31"), Some(Timestamp::MAX));
        assert_eq!(any_day("0001-01-01"), Timestamp::from_millis(0));
    }
}
