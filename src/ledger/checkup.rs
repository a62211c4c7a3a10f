//! The check of the whole log in the background, after a start that did not read all of it: what
//! is damaged shows in `/readyz`, while queries go on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::alarm::Alarm;
use super::audit::{Ended, Verification, VerifyError, let_others_go_first};
use crate::eventlog::Engine;

/// It rests three times as long as it works, so that it takes an eighth of two cores.
const REST: u32 = 3;

/// The running check.
#[derive(Default)]
pub(super) struct Checkup {
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkup {
    /// Begins to check every record that is there. Signatures are not looked at: what is asked is
    /// whether the disk has kept what was written.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(super) fn start(engine: Arc<dyn Engine>, alarm: Arc<Alarm>) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&stopping);
        let thread = thread::Builder::new().name("checkup".into());
        let thread = thread.spawn(move || run(engine, alarm, &theirs))?;
        Ok(Self {
            stopping,
            thread: Some(thread),
        })
    }

    /// Ends it, finished or not.
    pub(super) fn stop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            return;
        };
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the check of the log had stopped with a panic");
        }
    }
}

fn run(engine: Arc<dyn Engine>, alarm: Arc<Alarm>, stopping: &AtomicBool) {
    let_others_go_first();
    let mut worked_since = Instant::now();
    let found = Verification::new(engine).with_alarm(alarm).run(&mut |_| {
        thread::park_timeout(worked_since.elapsed().saturating_mul(REST));
        worked_since = Instant::now();
        if stopping.load(Ordering::Relaxed) {
            Err(Ended)
        } else {
            Ok(())
        }
    });
    match found {
        Ok(report) if report.intact => {
            let (checked, seconds) = (report.events, report.seconds);
            tracing::info!(checked, seconds, "every record is as it was written");
        }
        // The alarm has said so.
        Ok(_) | Err(VerifyError::Ended(_)) => {}
        Err(VerifyError::Store(fault)) => {
            tracing::error!(%fault, "the log could not be checked");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use parking_lot::Mutex;

    use super::*;
    use crate::clock::SystemClock;
    use crate::eventlog::page::Page;
    use crate::eventlog::{Fault, Tail};
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
        let ledger = Ledger::open(Settings::in_memory(), Arc::new(SystemClock));
        let engine = Arc::clone(&ledger.ok().unwrap().ledger.engine);
        let check = |fault| {
            let alarm = Arc::new(Alarm::default());
            let faulty = Faulty {
                engine: Arc::clone(&engine),
                fault: Mutex::new(Some(fault)),
            };
            run(
                Arc::new(faulty),
                Arc::clone(&alarm),
                &AtomicBool::new(false),
            );
            alarm.sentence()
        };
        assert_eq!(check(Fault::Poisoned("closed".into())), None);
        let what = "its checksum is wrong".to_owned();
        assert!(check(Fault::Damaged { seq: 1, what }).is_some());
    }
}
