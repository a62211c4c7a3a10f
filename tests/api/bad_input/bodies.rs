//! Signed bodies that are wrong, or merely unusual: an authentic event is never refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::events;
use crate::world::{RAZORPAY_SECRET, World, hmac_hex, sample, samples};

/// Posts it signed; says how it was taken in; the very bytes must come back.
fn taken(world: &World, provider: &str, body: &[u8]) -> String {
    let answer = world.send(provider, body);
    let shown = String::from_utf8_lossy(body);
    assert_eq!(answer.status, 200, "{} for {shown}", answer.text);
    let event = world.read(&format!("/v1/events/{}", answer.seq()));
    let back = match (event["body"].as_str(), event["body_base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(text)) => STANDARD.decode(text).unwrap(),
        _ => panic!("one of body and body_base64: {event}"),
    };
    assert!(back == body, "{shown}");
    match answer.word("reason").as_str() {
        "" => answer.word("status"),
        reason => format!("{} {reason}", answer.word("status")),
    }
}

/// What a view may show without anything breaking.
fn lists_are_shown(world: &World) {
    for list in [
        "customers",
        "subscriptions",
        "payments",
        "events",
        "quarantine",
    ] {
        world.read(&format!("/v1/{list}?limit=200"));
    }
}

#[test]
fn what_is_no_event_is_set_aside() {
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"\0".to_vec(),
        b"null".to_vec(),
        b"true".to_vec(),
        b"17".to_vec(),
        b"\"order.paid\"".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"{".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{} {}".to_vec(),
        b"{\"event\":\"order.paid\",}".to_vec(),
        b"{'event':'order.paid'}".to_vec(),
        b"{\"event\":NaN}".to_vec(),
        b"{\"event\":\"\xff\"}".to_vec(),
        b"{\"event\":\"\xc3\"}".to_vec(),
        b"{\"event\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"event\":\"a\0b\"}".to_vec(),
        b"{\"event\":\"order.paid\",\"x\":\"\\ud800\"}".to_vec(),
        b"{\"event\":\"order.paid\",\"x\":1e999}".to_vec(),
        b"{\"event\":17}".to_vec(),
        b"{\"event\":null,\"payload\":[]}".to_vec(),
        b"event=order.paid&x=1".to_vec(),
        b"<xml/>".to_vec(),
        deep("[", "]").into_bytes(),
        deep("{\"a\":", "}").into_bytes(),
        "[".repeat(200_000).into_bytes(),
    ];
    let world = World::new();
    for body in &bodies {
        for provider in ["razorpay", "stykite"] {
            let word = taken(&world, provider, body);
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
            assert_eq!(word, "quarantined unreadable", "{provider}: {shown}");
        }
    }
    let stats = world.read("/v1/stats");
    assert_eq!(stats["quarantined"], 2 * bodies.len());
    assert_eq!(stats["customers"], 0);
    for word in [
        "order.paid.twice",
        "\\u0000",
        "ORDER.PAID",
        "🙂",
        "order.paid ",
    ] {
        let body = format!("{{\"event\":\"{word}\"}}");
        let word = taken(&world, "razorpay", body.as_bytes());
        assert_eq!(word, "quarantined unknown_type", "{body}");
    }
    let body = format!("{{\"event\":\"{}\"}}", "a".repeat(100_000));
    assert!(taken(&world, "razorpay", body.as_bytes()).starts_with("quarantined"));
    let body = br#"{"event":"subscription.charged","payload":{"subscription":{"entity":{}}}}"#;
    assert_eq!(taken(&world, "razorpay", body), "quarantined unreadable");
}

#[test]
fn unusual_bodies_of_known_types_are_recorded() {
    let world = World::new();
    let text = String::from_utf8(sample("razorpay", "02")).unwrap();
    let rows = [
        ("\"status\":\"active\"", "\"status\":\"dormant\""),
        ("\"status\":\"captured\"", "\"status\":\"teleported\""),
        ("\"method\":\"card\"", "\"method\":\"seashells\""),
        ("\"amount\":49900", "\"amount\":\"49900\""),
        ("\"amount\":49900", "\"amount\":99999999999999999999"),
        ("\"amount\":49900", "\"amount\":-1"),
        ("\"amount\":49900", "\"amount\":499.5"),
        ("\"currency\":\"INR\"", "\"currency\":\"???\""),
        ("\"captured\":\"1\"", "\"captured\":1"),
        ("\"notes\":{", "\"notes\":[],\"was\":{"),
        ("\"notes\":{", "\"notes\":null,\"was\":{"),
        ("\"notes\":{", "\"notes\":\"text\",\"was\":{"),
        ("\"quantity\":1", "\"quantity\":1e300"),
        ("\"quantity\":1", "\"quantity\":9223372036854775807"),
        ("\"quantity\":1", "\"quantity\":3,\"quantity\":7"),
        ("\"paid_count\":1", "\"paid_count\":18446744073709551615"),
        (
            "\"current_end\":1792592000",
            "\"current_end\":9223372036854775807",
        ),
        ("\"current_end\":1792592000", "\"current_end\":253402300799"),
        ("\"current_end\":1792592000", "\"current_end\":-62135596801"),
        (
            "\"current_end\":1792592000",
            "\"current_end\":\"1792592000\"",
        ),
        ("\"plan_id\":\"plan_Ldgr000000001\",", ""),
        ("\"created_at\":1790000004}", "\"created_at\":0}"),
        ("\"created_at\":1790000004}", "\"created_at\":1}"),
        ("\"created_at\":1790000004}", "\"created_at\":7258118400}"),
        ("\"created_at\":1790000004}", "\"created_at\":1e30}"),
        (",\"created_at\":1790000004}", "}"),
        ("\"email\":", "\"email\":\"\\u0000\",\"was\":"),
        (
            "\"description\":\"",
            "\"description\":\"\\ud83d\\ude42 \u{202e} ",
        ),
        ("{\"entity\":\"event\"", " \r\n\t{\"entity\" : \"event\" "),
    ];
    for (place, (from, to)) in rows.into_iter().enumerate() {
        assert!(text.contains(from), "{from}");
        // Of the subscription and its payment only the last is changed where both have the field.
        let (before, after) = text.rsplit_once(from).unwrap();
        let body = format!("{before}{to}{after}").replace("sub_Ldgr", &format!("sub_{place:02}"));
        assert_eq!(
            taken(&world, "razorpay", body.as_bytes()),
            "recorded",
            "{to}"
        );
        lists_are_shown(&world);
    }
    let count = world.read("/v1/stats")["subscriptions"].clone();
    let count: u64 = count
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(count, rows.len() as u64);
    // Of duplicate keys the last counts, as for most readers.
    let doubled = rows
        .iter()
        .position(|(_, to)| to.ends_with("\"quantity\":7"))
        .unwrap();
    let path = format!("/v1/subscriptions/sub_{doubled:02}0000000001");
    assert_eq!(world.read(&path)["quantity"], 7);
}

