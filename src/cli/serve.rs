//! `subledger serve`: the service, until it is told to stop.

use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::notify::Manager;
use super::{Common, Failure, Output, env, output};
use crate::app::{ADMIN_KEY_FILE, Acceptance, App, Reloaded, Running};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::eventlog::COMMIT_AGE_MAX;
use crate::telemetry::{self, Levels};

/// How often the service is looked after: a hung commit is told within a round.
const ROUND: Duration = Duration::from_secs(1);
/// A service that does not answer itself in this time answers nobody.
const PATIENCE: Duration = Duration::from_secs(2);

/// Run the service until it is told to stop (SIGTERM or Ctrl-C).
///
/// The first start makes the data folder and, unless SUBLEDGER_ADMIN_KEY is set, an admin key,
/// which it prints once and keeps in that folder. Secrets come from the environment or from files
/// that the configuration names. SIGHUP reads the configuration again: secrets, limits and the log
/// level change at once, and a log line names what needs a restart.
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

/// Printed once, by the start that made it.
#[derive(Serialize)]
struct NewAdminKey<'a> {
    admin_key: &'a str,
    kept_in: PathBuf,
}

impl Serve {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let config = common.load()?;
        let format = telemetry::Format::for_terminal(io::stderr().is_terminal());
        let levels = telemetry::init(format, &levels(&config), io::stderr)?;
        let manager = Manager::find(env)
            .map_err(|error| format!("NOTIFY_SOCKET names no socket: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let inside = runtime.enter();
        // Caught from now on: a reload that is asked for during a long start may not end it.
        let hangup = signal(SignalKind::hangup())?;
        let accept = Acceptance {
            catalogue: self.accept_catalogue,
            rollback: self.accept_rollback,
        };
        let app = App::open(&config, accept, Arc::new(SystemClock), &env)?;
        if let Some(key) = &app.new_admin_key {
            let kept_in = config.data_dir.join(ADMIN_KEY_FILE);
            match common.output {
                Output::Json => output::json(&NewAdminKey {
                    admin_key: key,
                    kept_in,
                })?,
                Output::Text => say!(
                    "Admin key, made now and kept in {}: {key}",
                    kept_in.display()
                )?,
            }
        }
        for notice in &app.notices {
            tracing::warn!("{notice}");
        }
        let events = app.ledger().stats().value.events;
        let stops = Stops::catch()?;
        drop(inside);
        let running = app.spawn()?;
        tracing::info!(address = %running.address(), events, "subledger serves");
        let service = Service {
            running: &running,
            common,
            started: &config,
            levels: &levels,
            manager: &manager,
        };
        let word = runtime.block_on(service.run(stops, hangup));
        tracing::info!(signal = word, "subledger stops");
        manager.stopping();
        running.stop()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The levels of the configuration, unless the environment says others.
fn levels(config: &Config) -> String {
    env(telemetry::LEVELS_VARIABLE)
        .filter(|levels| !levels.trim().is_empty())
        .unwrap_or_else(|| telemetry::levels_of(config.server.log_level.as_str()))
}

/// A running service, its operator and its manager.
struct Service<'a> {
    running: &'a Running,
    common: &'a Common,
    started: &'a Config,
    levels: &'a Levels,
    manager: &'a Manager,
}

impl Service<'_> {
    /// Until SIGTERM or SIGINT, which it names: reloads at SIGHUP, and looks after the service.
    async fn run(&self, mut stops: Stops, mut hangup: Signal) -> &'static str {
        let round = self
            .manager
            .heartbeat()
            .map_or(ROUND, |beat| beat.min(ROUND));
        let mut rounds = tokio::time::interval(round);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_announced, mut is_hung, mut why_not_ready) = (false, false, None);
        loop {
            tokio::select! {
                word = stops.next() => return word,
                _ = hangup.recv() => self.reload(),
                _ = rounds.tick() => {
                    is_announced = is_announced || self.announce();
                    self.watch(&mut is_hung, &mut why_not_ready);
                }
            }
        }
    }

    /// Tells the manager that the service is ready, once a request has shown it.
    fn announce(&self) -> bool {
        if !self.manager.is_there() {
            return true;
        }
        match self.ask("/readyz") {
            Ok(()) => self.manager.ready(),
            Err(why) => {
                self.manager.status(&format!("is not ready: {why}"));
                return false;
            }
        }
        true
    }

    /// Says when a commit begins or ends to hang, tells the manager what `/readyz` says, and keeps
    /// its watchdog quiet for as long as requests are answered.
    fn watch(&self, was_hung: &mut bool, why_not_ready: &mut Option<String>) {
        let is_hung = self.running.ledger().is_hung();
        if is_hung != std::mem::replace(was_hung, is_hung) {
            if is_hung {
                let seconds = COMMIT_AGE_MAX.as_secs();
                tracing::error!(seconds, "a commit hangs; look at the disk");
            } else {
                tracing::info!("the commit that hung has ended");
            }
        }
        let why = self.running.ledger().ready().err();
        if *why_not_ready != why {
            self.manager.status(why.as_deref().unwrap_or("serves"));
            *why_not_ready = why;
        }
        if self.manager.heartbeat().is_some() {
            match self.ask("/healthz") {
                Ok(()) => self.manager.alive(),
                Err(why) => tracing::error!(why, "the service does not answer itself"),
            }
        }
    }

    /// Asks as a client would.
    fn ask(&self, path: &str) -> Result<(), String> {
        let mut address = self.running.address();
        if address.ip().is_unspecified() {
            let loopback = match address.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            };
            address.set_ip(loopback);
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build();
        let agent: ureq::Agent = config.into();
        let answer = agent.get(format!("http://{address}{path}")).call();
        answer.map(drop).map_err(|error| error.to_string())
    }

    /// Reads the configuration again. Whatever is wrong with it, the service goes on as it was.
    fn reload(&self) {
        self.manager.reloading();
        match self.try_reload() {
            Ok(reloaded) => {
                for notice in reloaded.notices {
                    tracing::warn!("{notice}");
                }
                if !reloaded.needs_restart.is_empty() {
                    let keys = reloaded.needs_restart.join(", ");
                    tracing::warn!(keys, "these have changed and need a restart");
                }
                tracing::info!("the configuration was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the new configuration was refused; the old one stays");
            }
        }
        self.manager.ready();
    }

    fn try_reload(&self) -> Result<Reloaded, Failure> {
        let config = self.common.load()?;
        let reloaded = self.running.reload(self.started, &config, &env)?;
        self.levels.set(&levels(&config))?;
        Ok(reloaded)
    }
}

/// What asks a program to stop. It is caught before anybody is told that the program serves, and not
/// while it gets ready: that may take long, and loses nothing where it is cut short.
pub(super) struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// Catches SIGTERM and SIGINT from now on. Must be called inside a runtime.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them and names it. Nothing is lost where the wait is given up.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
