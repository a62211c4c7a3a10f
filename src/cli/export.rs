//! `subledger export`: the log as text, of the stopped store or of a running service.

use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::Value;

use super::remote::Remote;
use super::target::Target;
use super::verify::checkpoints;
use super::{Common, Failure, Output, output, store};
use crate::app::Acceptance;
use crate::eventlog::engine::sled::store_dir;
use crate::eventlog::export::{ExportError, ExportRange, ExportReader, Exporter};
use crate::eventlog::{OpenError, Opened, Warning};
use crate::ledger::audit::{Signer, is_continued, open_note};

/// Write the log as text: every record byte for byte, and a signed checkpoint that proves them.
///
/// Of the stopped store of the configuration; or, with --url and a key of scope `audit`, of a
/// running service. `subledger import` takes it back, `subledger verify --export` checks it, and so
/// can anybody: docs/export-format.md says how. An export that was broken off has no last line, and
/// is refused by all of them; go on with --from after the last export that is whole.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger export > ledger.ndjson\n  \
    subledger export --out ledger.ndjson\n  \
    subledger export --from 100001 --out ledger-2.ndjson\n  \
    SUBLEDGER_ADMIN_KEY=… subledger export --url http://127.0.0.1:8080 --out ledger.ndjson\n\
    Exit codes: 0 written whole; 1 it was not, and a file named by --out was not made; \
    2 wrong usage.")]
pub(super) struct Export {
    /// The first record [default: 1]
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
    /// The last record, and the size of the checkpoint's tree [default: the log's last]
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// A file, made only once it is whole and on the disk; one that exists is left alone
    /// [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A running service, instead of the stopped store
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The key to ask it with [default: SUBLEDGER_ADMIN_KEY]
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
}

/// What was written.
#[derive(Serialize)]
struct Exported {
    from: u64,
    to: u64,
    root: String,
    key: String,
}

impl Export {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let mut target = Target::open(self.out.as_deref())?;
        let done = match &self.url {
            Some(url) => self.ask(&Remote::new(url, self.key.as_deref())?, &mut target)?,
            None => self.read(common, &mut target)?,
        };
        target.keep()?;
        if let Some(path) = &self.out {
            match common.output {
                Output::Json => output::json(&done)?,
                Output::Text => {
                    let Exported {
                        from,
                        to,
                        root,
                        key,
                    } = &done;
                    say!("exported: records {from} to {to} into {}", path.display())?;
                    say!("Merkle root of the records 1 to {to}: {root}")?;
                    say!("signed with {key}")?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Of the stopped store.
    fn read(&self, common: &Common, target: &mut Target) -> Result<Exported, Failure> {
        let (config, opened) = store::inspect(common, Acceptance::default())?;
        let last_seq = opened.engine.last()?.last_seq;
        let range = ExportRange::new(self.from, self.to, last_seq)?;
        let signer = Signer::read(&config.data_dir)?.ok_or(
            "this ledger has no key to sign a checkpoint with yet; start the service once, and \
             stop it",
        )?;
        make_durable(&config.data_dir)?;
        refuse_contradiction(&opened, &config.data_dir, &signer)?;
        let mut exporter = Exporter::new(opened.engine, range)?;
        let bar = self.bar(range.to().saturating_sub(range.from()).saturating_add(1));
        let mut lines = Vec::new();
        while exporter.write_page(&mut lines)? {
            target.write(&lines)?;
            lines.clear();
            bar.set_position(
                exporter
                    .seq()
                    .saturating_sub(range.from())
                    .saturating_add(1),
            );
        }
        let peaks = exporter.peaks().clone();
        let (checkpoint, key) = (
            signer.sign(peaks.size(), peaks.root()),
            signer.verifier().to_string(),
        );
        exporter.write_last(&checkpoint, &key, &mut lines);
        target.write(&lines)?;
        bar.finish_and_clear();
        Ok(Exported {
            from: range.from(),
            to: range.to(),
            root: hex::encode(peaks.root()),
            key,
        })
    }

    /// Of a running service. What arrives is checked before it is passed on as it is.
    fn ask(&self, remote: &Remote, target: &mut Target) -> Result<Exported, Failure> {
        let asked = [("from", self.from), ("to", self.to)];
        let asked = asked
            .into_iter()
            .filter_map(|(name, seq)| Some(format!("{name}={}", seq?)));
        let query = asked.collect::<Vec<_>>().join("&");
        let lines = remote.get_lines(&format!("/v1/audit/export?{query}"))?;
        let mut reader = ExportReader::new(lines.into_reader(), open_note);
        let bar = self.bar(None);
        loop {
            let record = reader.next_record();
            let record = record.map_err(|error| said_instead(&reader, error))?;
            target.write(reader.text())?;
            if record.is_none() {
                break;
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let ending = reader.ending().ok_or("the export has no end")?;
        Ok(Exported {
            from: ending.peaks_before.size().saturating_add(1),
            to: ending.peaks.size(),
            root: hex::encode(ending.peaks.root()),
            key: ending.key.clone(),
        })
    }

    /// Lines on a terminal would tear a bar to pieces.
    fn bar(&self, total: impl Into<Option<u64>>) -> ProgressBar {
        if self.out.is_none() && io::stdout().is_terminal() {
            ProgressBar::hidden()
        } else {
            output::progress(total, "exporting")
        }
    }
}

/// A kill may leave events written and not on the disk. What is signed has to outlast a power cut.
fn make_durable(data_dir: &Path) -> Result<(), Failure> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    let folder = store_dir(data_dir);
    let sync_all = || {
        for entry in fs::read_dir(&folder)? {
            sync(&entry?.path())?;
        }
        sync(&folder)
    };
    sync_all().map_err(|error| {
        let folder = folder.display();
        format!("{folder} cannot be made durable, so nothing is signed: {error}").into()
    })
}

/// Never signs a second root for a size: neither of a log that was rolled back, nor of one that
/// contradicts what was signed before.
fn refuse_contradiction(opened: &Opened, data_dir: &Path, signer: &Signer) -> Result<(), Failure> {
    for warning in &opened.warnings {
        if let Warning::RolledBack(rollback) = warning {
            return Err(OpenError::RolledBack(*rollback).into());
        }
    }
    for head in checkpoints::kept(data_dir, &signer.verifier())?.heads {
        if !is_continued(&*opened.engine, &head)? {
            return Err(format!(
                "the log contradicts the checkpoint that it kept at {} events, so nothing is \
                 signed: it was changed or rolled back since; run `subledger verify`, then \
                 restore the data folder from a backup",
                head.size
            )
            .into());
        }
    }
    Ok(())
}

/// A service that cannot go on says why in the last line, as a problem.
fn said_instead<R: BufRead>(reader: &ExportReader<R>, error: ExportError) -> Failure {
    let line = serde_json::from_slice::<Value>(reader.text()).ok();
    let detail = line.as_ref().and_then(|line| line.get("detail")?.as_str());
    match detail {
        Some(detail) => format!("the service could not finish the export: {detail}").into(),
        None => error.into(),
    }
}
