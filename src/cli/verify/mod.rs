//! `subledger verify`: is every record what was recorded?

mod checkpoints;
mod print;
mod stopped;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::remote::Remote;
use super::{Common, Failure, Output, output};
use crate::ledger::Report;
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
    subledger verify --checkpoint 2026-03.txt --url https://ledger.example.com --key sl_…\n\
    Exit codes: 0 intact; 1 damaged; 2 it could not run.")]
pub(super) struct Verify {
    /// A checkpoint that was kept elsewhere; may be given more than once
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The key that checkpoints are signed with, as `GET /v1/audit/checkpoint/key` answers it
    /// [default: that of the data folder]
    #[arg(long, value_name = "KEY")]
    checkpoint_key: Option<VerifierKey>,
    /// A running service, instead of the stopped store
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The key to ask it with, of scope audit [default: SUBLEDGER_ADMIN_KEY]
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
}

impl Verify {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let report = match &self.url {
            Some(url) => self.ask(&Remote::new(url, self.key.as_deref())?)?,
            None => self.look(common)?,
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
        let texts = checkpoints::read(&self.checkpoints)?;
        let given = match self.checkpoint_key.as_ref().or(own.as_ref()) {
            Some(key) => checkpoints::heads(&texts, key)?,
            None if texts.is_empty() => Vec::new(),
            None => {
                let place = data_dir.display();
                return Err(format!(
                    "there is no checkpoint.key in {place}; give the key with --checkpoint-key"
                )
                .into());
            }
        };
        let kept = match own.as_ref().or(self.checkpoint_key.as_ref()) {
            Some(key) => checkpoints::kept(&data_dir, key)?,
            None => Vec::new(),
        };
        stopped::verify(common, &given, &kept)
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
