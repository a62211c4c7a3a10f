//! Parts of a body exactly as they are written, above all decimal numbers. The lenient reader would make floats of
//! them; amounts with a fraction are rare enough to be read twice. It knows no provider.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// The number at the end of a path of keys, whether it is written as a number or as a text.
pub(super) fn number_at(body: &[u8], path: &[&str]) -> Option<Decimal> {
    decimal(raw_at(body, path)?.get().trim_matches('"'))
}

/// What is written at the end of a path of keys, byte for byte.
pub(super) fn raw_at<'a>(body: &'a [u8], path: &[&str]) -> Option<&'a RawValue> {
    type Members<'a> = BTreeMap<String, &'a RawValue>;
    let mut raw = serde_json::from_slice::<&RawValue>(body).ok()?;
    for key in path {
        raw = serde_json::from_str::<Members<'_>>(raw.get())
            .ok()?
            .remove(*key)?;
    }
    Some(raw)
}

/// A number as JSON writes it. `None` where it does not fit exactly.
fn decimal(text: &str) -> Option<Decimal> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let (digits, exponent) = text.split_once(['e', 'E']).unzip();
    let exact = Decimal::from_str_exact(digits.unwrap_or(text))
        .ok()
        .filter(|_| is_number)?;
    if exponent.is_none() {
        Some(exact)
    } else {
        Decimal::from_scientific(text).ok()
    }
}
