//! Wiring: from a configuration to a running service. With `cli` the only room that knows all the
//! others.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;

use crate::clock::Clock;
use crate::config::schema::EngineName;
use crate::config::{Config, ConfigError};
use crate::domain::key::KeyDigest;
use crate::domain::state::CustomerNotes;
use crate::eventlog::{EngineKind, OpenOptions, Purpose};
use crate::http::{self, Shared, StreamLimits};
use crate::ledger::audit::Origin;
use crate::ledger::{Ledger, OpenLedgerError, Opened, Settings};
use crate::providers::{self, Built, Provider};

mod admin_key;
mod kept;
mod reload;
mod till;

use self::admin_key::{ADMIN_KEY_BYTES_MIN, admin_key};
pub use self::admin_key::{ADMIN_KEY_FILE, ADMIN_KEY_VARIABLE};
pub use self::reload::Reloaded;
pub use self::till::{NamedSource, SANDBOX_SECRET_FILE, Till, check_gateway, kept_sandbox};

/// A stop has 5 s in all; a disk that hangs in a sync may not be waited for.
const CLOSING_DEADLINE: Duration = Duration::from_millis(2_500);
/// One actix worker a core, as many as serve well beside the one writer.
const WORKERS_MAX: usize = 8;

/// Reads an environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why the service cannot start: one sentence, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] OpenLedgerError),
    /// The data folder cannot be used.
    #[error("cannot use the data folder {path}: {cause}; change `data_dir` or its permissions", path = path.display())]
    DataDir {
        /// The folder, or the file in it.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The address cannot be used.
    #[error("cannot listen on {address}: {cause}; change `bind` in [server], or stop what uses it")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// The secret of the sandbox's webhooks is none.
    #[error(
        "the secret of the sandbox in {path} {fault}; put back the file as it was, or remove it to have one made",
        path = path.display()
    )]
    SandboxSecret {
        /// Where it is kept.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The admin key is too short.
    #[error(
        "the admin key in {0} has fewer than {ADMIN_KEY_BYTES_MIN} bytes; write a longer one, or remove it to have one made"
    )]
    ShortAdminKey(String),
    /// A source of the running service would lose all its secrets.
    #[error(
        "source {source_name} would be switched off: {reason}; a running service sees no new \
         variables, so restart, or keep the secret in a file"
    )]
    SourceOff {
        /// The source.
        source_name: String,
        /// Which variables are not set.
        reason: String,
    },
    /// The server could not be started or died.
    #[error("the server failed: {0}")]
    Server(io::Error),
}

/// A configured source and what became of it.
pub struct ConfiguredSource {
    /// The name in the configuration.
    pub name: String,
    /// On, with its provider, or off and why.
    pub built: Built,
}

/// Makes every configured source ready.
///
/// # Errors
/// [`ConfigError`] naming the key of a source that cannot be used.
pub fn sources(config: &Config, env: Env<'_>) -> Result<Vec<ConfiguredSource>, ConfigError> {
    let read_file = |path: &Path| std::fs::read_to_string(path);
    let build = |(name, source): (&String, &crate::config::schema::Source)| {
        providers::build(&source.provider, source.settings.clone(), env, &read_file)
            .map(|built| ConfiguredSource {
                name: name.clone(),
                built,
            })
            .map_err(|error| config.refuse_source(name, &error.key, &error.message))
    };
    config.sources.iter().map(build).collect()
}

/// What an operator may accept at a start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acceptance {
    /// A catalogue that drops a plan in use.
    pub catalogue: bool,
    /// A store that is older than what is remembered of it.
    pub rollback: bool,
}

/// Where the log is kept and how it is opened.
#[must_use]
pub fn log_options(config: &Config, accept: Acceptance, purpose: Purpose) -> OpenOptions {
    OpenOptions {
        engine: match config.log.engine {
            EngineName::Sled => EngineKind::Sled,
            EngineName::Memory => EngineKind::Memory,
        },
        witness_path: config.log.witness_path.clone(),
        min_free_bytes: config.log.min_free_bytes,
        accept_rollback: accept.rollback,
        purpose,
        ..OpenOptions::new(config.data_dir.clone())
    }
}

/// Makes the data folder where it is missing, only for its owner: it holds customers' data. A folder
/// that exists keeps its mode.
///
/// # Errors
/// [`AppError::DataDir`].
pub fn make_data_dir(data_dir: &Path) -> Result<(), AppError> {
    let mut folder = std::fs::DirBuilder::new();
    let made = folder.recursive(true).mode(0o700).create(data_dir);
    made.map_err(|cause| AppError::DataDir {
        path: data_dir.to_owned(),
        cause,
    })
}

/// Makes the data folder where it is missing, opens the store in it and folds the log. Checkouts are
/// paid by what is in the `till`.
///
/// # Errors
/// [`AppError`], a sentence for the operator.
pub fn open_ledger(
    config: &Config,
    accept: Acceptance,
    clock: Arc<dyn Clock>,
    env: Env<'_>,
    till: Till,
) -> Result<Opened, AppError> {
    let data_dir = &config.data_dir;
    make_data_dir(data_dir)?;
    let mut notices = Vec::new();
    let mut on: Vec<(String, Arc<dyn Provider>)> = Vec::new();
    let mut customer_notes = CustomerNotes::new();
    for source in sources(config, env)? {
        let name = source.name;
        match source.built {
            Built::On { provider, warnings } => {
                notices.extend(warnings.into_iter().map(|w| format!("source {name}: {w}")));
                note(&mut customer_notes, &name, provider.customer_note());
                on.push((name, provider));
            }
            Built::Off {
                reason,
                customer_note,
            } => {
                note(&mut customer_notes, &name, customer_note.as_deref());
                notices.push(format!("source {name} is off: {reason}"));
            }
        }
    }
    on.extend(till.source);
    let settings = Settings {
        log: log_options(config, accept, Purpose::Serve),
        sources: on,
        customer_notes,
        catalog: config.catalog.clone(),
        grace_days: config.access.grace_days,
        accept_catalogue: accept.catalogue,
        derived_in: match config.log.engine {
            EngineName::Sled => Some(data_dir.clone()),
            EngineName::Memory => None,
        },
        origin: match config.audit.origin.as_str() {
            "" => Origin::Unless(config.audit_origin().into()),
            named => Origin::Named(named.into()),
        },
        gateway: till.gateway,
    };
    let mut opened = Ledger::open(settings, clock)?;
    notices.append(&mut opened.notices);
    opened.notices = notices;
    Ok(opened)
}

