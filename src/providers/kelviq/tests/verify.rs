//! What the signature must accept and what it must refuse.

use super::super::{ID, SIGNATURE, TIMESTAMP};
use crate::domain::delivery::{Delivery, Headers, IdentityBasis, Verified};
use crate::domain::time::Timestamp;
use crate::providers::samples::{headers, provider};
use crate::providers::{Rejection, Reverified};

const SECRETS: &str = "secrets = [{ id = 'a', secret = 'kq_whsec_test' }]";
/// Published with Kelviq's signature, and accepted by both of its packages.
const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;
const TAG: &str = "db459d81ba3d74acf03ca9f906d139b6c94cee0eaa0172aa1fff03b5ef23c93f";
const SENT: i64 = 1_700_000_000;

fn now() -> Timestamp {
    Timestamp::from_seconds(SENT).unwrap()
}

fn verify(
    table: &str,
    headers: &Headers,
    body: &[u8],
    now: Timestamp,
) -> Result<Verified, Rejection> {
    provider("kelviq", table).verify(&Delivery { headers, body }, now)
}

fn check(id: &str, timestamp: &str, signature: &str, body: &[u8]) -> bool {
    let headers = headers(&[(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)]);
    verify(SECRETS, &headers, body, now()).is_ok()
}

fn genuine() -> Headers {
    let signature = format!("v1,{TAG}");
    headers(&[
        (ID, "evt_1"),
        (TIMESTAMP, "1700000000"),
        (SIGNATURE, &signature),
    ])
}

#[test]
fn accepts_the_published_vector() {
    let verified = verify(SECRETS, &genuine(), BODY.as_bytes(), now()).unwrap();
    assert_eq!(verified.event_id.as_deref(), Some("evt_1"));
    assert_eq!(verified.identity, IdentityBasis::SignedId("evt_1".into()));
    assert_eq!(
        (verified.stale, verified.evidence.key_id.as_str()),
        (None, "a")
    );
    let other = "secrets = [{ secret = 'whsec_test' }]";
    assert_eq!(
        verify(other, &genuine(), BODY.as_bytes(), now()),
        Err(Rejection)
    );
    let without_prefix = "secrets = [{ secret = 'test-test' }]";
    assert_eq!(
        verify(without_prefix, &genuine(), BODY.as_bytes(), now()),
        Err(Rejection)
    );
}

