//! `subledger serve`: the service, until it is told to stop.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, Failure, env};
use crate::app::{ADMIN_KEY_FILE, Acceptance, App};
use crate::clock::SystemClock;
use crate::telemetry;

/// Run the service until it is told to stop (SIGTERM or Ctrl-C).
///
/// The first start makes the data folder and, unless SUBLEDGER_ADMIN_KEY is set, an admin key,
/// which it prints once and keeps in that folder. Secrets come from the environment or from files
/// that the configuration names.
#[derive(Args)]
#[command(after_help = "Example:\n  \
    cp config.toml my.toml\n  \
    RAZORPAY_WEBHOOK_SECRET=… subledger serve --config my.toml\n\
    Exit codes: 0 stopped when told to; 1 could not start: one sentence says why.")]
pub(super) struct Serve {
    /// Take a catalogue that no longer has a plan in use
    #[arg(long)]
    accept_catalogue: bool,
    /// Go on with a store that is older than what is remembered of it; recorded as an event
    #[arg(long)]
    accept_rollback: bool,
}

impl Serve {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let format = telemetry::Format::for_terminal(io::stderr().is_terminal());
        let levels = env(telemetry::LEVELS_VARIABLE);
        telemetry::init(format, levels.as_deref(), io::stderr)?;
        let config = common.load()?;
        let accept = Acceptance {
            catalogue: self.accept_catalogue,
            rollback: self.accept_rollback,
        };
        let app = App::open(&config, accept, Arc::new(SystemClock), &env)?;
        if let Some(key) = &app.new_admin_key {
            let kept = config.data_dir.join(ADMIN_KEY_FILE);
            say!("Admin key, made now and kept in {}: {key}", kept.display())?;
        }
        for notice in &app.notices {
            tracing::warn!("{notice}");
        }
        let events = app.ledger().stats().value.events;
        let running = app.spawn()?;
        tracing::info!(address = %running.address(), events, "subledger serves");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let word = runtime.block_on(told_to_stop())?;
        tracing::info!(signal = word, "subledger stops");
        running.stop()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for SIGTERM or SIGINT and names it.
pub(super) async fn told_to_stop() -> io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok("SIGTERM"),
            _ = interrupt.recv() => return Ok("SIGINT"),
            // A terminal that closes, or an operator who expects a reload: neither may end it.
            _ = hangup.recv() => tracing::warn!("SIGHUP changes nothing yet; restart to reload"),
        }
    }
}
