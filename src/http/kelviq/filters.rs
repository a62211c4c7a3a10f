//! What a list is asked for after the `?`, each in one form, and what is wrong with any of it told
//! at once. An empty one is not asked for. It knows no list.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::query::given;
use super::times;
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::http::field_errors::FieldErrors;

/// The last millisecond of a day.
const LAST_MILLI: i64 = 24 * 60 * 60 * 1_000 - 1;
const NO_TIME: &str = "Enter a valid date/time.";

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Filters(FieldErrors);

impl Filters {
    fn read<T>(
        &mut self,
        name: &str,
        text: &Option<String>,
        read: impl FnOnce(&str) -> Option<T>,
        sentence: impl FnOnce(&str) -> String,
    ) -> Option<T> {
        let text = given(text)?;
        let value = read(text);
        if value.is_none() {
            self.0.add(name, sentence(text));
        }
        value
    }

    /// One of the words of an enum.
    pub(super) fn word<T: DeserializeOwned>(
        &mut self,
        name: &str,
        given: &Option<String>,
    ) -> Option<T> {
        let known = |text: &str| serde_json::from_value(Value::from(text)).ok();
        let sentence = |text: &str| format!("\"{text}\" is not a valid choice.");
        self.read(name, given, known, sentence)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, name: &str, given: &Option<String>) -> Option<bool> {
        let known = |text: &str| match text {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        };
        self.read(name, given, known, |_| "Must be a valid boolean.".into())
    }

    /// From the beginning of a day on.
    pub(super) fn from(&mut self, name: &str, given: &Option<String>) -> Option<Timestamp> {
        let sentence = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        self.read(name, given, times::any_day, |_| sentence.into())
    }

    /// Before the end of a day, which counts.
    pub(super) fn until(&mut self, name: &str, given: &Option<String>) -> Option<Timestamp> {
        self.from(name, given).map(|day| day.plus_days(1))
    }

    /// From a moment on, or from the beginning of a day.
    pub(super) fn after(&mut self, name: &str, given: &Option<String>) -> Option<Timestamp> {
        let known = |text: &str| times::any_day(text).or_else(|| times::moment(text));
        self.read(name, given, known, |_| NO_TIME.into())
    }

    /// Up to a moment, or up to the end of a day.
    pub(super) fn before(&mut self, name: &str, given: &Option<String>) -> Option<Timestamp> {
        let end = |day: Timestamp| day.plus_millis(LAST_MILLI);
        let known = |text: &str| {
            times::any_day(text)
                .map(end)
                .or_else(|| times::moment(text))
        };
        self.read(name, given, known, |_| NO_TIME.into())
    }

    /// What was asked for, if nothing is wrong.
    pub(super) fn done<T>(self, asked: T) -> Result<T, Problem> {
        if self.0.is_empty() {
            Ok(asked)
        } else {
            Err(Problem::InvalidFields(self.0))
        }
    }
}
