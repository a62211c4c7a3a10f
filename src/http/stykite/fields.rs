//! Reads bodies field by field, so that every complaint names its field: numbers exactly as they
//! are written, a key that comes twice refused at any depth, unknown keys passed over. It knows no
//! request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::amount::{AMOUNT_MAX, AMOUNT_PLACES, Amount};
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::ledger::ENTRIES_MAX;

/// 2000-01-01: what is before it was meant as seconds.
const MILLIS_MIN: i64 = 946_684_800_000;
/// What the ledger takes as one line, for schemas.
pub(super) const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

/// The fields of one object.
pub(super) struct Fields<'a> {
    /// Of the element in a list: `At index 3: `
    place: String,
    held: BTreeMap<String, &'a RawValue>,
}

/// The body as an object.
pub(super) fn object(body: &[u8]) -> Result<Fields<'_>, Problem> {
    check(body)?;
    let held = serde_json::from_slice(body);
    let held = held.map_err(|_| refused("The body must be a JSON object."))?;
    let place = String::new();
    Ok(Fields { place, held })
}

/// The body as a list of objects.
pub(super) fn list(body: &[u8]) -> Result<Vec<Fields<'_>>, Problem> {
    check(body)?;
    let elements: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|_| refused("The body must be a JSON list: `[{…}, …]`."))?;
    let found = elements.len();
    if !(1..=ENTRIES_MAX).contains(&found) {
        return Err(refused(&format!(
            "The list must have 1 to {ENTRIES_MAX} elements; this one has {found}."
        )));
    }
    let element = |(index, raw)| {
        let held = serde_json::from_str(raw_text(raw));
        let held =
            held.map_err(|_| refused(&format!("At index {index}: it must be an object.")))?;
        let place = format!("At index {index}: ");
        Ok(Fields { place, held })
    };
    elements.into_iter().enumerate().map(element).collect()
}

