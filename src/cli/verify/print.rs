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
    let counts = &report.signatures;
    say!(
        "signatures: {} verified, {} failed, {} not verifiable, {} of unknown secrets",
        counts.verified,
        counts.failed,
        counts.not_verifiable,
        counts.unknown_key
    )?;
    if report.erased > 0 {
        say!("erased: {} events, as other events say", report.erased)?;
    }
    proved(report, given)
}

fn proved(report: &Report, given: usize) -> io::Result<()> {
    let fitting = report.checkpoints.iter().filter(|checkpoint| checkpoint.ok);
    match fitting.map(|checkpoint| checkpoint.size).max() {
        Some(size) if given > 0 && report.intact => say!(
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
