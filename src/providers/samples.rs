//! Tests only: the bodies under `sample-events/`, what their file names say of them, and the
//! properties that every provider's translator keeps on them and on anything else.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Built, Provider, build, interpreter, names};
use crate::domain::delivery::{Delivery, Headers, Received};
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;

/// Any time at which the secrets of the tests are active.
pub(super) const NOW: Timestamp = Timestamp::EPOCH;

pub(super) struct Sample {
    pub(super) provider: String,
    pub(super) name: String,
    pub(super) body: String,
}

pub(super) fn all() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-events");
    let mut samples = Vec::new();
    for folder in fs::read_dir(root)
        .unwrap()
        .map(Result::unwrap)
        .filter(|it| it.path().is_dir())
    {
        for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            samples.push(Sample {
                provider: folder.file_name().into_string().unwrap(),
                name: file.file_name().into_string().unwrap(),
                body: fs::read_to_string(file.path()).unwrap(),
            });
        }
    }
    samples.sort_by(|a, b| (&a.provider, &a.name).cmp(&(&b.provider, &b.name)));
    samples
}

/// The one sample of a provider whose name begins so.
pub(super) fn body(provider: &str, name: &str) -> String {
    let mut found = all()
        .into_iter()
        .filter(|it| it.provider == provider && it.name.starts_with(name));
    let sample = found.next().unwrap();
    assert!(
        found.next().is_none(),
        "{name} is the name of several samples"
    );
    sample.body
}

