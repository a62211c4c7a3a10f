//! `subledger import`: exports back into a data folder, all of them or nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use super::verify::checkpoints;
use super::{Common, Failure, Output, output};
use crate::app::{self, Acceptance};
use crate::clock::{Clock as _, SystemClock};
use crate::config::schema::EngineName;
use crate::eventlog::export::{Ending, ExportReader};
use crate::eventlog::{ImportError, Published, Purpose, Record, Staging};
use crate::ledger::audit::{CHECKPOINTS_FOLDER, Erasures, Signer, kept_heads, open_note};

/// What is read at once: a line has about 1 KiB.
const BUFFER_BYTES: usize = 256 * 1024;

/// Take exports into the data folder, after checking every byte of them.
///
/// Into an empty or missing data folder, or one whose log ends where the first export begins.
/// Records that the log has are compared and skipped. Several exports are taken in the order given,
/// each going on where the one before ends. Nothing is imported unless all of it can be: the log
/// is made beside the one that is there and takes its place in one step.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger import --data ./restored ledger.ndjson\n  \
    subledger import --data ./restored part1.ndjson part2.ndjson\n  \
    ssh old-host subledger export | subledger import --data ./restored\n  \
    subledger import ledger.ndjson --checkpoint kept.txt --checkpoint-key \"$(cat kept.key)\"\n\
    Exit codes: 0 imported, or all of it was there; 1 refused, and nothing was imported; \
    2 wrong usage.")]
pub(super) struct Import {
    /// Exports, in order; without any, or with `-`, standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A checkpoint that was kept: the imported log must be the one it was signed over
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The verifier key of that checkpoint [default: the one in the last export]
    #[arg(long, value_name = "KEY", requires = "checkpoint")]
    checkpoint_key: Option<String>,
}

/// What came of it.
#[derive(Serialize)]
struct Imported {
    /// Records that were added.
    imported: u64,
    /// Records of the exports that the log had.
    known: u64,
    /// Of those, how many were erased since and keep their bodies in this log.
    bodies_kept: u64,
    last_seq: u64,
    root: String,
    /// The verifier key of the last export.
    key: String,
}

impl Import {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let done = self.import(common);
        let done = done.map_err(|error| format!("{error}; nothing was imported"))?;
        print(common, &done)?;
        Ok(ExitCode::SUCCESS)
    }

    fn import(&self, common: &Common) -> Result<Imported, Failure> {
        let config = common.load()?;
        if config.log.engine == EngineName::Memory {
            return Err(
                "a log in memory ends with its process; set `engine = \"sled\"` in [log]".into(),
            );
        }
        app::make_data_dir(&config.data_dir)?;
        let options = app::log_options(&config, Acceptance::default(), Purpose::Serve);
        let mut staging = Staging::begin(options, SystemClock.now())?;
        let began_at = staging.began_at();
        let files = if self.files.is_empty() {
            vec![PathBuf::from("-")]
        } else {
            self.files.clone()
        };
        let mut read = 0_u64;
        let mut erasures = Erasures::default();
        let mut ending = None;
        for file in &files {
            ending = Some(read_one(file, &mut staging, &mut |record| {
                read = read.saturating_add(1);
                erasures.note(record);
            })?);
        }
        let ending = ending.ok_or("no export was named")?;
        if let Some(seq) = erasures.unexplained() {
            return Err(format!(
                "record {seq} of the export has no body, and no event in it says that it was \
                 erased; import it together with the export of the records after it"
            )
            .into());
        }
        self.compare(&staging, &ending)?;
        compare_kept(&staging, &config.data_dir)?;
        let bodies_kept = staging.bodies_kept();
        let Published { head, warning } = staging.publish()?;
        if let Some(warning) = warning {
            eprintln!("subledger: {warning}");
        }
        let imported = head.seq().saturating_sub(began_at);
        Ok(Imported {
            imported,
            known: read.saturating_sub(imported),
            bodies_kept,
            last_seq: head.seq(),
            root: hex::encode(head.peaks.root()),
            key: ending.key,
        })
    }

    /// Compares what is about to be imported with the checkpoint that somebody kept.
    fn compare(&self, staging: &Staging, ending: &Ending) -> Result<(), Failure> {
        let Some(path) = &self.checkpoint else {
            return Ok(());
        };
        let wrong = |what: &str| format!("the checkpoint in {}: {what}", path.display());
        let text = checkpoints::text(path).map_err(|error| wrong(&error.to_string()))?;
        let key = self
            .checkpoint_key
            .as_deref()
            .map_or(&*ending.key, str::trim);
        let kept = open_note(&text, key).map_err(|error| wrong(&error))?;
        let last_seq = staging.head().seq();
        if kept.size > last_seq {
            let what = format!(
                "it is of {} records, and there would be {last_seq}: records are missing",
                kept.size
            );
            return Err(wrong(&what).into());
        }
        if staging.peaks_at(kept.size)?.root() == kept.root {
            Ok(())
        } else {
            let what = "the export is not of the log that it was signed over";
            Err(wrong(what).into())
        }
    }
}

