//! Tests only: what the scheme must accept and refuse, and whose bodies are known.

use serde_json::{Value, json};

use super::{NAME, SVIX, WEBHOOK};
use crate::domain::delivery::{Delivery, Headers, IdentityBasis, Verified};
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::providers::samples::{self, body, headers, provider};
use crate::providers::{Rejection, Reverified};
use crate::signature::{Key, Secret, tag_to_base64};

const SECRETS: &str = "secrets = [{ id = 'a', secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }]";
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The vector in the tests of the standard's own libraries.
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: &str = "1614265330";
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_614_265_330).unwrap()
}

fn verify(table: &str, headers: &Headers, now: Timestamp) -> Result<Verified, Rejection> {
    let body = BODY.as_bytes();
    provider(NAME, table).verify(&Delivery { headers, body }, now)
}

fn with(signature: &str) -> Result<Verified, Rejection> {
    let headers = headers(&[
        (WEBHOOK.id, ID),
        (WEBHOOK.timestamp, TIME),
        (WEBHOOK.signature, signature),
    ]);
    verify(SECRETS, &headers, now())
}

#[test]
fn accepts_the_published_vector_with_and_without_the_prefix() {
    let lines = [
        (WEBHOOK.id, ID),
        (WEBHOOK.timestamp, TIME),
        (WEBHOOK.signature, SIGNATURE),
    ];
    let bare = format!("secrets = [{{ secret = '{SECRET}' }}]");
    for table in [SECRETS, &bare] {
        let verified = verify(table, &headers(&lines), now()).unwrap();
        assert_eq!(verified.identity, IdentityBasis::SignedId(ID.into()));
        assert_eq!(
            (verified.event_id.as_deref(), verified.stale),
            (Some(ID), None)
        );
    }
    let sent = provider(NAME, SECRETS).sign(BODY.as_bytes(), Some(ID), now());
    assert!(
        sent.unwrap()
            .contains(&(WEBHOOK.signature.into(), SIGNATURE.into()))
    );
}

#[test]
fn a_list_may_hold_the_signature_among_the_first_eight() {
    let other = format!("v1,{}", tag_to_base64(&[7; 32]));
    let list = |before: usize| {
        let mut all = vec![other.as_str(); before];
        all.extend([SIGNATURE, "v1a,abc"]);
        all.join(" ")
    };
    assert_eq!(with(&list(0)).unwrap().evidence.headers[2].1, SIGNATURE);
    assert!(with(&list(7)).is_ok());
    assert_eq!(with(&list(8)), Err(Rejection));
    assert_eq!(with(&list(99)), Err(Rejection));
    assert!(with(&format!("v1a,abc {SIGNATURE}")).is_ok());
}

