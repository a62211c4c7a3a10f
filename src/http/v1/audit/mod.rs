//! What an auditor asks: answers of many lines, or proofs. Handlers parse, ask the ledger and
//! answer; nothing is decided here.

pub(in crate::http) mod checkpoint;
pub(in crate::http) mod export;
pub(in crate::http) mod proofs;
pub(in crate::http) mod replay;
pub(in crate::http) mod verify;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::http::error::Problem;
use crate::http::ndjson::Lines;
use crate::ledger::{Ended, Job};

/// A checkpoint is some 300 bytes: one a month of many years.
pub(in crate::http) const QUESTION_BYTES_MAX: usize = 128 * 1024;
/// Often enough for a bar to move, and for a client that went away to be noticed.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// An audit that tells how far it has come while it works.
struct Told {
    job: Job,
    lines: Lines,
    told_at: Option<Instant>,
}

impl Told {
    const fn new(job: Job, lines: Lines) -> Self {
        Self {
            job,
            lines,
            told_at: None,
        }
    }

    /// To be called after every few milliseconds of work: rests where that is due, and now and then
    /// sends a line.
    ///
    /// # Errors
    /// [`Ended`] where the work has to end: the service stops, or nobody reads any more.
    fn step<T: Serialize>(&mut self, progress: &T) -> Result<(), Ended> {
        self.job.step()?;
        let is_due = self.told_at.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
        if is_due {
            self.told_at = Some(Instant::now());
            self.lines.send(progress).map_err(|_| Ended)?;
        }
        if self.lines.is_gone() {
            Err(Ended)
        } else {
            Ok(())
        }
    }

    /// Sends the last line: the result and, in a word for the service's log, what it is; or why
    /// there is none.
    fn conclude<T: Serialize>(self, result: Result<(&T, &str), Problem>) {
        let Self { mut job, lines, .. } = self;
        match &result {
            _ if lines.is_gone() => job.conclude("nobody waited for the result"),
            Ok((_, verdict)) => job.conclude(verdict),
            Err(problem) => job.conclude(problem),
        }
        // Whoever has read the last line may ask for the next audit at once.
        drop(job);
        // Who went away meanwhile misses nothing.
        let _ = match result {
            Ok((result, _)) => lines.send(result),
            Err(problem) => lines.send_problem(&problem),
        };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::thread;

    use actix_web::body::to_bytes;

    use super::*;
    use crate::clock::SystemClock;
    use crate::http::ndjson;
    use crate::ledger::{Actor, Audit, Ledger, Settings};

    const POLL: Duration = Duration::from_millis(1);
    /// Far more than a thread takes that has nothing to do.
    const TRIES: usize = 10_000;

    /// The last line waits for a client that reads nothing. Whoever reads it finds the turn free.
    #[test]
    fn the_turn_is_given_back_before_the_last_line() {
        let opened = Ledger::open(Settings::in_memory(), Arc::new(SystemClock));
        let ledger = opened.ok().unwrap().ledger;
        let begin = || ledger.begin_audit(Audit::Verify, Actor::Admin);
        let job = begin().unwrap();
        let answer = ndjson::answer("test", move |lines| {
            while lines.has_room() {
                lines.send(&"progress").unwrap();
            }
            Told::new(job, lines).conclude(Ok((&"result", "intact")));
        });
        let is_free = (0..TRIES).any(|_| {
            thread::sleep(POLL);
            begin().is_ok()
        });
        assert!(is_free);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let body = to_bytes(answer.unwrap().into_body());
        let body = runtime.unwrap().block_on(body).unwrap();
        assert!(body.ends_with(b"\"result\"\n"));
    }
}
