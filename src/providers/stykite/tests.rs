//! Tests only: what Stykite's bodies say, and what its two schemes must refuse.

use serde_json::{Value, json};

use crate::domain::delivery::{Delivery, IdentityBasis};
use crate::domain::event::{
    AddonFact, Fact, Interpretation, PartyFact, Reason, Standing, SubscriptionFact, SubscriptionKey,
};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::providers::samples::{self, NOW, body, headers, provider, signed};
use crate::providers::{Rejection, Reverified};

use super::{API_HOST, API_KEY, SIGNATURE};

const SECRETS: &str = "secrets = [{ id = 'a', secret = 'the webhook secret' }]";
const TOKEN: &str = "scheme = 'token'\nsecrets = [{ id = 'a', secret = 'the webhook secret' }]";

fn edited(name: &str, edit: impl FnOnce(&mut Value)) -> Interpretation {
    let mut value: Value = serde_json::from_str(&body("stykite", name)).unwrap();
    edit(&mut value);
    samples::interpret("stykite", value.to_string().as_bytes())
}

fn sample(name: &str) -> Interpretation {
    samples::interpret("stykite", body("stykite", name).as_bytes())
}

/// The party and the other fact.
fn facts(meaning: &Interpretation) -> (PartyFact, Fact) {
    match meaning.changes.as_slice() {
        [party, other] => match &party.fact {
            Fact::Party(party) => (party.clone(), other.fact.clone()),
            _ => panic!("no party first"),
        },
        _ => panic!("not two changes"),
    }
}

fn subscription(meaning: &Interpretation) -> SubscriptionFact {
    match facts(meaning).1 {
        Fact::Subscription(fact) => *fact,
        _ => panic!("no subscription"),
    }
}

fn addon(meaning: &Interpretation) -> AddonFact {
    match facts(meaning).1 {
        Fact::Addon(fact) => fact,
        _ => panic!("no add-on"),
    }
}

#[test]
fn the_five_statuses() {
    for (name, status, trial_used) in [
        ("01.", Status::Trialing, false),
        ("02.", Status::Active, true),
        ("04.", Status::OnHold, true),
        ("05.", Status::Paused, true),
        ("06.", Status::Canceled, true),
    ] {
        let fact = subscription(&sample(name));
        assert_eq!(
            (fact.status, fact.trial_used),
            (Some(status), Some(trial_used)),
            "{name}"
        );
        assert_eq!(fact.key, SubscriptionKey::OnePerCustomer("user_77".into()));
        assert_eq!(fact.reason.is_some(), status == Status::OnHold);
        assert!(!fact.ends_are_final);
    }
    let with = |word: &str| {
        let fact = subscription(&edited("01.", |it| it["data"]["status"] = word.into()));
        (fact.status, fact.provider_status.map(String::from))
    };
    for word in ["active", "PAUSED", "CANCELED", "SUSPENDED"] {
        assert_eq!(with(word), (None, Some(word.into())));
    }
    let talkative = edited("02.", |it| it["data"]["reason"] = "because".into());
    assert_eq!(subscription(&talkative).reason, None, "only while on hold");
}

#[test]
fn a_customer_by_either_name() {
    let (party, _) = facts(&sample("01."));
    assert_eq!(party.naming.identifier.as_deref(), Some("user_77"));
    assert_eq!(
        party.naming.provider_id.as_deref(),
        Some("CUS-0RPC51V6K695M")
    );
    assert_eq!(
        party.contact.company_id.as_deref(),
        Some("COM-0FNWT0H89QS36")
    );
    assert_eq!(
        party.contact.country_id.as_deref(),
        Some("CON-0AZZVPQHM475V")
    );
    let nameless = edited("01.", |it| it["data"]["customer_identifier"] = "".into());
    let key = subscription(&nameless).key;
    assert_eq!(
        key,
        SubscriptionKey::OnePerCustomer("CUS-0RPC51V6K695M".into())
    );
}

