//! Reads bodies field by field, in any of the spellings that Kelviq's clients send, and gathers all
//! that is wrong before anything is refused. It knows no request; what a value must be, it is told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::http::error::Problem;
use crate::http::field_errors::FieldErrors;
use crate::http::unrepeated::check;

/// Reads a field's value from the JSON it is written in, or says in a sentence what it must be.
pub(super) type Read<T> = Result<T, String>;

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
pub(super) const TWO_SPELLINGS: &str = "This field is given twice, in two spellings.";
const NO_OBJECT: &str = "Invalid data. Expected an object.";
const NO_LIST: &str = "Expected a list of items.";

/// A field that may be left out, and may be `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Given<T> {
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

/// The fields of one object, by their names in camelCase, and what is wrong with them so far.
pub(super) struct Fields<'a> {
    held: BTreeMap<String, &'a str>,
    /// What came in two spellings: wrong where it is read.
    twice: BTreeSet<String>,
    wrong: FieldErrors,
}

/// The body as an object. One without any text is empty.
pub(super) fn object(body: &[u8]) -> Result<Fields<'_>, Problem> {
    let text = body.trim_ascii();
    if text.is_empty() {
        return Ok(Fields::of(BTreeMap::new()));
    }
    check(text)?;
    let held = serde_json::from_slice(text);
    held.map(Fields::of)
        .map_err(|_| Problem::InvalidBody("The body must be a JSON object.".into()))
}

/// `customer_id`, `customerId`: one name. A word begins where one underscore stands between letters
/// or digits; any other stays.
pub(super) fn camel(key: &str) -> String {
    let begins_word = |letter: &char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut name = String::with_capacity(key.len());
    let mut letters = key.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_between = letter == '_' && name.ends_with(|last: char| last.is_ascii_alphanumeric());
        match letters.next_if(|next| is_between && begins_word(next)) {
            Some(next) => name.push(next.to_ascii_uppercase()),
            None => name.push(letter),
        }
    }
    name
}

impl<'a> Fields<'a> {
    fn of(written: BTreeMap<String, &'a RawValue>) -> Self {
        let (mut held, mut twice) = (BTreeMap::new(), BTreeSet::new());
        for (key, raw) in written {
            let name = camel(&key);
            if held.insert(name.clone(), raw.get().trim()).is_some() {
                twice.insert(name);
            }
        }
        let wrong = FieldErrors::default();
        Self { held, twice, wrong }
    }

    /// What stands in a field.
    fn raw(&mut self, name: &str) -> Option<&'a str> {
        if self.twice.remove(name) {
            self.wrong.add(name, TWO_SPELLINGS);
        }
        self.held.get(name).copied()
    }

    /// Whether something is wrong with a field already.
    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.wrong.has(name)
    }

    /// Adds a complaint.
    pub(super) fn refuse(&mut self, name: &str, sentence: impl Into<String>) {
        self.wrong.add(name, sentence);
    }

    /// Adds what is wrong inside a field.
    pub(super) fn refuse_inside(&mut self, name: &str, inside: FieldErrors) {
        self.wrong.add_object(name, inside);
    }

    fn read<T>(&mut self, name: &str, raw: &str, kind: impl Fn(&str) -> Read<T>) -> Option<T> {
        match kind(raw) {
            Ok(value) => Some(value),
            Err(sentence) => {
                self.wrong.add(name, sentence);
                None
            }
        }
    }

    /// A field that must be there. `None` where it is wrong, which is told by [`Fields::done`].
    pub(super) fn needed<T>(&mut self, name: &str, kind: impl Fn(&str) -> Read<T>) -> Option<T> {
        match self.raw(name) {
            None => self.read(name, "", |_| Err(REQUIRED.into())),
            Some("null") => self.read(name, "", |_| Err(NULL.into())),
            Some(raw) => self.read(name, raw, kind),
        }
    }

    /// A field that may be left out; `null` clears it.
    pub(super) fn given<T>(&mut self, name: &str, kind: impl Fn(&str) -> Read<T>) -> Given<T> {
        match self.raw(name) {
            None => Given::Absent,
            Some("null") => Given::Null,
            Some(raw) => self
                .read(name, raw, kind)
                .map_or(Given::Absent, Given::Value),
        }
    }

    /// A field that may be left out; `null` is the same.
    pub(super) fn maybe<T>(&mut self, name: &str, kind: impl Fn(&str) -> Read<T>) -> Option<T> {
        self.given(name, kind).value()
    }

    /// An object that may be left out, of which `read` reads the fields.
    pub(super) fn inside<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
    ) -> Given<T> {
        let raw = match self.raw(name) {
            None => return Given::Absent,
            Some("null") => return Given::Null,
            Some(raw) => raw,
        };
        let Ok(held) = serde_json::from_str(raw) else {
            self.wrong.add(name, NO_OBJECT);
            return Given::Absent;
        };
        let mut inside = Fields::of(held);
        let found = read(&mut inside);
        self.wrong.add_object(name, inside.wrong);
        found.map_or(Given::Absent, Given::Value)
    }

    /// A list of objects that may be left out, of which `read` reads the fields of each; `null` is
    /// the same.
    pub(super) fn elements<T>(
        &mut self,
        name: &str,
        entries_max: usize,
        read: impl Fn(&mut Fields<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let raw = self.raw(name).filter(|raw| *raw != "null")?;
        let Ok(elements) = serde_json::from_str::<Vec<&'a RawValue>>(raw) else {
            self.wrong.add(name, NO_LIST);
            return None;
        };
        if elements.len() > entries_max {
            let sentence = format!("Ensure this field has no more than {entries_max} elements.");
            self.wrong.add(name, sentence);
            return None;
        }
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for element in elements {
            let Ok(held) = serde_json::from_str(element.get()) else {
                wrong.push(FieldErrors::of("nonFieldErrors", NO_OBJECT));
                continue;
            };
            let mut inside = Fields::of(held);
            found.extend(read(&mut inside));
            wrong.push(inside.wrong);
        }
        self.wrong.add_elements(name, wrong);
        Some(found)
    }

    /// What was made of the fields.
    ///
    /// # Errors
    /// [`Problem::InvalidFields`] with everything that was wrong.
    pub(super) fn done<T>(self, made: Option<T>) -> Result<T, Problem> {
        if !self.wrong.is_empty() {
            return Err(Problem::InvalidFields(self.wrong));
        }
        made.ok_or_else(|| Problem::Internal("a field was wrong, and not told so".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_two_spellings_and_no_third() {
        for (written, name) in [
            ("customer_id", "customerId"),
            ("customerId", "customerId"),
            ("trial_period", "trialPeriod"),
            ("line_1", "line1"),
            ("line1", "line1"),
            ("customer_id_", "customerId_"),
            ("customer__id", "customer__id"),
            ("_customer_id", "_customerId"),
            ("customer_\u{131}d", "customer_\u{131}d"),
            ("customer_Id", "customer_Id"),
        ] {
            assert_eq!(camel(written), name, "{written}");
        }
    }
}