#[test]
fn misshapen_signatures_are_refused() {
    let digest = &SIGNATURE["v1,".len()..];
    for other in [
        "",
        " ",
        digest,
        &format!("v0,{digest}"),
        &format!("v1a,{digest}"),
        &format!("v2,{digest}"),
        &format!("V1,{digest}"),
        &format!("v1,{}", digest.trim_end_matches('=')),
        &format!("v1,{}", digest.to_lowercase()),
        &format!("v1,{}", digest.replace('/', "_").replace('+', "-")),
        &format!("v1,{digest}="),
        "v1,83484cf52b04f8e4cf2531adfed9882ad4b2665137b852442d594d20e2c9d4e1",
        &format!("{SIGNATURE},{SIGNATURE}"),
        &format!("{SIGNATURE}\t{SIGNATURE}"),
    ] {
        assert_eq!(with(other), Err(Rejection), "{other}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let parts = [ID, TIME, SIGNATURE, BODY];
    let names = [WEBHOOK.id, WEBHOOK.timestamp, WEBHOOK.signature];
    let provider = provider(NAME, SECRETS);
    for (place, part) in parts.iter().enumerate() {
        for bit in 0..part.len() * 8 {
            let mut bytes = part.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut lines = Headers::default();
            for (at, name) in names.into_iter().enumerate() {
                lines.push(
                    name,
                    if at == place {
                        &bytes
                    } else {
                        parts[at].as_bytes()
                    },
                );
            }
            let body = if place == 3 { &bytes } else { BODY.as_bytes() };
            let delivery = Delivery {
                headers: &lines,
                body,
            };
            assert_eq!(
                provider.verify(&delivery, now()),
                Err(Rejection),
                "{place} {bit}"
            );
        }
    }
}

#[test]
fn either_set_of_headers_and_both_where_they_agree() {
    let webhook = [
        (WEBHOOK.id, ID),
        (WEBHOOK.timestamp, TIME),
        (WEBHOOK.signature, SIGNATURE),
    ];
    let svix = [
        (SVIX.id, ID),
        (SVIX.timestamp, TIME),
        (SVIX.signature, SIGNATURE),
    ];
    let check = |lines: &[(&'static str, &str)]| verify(SECRETS, &headers(lines), now());
    let by_svix = check(&svix).unwrap();
    assert_eq!(by_svix.evidence.headers[0], ("svix-id".into(), ID.into()));
    let again = provider(NAME, SECRETS).reverify(BODY.as_bytes(), &by_svix.evidence);
    assert_eq!(again, Reverified::Valid);
    assert_eq!(check(&[webhook, svix].concat()), check(&webhook));
    assert_eq!(check(&[]), Err(Rejection));
    for place in 0..3 {
        let mut differing = svix;
        differing[place].1 = "1614265331";
        assert_eq!(
            check(&[webhook, differing].concat()),
            Err(Rejection),
            "they disagree"
        );
        assert_eq!(
            check(&[&webhook[..], &svix[place..=place]].concat()),
            Err(Rejection)
        );
        assert_eq!(
            check(&[&webhook[..], &webhook[place..=place]].concat()),
            Err(Rejection)
        );
        assert_eq!(
            check(&[&svix[..], &svix[place..=place]].concat()),
            Err(Rejection)
        );
        let mut mixed = webhook;
        mixed[place] = svix[place];
        assert_eq!(check(&mixed), Err(Rejection), "a part of each");
    }
}

#[test]
fn stale_beyond_five_minutes() {
    for (millis_off, stale) in [
        (300_000, false),
        (300_999, false),
        (301_000, true),
        (-300_000, false),
        (-300_001, true),
    ] {
        let lines = [
            (WEBHOOK.id, ID),
            (WEBHOOK.timestamp, TIME),
            (WEBHOOK.signature, SIGNATURE),
        ];
        let verified = verify(SECRETS, &headers(&lines), now().plus_millis(millis_off)).unwrap();
        assert_eq!(verified.stale, stale.then(now), "{millis_off}");
    }
    let key = Key::from_base64(Secret::new(SECRET.into()).ok().unwrap(), None)
        .ok()
        .unwrap();
    for odd in ["", "-1", "1e9", "16142653300000000000", "1614265330 "] {
        let message = format!("{ID}.{odd}.{BODY}");
        let signature = format!("v1,{}", tag_to_base64(&key.sign(&[message.as_bytes()])));
        let lines = [
            (WEBHOOK.id, ID),
            (WEBHOOK.timestamp, odd),
            (WEBHOOK.signature, &*signature),
        ];
        assert_eq!(
            verify(SECRETS, &headers(&lines), now()),
            Err(Rejection),
            "{odd}"
        );
    }
}

#[test]
fn secrets_rotate_and_must_be_base64() {
    let old = format!("{{ id = 'old', secret = '{SECRET}', not_after = 2021-02-26T00:00:00Z }}");
    let table = format!("secrets = [{{ secret = 'whsec_c2VjcmV0IGVub3VnaA==' }}, {old}]");
    let lines = [
        (WEBHOOK.id, ID),
        (WEBHOOK.timestamp, TIME),
        (WEBHOOK.signature, SIGNATURE),
    ];
    let verified = verify(&table, &headers(&lines), now()).unwrap();
    assert_eq!(verified.evidence.key_id, "old");
    assert_eq!(
        verify(&table, &headers(&lines), now().plus_days(1)),
        Err(Rejection)
    );
    let again = |table: &str, body: &[u8]| provider(NAME, table).reverify(body, &verified.evidence);
    assert_eq!(again(&table, BODY.as_bytes()), Reverified::Valid);
    assert_eq!(again(&table, b"{}"), Reverified::Invalid);
    let other = "secrets = [{ id = 'x', secret = 'whsec_c2VjcmV0IGVub3VnaA==' }]";
    assert_eq!(again(other, BODY.as_bytes()), Reverified::SecretUnknown);
    let no_file = |_: &std::path::Path| Err(std::io::Error::other("no files"));
    for text in ["kq_whsec_test", "not base64!", "whsec_c2hvcnQ="] {
        let table = format!("secrets = [{{ secret = '{text}' }}]");
        let built = crate::providers::build(NAME, table.parse().unwrap(), &|_| None, &no_file);
        let error = built.err().unwrap();
        assert_eq!(error.key, "secrets[0].secret");
        assert!(!error.to_string().contains(text), "{error}");
    }
}

fn interpret(body: &str) -> Interpretation {
    samples::interpret(NAME, body.as_bytes())
}

#[test]
fn bodies_of_the_other_providers_mean_what_they_mean_there() {
    for sample in samples::all().iter().filter(|it| it.provider != NAME) {
        let there = samples::interpret(&sample.provider, sample.body.as_bytes());
        if there.standing != Standing::Quarantined(Reason::UnknownType) {
            assert_eq!(
                interpret(&sample.body),
                there,
                "{}/{}",
                sample.provider,
                sample.name
            );
        }
    }
}

#[test]
fn a_likeness_is_not_enough() {
    let unknown = Standing::Quarantined(Reason::UnknownType);
    let without = |provider: &str, name: &str, pointer: &str| {
        let mut value: Value = serde_json::from_str(&body(provider, name)).unwrap();
        *value.pointer_mut(pointer).unwrap() = json!("other");
        interpret(&value.to_string()).standing
    };
    for pointer in [
        "/type",
        "/created_at",
        "/data",
        "/data/object",
        "/data/object/object",
    ] {
        assert_eq!(without("kelviq", "03.", pointer), unknown, "{pointer}");
    }
    for pointer in ["/entity", "/account_id", "/event", "/payload"] {
        assert_eq!(without("razorpay", "02.", pointer), unknown, "{pointer}");
    }
    for pointer in ["/id", "/event", "/data"] {
        assert_eq!(without("stykite", "02.", pointer), unknown, "{pointer}");
    }
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "\u{0}",
        r#"{"type":"subscription.created"}"#,
    ] {
        assert_eq!(interpret(text).standing, unknown, "{text}");
    }
}