#[test]
fn the_time_is_the_datas_or_the_roots() {
    let with = |timestamp: Value, created_at: Value| {
        let meaning = edited("01.", |it| {
            it["data"]["timestamp"] = timestamp;
            it["created_at"] = created_at;
        });
        meaning.occurred_at.as_millis()
    };
    assert_eq!(with(json!(5), json!(7)), 5);
    assert_eq!(with(json!("1790002800137"), json!(7)), 1_790_002_800_137);
    for unusable in [
        json!(null),
        json!(0),
        json!(-5),
        json!(1.5),
        json!(i64::MAX),
        json!("soon"),
    ] {
        assert_eq!(with(unusable.clone(), json!(7)), 7, "{unusable}");
        assert_eq!(with(unusable.clone(), unusable), 0);
    }
}

#[test]
fn an_add_on_with_its_exact_price() {
    let meaning = sample("03.");
    let fact = addon(&meaning);
    assert_eq!(fact.purchase_key, fact.transaction_id.clone().unwrap());
    assert_eq!(fact.addon_id.as_deref(), Some("ADO-0R00J68CRRQ1Y"));
    assert_eq!(fact.version_id.as_deref(), Some("ADV-0R00J68F0YS1Y"));
    assert_eq!(fact.status.as_deref(), Some("SUCCESS"));
    assert_eq!(meaning.occurred_at.as_millis(), 1_791_385_206_209);
    for (text, price) in [
        ("11", Some("11")),
        ("\"11.50\"", Some("11.50")),
        ("19.10", Some("19.10")),
        (
            "0.1000000000000000055511151231",
            Some("0.1000000000000000055511151231"),
        ),
        (
            "1234567890123456789.123456789",
            Some("1234567890123456789.123456789"),
        ),
        ("1.1e1", Some("11")),
        ("1e300", None),
        ("\"1e999\"", None),
        ("\"1_000\"", None),
        ("\"eleven\"", None),
        ("\"\"", None),
        ("null", None),
        ("true", None),
        ("[11]", None),
    ] {
        let body = body("stykite", "03.").replace("\"price\":11,", &format!("\"price\":{text},"));
        let fact = addon(&samples::interpret("stykite", body.as_bytes()));
        assert_eq!(
            fact.price.map(|price| price.to_string()).as_deref(),
            price,
            "{text}"
        );
    }
}

#[test]
fn a_purchase_is_known_by_the_best_name_it_has() {
    let without = |keys: &[&str]| {
        addon(&edited("03.", |it| {
            for key in keys {
                it.as_object_mut().unwrap().remove(*key);
                it["data"].as_object_mut().unwrap().remove(*key);
            }
        }))
    };
    assert_eq!(
        &*without(&["transaction_tsid"]).purchase_key,
        "WBH-0RVGYGNR4S86C"
    );
    assert_eq!(without(&["transaction_tsid", "id"]).purchase_key.len(), 64);
    assert_eq!(
        without(&["status"]).status.as_deref(),
        Some("ACTIVE"),
        "the add-on's own"
    );
    let mended = edited("03.", |it| {
        let id = it["data"]["addon"]
            .as_object_mut()
            .unwrap()
            .remove("adon_tsid")
            .unwrap();
        it["data"]["addon"]["addon_tsid"] = id;
    });
    assert_eq!(
        addon(&mended).addon_id.as_deref(),
        Some("ADO-0R00J68CRRQ1Y")
    );
}

#[test]
fn what_cannot_be_read_is_set_aside() {
    let unreadable = Standing::Quarantined(Reason::Unreadable);
    for name in ["01.", "03."] {
        let nameless = edited(name, |it| {
            it["data"]["customer_identifier"] = Value::Null;
            it["data"]["customer_id"] = 5.into();
        });
        assert_eq!(nameless.standing, unreadable);
        assert_eq!(
            edited(name, |it| it["data"] = json!([])).standing,
            unreadable
        );
        assert_eq!(
            edited(name, |it| it["event"] = Value::Null).standing,
            unreadable
        );
        let unknown = edited(name, |it| it["event"] = "customer.deleted".into());
        assert_eq!(unknown.standing, Standing::Quarantined(Reason::UnknownType));
        assert!(unknown.changes.is_empty() && unknown.occurred_at != Timestamp::EPOCH);
    }
    let wordless = edited("01.", |it| it["data"]["status"] = Value::Null);
    assert_eq!(wordless.standing, unreadable);
}

