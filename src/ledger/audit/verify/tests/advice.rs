//! What a verification alarms about, and what it advises: not every misfit is for a backup.

use std::sync::Arc;

use super::{checked, deliveries, head, named, provider, with_secret};
use crate::eventlog::forge::{self, Forged};
use crate::ledger::alarm::Alarm;
use crate::ledger::audit::Verification;

/// A rollback that the operator accepted: who kept a checkpoint from before is told, and the
/// service goes on. The controls: one that nobody gave up, and the log as it was.
#[test]
fn a_checkpoint_that_was_given_up_does_not_fit_and_raises_no_alarm() {
    let honest = deliveries(20);
    let alarm = Arc::new(Alarm::default());
    let check = |log: &[Forged], given: usize, given_up: usize| {
        let mut against = with_secret(forge::log(log, 8)).with_alarm(Arc::clone(&alarm));
        against.is_complete = true;
        against.checkpoints = vec![head(&honest, 5), head(&honest, given)];
        against.kept.heads = vec![head(log, 11)];
        against.kept.given_up = vec![head(&honest, given_up)];
        against.run(&mut |_| Ok(())).unwrap()
    };
    let report = check(&honest[..11], 20, 20);
    assert!(!report.intact && report.damaged.is_empty(), "{report:?}");
    let ok: Vec<bool> = report.checkpoints.iter().map(|head| head.ok).collect();
    assert_eq!(ok, [true, false, true]);
    assert_eq!(
        report.checkpoints[1].what,
        "given up by an accepted rollback"
    );
    assert_eq!(alarm.sentence(), None);
    let report = check(&honest[..11], 20, 19);
    assert_eq!(named(&report), [(12, 20)], "{report:?}");
    assert!(alarm.sentence().is_some());
    let report = check(&honest, 20, 20);
    assert!(report.intact && report.checkpoints[1].ok, "{report:?}");
    assert_eq!(alarm.sentence(), None);
}

/// A signature alone may be a secret under another's id: a backup would not help.
#[test]
fn what_a_signature_says_is_told_from_what_hashes_say() {
    let mut records = deliveries(9);
    let other = "secrets = [{ id = 'a', secret = 'another secret' }]";
    let alarm = Arc::new(Alarm::default());
    let check = |records: &[Forged]| {
        let mut against = Verification::new(forge::log(records, 4)).with_alarm(Arc::clone(&alarm));
        against
            .signers
            .insert("shop".into(), provider("razorpay", other));
        (checked(&against), alarm.sentence().unwrap())
    };
    let (report, sentence) = check(&records);
    assert_eq!(named(&report), [(1, 9)], "{report:?}");
    let what = "its signature does not fit the secret `a` as configured now";
    assert_eq!(report.damaged[0].what, what);
    assert!(sentence.contains(what) && sentence.contains("another secret"));
    assert!(!sentence.contains("from a backup"), "{sentence}");
    // Something worse behind it is not hidden by it.
    records[6].is_erased = true;
    let (_, sentence) = check(&records);
    assert!(sentence.contains("record 7") && sentence.contains("from a backup"));
}
