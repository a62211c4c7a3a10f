//! Reads bodies field by field, so that every complaint names its field: numbers exactly as they
//! are written, a key that comes twice refused at any depth, unknown keys passed over. It knows no
//! request.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::domain::amount::{AMOUNT_MAX, AMOUNT_PLACES, Amount};
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::http::unrepeated::check;
use crate::ledger::limits::{ENTRIES_MAX, MOMENT_MILLIS_MIN};

/// What is taken as one line, for schemas.
pub(in crate::http) const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// The same, where it has to say something.
pub(in crate::http) const WORDS: &str =
    r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

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

    /// A text of one line that is not blank.
    pub(super) fn text(&self, name: &str, chars_max: usize) -> Result<String, Problem> {
        let raw = self.needed(name)?;
        let text = serde_json::from_str::<String>(raw).ok();
        let text = text.filter(|text| !text.trim().is_empty() && is_line(text, chars_max));
        text.ok_or_else(|| self.wrong(name, &line(chars_max)))
    }

    /// The same, or nothing: absent, `null` or blank.
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
        Ok(Some(text).filter(|text| !text.trim().is_empty()))
    }

    /// A text, or the digits of a number, or nothing.
    pub(super) fn maybe_digits(
        &self,
        name: &str,
        chars_max: usize,
    ) -> Result<Option<String>, Problem> {
        match self.raw(name) {
            Some(raw) if raw.starts_with('"') => self.maybe_text(name, chars_max),
            Some(raw) => {
                let digits = whole(raw).filter(|found| *found >= 0);
                let digits = digits.map(|found| found.to_string());
                let digits = digits.filter(|digits| digits.len() <= chars_max);
                let must = format!("{}, or a whole number", line(chars_max));
                digits.map(Some).ok_or_else(|| self.wrong(name, &must))
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
        if let Some(seconds) = found.filter(|found| (0..MOMENT_MILLIS_MIN).contains(found)) {
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

/// A JSON number's exact value; `None` for what is none, or cannot be held exactly.
pub(in crate::http) fn number(raw: &str) -> Option<Decimal> {
    let is_number = raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let found = match raw.contains(['e', 'E']) {
        _ if !is_number => None,
        true => Decimal::from_scientific(raw).ok(),
        false => Decimal::from_str_exact(raw).ok(),
    };
    found.map(|found| found.normalize())
}

/// The same of a whole number.
pub(in crate::http) fn whole(raw: &str) -> Option<i64> {
    let found = number(raw).filter(Decimal::is_integer)?;
    i64::try_from(found).ok()
}

fn refused(why: &str) -> Problem {
    Problem::InvalidBody(why.to_owned())
}
