//! A verification's result for people: what is damaged, what was proved, and what was not.

use std::io;

use crate::cli::output;
use crate::ledger::Report;

/// Prints it; `given` is how many checkpoints came from outside.
pub(super) fn report(report: &Report, given: usize) -> io::Result<()> {
    for damage in &report.damaged {
        if damage.first_seq == damage.last_seq {
            say!("damaged  {}: {}", damage.first_seq, damage.what)?;
        } else {
            let (first, last) = (damage.first_seq, damage.last_seq);
            say!("damaged  {first} to {last}: {}", damage.what)?;
        }
    }
    let verdict = if report.intact { "intact" } else { "DAMAGED" };
    let (events, root) = (report.events, &report.root);
    say!("{verdict}: {events} events, Merkle root {root}")?;
    match (report.witness_seq, &report.key) {
        (Some(seq), _) => say!("compared with the witness at {seq}")?,
        (None, Some(key)) => say!("the export is signed with {key}")?,
        (None, None) => say!("there was no witness to compare with")?,
    }
    for checkpoint in &report.checkpoints {
        let word = if checkpoint.ok {
            "fits"
        } else {
            "DOES NOT FIT"
        };
        let (size, what) = (checkpoint.size, &checkpoint.what);
        say!("the checkpoint of {size} events {word}: {what}")?;
    }
    if report.kept_checkpoints > 0 {
        let kept = usize::try_from(report.kept_checkpoints).unwrap_or(usize::MAX);
        let kept = output::count(kept, "checkpoint");
        say!("compared with {kept} of its own")?;
    }
    if report.unusable_checkpoints > 0 {
        let unusable = usize::try_from(report.unusable_checkpoints).unwrap_or(usize::MAX);
        let unusable = output::count(unusable, "checkpoint");
        say!("not compared with {unusable} of its own: damaged, or signed by another key")?;
    }
    let counts = &report.signatures;
    say!(
        "signatures: {} verified, {} failed, {} not verifiable, {} of unknown secrets",
        counts.verified,
        counts.failed,
        counts.not_verifiable,
        counts.unknown_key
    )?;
    if counts.failed > 0 {
        say!(
            "A signature that does not fit its secret: another secret is configured under that id, \
             or the record was forged."
        )?;
    }
    if report.erased > 0 {
        say!("erased: {} events, as other events say", report.erased)?;
    }
    proved(report, given)
}

/// How many events the checkpoints from outside prove; they come first.
fn proven(report: &Report, given: usize) -> Option<u64> {
    let given = report.checkpoints.iter().take(given);
    let fitting = given.filter(|checkpoint| checkpoint.ok);
    fitting.map(|checkpoint| checkpoint.size).max()
}

fn proved(report: &Report, given: usize) -> io::Result<()> {
    match proven(report, given) {
        Some(size) if report.intact => say!(
            "Proved: none of the first {size} events was changed, dropped or back-dated since the \
             checkpoint was signed."
        )?,
        _ => say!(
            "Not proved: that the log was not rewritten as a whole; only a checkpoint kept \
             elsewhere (--checkpoint) proves that."
        )?,
    }
    if report.signatures.verified > 0 {
        let verified = report.signatures.verified;
        say!(
            "Proved against everyone but those who hold the providers' secrets: {verified} events \
             are what the providers signed."
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// What the ledger kept of itself proves nothing against whoever holds the ledger.
    #[test]
    fn only_a_checkpoint_from_outside_proves() {
        let head = |size: u64| json!({"size": size, "ok": true, "what": ""});
        let report: Report = serde_json::from_value(json!({
            "intact": true, "events": 301, "last_seq": 301, "root": "", "witness_seq": 301,
            "checkpoints": [head(50), head(301)], "kept_checkpoints": 1, "unusable_checkpoints": 0,
            "signatures": {"verified": 0, "failed": 0, "not_verifiable": 0, "unknown_key": 0},
            "erased": 0, "damaged": [], "seconds": 0.0
        }))
        .unwrap();
        assert_eq!(proven(&report, 2), Some(301));
        assert_eq!(proven(&report, 1), Some(50));
        assert_eq!(proven(&report, 0), None);
    }
}