#[test]
fn the_body_says_the_event_id() {
    let provider = provider("stykite", SECRETS);
    let verify = |body: &str| {
        let headers = signed(&*provider, body.as_bytes());
        provider
            .verify(
                &Delivery {
                    headers: &headers,
                    body: body.as_bytes(),
                },
                NOW,
            )
            .unwrap()
    };
    let verified = verify(r#"{"id":"WBH-0","id":"WBH-1"}"#);
    assert_eq!(verified.event_id.as_deref(), Some("WBH-1"));
    assert_eq!(verified.identity, IdentityBasis::SignedId("WBH-1".into()));
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(257));
    for body in [
        "",
        "not json",
        "{}",
        r#"{"id":""}"#,
        r#"{"id":5}"#,
        r#"{"id":"a\nb"}"#,
        &long,
    ] {
        let verified = verify(body);
        assert_eq!(
            (verified.event_id, verified.identity),
            (None, IdentityBasis::Body),
            "{body}"
        );
    }
}

#[test]
fn the_hmac_scheme_takes_one_right_signature() {
    // Computed with Python's hmac module.
    let tag = "bcb5fc4457a051eb71e520d510e358055e2561b71da2eaf2c1a121e1495c5a34";
    let provider = provider("stykite", "secrets = [{ secret = 'whsec-test-0001' }]");
    let verify = |lines: &[(&'static str, &str)], body: &[u8]| {
        let headers = headers(lines);
        provider
            .verify(
                &Delivery {
                    headers: &headers,
                    body,
                },
                NOW,
            )
            .map(|_| ())
    };
    let body = br#"{"id":"WBH-1"}"#;
    assert_eq!(verify(&[(SIGNATURE, tag)], body), Ok(()));
    assert_eq!(
        verify(&[(SIGNATURE, tag)], br#"{"id":"WBH-2"}"#),
        Err(Rejection)
    );
    assert_eq!(
        verify(&[(SIGNATURE, tag), (SIGNATURE, tag)], body),
        Err(Rejection)
    );
    assert_eq!(
        verify(&[(SIGNATURE, &tag.to_uppercase())], body),
        Err(Rejection)
    );
    assert_eq!(
        verify(&[(API_HOST, "stykite"), (API_KEY, "whsec-test-0001")], body),
        Err(Rejection)
    );
    assert_eq!(verify(&[], body), Err(Rejection));
}

#[test]
fn the_token_scheme_takes_two_headers_and_keeps_neither() {
    let token = provider("stykite", TOKEN);
    let verify = |lines: &[(&'static str, &str)]| {
        let headers = headers(lines);
        token.verify(
            &Delivery {
                headers: &headers,
                body: b"{}",
            },
            NOW,
        )
    };
    let (host, key) = ((API_HOST, "stykite"), (API_KEY, "the webhook secret"));
    let verified = verify(&[host, key]).unwrap();
    assert_eq!(
        (
            verified.evidence.key_id.as_str(),
            verified.evidence.headers.len()
        ),
        ("a", 0)
    );
    assert_eq!(
        token.reverify(b"{}", &verified.evidence),
        Reverified::NotSigned
    );
    assert_eq!(
        provider("stykite", SECRETS).reverify(b"", &verified.evidence),
        Reverified::NotSigned
    );
    let tag = provider("stykite", SECRETS)
        .sign(b"{}", None, NOW)
        .unwrap()
        .pop()
        .unwrap()
        .1;
    let refused: &[&[(&'static str, &str)]] = &[
        &[],
        &[host],
        &[key],
        &[host, host, key],
        &[host, key, key],
        &[(API_HOST, "Stykite"), key],
        &[(API_HOST, ""), key],
        &[host, (API_KEY, "")],
        &[host, (API_KEY, "the webhook secre")],
        &[host, (API_KEY, "the webhook secret ")],
        &[(SIGNATURE, &tag)],
    ];
    for lines in refused {
        assert_eq!(verify(lines), Err(Rejection), "{lines:?}");
    }
    assert!(verify(&[host, key]).is_ok());
}
