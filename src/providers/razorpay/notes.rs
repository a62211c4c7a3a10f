//! Razorpay's notes: free key-value pairs that the merchant attaches, which arrive as an object, as
//! `[]` (what PHP makes of an empty one) or as null. It knows no entity.

use std::borrow::Cow;

use serde_json_borrow::Value;

use crate::providers::json::{Object, has_at_most};

/// Razorpay allows 15; more than this is no merchant's work.
const ENTRIES_MAX: usize = 64;
const KEY_CHARS_MAX: usize = 64;
/// Razorpay's own limit on a value.
const VALUE_CHARS_MAX: usize = 256;

/// What the domain keeps of notes.
pub(super) type Notes = Vec<(Box<str>, Box<str>)>;

/// The notes of one entity.
pub(super) fn notes(entity: Object<'_>) -> Notes {
    merged([entity])
}

/// The notes of several entities as one; what an earlier entity says is not said otherwise by a
/// later one.
pub(super) fn merged<'a>(entities: impl IntoIterator<Item = Object<'a>>) -> Notes {
    let mut all: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for notes in entities
        .into_iter()
        .filter_map(|entity| entity.object("notes"))
    {
        let earlier = all.len();
        for (key, value) in notes
            .entries()
            .filter(|(key, _)| is_usable(key, KEY_CHARS_MAX))
        {
            // Inside one object the last of duplicate keys wins, across objects the first.
            match all.iter().position(|(known, _)| *known == key) {
                Some(place) if place < earlier => {}
                Some(place) => match as_text(value) {
                    Some(text) => {
                        if let Some(entry) = all.get_mut(place) {
                            entry.1 = text;
                        }
                    }
                    None => drop(all.remove(place)),
                },
                None if all.len() < ENTRIES_MAX => {
                    all.extend(as_text(value).map(|text| (key, text)));
                }
                None => {}
            }
        }
    }
    all.into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

fn as_text<'a>(value: &'a Value<'a>) -> Option<Cow<'a, str>> {
    let text = match value {
        Value::Str(text) => Cow::Borrowed(&**text),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    is_usable(&text, VALUE_CHARS_MAX).then_some(text)
}

fn is_usable(text: &str, chars_max: usize) -> bool {
    !text.is_empty() && has_at_most(text, chars_max)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::providers::json::parse;

    fn read(bodies: &[&str]) -> Vec<(String, String)> {
        let values: Vec<_> = bodies
            .iter()
            .map(|body| parse(body.as_bytes()).unwrap())
            .collect();
        let notes = merged(values.iter().filter_map(Object::of));
        notes
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn every_shape_of_empty_is_empty() {
        for body in [
            r#"{"notes":[]}"#,
            r#"{"notes":null}"#,
            r#"{"notes":{}}"#,
            "{}",
        ] {
            assert_eq!(read(&[body]), [], "{body}");
        }
        assert_eq!(read(&[r#"{"notes":"text"}"#, r#"{"notes":["a"]}"#]), []);
    }

    #[test]
    fn numbers_become_text_and_the_rest_is_left_out() {
        let body = r#"{"notes":{"gst":245,"rate":1.5,"a":"x","b":"","c":null,"d":true,"e":{}}}"#;
        assert_eq!(
            read(&[body]),
            pairs(&[("gst", "245"), ("rate", "1.5"), ("a", "x")])
        );
    }

    #[test]
    fn the_last_duplicate_and_the_first_entity_win() {
        let first = r#"{"notes":{"a":"1","a":"2","b":"1","b":null}}"#;
        let second = r#"{"notes":{"a":"3","b":"4"}}"#;
        assert_eq!(read(&[first]), pairs(&[("a", "2")]));
        assert_eq!(read(&[first, second]), pairs(&[("a", "2"), ("b", "4")]));
        assert_eq!(read(&[second, first]), pairs(&[("a", "3"), ("b", "4")]));
    }

    #[test]
    fn notes_are_bounded() {
        let many: Vec<String> = (0..100).map(|place| format!("\"k{place}\":1")).collect();
        assert_eq!(
            read(&[&format!("{{\"notes\":{{{}}}}}", many.join(","))]).len(),
            ENTRIES_MAX
        );
        for (key, value, kept) in [(64, 256, 1), (65, 256, 0), (64, 257, 0)] {
            let (key, value) = ("k".repeat(key), "v".repeat(value));
            assert_eq!(
                read(&[&format!(r#"{{"notes":{{"{key}":"{value}"}}}}"#)]).len(),
                kept
            );
        }
    }
}
