//! The `subledger` command.

use std::process::ExitCode;

use clap::Parser as _;
use subledger::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
