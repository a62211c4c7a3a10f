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
    fn conclude<T: Serialize>(mut self, result: Result<(&T, &str), Problem>) {
        let sent = match result {
            Ok((result, verdict)) => {
                self.job.conclude(verdict);
                self.lines.send(result)
            }
            Err(problem) => {
                self.job.conclude(&problem);
                self.lines.send_problem(&problem)
            }
        };
        if sent.is_err() {
            self.job.conclude("nobody waited for the result");
        }
    }
}
