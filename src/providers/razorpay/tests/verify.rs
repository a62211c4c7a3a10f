//! What the signature must accept and what it must refuse.

use super::super::{EVENT_ID, SIGNATURE};
use crate::domain::delivery::{Delivery, Headers, IdentityBasis};
use crate::domain::time::Timestamp;
use crate::providers::samples::{NOW, headers, provider, signed};
use crate::providers::{Rejection, Reverified};

const SECRETS: &str = "secrets = [{ id = 'a', secret = 'the webhook secret' }]";

fn verify(table: &str, headers: &Headers, body: &str, now: Timestamp) -> Result<String, Rejection> {
    let delivery = Delivery {
        headers,
        body: body.as_bytes(),
    };
    provider("razorpay", table)
        .verify(&delivery, now)
        .map(|verified| verified.evidence.key_id)
}

#[test]
fn accepts_a_signature_made_elsewhere() {
    // Computed with Python's hmac module.
    let tag = "91cb5dda550c6609d584afb1395882e1455ecde090239bd6e0958fd572510733";
    let table = "secrets = [{ id = 'a', secret = '123456789' }]";
    let body = r#"{"entity":"event","event":"payment.captured"}"#;
    assert_eq!(
        verify(table, &headers(&[(SIGNATURE, tag)]), body, NOW),
        Ok("a".into())
    );
    assert_eq!(
        verify(SECRETS, &headers(&[(SIGNATURE, tag)]), body, NOW),
        Err(Rejection)
    );
}

#[test]
fn every_flipped_bit_and_every_misshapen_signature_is_refused() {
    let provider = provider("razorpay", SECRETS);
    let body = b"{\"event\":\"order.paid\"}".to_vec();
    let tag = provider.sign(&body, None, NOW).unwrap().pop().unwrap().1;
    let check = |tag: &[u8], body: &[u8]| {
        let mut headers = Headers::default();
        headers.push(SIGNATURE, tag);
        provider
            .verify(
                &Delivery {
                    headers: &headers,
                    body,
                },
                NOW,
            )
            .is_ok()
    };
    assert!(check(tag.as_bytes(), &body));
    for bit in 0..body.len() * 8 {
        let mut other = body.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!check(tag.as_bytes(), &other), "body bit {bit}");
    }
    for bit in 0..tag.len() * 8 {
        let mut other = tag.clone().into_bytes();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!check(&other, &body), "signature bit {bit}");
    }
    let misshapen = [
        String::new(),
        tag.to_uppercase(),
        tag[1..].into(),
        tag[2..].into(),
        format!("{tag}0"),
        format!("{tag}00"),
        format!("{tag} "),
        format!("sha256={tag}"),
        "z".repeat(64),
        format!("{tag},{tag}"),
    ];
    for other in misshapen {
        assert!(!check(other.as_bytes(), &body), "{other}");
    }
}

#[test]
fn the_signature_stands_alone_and_the_event_id_may_be_anything() {
    let provider = provider("razorpay", SECRETS);
    let body = b"{}";
    let tag = provider.sign(body, None, NOW).unwrap().pop().unwrap().1;
    let verify = |lines: &[(&'static str, &str)]| {
        let headers = headers(lines);
        provider.verify(
            &Delivery {
                headers: &headers,
                body,
            },
            NOW,
        )
    };
    assert_eq!(verify(&[]), Err(Rejection));
    assert_eq!(
        verify(&[(SIGNATURE, &tag), (SIGNATURE, &tag)]),
        Err(Rejection)
    );
    let long = "x".repeat(257);
    let rows: &[(&[&str], Option<&str>)] = &[
        (&[], None),
        (&["TUouniJth9WtQ2"], Some("TUouniJth9WtQ2")),
        (&["one", "two"], None),
        (&[""], None),
        (&["a\u{7}b"], None),
        (&[&long], None),
    ];
    for (ids, expected) in rows {
        let mut lines = vec![(SIGNATURE, tag.as_str())];
        lines.extend(ids.iter().map(|id| (EVENT_ID, *id)));
        let verified = verify(&lines).unwrap();
        assert_eq!(verified.event_id.as_deref(), *expected);
        assert_eq!(verified.identity, IdentityBasis::Body);
        assert_eq!(
            verified.evidence.headers,
            [(SIGNATURE.to_owned(), tag.clone())]
        );
    }
}

#[test]
fn secrets_rotate() {
    let old = "{ id = 'old', secret = 'the former secret', not_after = 1970-01-02T00:00:00Z }";
    let (new, audit) = (
        "{ id = 'new', secret = 'the next secret' }",
        "verify_only = true",
    );
    let table = format!("secrets = [{new}, {old}]");
    let body = r#"{"event":"order.paid"}"#;
    let by = |keys: &str| {
        signed(
            &*provider("razorpay", &format!("secrets = [{keys}]")),
            body.as_bytes(),
        )
    };
    let later = NOW.plus_days(1).plus_millis(1);
    assert_eq!(verify(&table, &by(new), body, later), Ok("new".into()));
    assert_eq!(
        verify(&table, &by(old), body, NOW.plus_days(1)),
        Ok("old".into())
    );
    assert_eq!(verify(&table, &by(old), body, later), Err(Rejection));
    let retired = format!("secrets = [{{ id = 'old', secret = 'the former secret', {audit} }}]");
    assert_eq!(verify(&retired, &by(old), body, NOW), Err(Rejection));
    assert!(
        provider("razorpay", &retired)
            .sign(b"{}", None, NOW)
            .is_none()
    );

    let headers = by(old);
    let delivery = Delivery {
        headers: &headers,
        body: body.as_bytes(),
    };
    let evidence = provider("razorpay", &table)
        .verify(&delivery, NOW)
        .unwrap()
        .evidence;
    let again =
        |table: &str, body: &str| provider("razorpay", table).reverify(body.as_bytes(), &evidence);
    assert_eq!(again(&retired, body), Reverified::Valid);
    assert_eq!(again(&retired, "{}"), Reverified::Invalid);
    assert_eq!(
        again(&format!("secrets = [{new}]"), body),
        Reverified::SecretUnknown
    );
}

#[test]
fn the_customer_note_is_a_setting() {
    assert_eq!(
        provider("razorpay", SECRETS).customer_note(),
        Some("customer_identifier")
    );
    let table = format!("customer_note = 'uid'\n{SECRETS}");
    assert_eq!(provider("razorpay", &table).customer_note(), Some("uid"));
}
