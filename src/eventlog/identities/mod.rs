//! Which events were seen before. The newest are in memory; older ones lie on disk in sealed runs,
//! so that neither memory nor a start grows with the log. All of it is derived from the log, and
//! built again from it where it is missing or damaged.
//!
//! ```text
//! table    in memory: what came since the last seal
//! sealer   the thread that writes it down, and joins small runs
//! run      a sorted file, with a filter in memory that answers nearly every "never seen"
//! ```

mod filter;
mod run;
mod sealer;
mod table;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

pub use self::table::Lookup;

use self::run::Run;
use self::sealer::{Frozen, Sealer};
use self::table::Table;
use super::identity::{Content, Identity};
use super::merkle::Peaks;
use super::record::Record;

/// Events kept in memory before they are sealed: at most 9 MiB, and a start after a kill reads no
/// more than twice as many records again.
const SEAL_EVENTS: u64 = 131_072;

/// Records must be remembered in order and without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {found} came where {expected} was expected; check the log with `subledger verify`")]
pub struct OutOfOrder {
    expected: u64,
    found: u64,
}

/// All identities of the log: 36 to 71 bytes each in memory, about 1.3 once they are sealed.
#[derive(Default)]
pub struct Identities {
    recent: Table,
    /// What is being sealed; still asked until the run is there.
    frozen: Option<Arc<Table>>,
    /// Oldest first, without a gap.
    runs: Vec<Arc<Run>>,
    through: u64,
    /// The last event that is in a run or frozen.
    sealed: u64,
    seal_events: u64,
    sealer: Option<Sealer>,
}

impl Identities {
    /// Opens the runs in `folder`, made where it is missing, as far as `is_logs_own` says that
    /// they belong to the log; it is given the seq at which a run ends and the log's peaks there.
    /// The rest is taken away and must be remembered from the log: [`Self::through`] says from
    /// where on. Runs are not joined where that would leave less than `min_free_bytes` on the disk.
    ///
    /// # Errors
    /// Where the folder cannot be used.
    pub fn open(
        folder: &Path,
        min_free_bytes: u64,
        is_logs_own: impl Fn(u64, &Peaks) -> bool,
    ) -> io::Result<Self> {
        Self::open_sealing(folder, SEAL_EVENTS, min_free_bytes, is_logs_own)
    }

    fn open_sealing(
        folder: &Path,
        seal_events: u64,
        min_free_bytes: u64,
        is_logs_own: impl Fn(u64, &Peaks) -> bool,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut paths = run::paths(folder)?;
        // Their names begin with where they begin and go on with where they end: of two that
        // begin together the longer first, which the other became a part of.
        paths.sort_by(|a, b| {
            let (a, b) = (a.file_name(), b.file_name());
            let from = |name: Option<&std::ffi::OsStr>| {
                name.and_then(|name| name.to_str()?.get(..20).map(str::to_owned))
            };
            from(a).cmp(&from(b)).then(b.cmp(&a))
        });
        let mut runs: Vec<Arc<Run>> = Vec::new();
        let mut through = 0;
        for path in paths {
            let fits = |run: &Run| {
                let ends_well = |peaks| is_logs_own(run.head.through, &peaks);
                run.head.from == through + 1
                    && run.head.through >= run.head.from
                    && run.head.peaks().is_some_and(ends_well)
            };
            match Run::open(&path) {
                Ok(run) if fits(&run) => {
                    through = run.head.through;
                    runs.push(Arc::new(run));
                }
                Ok(_) | Err(_) => std::fs::remove_file(&path)?,
            }
        }
        let sealer = Sealer::start(folder.to_owned(), min_free_bytes, runs.clone())?;
        Ok(Self {
            runs,
            through,
            sealed: through,
            seal_events,
            sealer: Some(sealer),
            ..Self::default()
        })
    }

    /// Adds the next record of the log; `content` is what repetitions of it are compared by.
    ///
    /// # Errors
    /// [`OutOfOrder`] where it is not the one after [`Self::through`].
    pub fn remember(&mut self, record: &Record, content: Content) -> Result<(), OutOfOrder> {
        let expected = self.through + 1;
        if record.seq() != expected {
            return Err(OutOfOrder {
                expected,
                found: record.seq(),
            });
        }
        self.insert(record.identity(), content, expected);
        self.through = expected;
        Ok(())
    }

    /// The seq of the last record that is remembered.
    #[must_use]
    pub const fn through(&self) -> u64 {
        self.through
    }

    /// What is known of `identity`, compared by `content`.
    ///
    /// # Errors
    /// Where a run cannot be read: nobody knows then what was seen before. One that is damaged is
    /// taken away, so that the next start builds it again.
    pub fn lookup(&self, identity: Identity, content: Content) -> io::Result<Lookup> {
        let (digest, content) = (identity.digest(), content.as_bytes());
        for table in [Some(&self.recent), self.frozen.as_deref()] {
            match table.map_or(Lookup::New, |table| table.lookup(&digest, content)) {
                Lookup::New => {}
                known @ (Lookup::Duplicate(_) | Lookup::Other(_)) => return Ok(known),
            }
        }
        for run in self.runs.iter().rev() {
            match run.lookup(&digest, content) {
                Ok(Lookup::New) => {}
                Ok(known) => return Ok(known),
                Err(error) => {
                    run.remove_if_damaged(&error);
                    return Err(error);
                }
            }
        }
        Ok(Lookup::New)
    }

    /// Adds an event of a batch that is not committed yet, so that its duplicates in the same
    /// batch are seen. [`Self::confirm`] or [`Self::forget`] must follow.
    pub(super) fn insert(&mut self, identity: Identity, content: Content, seq: u64) {
        self.recent.insert(identity, content, seq);
    }

    /// The batch is durable, and the log has these peaks now: its events stay.
    pub(super) fn confirm(&mut self, peaks: &Peaks) {
        self.through = peaks.size();
        let Some(sealer) = &self.sealer else {
            return;
        };
        if let Some(news) = sealer.news() {
            self.runs = news.runs;
            if news.through >= self.sealed {
                self.frozen = None;
            }
        }
        if self.frozen.is_none() && self.through - self.sealed >= self.seal_events {
            self.freeze(peaks);
        }
    }

    /// The batch failed: the event was never recorded under `seq`.
    pub(super) fn forget(&mut self, identity: Identity, seq: u64) {
        self.recent.forget(identity, seq);
    }

    /// Seals what there is, and waits until it is written. `peaks` are the log's.
    pub(super) fn close(mut self, peaks: &Peaks) {
        self.sealer.as_ref().inspect(|sealer| sealer.hurry());
        if self.through > self.sealed && self.through == peaks.size() {
            self.freeze(peaks);
        }
        drop(self.sealer.take());
    }

    fn freeze(&mut self, peaks: &Peaks) {
        let Some(sealer) = &self.sealer else {
            return;
        };
        let table = Arc::new(std::mem::take(&mut self.recent));
        let frozen = Frozen {
            table: Arc::clone(&table),
            from: self.sealed + 1,
            peaks: peaks.clone(),
        };
        // Its thread is gone only after a panic: then all stays in memory, where it is asked.
        if !sealer.seal(frozen) {
            self.sealer = None;
        }
        self.frozen = Some(table);
        self.sealed = self.through;
    }
}
