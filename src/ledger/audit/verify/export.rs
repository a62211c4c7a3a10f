//! The same of an export, which needs no store: every line, the root its checkpoint signs, and every
//! provider's signature. It never believes the key that the export itself names; who asks has to.

use std::io::BufRead;
use std::time::Instant;

use super::{Judge, Signers, shown_as};
use crate::eventlog::export::{ExportError, Survey};
use crate::eventlog::{Finding, KnownHead};
use crate::ledger::audit::{Report, open_note};

/// Checks the export in `input`, and that its log had each of `checkpoints` as its head. `seen` is
/// told each seq that was looked at.
///
/// # Errors
/// [`ExportError::Read`] where it cannot be read; damage is a verdict.
pub fn verify_export(
    input: impl BufRead,
    checkpoints: &[KnownHead],
    signers: &Signers,
    seen: &mut dyn FnMut(u64),
) -> Result<Report, ExportError> {
    let began = Instant::now();
    let mut judge = Judge::new(signers);
    let found = Survey::new(input, open_note, checkpoints).run(&mut |finding| {
        if let Finding::Record(record) = &finding {
            seen(record.seq());
        }
        judge.take(finding);
    })?;
    judge.end();
    let compared = checkpoints.iter().zip(&found.checkpoints);
    let damaged = judge.damages.sorted();
    Ok(Report {
        intact: damaged.is_empty(),
        events: found.events,
        last_seq: found.last_seq,
        root: found.root.map(hex::encode).unwrap_or_default(),
        witness_seq: None,
        checkpoints: compared
            .map(|(head, standing)| shown_as(head, *standing))
            .collect(),
        kept_checkpoints: 0,
        unusable_checkpoints: 0,
        signatures: judge.signatures,
        erased: judge.erasures.erased(),
        damaged,
        key: found.key,
        seconds: began.elapsed().as_secs_f64(),
    })
}
