//! Wakes whoever waits in sled for a write that has failed: sled notes such a failure, and on one
//! of its paths tells nobody. Knows no page.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::store::guarded;

/// Far below the 4 s after which a webhook is refused, and far above a commit's milliseconds.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Looks at an open handle until it is dropped.
pub(super) struct Waker {
    /// Dropped to end the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waker {
    /// Starts to look. `config` is the one that `db` was opened with: it shares sled's error.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn start(config: sled::Config, db: sled::Db) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name("log-waker".to_owned());
        let thread = thread.spawn(move || look(&stopped, &config, &db))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

fn look(stopped: &Receiver<()>, config: &sled::Config, db: &sled::Db) {
    while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        if config.global_error().is_err() {
            // With an error noted this never waits: it wakes the others and answers the error,
            // which is theirs to report.
            let _ = guarded(|| db.flush());
        }
    }
}

impl Drop for Waker {
    /// The thread holds the handle, which must be gone before the store can be opened again.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that wakes waiting writers had stopped");
        }
    }
}
