//! Logs that were changed in every way somebody might, each beside the same log untouched: what
//! finds which change, and what cannot. All in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod advice;
mod exports;
mod properties;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::delivery::{Delivery, Evidence, Headers, IdentityBasis, Received};
use crate::domain::state::CustomerNotes;
use crate::domain::time::Timestamp;
use crate::eventlog::forge::{self, Forged};
use crate::eventlog::merkle::Peaks;
use crate::eventlog::{Content, Event, Identities, Identity, Log, Lookup};
use crate::ledger::Refold;
use crate::providers::{self, Built};

const SECRET: &str = "secrets = [{ id = 'a', secret = 'the secret of today' }]";
const RETIRED: &str = "secrets = [
    { id = 'b', secret = 'the secret of tomorrow' },
    { id = 'a', secret = 'the secret of today', not_after = '2020-01-01T00:00:00Z' },
]";
const VERIFY_ONLY: &str =
    "secrets = [{ id = 'a', secret = 'the secret of today', verify_only = true }]";

fn provider(name: &str, table: &str) -> Arc<dyn Provider> {
    let read = |_: &std::path::Path| Ok(String::new());
    match providers::build(name, table.parse().unwrap(), &|_| None, &read) {
        Ok(Built::On { provider, .. }) => provider,
        _ => panic!("{name}: {table}"),
    }
}

fn at(n: u64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + i64::try_from(n).unwrap()).unwrap()
}

