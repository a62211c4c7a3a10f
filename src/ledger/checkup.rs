//! The check of the whole log in the background, after a start that did not read all of it: what
//! is damaged shows in `/readyz`, while queries go on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use parking_lot::Mutex;

use crate::eventlog::merkle::Peaks;
use crate::eventlog::{Engine, Log};

/// It rests three times as long as it works, so that it takes an eighth of two cores.
const REST: u32 = 3;

/// The running check, or what it came to.
#[derive(Default)]
pub(super) struct Checkup {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    damage: Mutex<Option<String>>,
}

impl Checkup {
    /// Begins to check every record before `until`.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(super) fn start(engine: Arc<dyn Engine>, until: u64) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("checkup".into());
        let thread = thread.spawn(move || theirs.run(engine, until))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What is damaged, as a sentence.
    pub(super) fn damage(&self) -> Option<String> {
        self.shared.damage.lock().clone()
    }

    /// Ends it, finished or not.
    pub(super) fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            return;
        };
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the check of the log had stopped with a panic");
        }
    }
}

impl Shared {
    fn run(&self, engine: Arc<dyn Engine>, until: u64) {
        let began = Instant::now();
        match self.check(engine, until) {
            Ok(checked) if checked >= until.saturating_sub(1) => {
                let seconds = began.elapsed().as_secs();
                tracing::info!(checked, seconds, "every record is as it was written");
            }
            Ok(_) => {}
            Err(damage) => {
                tracing::error!(%damage, "the log is damaged");
                *self.damage.lock() = Some(damage);
            }
        }
    }

    /// Checks the records before `until`, and answers how far it came.
    fn check(&self, engine: Arc<dyn Engine>, until: u64) -> Result<u64, String> {
        let told = |what: &dyn std::fmt::Display| {
            format!(
                "The log is damaged ({what}); run `subledger verify`, then restore the data \
                 folder from a backup."
            )
        };
        let mut peaks = Peaks::default();
        let mut worked = Instant::now();
        for page in Log::new(engine).pages(1) {
            let page = page.map_err(|fault| told(&fault))?;
            page.follow(&mut peaks).map_err(|damage| told(&damage))?;
            if page.last_seq() + 1 >= until || self.stopping.load(Ordering::Relaxed) {
                break;
            }
            thread::park_timeout(worked.elapsed().saturating_mul(REST));
            worked = Instant::now();
        }
        Ok(peaks.size())
    }
}
