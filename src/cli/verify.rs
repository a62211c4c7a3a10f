//! `subledger verify`: is every record what was written?

use std::io;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Common, Failure, Output, output, store};
use crate::app::Acceptance;
use crate::eventlog::merkle::Peaks;
use crate::eventlog::{self, Finding, OpenError, Opened, Witness};

/// Check every record of the stopped log, its Merkle root and its witness.
///
/// Recomputes every checksum, commitment and hash, compares the root with the one each page
/// carries and with the witness, and names every sequence number that is damaged. Changes nothing.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 intact; 1 damaged; 2 it could not run.")]
pub(super) struct Verify {}

#[derive(Serialize)]
struct Report {
    intact: bool,
    events: u64,
    root: String,
    witness_seq: Option<u64>,
    damaged: Vec<Damaged>,
}

#[derive(Serialize)]
struct Damaged {
    first_seq: u64,
    last_seq: u64,
    what: String,
}

impl Verify {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let report = look(common, false).or_else(|failure| unreadable(common, failure))?;
        match common.output {
            Output::Json => output::json(&report)?,
            Output::Text => print(&report)?,
        }
        Ok(if report.intact {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

/// Opens the store and checks it. One that was cut is damaged, and what it still has is checked.
fn look(common: &Common, was_cut: bool) -> Result<Report, Failure> {
    let accept = Acceptance {
        rollback: was_cut,
        ..Acceptance::default()
    };
    match store::inspect(common, accept) {
        Ok((_, opened)) => {
            let report = check(&opened)?;
            Ok(Report {
                intact: report.intact && !was_cut,
                ..report
            })
        }
        Err(failure) => match failure.downcast_ref() {
            Some(OpenError::Shorter { .. }) if !was_cut => {
                eprintln!("subledger: {failure}");
                look(common, true)
            }
            _ => Err(failure),
        },
    }
}

/// Checks what is there.
fn check(opened: &Opened) -> Result<Report, Failure> {
    let bar = output::progress(opened.engine.last()?.last_seq, "checking");
    let mut damaged = Vec::new();
    let witness = opened.witness.as_ref();
    let verdict = eventlog::verify(&*opened.engine, witness, &mut |finding| match finding {
        Finding::Record(_) => {}
        Finding::Progress { seq, .. } => bar.set_position(seq),
        Finding::Damage(found) => damaged.push(Damaged {
            first_seq: found.first_seq,
            last_seq: found.last_seq,
            what: found.what,
        }),
    })?;
    bar.finish_and_clear();
    Ok(Report {
        intact: verdict.is_intact(),
        events: verdict.tail.last_seq,
        root: hex::encode(verdict.root),
        witness_seq: witness.map(Witness::seq),
        damaged,
    })
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
        root: hex::encode(Peaks::default().root()),
        witness_seq,
        damaged: vec![Damaged {
            first_seq: 1,
            last_seq: witness_seq.unwrap_or(1).max(1),
            what: format!("no record can be read: {what}; restore the store from a backup"),
        }],
    })
}

fn print(report: &Report) -> io::Result<()> {
    for damage in &report.damaged {
        if damage.first_seq == damage.last_seq {
            say!("damaged  {}: {}", damage.first_seq, damage.what)?;
        } else {
            say!(
                "damaged  {} to {}: {}",
                damage.first_seq,
                damage.last_seq,
                damage.what
            )?;
        }
    }
    let verdict = if report.intact { "intact" } else { "DAMAGED" };
    say!(
        "{verdict}: {} events, Merkle root {}",
        report.events,
        report.root
    )?;
    match report.witness_seq {
        Some(seq) => say!("compared with the witness at {seq}")?,
        None => say!("there was no witness to compare with")?,
    }
    Ok(())
}
