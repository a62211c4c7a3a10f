//! The check of the whole log in the background, after a start that did not read all of it: what
//! is damaged shows in `/readyz`, while queries go on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::eventlog::merkle::Peaks;
use crate::eventlog::{Engine, Fault};

/// It rests three times as long as it works, so that it takes an eighth of two cores.
const REST: u32 = 3;
/// While the store is brought back after a fault.
const TRY_AGAIN: Duration = Duration::from_millis(200);

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
        match self.check(&*engine, until) {
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
    fn check(&self, engine: &dyn Engine, until: u64) -> Result<u64, String> {
        let told = |what: &dyn std::fmt::Display| {
            format!(
                "The log is damaged ({what}); run `subledger verify`, then restore the data \
                 folder from a backup."
            )
        };
        let mut peaks = Peaks::default();
        while peaks.size() + 1 < until && !self.stopping.load(Ordering::Relaxed) {
            let worked = Instant::now();
            let page = match engine.read(peaks.size() + 1) {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(damage @ Fault::Damaged { .. }) => return Err(told(&damage)),
                // A store that cannot be read now may be whole.
                Err(_) => {
                    thread::park_timeout(TRY_AGAIN);
                    continue;
                }
            };
            page.follow(&mut peaks).map_err(|damage| told(&damage))?;
            thread::park_timeout(worked.elapsed().saturating_mul(REST));
        }
        Ok(peaks.size())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use super::*;
    use crate::clock::SystemClock;
    use crate::domain::catalog::Catalog;
    use crate::domain::state::CustomerNotes;
    use crate::eventlog::page::Page;
    use crate::eventlog::{EngineKind, OpenOptions, Tail};
    use crate::ledger::audit::Origin;
    use crate::ledger::{Ledger, Settings};

    /// Cannot be read the first time.
    struct Faulty {
        engine: Arc<dyn Engine>,
        fault: Mutex<Option<Fault>>,
    }

    impl Engine for Faulty {
        fn last(&self) -> Result<Tail, Fault> {
            self.engine.last()
        }

        fn append(&self, after: u64, page: &Page) -> Result<(), Fault> {
            self.engine.append(after, page)
        }

        fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
            let fault = self.fault.lock().take();
            fault.map_or_else(|| self.engine.read(seq), Err)
        }

        fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
            self.engine.next_page_after(seq)
        }

        fn reopen(&self) -> Result<(), Fault> {
            self.engine.reopen()
        }

        fn store_bytes(&self) -> Result<u64, Fault> {
            self.engine.store_bytes()
        }
    }

    /// A full disk closes the store for a while, and a false alarm would last until a restart.
    #[test]
    fn a_store_that_cannot_be_read_for_a_while_is_not_damaged() {
        let settings = Settings {
            log: OpenOptions {
                engine: EngineKind::Memory,
                ..OpenOptions::new(PathBuf::new())
            },
            sources: Vec::new(),
            customer_notes: CustomerNotes::new(),
            catalog: Catalog::default(),
            grace_days: 0,
            accept_catalogue: false,
            derived_in: None,
            origin: Origin::Unless("a.example".into()),
        };
        // Its log begins with its settings.
        let ledger = Ledger::open(settings, Arc::new(SystemClock));
        let engine = Arc::clone(&ledger.ok().unwrap().ledger.engine);
        let check = |fault| {
            let faulty = Faulty {
                engine: Arc::clone(&engine),
                fault: Mutex::new(Some(fault)),
            };
            Shared::default().check(&faulty, 2)
        };
        assert_eq!(check(Fault::Poisoned("closed".into())), Ok(1));
        let what = "its checksum is wrong".to_owned();
        assert!(check(Fault::Damaged { seq: 1, what }).is_err());
    }
}
