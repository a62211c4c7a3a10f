//! JSON in one spelling, so that two texts that say the same are the same text: members by name, no
//! spaces, numbers by their value. Knows no event and no field.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// An object in one spelling, less some of its members. What is no JSON, or deeper than JSON's
/// readers go, stays as it is.
pub(super) fn in_one_spelling(object: &str, without: &[&str]) -> String {
    // This reader bounds the depth; what it makes of numbers is not exact.
    let Ok(_) = serde_json::from_str::<Value>(object) else {
        return object.to_owned();
    };
    let Ok(mut members) = serde_json::from_str::<Members<'_>>(object) else {
        return object.to_owned();
    };
    members.retain(|name, _| !without.contains(&&**name));
    let mut text = String::with_capacity(object.len());
    write_members(&members, &mut text);
    text
}

fn write(raw: &RawValue, text: &mut String) {
    let written = raw.get();
    if let Ok(members) = serde_json::from_str::<Members<'_>>(written) {
        write_members(&members, text);
    } else if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(written) {
        text.push('[');
        for element in elements {
            write(element, text);
            text.push(',');
        }
        text.push(']');
    } else if let Ok(word) = serde_json::from_str::<String>(written) {
        write_word(&word, text);
    } else {
        text.push_str(&number(written).unwrap_or_else(|| written.to_owned()));
    }
}

fn write_members(members: &Members<'_>, text: &mut String) {
    text.push('{');
    for (name, held) in members {
        write_word(name, text);
        text.push(':');
        write(held, text);
        text.push(',');
    }
    text.push('}');
}

fn write_word(word: &str, text: &mut String) {
    // A text: writing it cannot fail.
    text.push_str(&serde_json::to_string(word).unwrap_or_default());
}

/// A number as its digits and a power of ten, exact however long it is. `None` for `true`, `false`
/// and `null`, and for a power that nobody means.
fn number(written: &str) -> Option<String> {
    let (sign, rest) = match written.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written),
    };
    let (digits, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let power: i64 = power.parse().ok()?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len().saturating_sub(kept.len())).ok()?;
    let places = i64::try_from(part.len()).ok()?;
    let power = power.checked_add(zeros)?.checked_sub(places)?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some("0".to_owned());
    }
    Some(format!("{sign}{kept}e{power}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        in_one_spelling(one, &[]) == in_one_spelling(other, &[])
    }

    #[test]
    fn what_says_the_same_is_the_same() {
        for (one, other) in [
            (
                r#"{"a":1,"b":[true,null]}"#,
                r#" { "b" : [ true , null ], "a" : 1.0 } "#,
            ),
            (r#"{"a":10}"#, r#"{"a":1E+1}"#),
            (r#"{"a":-0.50}"#, r#"{"a":-5e-1}"#),
            (r#"{"a":0}"#, r#"{"a":-0.0e7}"#),
            (r#"{"a":"\u0041"}"#, r#"{"a":"A"}"#),
            (r#"{"a":{"c":1,"b":2}}"#, r#"{"a":{"b":2,"c":1}}"#),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":1}"#, r#"{"a":-1}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":null}"#, "{}"),
            (
                r#"{"a":12345678901234567890123}"#,
                r#"{"a":12345678901234567890124}"#,
            ),
            (
                r#"{"a":1e99999999999999999999}"#,
                r#"{"a":1e99999999999999999998}"#,
            ),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        let left = in_one_spelling(r#"{"b":{"a":1},"a":2}"#, &["a"]);
        assert_eq!(left, r#"{"b":{"a":1e0,},}"#, "inside it stays");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
        assert_eq!(in_one_spelling(&deep, &[]), deep);
    }

    proptest! {
        /// However its parts are written, a number is spelled by its value.
        #[test]
        fn numbers_are_spelled_by_their_value(
            n in -2_000_000_i64..2_000_000,
            places in 0_u32..6,
            zeros in 0_usize..4,
        ) {
            let exact = rust_decimal::Decimal::new(n, places);
            let padded = format!("{exact}{}", "0".repeat(if places > 0 { zeros } else { 0 }));
            let power = format!("{n}e-{places}");
            prop_assert_eq!(number(&padded), number(&power));
            let other = format!("{}e-{places}", n + 1);
            prop_assert_ne!(number(&other), number(&power));
        }
    }
}