#[test]
fn signs_what_it_verifies() {
    let provider = provider("kelviq", SECRETS);
    let sent = provider.sign(BODY.as_bytes(), Some("made"), now()).unwrap();
    let find = |name| {
        sent.iter()
            .find(|(held, _)| held == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(find(SIGNATURE), format!("v1,{TAG}"));
    assert_eq!(
        (find(ID), find(TIMESTAMP)),
        ("evt_1".into(), "1700000000".into())
    );
    let made = provider.sign(b"{}", Some("made"), now()).unwrap();
    assert!(made.contains(&(ID.into(), "made".into())));
}

#[test]
fn every_flipped_bit_is_refused() {
    let signature = format!("v1,{TAG}");
    let parts = ["evt_1", "1700000000", &signature, BODY];
    assert!(check(parts[0], parts[1], parts[2], parts[3].as_bytes()));
    for (place, part) in parts.iter().enumerate() {
        for bit in 0..part.len() * 8 {
            let mut bytes = part.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut lines = Headers::default();
            for (at, name) in [ID, TIMESTAMP, SIGNATURE].into_iter().enumerate() {
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
            assert_eq!(
                verify(SECRETS, &lines, body, now()),
                Err(Rejection),
                "{place} {bit}"
            );
        }
    }
}

#[test]
fn misshapen_headers_are_refused() {
    let body = BODY.as_bytes();
    let signature = format!("v1,{TAG}");
    for other in [
        String::new(),
        TAG.into(),
        format!("v1={TAG}"),
        format!("v0,{TAG}"),
        format!("v1a,{TAG}"),
        format!("V1,{TAG}"),
        format!("v1,{}", TAG.to_uppercase()),
        format!("v1,{}", &TAG[1..]),
        format!("v1,{TAG}0"),
        format!(" v1,{TAG}"),
        format!("v1,{TAG} v1,{TAG}"),
        format!("v1,{TAG},{TAG}"),
        "v1,".into(),
    ] {
        assert!(!check("evt_1", "1700000000", &other, body), "{other}");
    }
    for name in [ID, TIMESTAMP, SIGNATURE] {
        let all = [
            (ID, "evt_1"),
            (TIMESTAMP, "1700000000"),
            (SIGNATURE, signature.as_str()),
        ];
        let missing: Vec<_> = all.into_iter().filter(|(held, _)| *held != name).collect();
        assert_eq!(
            verify(SECRETS, &headers(&missing), body, now()),
            Err(Rejection),
            "{name}"
        );
        let twice: Vec<_> = all
            .into_iter()
            .chain(all.into_iter().filter(|it| it.0 == name))
            .collect();
        assert_eq!(
            verify(SECRETS, &headers(&twice), body, now()),
            Err(Rejection),
            "{name}"
        );
    }
}

/// Signs whatever is asked for, so that only the shape of id and time can be the reason.
fn signed_at(id: &str, timestamp: &str, now: Timestamp) -> Result<Verified, Rejection> {
    use crate::signature::{Key, Secret};
    let key = Key::new(Secret::new("kq_whsec_test".into()).ok().unwrap(), None)
        .ok()
        .unwrap();
    let message = format!("{id}.{timestamp}.{BODY}");
    let signature = format!("v1,{}", hex::encode(key.sign(&[message.as_bytes()])));
    let headers = headers(&[(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, &signature)]);
    verify(SECRETS, &headers, BODY.as_bytes(), now)
}

#[test]
fn times_are_plain_numbers_and_stale_beyond_five_minutes() {
    for odd in [
        "",
        "-1",
        "+1700000000",
        "1e9",
        "1700000000.0",
        " 1700000000",
        "0x6553f100",
        "soon",
        "17000000000000000000",
        "253402300800",
        "١٧",
    ] {
        assert_eq!(signed_at("evt_1", odd, now()), Err(Rejection), "{odd}");
    }
    assert_eq!(signed_at("", "1700000000", now()), Err(Rejection), "no id");
    for (millis_off, stale) in [
        (0, false),
        (299_000, false),
        (-299_000, false),
        (300_000, false),
        (-300_000, false),
        // The 300th second lasts to its end, as for the providers' own packages.
        (300_999, false),
        (301_000, true),
        (-300_001, true),
        (86_400_000, true),
        (-86_400_000, true),
    ] {
        let verified = signed_at("evt_1", "1700000000", now().plus_millis(millis_off)).unwrap();
        let expected = stale.then(|| Timestamp::from_seconds(SENT).unwrap());
        assert_eq!(verified.stale, expected, "{millis_off}");
    }
    let long = "x".repeat(300);
    let verified = signed_at(&long, "1700000000", now()).unwrap();
    assert_eq!(
        (verified.event_id, verified.identity),
        (None, IdentityBasis::SignedId(long))
    );
}

#[test]
fn secrets_rotate() {
    let old = "{ id = 'old', secret = 'kq_whsec_test', not_after = 2023-11-15T00:00:00Z }";
    let new = "{ id = 'new', secret = 'kq_whsec_next' }";
    let table = format!("secrets = [{new}, {old}]");
    let verified = verify(&table, &genuine(), BODY.as_bytes(), now()).unwrap();
    assert_eq!(verified.evidence.key_id, "old");
    let later = now().plus_days(2);
    assert_eq!(
        verify(&table, &genuine(), BODY.as_bytes(), later),
        Err(Rejection)
    );
    let again = |table: &str, body: &str| {
        provider("kelviq", table).reverify(body.as_bytes(), &verified.evidence)
    };
    let audit = "secrets = [{ id = 'old', secret = 'kq_whsec_test', verify_only = true }]";
    assert_eq!(again(audit, BODY), Reverified::Valid);
    assert_eq!(again(audit, "{}"), Reverified::Invalid);
    assert_eq!(
        again(&format!("secrets = [{new}]"), BODY),
        Reverified::SecretUnknown
    );
    assert_eq!(
        verify(audit, &genuine(), BODY.as_bytes(), now()),
        Err(Rejection)
    );
}
