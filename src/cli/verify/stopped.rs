//! Checking a stopped store, also one that was cut or does not open. Knows stores, not how the
//! result is shown.

use std::sync::Arc;

use crate::app::{self, Acceptance, ConfiguredSource};
use crate::cli::{Common, Failure, env, output, store};
use crate::config::Config;
use crate::eventlog::merkle::Peaks;
use crate::eventlog::{KnownHead, OpenError, Opened};
use crate::ledger::audit::{KeptHeads, Signers};
use crate::ledger::{Damaged, Report, Signatures, Verification};
use crate::providers::Built;

/// Checks the configured store, and that it had each of the checkpoints as its head: those `given`,
/// and those that it has `kept` itself.
pub(super) fn verify(
    common: &Common,
    given: &[KnownHead],
    kept: KeptHeads,
) -> Result<Report, Failure> {
    look(common, &(given, kept), false).or_else(|failure| unreadable(common, failure))
}

type Heads<'a> = (&'a [KnownHead], KeptHeads);

/// Opens the store and checks it. One that was cut is damaged, and what it still has is checked.
fn look(common: &Common, heads: &Heads<'_>, was_cut: bool) -> Result<Report, Failure> {
    let accept = Acceptance {
        rollback: was_cut,
        ..Acceptance::default()
    };
    match store::inspect(common, accept) {
        Ok((config, opened)) => {
            let report = check(&config, &opened, heads)?;
            Ok(Report {
                intact: report.intact && !was_cut,
                ..report
            })
        }
        Err(failure) => match failure.downcast_ref() {
            Some(OpenError::Shorter { .. }) if !was_cut => {
                eprintln!("subledger: {failure}");
                look(common, heads, true)
            }
            _ => Err(failure),
        },
    }
}

/// Checks what is there.
fn check(config: &Config, opened: &Opened, heads: &Heads<'_>) -> Result<Report, Failure> {
    let bar = output::progress(opened.engine.last()?.last_seq, "checking");
    let mut verification = Verification::new(Arc::clone(&opened.engine));
    verification.witness.clone_from(&opened.witness);
    verification.checkpoints = heads.0.to_vec();
    verification.kept.clone_from(&heads.1);
    verification.signers = signers(config)?;
    let report = verification.run(&mut |so_far| {
        bar.set_position(so_far.checked);
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// The providers of the sources whose secrets are configured.
pub(super) fn signers(config: &Config) -> Result<Signers, Failure> {
    let signer = |source: ConfiguredSource| match source.built {
        Built::On { provider, .. } => Some((source.name, provider)),
        Built::Off { .. } => None,
    };
    let sources = app::sources(config, &env)?.into_iter();
    let sandbox = app::kept_sandbox(config)?;
    Ok(sources.filter_map(signer).chain(sandbox).collect())
}

/// A store that is so damaged that it does not open is damaged: every record in it is out of reach.
/// Any other failure says nothing about the records, and is handed back.
fn unreadable(common: &Common, failure: Failure) -> Result<Report, Failure> {
    let Some(OpenError::Damaged { what, .. }) = failure.downcast_ref() else {
        return Err(failure);
    };
    let witness_seq = store::witness(common)?.map(|witness| witness.seq());
    Ok(Report {
        intact: false,
        events: 0,
        last_seq: 0,
        root: hex::encode(Peaks::default().root()),
        witness_seq,
        checkpoints: Vec::new(),
        kept_checkpoints: 0,
        unusable_checkpoints: 0,
        signatures: Signatures::default(),
        erased: 0,
        key: None,
        damaged: vec![Damaged {
            first_seq: 1,
            last_seq: witness_seq.unwrap_or(1).max(1),
            what: format!("no record can be read: {what}; restore the store from a backup"),
        }],
        seconds: 0.0,
    })
}