impl<'a> Fields<'a> {
    /// Whether a field is there, and not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        let raw = self.held.get(name).map(|raw| raw_text(raw));
        raw.filter(|text| *text != "null")
    }

    fn needed(&self, name: &str) -> Result<&'a str, Problem> {
        let missing = || refused(&format!("{}`{name}` is missing.", self.place));
        self.raw(name).ok_or_else(missing)
    }

    /// A complaint about a field.
    pub(super) fn wrong(&self, name: &str, must: &str) -> Problem {
        refused(&format!("{}`{name}` must be {must}.", self.place))
    }

    /// A text of one line that is not empty.
    pub(super) fn text(&self, name: &str, chars_max: usize) -> Result<String, Problem> {
        let raw = self.needed(name)?;
        let text = serde_json::from_str::<String>(raw).ok();
        let text = text.filter(|text| !text.is_empty() && is_line(text, chars_max));
        text.ok_or_else(|| self.wrong(name, &line(chars_max)))
    }

    /// The same, or nothing: absent, `null` or empty.
    pub(super) fn maybe_text(
        &self,
        name: &str,
        chars_max: usize,
    ) -> Result<Option<String>, Problem> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let text = serde_json::from_str::<String>(raw).ok();
        let text = text.filter(|text| is_line(text, chars_max));
        let text = text.ok_or_else(|| self.wrong(name, &line(chars_max)))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A text, or the digits of a number, or nothing.
    pub(super) fn maybe_digits(
        &self,
        name: &str,
        chars_max: usize,
    ) -> Result<Option<String>, Problem> {
        match self.raw(name) {
            Some(raw) if raw.starts_with('"') => self.maybe_text(name, chars_max),
            Some(raw) if raw.len() <= chars_max && is_digits(raw) => Ok(Some(raw.to_owned())),
            Some(_) => {
                let must = format!("{}, or a whole number", line(chars_max));
                Err(self.wrong(name, &must))
            }
            None => Ok(None),
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Problem> {
        let given = serde_json::from_str::<String>(self.needed(name)?).ok();
        let found = words
            .iter()
            .find(|(word, _)| given.as_deref() == Some(word));
        let told = || {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.wrong(name, &words.join(" or "))
        };
        found.map(|(_, meant)| *meant).ok_or_else(told)
    }

    /// A quantity, as exactly as it is written.
    pub(super) fn quantity(&self, name: &str) -> Result<Decimal, Problem> {
        let found = number(self.needed(name)?);
        let must = format!("a number from 0 to {AMOUNT_MAX} with at most {AMOUNT_PLACES} decimals");
        found
            .filter(|found| Amount::is_exact(*found))
            .ok_or_else(|| self.wrong(name, &must))
    }

    /// A whole number from 0 to `max`.
    pub(super) fn whole(&self, name: &str, max: u64) -> Result<u64, Problem> {
        let found = whole(self.needed(name)?);
        let found = found.and_then(|found| u64::try_from(found).ok());
        let must = format!("a whole number from 0 to {max}");
        found
            .filter(|found| *found <= max)
            .ok_or_else(|| self.wrong(name, &must))
    }

    /// A whole quantity.
    pub(super) fn whole_quantity(&self, name: &str) -> Result<u64, Problem> {
        self.whole(name, AMOUNT_MAX)
    }

    /// A moment, in milliseconds since 1970.
    pub(super) fn moment(&self, name: &str) -> Result<Timestamp, Problem> {
        let found = whole(self.needed(name)?);
        if let Some(seconds) = found.filter(|found| (0..MILLIS_MIN).contains(found)) {
            let must = format!(
                "in milliseconds since 1970, and not before 2000; {seconds} looks like seconds"
            );
            return Err(self.wrong(name, &must));
        }
        let moment = found
            .filter(|found| *found > 0)
            .and_then(Timestamp::from_millis);
        let must = "a time as a whole number of milliseconds since 1970";
        moment.ok_or_else(|| self.wrong(name, must))
    }

    /// An object, as the JSON it is written in, or nothing.
    pub(super) fn maybe_object(
        &self,
        name: &str,
        bytes_max: usize,
    ) -> Result<Option<&'a str>, Problem> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        if raw.starts_with('{') && raw.len() <= bytes_max {
            Ok(Some(raw))
        } else {
            Err(self.wrong(name, &format!("an object of at most {bytes_max} bytes")))
        }
    }
}

fn raw_text(raw: &RawValue) -> &str {
    raw.get().trim()
}

fn line(chars_max: usize) -> String {
    format!("a text of 1 to {chars_max} characters, none of them a control character")
}

fn is_line(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

fn is_digits(raw: &str) -> bool {
    raw.bytes().all(|byte| byte.is_ascii_digit())
}

/// A JSON number's exact value; `None` for what is none, or cannot be held exactly.
fn number(raw: &str) -> Option<Decimal> {
    let is_number = raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let found = match raw.contains(['e', 'E']) {
        _ if !is_number => None,
        true => Decimal::from_scientific(raw).ok(),
        false => Decimal::from_str_exact(raw).ok(),
    };
    found.map(|found| found.normalize())
}

fn whole(raw: &str) -> Option<i64> {
    let found = number(raw).filter(Decimal::is_integer)?;
    i64::try_from(found).ok()
}

fn refused(why: &str) -> Problem {
    Problem::InvalidBody(why.to_owned())
}

/// Whether the body is JSON in which no key comes twice.
fn check(body: &[u8]) -> Result<(), Problem> {
    serde_json::from_slice::<Unrepeated>(body).map_err(|error| {
        let of_field = field_before(body, &error);
        let of_field = of_field
            .map(|name| format!(" at `{name}`"))
            .unwrap_or_default();
        refused(&format!("The body cannot be read{of_field}: {error}."))
    })?;
    Ok(())
}

/// The key whose value could not be read, which JSON writes right before it.
fn field_before<'a>(body: &'a [u8], error: &serde_json::Error) -> Option<&'a str> {
    let line = body
        .split(|byte| *byte == b'\n')
        .nth(error.line().checked_sub(1)?)?;
    let before = line.get(..error.column().checked_sub(1)?.min(line.len()))?;
    let before = std::str::from_utf8(before).ok()?;
    let (key, value) = before.rsplit_once(':')?;
    let key = key.trim_end().strip_suffix('"')?.rsplit('"').next()?;
    let is_within = value.contains([',', '{', '}', '[', ']']);
    (!is_within && !key.is_empty()).then_some(key)
}

