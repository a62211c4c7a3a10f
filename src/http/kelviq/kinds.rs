//! What the value of a field must be, and the sentence for what it is not. It knows no field by name.

use rust_decimal::Decimal;
use serde::de::value::{Error as NotRead, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::fields::Read;
use super::times;
use crate::domain::place::country_name;
use crate::domain::time::Timestamp;
use crate::http::stykite::fields::{number as exact, whole};
use crate::ledger::limits::{EMAIL_CHARS_MAX, URL_CHARS_MAX};
use crate::ledger::{is_address, is_email};

/// Somebody at some place, for schemas.
pub(super) const EMAIL: &str = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$";
/// What is taken as one line, for schemas.
pub(super) use crate::http::stykite::fields::{LINE, WORDS};

const CONTROL: &str = "Control characters are not allowed.";

/// Any text.
pub(super) fn text(raw: &str) -> Read<String> {
    serde_json::from_str(raw).map_err(|_| "Not a valid string.".to_owned())
}

/// A text of one line, without the space around it, that is not blank.
pub(super) fn words(chars_max: usize) -> impl Fn(&str) -> Read<String> {
    move |raw| {
        let text = maybe_words(chars_max)(raw)?;
        text.ok_or_else(|| "This field may not be blank.".to_owned())
    }
}

/// The same; blank is nothing.
pub(super) fn maybe_words(chars_max: usize) -> impl Fn(&str) -> Read<Option<String>> {
    move |raw| {
        let text = text(raw)?;
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(CONTROL.into());
        }
        if text.chars().count() > chars_max {
            return Err(format!(
                "Ensure this field has no more than {chars_max} characters."
            ));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }
}

/// A text of any lines, for the schema.
pub(super) const PROSE: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

/// A text of any lines.
pub(super) fn prose(chars_max: usize) -> impl Fn(&str) -> Read<String> {
    move |raw| {
        let text = text(raw)?;
        let is_odd = |it: char| it.is_control() && !matches!(it, '\n' | '\r' | '\t');
        if text.chars().any(is_odd) {
            return Err(CONTROL.into());
        }
        if text.chars().count() > chars_max {
            return Err(format!(
                "Ensure this field has no more than {chars_max} characters."
            ));
        }
        Ok(text)
    }
}

/// An e-mail address.
pub(super) fn email(raw: &str) -> Read<String> {
    let text = words(EMAIL_CHARS_MAX)(raw)?;
    if is_email(&text) && text.matches('@').count() == 1 {
        Ok(text)
    } else {
        Err("Enter a valid email address.".into())
    }
}

/// An address of the web, for a payer's browser.
pub(super) fn url(raw: &str) -> Read<String> {
    let text = words(URL_CHARS_MAX)(raw)?;
    if is_address(&text) {
        Ok(text)
    } else {
        Err("Enter a valid URL.".into())
    }
}

/// `true` or `false`.
pub(super) fn boolean(raw: &str) -> Read<bool> {
    serde_json::from_str(raw).map_err(|_| "Must be a valid boolean.".to_owned())
}

/// A whole number of a range.
pub(super) fn integer(min: i64, max: i64) -> impl Fn(&str) -> Read<i64> {
    move |raw| {
        let found = whole(raw).ok_or_else(|| "A valid integer is required.".to_owned())?;
        if found < min {
            Err(format!(
                "Ensure this value is greater than or equal to {min}."
            ))
        } else if found > max {
            Err(format!("Ensure this value is less than or equal to {max}."))
        } else {
            Ok(found)
        }
    }
}

/// A number, exactly as it is written.
pub(super) fn number(raw: &str) -> Read<Decimal> {
    exact(raw).ok_or_else(|| "A valid number is required.".to_owned())
}

/// One of some words.
pub(super) fn choice<T: Copy>(words: &[(&str, T)]) -> impl Fn(&str) -> Read<T> {
    move |raw| {
        let given = serde_json::from_str::<String>(raw).ok();
        let found = words
            .iter()
            .find(|(word, _)| given.as_deref() == Some(word));
        found
            .map(|(_, meant)| *meant)
            .ok_or_else(|| no_choice(given.as_deref().unwrap_or(raw)))
    }
}

/// One of the words that the things of a type are written as.
pub(super) fn word<T: DeserializeOwned>(raw: &str) -> Read<T> {
    let given = serde_json::from_str::<String>(raw).ok();
    let read = |word: &str| {
        let word: StrDeserializer<'_, NotRead> = word.into_deserializer();
        T::deserialize(word).ok()
    };
    let found = given.as_deref().and_then(read);
    found.ok_or_else(|| no_choice(given.as_deref().unwrap_or(raw)))
}

/// What is said of a word that is none of those there are.
pub(super) fn no_choice(given: &str) -> String {
    format!("\"{given}\" is not a valid choice.")
}

/// A country by ISO 3166-1 alpha-2.
pub(super) fn country(raw: &str) -> Read<String> {
    let code = text(raw)?;
    if country_name(&code).is_some() {
        Ok(code)
    } else {
        Err(no_choice(&code))
    }
}

/// A day, as its beginning.
pub(super) fn date(raw: &str) -> Read<Timestamp> {
    let day = serde_json::from_str::<String>(raw).ok();
    day.and_then(|day| times::day(&day)).ok_or_else(|| {
        "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.".to_owned()
    })
}

/// A moment.
pub(super) fn moment(raw: &str) -> Read<Timestamp> {
    let text = serde_json::from_str::<String>(raw).ok();
    text.and_then(|text| times::moment(&text)).ok_or_else(|| {
        "Datetime has wrong format. Use one of these formats instead: \
         YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
            .to_owned()
    })
}

/// An object, as the very JSON it is written in.
pub(super) fn verbatim(bytes_max: usize) -> impl Fn(&str) -> Read<String> {
    move |raw| {
        if !raw.starts_with('{') {
            return Err("Expected a dictionary of items.".into());
        }
        if raw.len() > bytes_max {
            return Err(format!(
                "Ensure this field has no more than {bytes_max} bytes."
            ));
        }
        Ok(raw.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Period;

    #[test]
    fn a_word_is_read_as_a_text_alone() {
        assert_eq!(word(r#""THREE_MONTHS""#), Ok(Period::ThreeMonths));
        for other in [
            r#""monthly""#,
            r#"{"MONTHLY":null}"#,
            "0",
            "null",
            r#"["MONTHLY"]"#,
        ] {
            assert!(word::<Period>(other).is_err(), "{other}");
        }
        let why = "\"SOMETIMES\" is not a valid choice.".to_owned();
        assert_eq!(word::<Period>(r#""SOMETIMES""#), Err(why));
    }
}
