//! The command line: one file a command. Every command answers with one exit code; an error is one
//! sentence on standard error.

/// Prints a line on standard output: `println!` would panic where nobody reads any more.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::output::line(format_args!($($text)*)) };
}

mod check_config;
mod demo;
mod export;
mod import;
mod keys;
mod notify;
mod output;
mod post;
mod remote;
mod replay;
mod samples;
mod send;
mod serve;
mod store;
mod target;
mod verify;

use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Config, ConfigError};

/// A self-hosted ledger of subscriptions, fed by billing webhooks.
///
/// Point your providers' webhooks at `subledger serve`, ask it over HTTP who is subscribed to what,
/// and replay it to prove it. `subledger demo` shows all of it in a throw-away folder.
#[derive(Parser)]
#[command(name = "subledger", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused, failed, or not as expected; 2 wrong usage, or \
                          (verify, replay) it could not run.";

/// What every command takes.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// The configuration; without it `config.toml`, or the defaults where there is none
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where events are kept; overrides `data_dir`
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    output: Output,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Text,
    /// One JSON document, for programs
    Json,
}

// No doc comments here: they would hide the longer ones of the commands themselves.
#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Send(send::Send),
    Replay(replay::Replay),
    Verify(Box<verify::Verify>),
    Export(export::Export),
    Import(import::Import),
    Keys(keys::Keys),
    CheckConfig(check_config::CheckConfig),
}

/// An error that ends a command: one sentence.
pub(crate) type Failure = Box<dyn std::error::Error>;

impl Common {
    /// The configuration, with what the command line overrides.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(data) = &self.data {
            config.data_dir.clone_from(data);
        }
        Ok(config)
    }
}

/// The environment, for secrets.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs the command; errors are printed here.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    let common = &cli.common;
    let (done, could_not_run) = match cli.command {
        Command::Serve(command) => (command.run(common), ExitCode::from(1)),
        Command::Demo(command) => (command.run(common), ExitCode::from(1)),
        Command::Send(command) => (command.run(common), ExitCode::from(1)),
        Command::Replay(command) => (command.run(common), ExitCode::from(2)),
        Command::Verify(command) => (command.run(common), ExitCode::from(2)),
        Command::Export(command) => (command.run(common), ExitCode::from(1)),
        Command::Import(command) => (command.run(common), ExitCode::from(1)),
        Command::Keys(command) => (command.run(common), ExitCode::from(1)),
        Command::CheckConfig(command) => (command.run(common), ExitCode::from(1)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("subledger: {error}");
        could_not_run
    })
}

/// A panic is a bug, or sled meeting a damaged file. The latter is caught and becomes a sentence
/// where it happens; the former gets its one line here.
fn report_panic(panicked: &panic::PanicHookInfo<'_>) {
    let is_sleds = panicked
        .location()
        .is_some_and(|place| place.file().contains("/sled-"));
    if is_sleds {
        tracing::debug!(%panicked, "sled gave up");
    } else if tracing::dispatcher::has_been_set() {
        tracing::error!(%panicked, "a part of the program failed");
    } else {
        let text = panicked.to_string().replace('\n', " ");
        eprintln!("subledger: a part of the program failed: {text}; please report it");
    }
}
