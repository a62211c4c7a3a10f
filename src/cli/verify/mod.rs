//! `subledger verify`: is every record what was recorded?

pub(super) mod checkpoints;
mod print;
mod stopped;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::remote::Remote;
use super::{Common, Failure, Output, output};
use crate::eventlog::KnownHead;
use crate::ledger::Report;
use crate::ledger::audit::{KeptHeads, verify_export};
use crate::note::VerifierKey;

/// Check every record of the stopped log, its hashes, checkpoints and signatures.
///
/// Recomputes every checksum, commitment and hash, compares the log with its witness and with
/// every checkpoint, checks every provider's signature again whose secret is configured, and names
/// every sequence number that is damaged. Changes nothing.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger verify\n  \
    subledger verify --checkpoint 2026-03.txt --checkpoint 2026-04.txt\n  \
    subledger verify --export ledger.ndjson --checkpoint-key \"$(cat kept.key)\"\n  \
    subledger verify --checkpoint 2026-03.txt --url https://ledger.example.com --key sl_…\n\
    Exit codes: 0 intact; 1 damaged; 2 it could not run.")]
pub(super) struct Verify {
    /// A checkpoint that was kept elsewhere; may be given more than once
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The key that checkpoints are signed with, as `GET /v1/audit/checkpoint/key` answers it; with
    /// --url it must be the service's own [default: that of the data folder]
    #[arg(long, value_name = "KEY")]
    checkpoint_key: Option<VerifierKey>,
    /// An export, instead of the stopped store; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    export: Option<PathBuf>,
    /// A running service, instead of the stopped store
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The key to ask it with, of scope audit [default: SUBLEDGER_ADMIN_KEY]
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
}

/// An export that begins after a checkpoint has nothing that the checkpoint was signed for.
fn refuse_earlier(report: &Report, first: Option<u64>) -> Result<(), Failure> {
    let mut without = report.checkpoints.iter().filter(|head| !head.ok);
    match (without.next(), first) {
        (Some(head), Some(first)) if report.intact => Err(format!(
            "the checkpoint is of {} events and the export begins with {first}; it proves nothing \
             of it",
            head.size
        )
        .into()),
        _ => Ok(()),
    }
}

impl Verify {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let report = match (&self.url, &self.export) {
            (Some(url), _) => self.ask(&Remote::new(url, self.key.as_deref())?)?,
            (None, Some(file)) => self.read(file, common)?,
            (None, None) => self.look(common)?,
        };
        match common.output {
            Output::Json => output::json(&report)?,
            Output::Text => print::report(&report, self.checkpoints.len())?,
        }
        Ok(if report.intact {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }

    fn look(&self, common: &Common) -> Result<Report, Failure> {
        let data_dir = common.load()?.data_dir;
        let own = checkpoints::own_key(&data_dir);
        let given = self.given(own.as_ref())?;
        let kept = match own.as_ref().or(self.checkpoint_key.as_ref()) {
            Some(key) => checkpoints::kept(&data_dir, key)?,
            None => KeptHeads::default(),
        };
        stopped::verify(common, &given, kept)
    }

    fn read(&self, file: &Path, common: &Common) -> Result<Report, Failure> {
        let config = common.load()?;
        let own = checkpoints::own_key(&config.data_dir);
        let given = self.given(own.as_ref())?;
        let signers = stopped::signers(&config)?;
        let input: Box<dyn BufRead> = if file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            let opened = File::open(file);
            let cannot = |error| format!("cannot read the export {}: {error}", file.display());
            Box::new(BufReader::new(opened.map_err(cannot)?))
        };
        let bar = output::progress(0, "checking");
        let mut first = None;
        let report = verify_export(input, &given, &signers, &mut |seq| {
            first.get_or_insert(seq);
            bar.set_position(seq);
        })?;
        bar.finish_and_clear();
        refuse_earlier(&report, first)?;
        let known = self.checkpoint_key.as_ref().or(own.as_ref());
        match (known.map(ToString::to_string), &report.key) {
            (Some(known), Some(named)) if known != *named => Err(format!(
                "the export is signed with the key {named}, and not with {known}; it is of another \
                 ledger, or give its key with --checkpoint-key"
            )
            .into()),
            _ => Ok(report),
        }
    }

    /// What the given checkpoints say, each signed by the key that was given, or by our own.
    fn given(&self, own: Option<&VerifierKey>) -> Result<Vec<KnownHead>, Failure> {
        let texts = checkpoints::read(&self.checkpoints)?;
        match self.checkpoint_key.as_ref().or(own) {
            Some(key) => checkpoints::heads(&texts, key),
            None if texts.is_empty() => Ok(Vec::new()),
            None => Err(
                "there is no checkpoint.key in the data folder to check the checkpoint \
                         with; give the key with --checkpoint-key"
                    .into(),
            ),
        }
    }

    fn ask(&self, remote: &Remote) -> Result<Report, Failure> {
        let texts = checkpoints::read(&self.checkpoints)?;
        if let Some(key) = &self.checkpoint_key {
            checkpoints::heads(&texts, key)?;
        }
        let texts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
        let question = if texts.is_empty() {
            json!({})
        } else {
            json!({ "checkpoints": texts })
        };
        let lines = remote.post_lines("/v1/audit/verify", &question)?;
        let bar = output::progress(0, "checking");
        let last = lines.last(|so_far| {
            let number = |name| so_far.get(name).and_then(serde_json::Value::as_u64);
            bar.set_length(number("of").unwrap_or(0));
            bar.set_position(number("checked").unwrap_or(0));
        })?;
        bar.finish_and_clear();
        Ok(serde_json::from_value(last)?)
    }
}