/// Compares what is about to be imported with the checkpoints that are kept in the data folder, as
/// the next start would.
fn compare_kept(staging: &Staging, data_dir: &Path) -> Result<(), Failure> {
    let Some(signer) = Signer::read(data_dir)? else {
        return Ok(());
    };
    let folder = data_dir.join(CHECKPOINTS_FOLDER);
    let last_seq = staging.head().seq();
    for kept in kept_heads(&folder, &signer.verifier())?.heads {
        if kept.size > last_seq || staging.peaks_at(kept.size)?.root() != kept.root {
            return Err(format!(
                "the log would end at {last_seq} and contradict the checkpoint that was kept at \
                 {} events in {}; import a newer export of that ledger, or move the checkpoints \
                 of another one away",
                kept.size,
                folder.display()
            )
            .into());
        }
    }
    Ok(())
}

/// Reads one export to its end.
fn read_one(
    path: &Path,
    staging: &mut Staging,
    on: &mut dyn FnMut(&Record),
) -> Result<Ending, Failure> {
    let is_standard_input = path == Path::new("-");
    let about = |error: &dyn std::fmt::Display| {
        if is_standard_input {
            format!("standard input: {error}")
        } else {
            format!("{}: {error}", path.display())
        }
    };
    let (input, bar): (Box<dyn Read>, ProgressBar) = if is_standard_input {
        (Box::new(io::stdin().lock()), output::bytes(None, "reading"))
    } else {
        let file = File::open(path).map_err(|error| about(&error))?;
        let length = file.metadata().ok().map(|file| file.len());
        (
            Box::new(file),
            output::bytes(length.filter(|length| *length > 0), "reading"),
        )
    };
    let input = BufReader::with_capacity(BUFFER_BYTES, bar.wrap_read(input));
    let ending = take(input, staging, on).map_err(|error| about(&error))?;
    bar.finish_and_clear();
    Ok(ending)
}

fn take(
    input: impl BufRead,
    staging: &mut Staging,
    on: &mut dyn FnMut(&Record),
) -> Result<Ending, ImportError> {
    staging.read(&mut ExportReader::new(input, open_note), on)
}

fn print(common: &Common, done: &Imported) -> io::Result<()> {
    if common.output == Output::Json {
        return output::json(done);
    }
    let Imported {
        imported,
        known,
        bodies_kept,
        last_seq,
        root,
        key,
    } = done;
    say!("imported: {imported} events; {known} were there before")?;
    if *bodies_kept > 0 {
        say!(
            "{bodies_kept} of those were erased since, and this log still has their bodies: import \
             into an empty data folder to be rid of them"
        )?;
    }
    say!("the log ends at {last_seq}, Merkle root {root}")?;
    say!("signed with {key}")?;
    say!("Compare that key with the one you know the ledger by, and keep it with the export.")
}
