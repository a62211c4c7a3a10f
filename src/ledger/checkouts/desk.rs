//! The desk that talks to gateways: a thread that looks at what the fold says is to be done, asks,
//! and tells what came of it as events. After a restart it goes on where it was. Knows no gateway's
//! words.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::errand::{Errand, Next};
use crate::domain::checkout::GatewayWork;
use crate::gateways::Before;
use crate::ledger::Ledger;

/// What is to be done begins this much later at most, also where nobody gave a sign.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Requests under way at once, each with a thread of its own: a gateway that answers late holds up
/// so many payers before others wait.
const ERRANDS_MAX: usize = 8;
/// Before the second try; each later one waits twice as long.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// The longest wait between two tries.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The running thread.
pub(in crate::ledger) struct Desk {
    words: Sender<Word>,
    thread: JoinHandle<()>,
}

enum Word {
    /// There may be something to do.
    Look,
    /// An errand is over.
    Back(Box<GatewayWork>, Next),
    Stop,
}

/// Something to be done, for as long as the fold says so.
struct Task {
    work: GatewayWork,
    before: Before,
    tries: u32,
    /// `None` while an errand is under way.
    due: Option<Instant>,
}

impl Ledger {
    /// Begins to ask the gateway for what is to be done, and goes on until [`Ledger::stop`]. Does
    /// nothing where no gateway is configured.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn open_desk(&self) -> io::Result<()> {
        let Some(gateway) = self.gateway.clone() else {
            return Ok(());
        };
        let errand = Errand {
            state: Arc::clone(&self.state),
            writer: self.writer.clone(),
            time: Arc::clone(&self.log_time),
            gateway,
        };
        let (words, heard) = channel();
        let theirs = words.clone();
        let run = move || Work::new(errand, theirs).run(&heard);
        let thread = thread::Builder::new().name("desk".into()).spawn(run)?;
        *self.desk.lock() = Some(Desk { words, thread });
        Ok(())
    }

    pub(super) fn wake_desk(&self) {
        if let Some(desk) = &*self.desk.lock() {
            // One that has gone looks again at the next start.
            let _ = desk.words.send(Word::Look);
        }
    }
}

impl Desk {
    /// Begins nothing new. What is under way is not waited for: it may take as long as the
    /// gateway's timeouts, and the next start finds out what came of it.
    pub(in crate::ledger) fn stop(self) {
        // It has gone already otherwise.
        let _ = self.words.send(Word::Stop);
        if self.thread.join().is_err() {
            tracing::error!("the desk had stopped with a panic");
        }
    }
}

struct Work {
    errand: Errand,
    words: Sender<Word>,
    tasks: Vec<Task>,
    /// What was to be done before this start may have been asked for by the process before.
    before: Before,
}

impl Work {
    fn new(errand: Errand, words: Sender<Word>) -> Self {
        Self {
            errand,
            words,
            tasks: Vec::new(),
            before: Before::Perhaps,
        }
    }

    fn run(mut self, heard: &Receiver<Word>) {
        loop {
            self.look();
            match heard.recv_timeout(LOOK_EVERY) {
                Ok(Word::Look) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Word::Back(work, next)) => self.back(&work, &next),
                Ok(Word::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&mut self) {
        let wanted = self.errand.state.read().gateway_work();
        self.tasks
            .retain(|task| task.due.is_none() || wanted.contains(&task.work));
        let now = Instant::now();
        for work in wanted {
            if self.tasks.iter().all(|task| task.work != work) {
                self.tasks.push(Task {
                    work,
                    before: self.before,
                    tries: 0,
                    due: Some(now),
                });
            }
        }
        self.before = Before::Never;
        let mut free = ERRANDS_MAX.saturating_sub(self.under_way());
        for task in &mut self.tasks {
            if free > 0 && task.due.is_some_and(|due| due <= now) {
                free -= 1;
                task.due = None;
                send_out(self.errand.clone(), task, self.words.clone());
            }
        }
    }

    fn under_way(&self) -> usize {
        self.tasks.iter().filter(|task| task.due.is_none()).count()
    }

    fn back(&mut self, work: &GatewayWork, next: &Next) {
        let found = self.tasks.iter_mut().find(|task| task.work == *work);
        if let Some(task) = found {
            match next {
                Next::Again(before) => task.before = *before,
                Next::Told => {}
            }
            task.due = Some(Instant::now() + wait(task.tries));
            task.tries = task.tries.saturating_add(1);
        }
    }
}

/// Runs one try on a thread of its own.
fn send_out(errand: Errand, task: &Task, words: Sender<Word>) {
    let (work, before) = (task.work.clone(), task.before);
    let back = words.clone();
    let run = move || {
        let next = errand.run(&work, before);
        // Nobody waits after a stop.
        let _ = back.send(Word::Back(Box::new(work), next));
    };
    if let Err(error) = thread::Builder::new().name("gateway".into()).spawn(run) {
        tracing::error!(%error, "the gateway cannot be asked: there is no thread to be had");
        let _ = words.send(Word::Back(Box::new(task.work.clone()), Next::Again(before)));
    }
}

/// Twice as long each time, less up to a quarter by chance, so that many do not ask together.
fn wait(tries: u32) -> Duration {
    let doubled = RETRY_AFTER.saturating_mul(2_u32.saturating_pow(tries));
    let longest = doubled.min(RETRY_AFTER_MAX);
    longest - longest / 1_024 * (rand::random::<u32>() % 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_no_further() {
        for tries in 0..100 {
            let wait = wait(tries);
            assert!(
                wait >= RETRY_AFTER * 3 / 4 && wait <= RETRY_AFTER_MAX,
                "{tries}"
            );
        }
        assert!(wait(99) >= RETRY_AFTER_MAX * 3 / 4);
        assert!(wait(0) <= RETRY_AFTER);
    }
}