#[test]
fn a_body_with_one_bit_changed_is_not_authentic() {
    let world = World::new();
    let body = br#"{"event":"order.paid","payload":{},"created_at":1790000000}"#;
    let signature = hmac_hex(RAZORPAY_SECRET, body);
    let send = |body: &[u8], signature: &str| {
        let headers = [("x-razorpay-signature", signature)];
        world.post("/webhooks/razorpay", &headers, body).status
    };
    let mut tried = 0;
    for bit in 0..body.len() * 8 {
        let mut changed = body.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(send(&changed, &signature), 401, "bit {bit}");
        tried += 1;
    }
    for cut in 0..body.len() {
        assert_eq!(send(&body[..cut], &signature), 401, "cut at {cut}");
        tried += 1;
    }
    for place in 0..signature.len() {
        let mut changed = signature.clone().into_bytes();
        changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(send(body, &changed), 401, "digit {place}");
        tried += 1;
    }
    assert_eq!(events(&world), 1);
    assert_eq!(world.read("/v1/stats")["rejected"], tried);
    assert_eq!(send(body, &signature), 200);
}

// ---- samples, changed at random --------------------------------------------------------------

/// What stands in a field instead of what belongs there.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(""),
        json!(0),
        json!(-1),
        json!(1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(0.1),
        json!(253_402_300_799_i64),
        json!(8_210_298_412_799_i64),
        json!("9223372036854775807"),
        json!("1790000000"),
        json!("\u{0}\u{202e}🙂"),
        json!("a".repeat(300)),
        json!([]),
        json!({}),
        json!([{"entity": {"id": "x"}}]),
    ]
}

/// The places of all values in a body, by JSON pointer.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, held)| places(held, &format!("{at}/{}", escape(key)), all)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, held)| places(held, &format!("{at}/{n}"), all)),
        _ => {}
    }
}

/// Puts odd values into some fields of a body.
fn misread(body: &[u8], picks: &[(prop::sample::Index, prop::sample::Index)]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(body).unwrap();
    let odd = odd_values();
    for (place, with) in picks {
        let mut all = Vec::new();
        places(&value, "", &mut all);
        let place = &all[place.index(all.len())];
        *value.pointer_mut(place).unwrap() = odd[with.index(odd.len())].clone();
    }
    serde_json::to_vec(&value).unwrap()
}

/// Cuts, doubles and overwrites bytes.
fn torn(body: &[u8], picks: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut body = body.to_vec();
    for (place, how, byte) in picks {
        let at = place.index(body.len() + 1);
        let end = (at + usize::from(*byte)).min(body.len());
        match how % 4 {
            0 => drop(body.drain(at..end)),
            1 => body.insert(at, *byte),
            2 => {
                let again = body[at..end].to_vec();
                body.splice(at..at, again);
            }
            _ => {
                if let Some(held) = body.get_mut(at) {
                    *held = *byte;
                }
            }
        }
    }
    body
}

#[test]
fn changed_samples_are_never_refused() {
    let all: Vec<(&str, Vec<u8>)> = ["razorpay", "stykite"]
        .into_iter()
        .flat_map(|provider| {
            samples(provider)
                .into_iter()
                .map(move |(_, body)| (provider, body))
        })
        .collect();
    let index = any::<prop::sample::Index>;
    let picks = prop::collection::vec((index(), index()), 0..6);
    let tears = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec((index(), any::<u8>(), any::<u8>()), 1..4),
    ];
    let world = World::new();
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&(index(), picks, tears), |(which, picks, tears)| {
        let (provider, body) = &all[which.index(all.len())];
        let body = torn(&misread(body, &picks), &tears);
        let word = taken(&world, provider, &body);
        let known = ["recorded", "duplicate", "ignored"].contains(&&*word);
        prop_assert!(known || word.starts_with("quarantined "), "{word}");
        lists_are_shown(&world);
        Ok(())
    });
    tried.unwrap();
    assert_eq!(world.get("/readyz").status, 200);
}