/// Any JSON, of which nothing is kept.
struct Unrepeated;

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> DeserializeSeed<'de> for Unrepeated {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unrepeated {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element_seed(Self)?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Self)?;
            if let Some(key) = keys.replace(key) {
                let why = format!("`{key}` is given twice");
                return Err(serde::de::Error::custom(why));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn why<T>(result: Result<T, Problem>) -> String {
        match result {
            Err(Problem::InvalidBody(why)) => why,
            Err(other) => other.to_string(),
            Ok(_) => String::new(),
        }
    }

    fn with<T>(
        value: &str,
        read: impl Fn(&Fields<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let body = format!("{{\"x\": {value} , \"other\": [1]}}");
        read(&object(body.as_bytes())?)
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_at_any_depth() {
        for body in [
            r#"{"a":1,"b":2,"a":1}"#,
            r#"{"extra":{"deep":[{"a":1,"a":2}]}}"#,
            r#"{"\u0061":1,"a":1}"#,
        ] {
            let why = why(object(body.as_bytes()));
            assert!(why.contains("`a` is given twice"), "{why}");
        }
        assert!(object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
        let twice = br#"[{"qty":1},{"qty":1,"qty":2}]"#;
        assert!(why(list(twice)).contains("`qty` is given twice"));
    }

    #[test]
    fn what_is_no_json_is_told_with_the_field_before_it() {
        for (body, field) in [
            (r#"{"qty": NaN}"#, "qty"),
            ("{\"a\": 1,\n  \"qty\" :-Infinity}", "qty"),
            (r#"{"a":"é","qty":1e999}"#, "qty"),
            (r#"{"a":[1],"timestamp":}"#, "timestamp"),
            (r#"{"a":[1],"email":"\ud800"}"#, "email"),
        ] {
            let why = why(object(body.as_bytes()));
            assert!(why.contains(&format!("at `{field}`")), "{body}: {why}");
        }
        for body in ["", "{", "nothing", "\u{feff}{}", "{}{}", "{\"a\":1,}"] {
            let why = why(object(body.as_bytes()));
            assert!(why.starts_with("The body cannot be read:"), "{body}: {why}");
        }
        assert!(why(object(b"{\"a\":\"\xff\"}")).starts_with("The body cannot be read"));
        let deep = "[".repeat(100_000);
        assert!(why(object(deep.as_bytes())).contains("recursion"));
    }

    #[test]
    fn an_object_and_a_list_are_not_the_same() {
        for body in ["[]", "[{}]", "1", "\"a\"", "null"] {
            let why = why(object(body.as_bytes()));
            assert_eq!(why, "The body must be a JSON object.", "{body}");
        }
        for body in ["{}", "1", "null", "\"[]\""] {
            let why = why(list(body.as_bytes()));
            assert!(why.starts_with("The body must be a JSON list"), "{why}");
        }
        assert_eq!(why(list(b"[{}, 1]")), "At index 1: it must be an object.");
        assert_eq!(
            why(list(b"[{}, [[\"a\", 1]]]")),
            "At index 1: it must be an object."
        );
    }

    #[test]
    fn a_list_has_its_limits() {
        let of = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(list(of(1_000).as_bytes()).unwrap().len(), 1_000);
        for count in [0, 1_001, 10_000] {
            let wanted = format!("must have 1 to 1000 elements; this one has {count}.");
            assert!(why(list(of(count).as_bytes())).contains(&wanted));
        }
    }

    #[test]
    fn texts_are_lines() {
        let read = |value: &str| with(value, |fields| fields.text("x", 3));
        assert_eq!(read("\"ü\\u00e9x\"").unwrap(), "üéx");
        for wrong in ["\"\"", "\"abcd\"", "\"a\\nb\"", "1", "true", "{}", "[]"] {
            assert!(
                why(read(wrong)).starts_with("`x` must be a text"),
                "{wrong}"
            );
        }
        assert_eq!(why(read("null")), "`x` is missing.");
        assert_eq!(
            why(with("1", |fields| fields.text("y", 3))),
            "`y` is missing."
        );
        let maybe = |value: &str| with(value, |fields| fields.maybe_text("x", 3));
        assert_eq!(maybe("null").unwrap(), None);
        assert_eq!(maybe("\"\"").unwrap(), None);
        assert!(maybe("1").is_err());
    }

    #[test]
    fn digits_come_as_number_or_text() {
        let read = |value: &str| with(value, |fields| fields.maybe_digits("x", 12));
        assert_eq!(read("9000000000").unwrap().unwrap(), "9000000000");
        assert_eq!(read("\"+91 900 000\"").unwrap().unwrap(), "+91 900 000");
        assert_eq!(read("\"00123\"").unwrap().unwrap(), "00123");
        for wrong in ["-1", "1.5", "1e9", "1234567890123", "true", "[1]", "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn quantities_are_exact() {
        let read = |value: &str| with(value, |fields| fields.quantity("x"));
        for (written, held) in [
            ("26", "26"),
            ("5.0", "5"),
            ("0.001", "0.001"),
            ("0.1234567890", "0.123456789"),
            ("-0.0", "0"),
            ("1.5e3", "1500"),
            ("999999999999.5", "999999999999.5"),
        ] {
            assert_eq!(read(written).unwrap().to_string(), held, "{written}");
        }
        for wrong in [
            "-1",
            "-0.1",
            "1e300",
            "0.0000000000001",
            "\"26\"",
            "true",
            "1000000000001",
        ] {
            assert!(
                why(read(wrong)).starts_with("`x` must be a number from 0"),
                "{wrong}"
            );
        }
        assert!(why(with("\"NaN\"", |fields| fields.quantity("x"))).starts_with("`x` must"));
    }

    #[test]
    fn moments_are_milliseconds() {
        let read = |value: &str| with(value, |fields| fields.moment("x"));
        for written in ["1742797511000", "1742797511000.0", "1.742797511e12"] {
            assert_eq!(read(written).unwrap().as_millis(), 1_742_797_511_000);
        }
        let told = why(read("1742797511"));
        assert!(told.contains("1742797511 looks like seconds"), "{told}");
        for wrong in ["-1", "1742797511000.5", "1e17", "\"2025-03-24\"", "true"] {
            assert!(why(read(wrong)).starts_with("`x` must be"), "{wrong}");
        }
    }

    #[test]
    fn words_and_whole_numbers() {
        let words = [("PLAN", 1), ("ADDON", 2)];
        let read = |value: &str| with(value, |fields| fields.word("x", &words));
        assert_eq!(read("\"ADDON\"").unwrap(), 2);
        for wrong in ["\"addon\"", "1", "[\"PLAN\"]"] {
            assert_eq!(why(read(wrong)), "`x` must be `PLAN` or `ADDON`.");
        }
        let read = |value: &str| with(value, |fields| fields.whole("x", 14));
        assert_eq!(read("14.0").unwrap(), 14);
        for wrong in ["15", "-1", "1.5", "\"1\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = object(&body);
            let _ = list(&body);
        }

        #[test]
        fn what_is_written_as_json_is_read_as_it_was(
            units in 0_u64..1_000_000_000_000, scale in 0_u32..12, text in "[^\\p{Cc}]{1,40}",
        ) {
            let value = Decimal::new(i64::try_from(units).unwrap(), scale);
            let body = format!(
                "{{\"qty\":{value},\"text\":{}}}",
                serde_json::to_string(&text).unwrap()
            );
            let fields = object(body.as_bytes()).unwrap();
            prop_assert_eq!(fields.quantity("qty").unwrap(), value);
            prop_assert_eq!(fields.text("text", 40).unwrap(), text);
        }
    }
}
