//! The desk that talks to gateways: a thread that looks at what the fold says is to be done, asks,
//! and tells what came of it as events. After a restart it goes on where it was. Knows no gateway's
//! words.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::errand::{Errand, Next};
use super::queue::Queue;
use crate::domain::checkout::GatewayWork;
use crate::gateways::Before;
use crate::ledger::Ledger;

/// What is to be done begins this much later at most, also where nobody gave a sign.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looking at all that is to be done takes this part of the time at most: it holds up the fold.
const LOOK_SHARE: u32 = 20;

/// The running thread.
pub(in crate::ledger) struct Desk {
    words: Sender<Word>,
    thread: JoinHandle<()>,
}

enum Word {
    /// There may be something to do about that checkout.
    Look(Box<str>),
    /// An errand is over.
    Back(Box<GatewayWork>, Next),
    Stop,
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

    pub(super) fn wake_desk(&self, checkout: &str) {
        if let Some(desk) = &*self.desk.lock() {
            // One that has gone looks again at the next start.
            let _ = desk.words.send(Word::Look(checkout.into()));
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
    queue: Queue,
    /// When all that is to be done is looked at again; `None` before the first time.
    look_at: Option<Instant>,
}

impl Work {
    fn new(errand: Errand, words: Sender<Word>) -> Self {
        Self {
            errand,
            words,
            queue: Queue::new(),
            look_at: None,
        }
    }

    fn run(mut self, heard: &Receiver<Word>) {
        loop {
            let look_at = self.look();
            self.send_out();
            let wakes_at = self.queue.wakes_at().map_or(look_at, |at| at.min(look_at));
            let patience = wakes_at.saturating_duration_since(Instant::now());
            match heard.recv_timeout(patience) {
                Ok(Word::Look(checkout)) => self.look_at_one(&checkout),
                Ok(Word::Back(work, next)) => self.queue.back(*work, next, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Word::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Looks at all that is to be done, where it is time to; answers when it is again.
    fn look(&mut self) -> Instant {
        let begun = Instant::now();
        if let Some(look_at) = self.look_at.filter(|at| begun < *at) {
            return look_at;
        }
        // What was to be done before this start may have been asked for by the process before.
        let before = match self.look_at {
            None => Before::Perhaps,
            Some(_) => Before::Never,
        };
        let wanted = self.errand.state.read().gateway_work();
        let now = Instant::now();
        self.queue.want(wanted, before, now);
        let rest = now
            .saturating_duration_since(begun)
            .saturating_mul(LOOK_SHARE);
        let look_at = now + rest.max(LOOK_EVERY);
        self.look_at = Some(look_at);
        look_at
    }

    fn look_at_one(&mut self, checkout: &str) {
        let wanted = self.errand.state.read().gateway_work_about(checkout);
        for work in wanted {
            self.queue.add(work, Before::Never, Instant::now());
        }
    }

    fn send_out(&mut self) {
        while let Some((work, before)) = self.queue.take(Instant::now()) {
            send_out(self.errand.clone(), work, before, &self.words);
        }
    }
}

/// Runs one try on a thread of its own.
fn send_out(errand: Errand, work: GatewayWork, before: Before, words: &Sender<Word>) {
    let (back, asked) = (words.clone(), work.clone());
    let run = move || {
        let next = errand.run(&asked, before);
        // Nobody waits after a stop.
        let _ = back.send(Word::Back(Box::new(asked), next));
    };
    if let Err(error) = thread::Builder::new().name("gateway".into()).spawn(run) {
        tracing::error!(%error, "the gateway cannot be asked: there is no thread to be had");
        let _ = words.send(Word::Back(Box::new(work), Next::Trouble(before)));
    }
}
