//! The `subledger` command.

use std::process::ExitCode;

use clap::Parser as _;
use subledger::cli::{self, Cli};

/// An event is made on one thread, committed on another and freed on a third; glibc's arenas make
/// that the largest single cost of an ingest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