/// A provider from the text of its table.
pub(super) fn provider(name: &str, table: &str) -> Arc<dyn Provider> {
    let no_file = |_: &Path| Err(std::io::Error::other("no files in tests"));
    match build(name, table.parse().unwrap(), &|_| None, &no_file) {
        Ok(Built::On { provider, .. }) => provider,
        Ok(Built::Off { reason, .. }) => panic!("{reason}"),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn headers(lines: &[(&'static str, &str)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in lines {
        headers.push(name, value.as_bytes());
    }
    headers
}

/// What the provider's own sender would send, with the headers that the provider reads.
pub(super) fn signed(provider: &dyn Provider, body: &[u8]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in provider.sign(body, Some("TUouniJth9WtQ2"), NOW).unwrap() {
        if let Some(known) = provider.headers().iter().find(|known| **known == name) {
            headers.push(known, value.as_bytes());
        }
    }
    headers
}

pub(super) fn interpret(provider: &str, body: &[u8]) -> Interpretation {
    interpreter(provider).unwrap()(&Received { body })
}

/// `<number>.<event type>[.<variant>][.<standing>].json`; what is an `edge` names no event type.
fn expected_standing(name: &str) -> Standing {
    let stem = name.strip_suffix(".json").unwrap();
    match stem.rsplit('.').next().unwrap() {
        "ignored" => Standing::Ignored,
        "unknown_type" => Standing::Quarantined(Reason::UnknownType),
        "unreadable" => Standing::Quarantined(Reason::Unreadable),
        _ => Standing::Folded,
    }
}

#[test]
fn every_sample_means_what_its_name_says() {
    for Sample {
        provider,
        name,
        body,
    } in all()
    {
        let meaning = interpret(&provider, body.as_bytes());
        assert_eq!(
            meaning.standing,
            expected_standing(&name),
            "{provider}/{name}"
        );
        assert_ne!(meaning.occurred_at, Timestamp::EPOCH, "{provider}/{name}");
        assert_eq!(
            meaning.changes.is_empty(),
            meaning.standing != Standing::Folded,
            "{name}"
        );
        let event_type = meaning.event_type.unwrap();
        let (number, rest) = name.split_once('.').unwrap();
        assert!(
            number.len() == 2 && number.parse::<u8>().is_ok(),
            "{name} begins with its place"
        );
        assert!(
            rest.starts_with("edge.") || rest.starts_with(&format!("{event_type}.")),
            "{name}"
        );
        assert!(
            body.ends_with('}') && !body.contains('\n'),
            "{name} is not as it is sent"
        );
    }
}

#[test]
fn every_documented_event_type_has_a_sample() {
    let subscription = [
        "authenticated",
        "activated",
        "charged",
        "completed",
        "updated",
        "pending",
        "halted",
        "cancelled",
        "paused",
        "resumed",
    ];
    let dispute = [
        "created",
        "won",
        "lost",
        "closed",
        "under_review",
        "action_required",
    ];
    let others = [
        "payment.authorized",
        "payment.captured",
        "payment.failed",
        "payment.pending",
        "order.paid",
        "invoice.paid",
        "invoice.partially_paid",
        "invoice.expired",
        "refund.created",
        "refund.processed",
        "refund.failed",
        "refund.speed_changed",
        "payment_link.paid",
        "payment_link.partially_paid",
        "payment_link.cancelled",
        "payment_link.expired",
        "customer.subscription_status.update",
        "addon.purchase.success",
    ];
    let documented = others
        .into_iter()
        .map(str::to_owned)
        .chain(subscription.map(|verb| format!("subscription.{verb}")))
        .chain(dispute.map(|verb| format!("payment.dispute.{verb}")));
    let kelviq = [
        "checkout.completed",
        "customer.created",
        "customer.updated",
        "order.created",
        "order.updated",
        "order.refunded",
        "subscription.created",
        "subscription.updated",
        "subscription.cancelled",
        "subscription.plan_changed",
        "feature.usage_alert",
        "invoice.created",
        "invoice.paid",
        "invoice.payment_failed",
        "refund.created",
        "refund.updated",
        "payment_method.created",
        "payment_method.updated",
        "payment_method.deleted",
    ];
    let documented = documented.map(|word| format!("\"event\":\"{word}\""));
    let documented = documented.chain(kelviq.map(|word| format!("\"type\":\"{word}\"")));
    let samples = all();
    for word in documented {
        assert!(
            samples.iter().any(|sample| sample.body.contains(&word)),
            "{word}"
        );
    }
    assert!(names().all(|name| samples.iter().any(|sample| sample.provider == name)));
}

#[test]
fn every_sample_is_taken_as_its_provider_sends_it() {
    for name in names() {
        let provider = provider(
            name,
            "secrets = [{ id = 'a', secret = 'c2FtcGxlIHNlY3JldA==' }]",
        );
        for Sample { body, .. } in all().into_iter().filter(|sample| sample.provider == name) {
            let headers = signed(&*provider, body.as_bytes());
            let verified = provider.verify(
                &Delivery {
                    headers: &headers,
                    body: body.as_bytes(),
                },
                NOW,
            );
            let evidence = verified.unwrap().evidence;
            assert_eq!(
                provider.reverify(body.as_bytes(), &evidence),
                super::Reverified::Valid
            );
        }
    }
}

/// Values of the wrong type, size or sign, as JSON.
const ODD: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-1",
    "1.5",
    "1e300",
    "-9223372036854775808",
    "18446744073709551615",
    "\"253402300800\"",
    "253402300799",
    "\"void@razorpay.com\"",
    "\"\\u0000\"",
    "[[[[]]]]",
    "{\"id\":\"x\",\"entity\":{\"id\":\"y\"}}",
    "\"refunded\"",
];

/// A sample with one of its values replaced, by where its colons are.
fn with_odd_value(body: &str, place: usize, odd: usize) -> String {
    let colons: Vec<usize> = body.match_indices("\":").map(|(at, _)| at + 2).collect();
    let start = colons[place % colons.len()];
    let mut value =
        serde_json::Deserializer::from_str(&body[start..]).into_iter::<serde::de::IgnoredAny>();
    assert!(value.next().unwrap().is_ok());
    let end = start + value.byte_offset();
    format!("{}{}{}", &body[..start], ODD[odd % ODD.len()], &body[end..])
}

proptest! {
    #[test]
    fn translators_are_total_and_deterministic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in names() {
            prop_assert_eq!(interpret(name, &body), interpret(name, &body));
        }
    }

    #[test]
    fn damaged_samples_never_panic(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        cut in any::<bool>(),
    ) {
        let samples = all();
        let sample = pick.get(&samples);
        let mut body = sample.body.clone().into_bytes();
        let at = at.index(body.len());
        if cut { body.truncate(at) } else { body[at] ^= flip }
        let meaning = interpret(&sample.provider, &body);
        prop_assert_eq!(&meaning, &interpret(&sample.provider, &body));
        prop_assert_eq!(meaning.changes.is_empty(), meaning.standing != Standing::Folded);
    }

    #[test]
    fn odd_values_are_read_or_set_aside(
        pick in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<usize>(), any::<usize>()), 1..6),
    ) {
        let samples = all();
        let sample = pick.get(&samples);
        let mut body = sample.body.clone();
        for (place, odd) in places {
            body = with_odd_value(&body, place, odd);
            if !body.contains("\":") { break }
        }
        let meaning = interpret(&sample.provider, body.as_bytes());
        prop_assert_eq!(meaning.changes.is_empty(), meaning.standing != Standing::Folded);
        prop_assert!(meaning.changes.len() <= 12);
    }
}