/// A service that is ready to run.
pub struct App {
    ledger: Arc<Ledger>,
    listener: TcpListener,
    admin_key: KeyDigest,
    /// Where the outside finds it.
    public_url: String,
    /// What the operator should know, a sentence each.
    pub notices: Vec<String>,
    /// A key that was made at this start, to be shown once.
    pub new_admin_key: Option<String>,
    /// What one who follows the log may cost.
    pub stream_limits: StreamLimits,
}

impl App {
    /// Opens the store, folds the log and binds the address. Nothing is served yet.
    ///
    /// # Errors
    /// [`AppError`], a sentence for the operator.
    pub fn open(
        config: &Config,
        accept: Acceptance,
        clock: Arc<dyn Clock>,
        env: Env<'_>,
    ) -> Result<Self, AppError> {
        // Bound before the log is folded, so that a wrong address is told at once; connections
        // wait in the backlog until there is an answer.
        let address = config.server.bind;
        let bind = |cause| AppError::Bind { address, cause };
        let listener = TcpListener::bind(address).map_err(bind)?;
        make_data_dir(&config.data_dir)?;
        let listens_at = listener.local_addr().map_err(bind)?;
        let till = Till::open(config, listens_at, env)?;
        let mut opened = open_ledger(config, accept, clock, env, till)?;
        opened.notices.extend(till::notices(config, listens_at));
        let (key, new_admin_key) = admin_key(&config.data_dir, env(ADMIN_KEY_VARIABLE))?;
        // After all that can fail: its thread holds the store open until it is stopped.
        let kept = opened.ledger.keep_time();
        kept.map_err(OpenLedgerError::Thread)?;
        let start = opened.start;
        tracing::info!(
            events = start.events,
            kept_through = start.kept_through,
            read_from = start.read_from,
            "the log is open and folded"
        );
        Ok(Self {
            ledger: Arc::new(opened.ledger),
            listener,
            admin_key: KeyDigest::of(&key),
            public_url: config.public_url_at(listens_at),
            notices: opened.notices,
            new_admin_key,
            stream_limits: StreamLimits::default(),
        })
    }

    /// Where it listens: the port is the real one, also where 0 was configured.
    ///
    /// # Errors
    /// Where the socket does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Serves on a thread of its own until [`Running::stop`].
    ///
    /// # Errors
    /// [`AppError::Server`] where it cannot start.
    pub fn spawn(self) -> Result<Running, AppError> {
        let address = self.address().map_err(AppError::Server)?;
        let ledger = Arc::clone(&self.ledger);
        // What a gateway is told of comes in by this address: it waits in the backlog until then.
        ledger.open_desk().map_err(AppError::Server)?;
        let shared = Shared::new(self.ledger, self.admin_key, &self.public_url);
        let shared = Data::new(shared);
        let served = shared.clone();
        let (send, receive) = std::sync::mpsc::channel();
        let serve = move || {
            actix_web::rt::System::new().block_on(async {
                let limits = self.stream_limits;
                let server = http::serve(self.listener, served, workers(), limits)?;
                // The receiver waits for exactly this.
                let _ = send.send(server.handle());
                server.await
            })
        };
        let thread = thread::Builder::new().name("http".into()).spawn(serve);
        let thread = thread.map_err(AppError::Server)?;
        match receive.recv() {
            Ok(handle) => Ok(Running {
                address,
                ledger,
                shared,
                handle,
                thread,
            }),
            Err(_) => Err(AppError::Server(match thread.join() {
                Ok(Err(error)) => error,
                Ok(Ok(())) | Err(_) => io::Error::other("it ended before it began"),
            })),
        }
    }
}

/// A service that answers.
pub struct Running {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    shared: Data<Shared>,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ledger behind it.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Stops accepting, lets what is under way finish, and closes the log.
    ///
    /// # Errors
    /// [`AppError::Server`] where the server had died before.
    pub fn stop(self) -> Result<(), AppError> {
        self.ledger.end_feed();
        self.ledger.end_audits();
        let stopped = self.handle.stop(true);
        actix_web::rt::System::new().block_on(stopped);
        let ended = self.thread.join();
        let ledger = self.ledger;
        drop(self.shared);
        let (closed, wait) = std::sync::mpsc::channel();
        thread::spawn(move || {
            ledger.stop();
            // Whoever waits may open the store again at once: the lock goes before the word.
            drop(ledger);
            // Nobody may be waiting any more.
            let _ = closed.send(());
        });
        if wait.recv_timeout(CLOSING_DEADLINE).is_err() {
            tracing::error!("the store did not close in time; what was acknowledged is on disk");
        }
        match ended {
            Ok(ended) => ended.map_err(AppError::Server),
            Err(_) => Err(AppError::Server(io::Error::other("it panicked"))),
        }
    }
}

fn note(notes: &mut CustomerNotes, source: &str, note: Option<&str>) {
    if let Some(note) = note {
        notes.insert(source.into(), note.into());
    }
}

fn workers() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(WORKERS_MAX))
}
