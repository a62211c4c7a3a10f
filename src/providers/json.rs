//! Lenient reading of JSON that others write: absent, null, empty and misshapen all read as none.
//! It knows no provider and no entity, and it never panics and never guesses.

use serde_json_borrow::{ObjectAsVec, Value};

use crate::domain::time::Timestamp;

/// Longer texts are no ids, words or names; they count as absent, so that no record can make the
/// state grow without bound.
const TEXT_CHARS_MAX: usize = 256;

/// Parses a whole body. `None` where it is no JSON: also where it nests deeper than 128 levels or
/// has a number too large for a float. Duplicate keys are kept; [`Object::get`] picks.
pub(super) fn parse(body: &[u8]) -> Option<Value<'_>> {
    // Checking all of UTF-8 at once is faster than string by string.
    serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
}

/// A JSON object inside a parsed body.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(&'a ObjectAsVec<'a>);

impl<'a> Object<'a> {
    pub(super) fn of(value: &'a Value<'a>) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The value of `key`; of several, the last, as most parsers have it. Null counts as absent.
    pub(super) fn get(self, key: &str) -> Option<&'a Value<'a>> {
        let found = self
            .0
            .as_vec()
            .iter()
            .rev()
            .find(|(name, _)| &**name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    pub(super) fn object(self, key: &str) -> Option<Self> {
        Self::of(self.get(key)?)
    }

    /// A text that is neither empty nor too long.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        let text = self.get(key)?.as_str()?;
        (!text.is_empty() && has_at_most(text, TEXT_CHARS_MAX)).then_some(text)
    }

    /// The same, as the domain keeps it.
    pub(super) fn boxed(self, key: &str) -> Option<Box<str>> {
        self.text(key).map(Into::into)
    }

    /// An integer, also one written as a text. Floats are refused, also whole ones.
    pub(super) fn integer(self, key: &str) -> Option<i64> {
        let value = self.get(key)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// An integer that is not negative.
    pub(super) fn count(self, key: &str) -> Option<i64> {
        self.integer(key).filter(|count| *count >= 0)
    }

    pub(super) fn flag(self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// A time in Unix seconds. Zero means "no time"; what RFC 3339 cannot write is no time either.
    pub(super) fn seconds(self, key: &str) -> Option<Timestamp> {
        self.integer(key)
            .filter(|seconds| *seconds > 0)
            .and_then(Timestamp::from_seconds)
    }

    /// A time in Unix milliseconds, with the same rules.
    pub(super) fn millis(self, key: &str) -> Option<Timestamp> {
        self.integer(key)
            .filter(|millis| *millis > 0)
            .and_then(Timestamp::from_millis)
    }

    /// All entries in the order written, duplicates included.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        self.0.as_vec().iter().map(|(key, value)| (&**key, value))
    }
}

/// Whether a text has at most `chars_max` characters, without counting a huge one.
pub(super) fn has_at_most(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max || text.chars().nth(chars_max).is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn integer(json: &str) -> Option<i64> {
        let value = parse(json.as_bytes()).unwrap();
        Object::of(&value).unwrap().integer("n")
    }

    #[test]
    fn the_last_of_duplicate_keys_wins() {
        assert_eq!(integer(r#"{"n":1,"n":2}"#), Some(2));
        assert_eq!(integer(r#"{"n":1,"n":null}"#), None);
        assert_eq!(integer(r#"{"n":1,"\u006e":3}"#), Some(3));
    }

    #[test]
    fn integers_are_exact_or_absent() {
        assert_eq!(integer(r#"{"n":"49900"}"#), Some(49_900));
        assert_eq!(integer(r#"{"n":-1}"#), Some(-1));
        let absent = [
            "1.0", "1e3", "\"1.0\"", "\" 1\"", "\"\"", "true", "[1]", "{}", "null",
        ];
        for text in absent
            .into_iter()
            .chain(["18446744073709551615", "9223372036854775808"])
        {
            assert_eq!(integer(&format!("{{\"n\":{text}}}")), None, "{text}");
        }
        assert!(parse(br#"{"n":1e999}"#).is_none());
    }

    #[test]
    fn times_outside_the_calendar_are_absent() {
        for (text, expected) in [
            ("1", Some(1_000)),
            ("\"7258118400\"", Some(7_258_118_400_000)),
            ("0", None),
            ("-1", None),
            ("253402300800", None),
            ("9223372036854775807", None),
            ("1790000000.5", None),
        ] {
            let json = format!("{{\"t\":{text}}}");
            let value = parse(json.as_bytes()).unwrap();
            let time = Object::of(&value).unwrap().seconds("t");
            assert_eq!(time.map(Timestamp::as_millis), expected, "{text}");
        }
    }

    #[test]
    fn long_and_empty_texts_are_absent() {
        for (text, kept) in [
            (String::new(), false),
            ("x".repeat(256), true),
            ("x".repeat(257), false),
            ("₹".repeat(256), true),
            ("₹".repeat(257), false),
        ] {
            let json = format!("{{\"t\":\"{text}\"}}");
            let value = parse(json.as_bytes()).unwrap();
            assert_eq!(Object::of(&value).unwrap().text("t").is_some(), kept);
        }
    }

    #[test]
    fn deep_nesting_is_no_json() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(127).as_bytes()).is_some());
        assert!(parse(nested(128).as_bytes()).is_none());
        assert!(parse(nested(10_000).as_bytes()).is_none());
    }

    #[test]
    fn bytes_that_are_no_text_are_no_json() {
        for body in [
            &b""[..],
            b"\xff",
            b"{\"a\":\"\xc3\"}",
            b"\xef\xbb\xbf{}",
            b"{} {}",
        ] {
            assert!(parse(body).is_none());
        }
    }
}
