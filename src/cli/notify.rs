//! What a service manager is told, in systemd's protocol (sd_notify(3)): a datagram to the socket
//! that `NOTIFY_SOCKET` names. Without that variable nothing is told. Knows no ledger.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The environment variable that names the manager's socket.
const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";
/// The environment variable with the microseconds after which a silent service is restarted.
const WATCHDOG_VARIABLE: &str = "WATCHDOG_USEC";

/// The manager that started this process, if one did.
pub(super) struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// Looks at the environment.
    ///
    /// # Errors
    /// There is a manager, and it cannot be told anything.
    pub(super) fn find(env: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        let Some(path) = env(SOCKET_VARIABLE).filter(|path| !path.is_empty()) else {
            return Ok(Self {
                socket: None,
                watchdog: None,
            });
        };
        let address = match path.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(&path)?,
        };
        let micros = env(WATCHDOG_VARIABLE).and_then(|text| text.parse().ok());
        Ok(Self {
            socket: Some((UnixDatagram::unbound()?, address)),
            watchdog: micros.map(Duration::from_micros),
        })
    }

    /// Whether anybody is told.
    pub(super) const fn is_there(&self) -> bool {
        self.socket.is_some()
    }

    /// How often it wants to hear that the service lives: half of its patience.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        self.watchdog.map(|patience| patience / 2)
    }

    /// The service answers.
    pub(super) fn ready(&self) {
        self.tell("READY=1\nSTATUS=serves");
    }

    /// The configuration is being read again; [`Self::ready`] ends it.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The service goes down.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stops");
    }

    /// The service lives.
    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// How it is, in a sentence.
    pub(super) fn status(&self, sentence: &str) {
        self.tell(&format!("STATUS={}", sentence.replace('\n', " ")));
    }

    /// A manager that does not listen is no reason to fail.
    fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(state.as_bytes(), address)
        {
            tracing::warn!(%error, "the service manager cannot be told");
        }
    }
}
