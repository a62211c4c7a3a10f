//! Looks a whole body through before any field is read: whether it is JSON at all, and whether a key
//! comes twice anywhere in it. It keeps nothing and knows no field.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::Problem;

/// Whether the body is JSON in which no key comes twice.
pub(super) fn check(body: &[u8]) -> Result<(), Problem> {
    serde_json::from_slice::<Unrepeated>(body).map_err(|error| {
        let of_field = field_before(body, &error);
        let of_field = of_field
            .map(|name| format!(" at `{name}`"))
            .unwrap_or_default();
        Problem::InvalidBody(format!("The body cannot be read{of_field}: {error}."))
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
