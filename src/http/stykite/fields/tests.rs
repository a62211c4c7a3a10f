//! The reader of fields against bodies that clients, their mistakes and chance write.
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

fn with<T>(value: &str, read: impl Fn(&Fields<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
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
    assert_eq!(maybe("\"  \"").unwrap(), None);
    assert!(maybe("1").is_err());
}

#[test]
fn digits_come_as_number_or_text() {
    let read = |value: &str| with(value, |fields| fields.maybe_digits("x", 12));
    assert_eq!(read("9000000000").unwrap().unwrap(), "9000000000");
    assert_eq!(read("\"+91 900 000\"").unwrap().unwrap(), "+91 900 000");
    assert_eq!(read("\"00123\"").unwrap().unwrap(), "00123");
    assert_eq!(read("416013.0").unwrap().unwrap(), "416013");
    for wrong in ["-1", "1.5", "1e99", "1234567890123", "true", "[1]", "{}"] {
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
        units in 0_u64..1_000_000_000_000, scale in 0_u32..12, text in "[a-zé🙂][^\\p{Cc}]{0,39}",
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