/// What `source` recorded of a delivery that its provider signed.
fn delivered(source: &str, provider: &Arc<dyn Provider>, n: u64) -> Forged {
    let body = format!(r#"{{"event":"payment.captured","n":{n}}}"#);
    let signed = provider.sign(body.as_bytes(), Some("e"), at(n)).unwrap();
    let mut headers = Headers::default();
    for name in provider.headers() {
        for (_, value) in signed.iter().filter(|(signed, _)| signed == name) {
            headers.push(name, value.as_bytes());
        }
    }
    let body = Bytes::from(body);
    let delivery = Delivery {
        headers: &headers,
        body: &body,
    };
    let verified = provider.verify(&delivery, at(n)).unwrap();
    let meaning = provider.interpret(&Received { body: &body });
    let body_sha256: [u8; 32] = Sha256::digest(&body).into();
    let identity = match &verified.identity {
        IdentityBasis::SignedId(id) => Identity::of_signed_id(source, id),
        IdentityBasis::Body => Identity::of_body(source, &body_sha256),
    };
    let event = Event {
        source: source.into(),
        provider: provider.name().into(),
        identity,
        event_id: verified.event_id,
        event_type: meaning.event_type.as_deref().map(str::to_owned),
        occurred_at: at(n),
        stale: false,
        evidence: verified.evidence,
        body,
        body_sha256,
        request_sha256: None,
    };
    Forged::event(event, at(n))
}

/// An event of the ledger's own.
fn own_event(kind: &str, data: &str, n: u64) -> Forged {
    let millis = at(n).as_millis();
    let body = format!(r#"{{"type":"{kind}","v":1,"actor":"admin","at":{millis},"data":{data}}}"#);
    let body_sha256: [u8; 32] = Sha256::digest(&body).into();
    let event = Event {
        source: own::SOURCE_API.into(),
        provider: own::PROVIDER.into(),
        identity: Identity::of_body(own::SOURCE_API, &body_sha256),
        event_id: None,
        event_type: Some(kind.into()),
        occurred_at: at(n),
        stale: false,
        evidence: Evidence::default(),
        body: body.into(),
        body_sha256,
        request_sha256: None,
    };
    Forged::event(event, at(n))
}

/// So many deliveries of one source.
fn deliveries(count: u64) -> Vec<Forged> {
    let provider = provider("razorpay", SECRET);
    (1..=count)
        .map(|n| delivered("shop", &provider, n))
        .collect()
}

/// A check with the secret of the source.
fn with_secret(engine: Arc<dyn Engine>) -> Verification {
    let mut against = Verification::new(engine);
    let shop = provider("razorpay", SECRET);
    against.signers.insert("shop".into(), shop);
    against
}

fn checked(against: &Verification) -> Report {
    let report = against.run(&mut |_| Ok(())).unwrap();
    assert_eq!(report.intact, report.damaged.is_empty());
    report
}

/// The seqs that are named, as ranges.
fn named(report: &Report) -> Vec<(u64, u64)> {
    let ranges = report.damaged.iter();
    ranges
        .map(|damaged| (damaged.first_seq, damaged.last_seq))
        .collect()
}

/// What an auditor kept of the log when it had so many records.
fn head(records: &[Forged], size: usize) -> KnownHead {
    let mut peaks = Peaks::default();
    for (seq, record) in (1..).zip(&records[..size]) {
        peaks.push(record.stored(seq).1);
    }
    KnownHead {
        size: peaks.size(),
        root: peaks.root(),
    }
}

#[test]
fn every_kind_of_signature_is_counted_as_what_it_is() {
    let hmac = "scheme = 'hmac-sha256'";
    let stykite = provider("stykite", &format!("{hmac}\n{SECRET}"));
    let token = provider("stykite", &format!("scheme = 'token'\n{SECRET}"));
    let kelviq = "secrets = [{ id = 'a', secret = 'kq_whsec_of_today' }]";
    let kelviq = provider("kelviq", kelviq);
    let gone = "secrets = [{ id = 'gone', secret = 'that nobody has any more' }]";
    let mut records = deliveries(5);
    records.push(delivered("shop", &provider("razorpay", gone), 6));
    records.push(delivered("bar", &stykite, 7));
    records.push(delivered("till", &token, 8));
    records.push(delivered("club", &kelviq, 9));
    records.push(delivered("closed", &kelviq, 10));
    records.push(own_event("key.revoked", "{}", 11));
    let mut against = with_secret(forge::log(&records, 4));
    against.signers.insert("bar".into(), stykite);
    against.signers.insert("till".into(), token);
    against.signers.insert("club".into(), kelviq);
    let report = checked(&against);
    assert!(report.intact, "{report:?}");
    let expected = Signatures {
        verified: 7,
        failed: 0,
        not_verifiable: 2,
        unknown_key: 2,
    };
    assert_eq!(report.signatures, expected);
    assert_eq!((report.events, report.last_seq), (11, 11));
    assert_eq!(report.root, hex::encode(head(&records, 11).root));
}

#[test]
fn a_secret_that_takes_no_deliveries_any_more_still_proves_old_ones() {
    for table in [RETIRED, VERIFY_ONLY] {
        let mut against = Verification::new(forge::log(&deliveries(5), 2));
        against
            .signers
            .insert("shop".into(), provider("razorpay", table));
        let report = checked(&against);
        assert!(report.intact, "{table}: {report:?}");
        assert_eq!(report.signatures.verified, 5);
    }
}

/// Somebody without the secret changes a body, and makes its commitment, every hash and every
/// page anew: the hashes are no help, and the signature is.
#[test]
fn a_body_that_was_changed_and_hashed_anew_is_found_by_its_signature() {
    let honest = deliveries(20);
    let mut forged = honest.clone();
    forged[12].body = br#"{"event":"payment.captured","n":999999}"#.to_vec();
    let report = checked(&with_secret(forge::log(&forged, 8)));
    assert_eq!(named(&report), [(13, 13)], "{report:?}");
    assert_eq!(report.signatures.failed, 1);
    assert!(report.damaged[0].what.contains("signature"));
    // The controls: the log as it was, and what is seen without the secret.
    assert!(checked(&with_secret(forge::log(&honest, 8))).intact);
    let without = checked(&Verification::new(forge::log(&forged, 8)));
    assert!(without.intact && without.signatures.unknown_key == 20);
}

/// Whoever holds the secret can sign anything: only what was kept elsewhere tells.
#[test]
fn a_log_signed_anew_by_the_holder_of_the_secret_is_found_by_a_checkpoint_alone() {
    let honest = deliveries(20);
    let mut forged = honest.clone();
    forged[12] = delivered("shop", &provider("razorpay", SECRET), 999_999);
    forged[12].recorded_at = honest[12].recorded_at;
    let mut against = with_secret(forge::log(&forged, 8));
    let report = checked(&against);
    assert!(report.intact && report.signatures.verified == 20);
    against.checkpoints = [10, 15, 20].map(|size| head(&honest, size)).into();
    let report = checked(&against);
    let ok: Vec<bool> = report.checkpoints.iter().map(|head| head.ok).collect();
    assert_eq!(ok, [true, false, false]);
    // What the first one proves is not in doubt.
    assert_eq!(named(&report), [(11, 15)], "{report:?}");
    against = with_secret(forge::log(&honest, 8));
    against.checkpoints = [20, 10, 15, 0].map(|size| head(&honest, size)).into();
    let report = checked(&against);
    assert!(report.intact && report.checkpoints.iter().all(|head| head.ok));
    let sizes: Vec<u64> = report.checkpoints.iter().map(|head| head.size).collect();
    assert_eq!(
        sizes,
        [20, 10, 15, 0],
        "in the order in which they were given"
    );
}

#[test]
fn a_checkpoint_of_more_than_there_is_says_what_is_missing() {
    let honest = deliveries(20);
    let mut against = with_secret(forge::log(&honest[..11], 8));
    assert!(checked(&against).intact, "nothing shows without it");
    against.checkpoints = vec![head(&honest, 20), head(&honest, 11), head(&honest, 14)];
    let report = checked(&against);
    assert_eq!(named(&report), [(12, 20)], "{report:?}");
    let ok: Vec<bool> = report.checkpoints.iter().map(|head| head.ok).collect();
    assert_eq!(ok, [false, true, false]);
}

#[test]
fn of_the_kept_checkpoints_the_oldest_broken_and_the_newest_good_are_shown() {
    let honest = deliveries(20);
    let mut forged = honest.clone();
    forged[12].recorded_at += 1;
    let mut against = with_secret(forge::log(&forged, 8));
    against.kept.heads = (1..=20).map(|size| head(&honest, size)).collect();
    let report = checked(&against);
    assert_eq!(report.kept_checkpoints, 20);
    let shown = report.checkpoints.iter().map(|head| (head.size, head.ok));
    assert_eq!(shown.collect::<Vec<_>>(), [(13, false), (12, true)]);
    assert_eq!(named(&report), [(13, 13)], "the very record is named");
}

#[test]
fn who_claims_to_be_the_ledger_itself_is_found() {
    let honest = deliveries(5);
    let mut forged = honest.clone();
    forged[2].provider = own::PROVIDER.into();
    let report = checked(&with_secret(forge::log(&forged, 8)));
    assert_eq!(named(&report), [(3, 3)], "{report:?}");
    // Another key's name is seen, as a signature that nobody can check any more.
    forged[2] = honest[2].clone();
    forged[2].body.push(b' ');
    forged[2].key_id = Some("lost".into());
    let report = checked(&with_secret(forge::log(&forged, 8)));
    assert_eq!(report.signatures.unknown_key, 1, "{report:?}");
}

#[test]
fn a_body_is_gone_only_where_a_later_event_of_our_own_says_so() {
    let mut records = deliveries(10);
    let whole = head(&records, 10);
    records[3].is_erased = true;
    records[6].is_erased = true;
    let erasure = own_event("event.erased", r#"{"seqs":[4,7]}"#, 11);
    let half = own_event("event.erased", r#"{"seqs":[4]}"#, 11);
    let with = |last: Forged| {
        let mut records = records.clone();
        records.push(last);
        records
    };
    let mut against = with_secret(forge::log(&with(erasure.clone()), 4));
    against.checkpoints = vec![whole];
    let report = checked(&against);
    assert!(report.intact && report.erased == 2, "{report:?}");
    assert!(report.checkpoints[0].ok, "the leaves are what they were");
    assert_eq!(report.signatures.verified, 8);
    let damage = |records: &[Forged]| named(&checked(&with_secret(forge::log(records, 4))));
    assert_eq!(damage(&records), [(4, 4), (7, 7)], "nobody says so");
    assert_eq!(damage(&with(half)), [(7, 7)]);
    let mut foreign = erasure.clone();
    (foreign.source, foreign.provider) = ("shop".into(), "razorpay".into());
    assert!(damage(&with(foreign)).contains(&(4, 4)), "not our own");
    let mut delivered = erasure.clone();
    delivered.source = "shop".into();
    assert!(
        damage(&with(delivered)).contains(&(4, 4)),
        "a source of others"
    );
    let mut early = records.clone();
    early.insert(0, own_event("event.erased", r#"{"seqs":[5,8]}"#, 1));
    assert_eq!(damage(&early), [(5, 5), (8, 8)], "said before");
    let mut itself = erasure;
    itself.is_erased = true;
    assert!(damage(&with(itself)).contains(&(11, 11)));
}

#[test]
fn what_was_erased_folds_as_nothing() {
    let mut records = deliveries(6);
    records[1].is_erased = true;
    records.push(own_event("event.erased", r#"{"seqs":[2]}"#, 7));
    let fold = |records: &[Forged]| {
        let engine = forge::log(records, 3);
        let state = Refold::default().state(&*engine, CustomerNotes::new(), |_| {});
        state.unwrap().counts()
    };
    assert_eq!(fold(&records).events, 7);
    assert_eq!(fold(&records).ignored, 1);
}

#[test]
fn what_was_erased_is_known_when_it_comes_again() {
    let mut records = deliveries(3);
    let body = Content::of_body(&records[1].body);
    records[1].is_erased = true;
    let mut identities = Identities::default();
    let mut erased = None;
    for record in Log::new(forge::log(&records, 3)).records(1) {
        let record = record.unwrap();
        let content = own::content_of(&record);
        identities.remember(&record, content).unwrap();
        erased = erased.or(record.is_erased().then(|| record.identity()));
    }
    for content in [body, Content::of_body(b""), Content::of_body(b"another")] {
        let known = identities.lookup(erased.unwrap(), content).unwrap();
        assert_eq!(known, Lookup::Duplicate(2));
    }
}

#[test]
fn the_alarm_is_raised_by_damage_and_ended_by_a_whole_check() {
    let mut records = deliveries(9);
    let good = forge::log(&records, 4);
    records[4].body.push(b' ');
    let bad = forge::log(&records, 4);
    let alarm = Arc::new(Alarm::default());
    let check = |engine: &Arc<dyn Engine>, is_complete| {
        let mut against = with_secret(Arc::clone(engine)).with_alarm(Arc::clone(&alarm));
        against.is_complete = is_complete;
        checked(&against);
        alarm.sentence()
    };
    assert_eq!(check(&good, true), None);
    assert!(check(&bad, true).unwrap().contains("record 5"));
    assert!(check(&good, false).is_some(), "it saw less than the other");
    assert_eq!(check(&good, true), None);
}

#[test]
fn it_ends_when_it_is_told_to() {
    let against = with_secret(forge::log(&deliveries(9), 2));
    let mut steps = Vec::new();
    let ended = against.run(&mut |so_far| {
        steps.push(so_far.checked);
        if so_far.checked >= 4 {
            Err(Ended)
        } else {
            Ok(())
        }
    });
    assert_eq!(ended, Err(VerifyError::Ended(Ended)));
    assert_eq!(steps, [0, 2, 4]);
}
