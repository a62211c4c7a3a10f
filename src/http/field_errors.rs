//! What is wrong with the fields of a body, all of them at once. It knows no field, and no surface
//! but by the shape that such complaints have there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// Each wrong field with what is wrong with it: `{"email": ["This field is required."]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct FieldErrors(BTreeMap<Box<str>, Complaint>);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Complaint {
    Sentences(Vec<String>),
    /// With the fields of an object.
    Object(FieldErrors),
    /// With the fields of each element of a list; nothing where nothing is wrong.
    Elements(Vec<FieldErrors>),
}

impl FieldErrors {
    /// One wrong field.
    pub(crate) fn of(field: &str, sentence: impl Into<String>) -> Self {
        let mut found = Self::default();
        found.add(field, sentence);
        found
    }

    /// Adds what is wrong with a field. Of an object or a list of which it is known already what is
    /// wrong inside, nothing more is told.
    pub(crate) fn add(&mut self, field: &str, sentence: impl Into<String>) {
        let held = self.0.entry(field.into());
        let held = held.or_insert_with(|| Complaint::Sentences(Vec::new()));
        if let Complaint::Sentences(sentences) = held {
            sentences.push(sentence.into());
        }
    }

    /// Adds what is wrong inside an object.
    pub(crate) fn add_object(&mut self, field: &str, inside: Self) {
        if !inside.is_empty() {
            self.0.insert(field.into(), Complaint::Object(inside));
        }
    }

    /// Adds what is wrong inside the elements of a list.
    pub(crate) fn add_elements(&mut self, field: &str, elements: Vec<Self>) {
        if elements.iter().any(|inside| !inside.is_empty()) {
            self.0.insert(field.into(), Complaint::Elements(elements));
        }
    }

    /// Whether something is wrong with a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self, place: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, complaint) in &self.0 {
            match complaint {
                Complaint::Sentences(sentences) => {
                    write!(f, " `{place}{field}`: {}", sentences.join(" "))?;
                }
                Complaint::Object(inside) => inside.write(&format!("{place}{field}."), f)?,
                Complaint::Elements(elements) => {
                    for (index, inside) in elements.iter().enumerate() {
                        inside.write(&format!("{place}{field}[{index}]."), f)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A sentence that names them all.
impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The body is not what is expected.")?;
        self.write("", f)
    }
}

impl JsonSchema for FieldErrors {
    fn schema_name() -> Cow<'static, str> {
        "KelviqFieldErrors".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let sentences = json_schema!({"type": "array", "items": {"type": "string"}});
        let elements = json_schema!({"type": "array", "items": {"type": "object"}});
        json_schema!({
            "description": "Each wrong field with what is wrong with it.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [sentences, elements, {"type": "object"}]},
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_wrong_field_is_told_where_it_stands() {
        let mut wrong = FieldErrors::of("email", "Enter a valid email address.");
        let quantity = FieldErrors::of("quantity", "A valid integer is required.");
        wrong.add_elements("features", vec![FieldErrors::default(), quantity.clone()]);
        wrong.add_object(
            "billingAddress",
            FieldErrors::of("city", "Not a valid string."),
        );
        wrong.add_object("metadata", FieldErrors::default());
        assert_eq!(
            serde_json::to_string(&wrong).unwrap(),
            r#"{"billingAddress":{"city":["Not a valid string."]},"email":["Enter a valid email address."],"features":[{},{"quantity":["A valid integer is required."]}]}"#
        );
        assert_eq!(
            wrong.to_string(),
            "The body is not what is expected. `billingAddress.city`: Not a valid string. \
             `email`: Enter a valid email address. \
             `features[1].quantity`: A valid integer is required."
        );
    }
}
