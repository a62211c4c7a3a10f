//! Writes a range of the log as an export, a page of it at a time, checking each record and page on
//! the way: what is damaged never gets a last line. Knows an engine; never who signs.

use std::sync::Arc;

use super::line::{self, LastLine};
use crate::eventlog::engine::{Engine, Fault};
use crate::eventlog::merkle::Peaks;
use crate::eventlog::page::Page;
use crate::eventlog::tiles::peaks_at;

/// Which records, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportRange {
    from: u64,
    to: u64,
}

/// There are no such records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing was ever recorded.
    #[error("the log is empty; there is nothing to export")]
    Empty,
    /// Not within the log, or the wrong way round.
    #[error(
        "there are no records {from} to {to}: the log has 1 to {last_seq}; choose `from` and `to` \
         among them, `from` first"
    )]
    Outside {
        /// The first one asked for.
        from: u64,
        /// The last one asked for.
        to: u64,
        /// The last one there is.
        last_seq: u64,
    },
}

impl ExportRange {
    /// The records `from` to `to` of a log that ends at `last_seq`; by default all of them.
    ///
    /// # Errors
    /// [`RangeError`] where one of them is not there.
    pub fn new(from: Option<u64>, to: Option<u64>, last_seq: u64) -> Result<Self, RangeError> {
        if last_seq == 0 {
            return Err(RangeError::Empty);
        }
        let (from, to) = (from.unwrap_or(1), to.unwrap_or(last_seq));
        if from == 0 || from > to || to > last_seq {
            return Err(RangeError::Outside { from, to, last_seq });
        }
        Ok(Self { from, to })
    }

    /// The first record's seq.
    #[must_use]
    pub const fn from(self) -> u64 {
        self.from
    }

    /// The last record's seq, which is the size of the checkpoint's tree.
    #[must_use]
    pub const fn to(self) -> u64 {
        self.to
    }
}

/// An export under way.
pub struct Exporter {
    engine: Arc<dyn Engine>,
    to: u64,
    peaks_before: Peaks,
    /// The peaks after the last record that was written.
    pub(super) peaks: Peaks,
}

impl Exporter {
    /// Begins an export of `range`.
    ///
    /// # Errors
    /// [`Fault`] where what is before the range cannot be read.
    pub fn new(engine: Arc<dyn Engine>, range: ExportRange) -> Result<Self, Fault> {
        let peaks_before = peaks_at(&*engine, range.from.saturating_sub(1))?;
        Ok(Self {
            engine,
            to: range.to,
            peaks: peaks_before.clone(),
            peaks_before,
        })
    }

    /// Appends the lines of the next page to `out`; `false` once every record was written before.
    ///
    /// # Errors
    /// [`Fault`] where a record cannot be read as it was written. `out` is as it was, and the export
    /// must end there.
    pub fn write_page(&mut self, out: &mut Vec<u8>) -> Result<bool, Fault> {
        let next = self.peaks.size().saturating_add(1);
        if next > self.to {
            return Ok(false);
        }
        let before = out.len();
        let written = read(&*self.engine, next).and_then(|page| self.write_records(&page, out));
        if written.is_err() {
            out.truncate(before);
        }
        written.map(|()| true)
    }

    /// The last record that was written.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.peaks.size()
    }

    /// The peaks after the last record that was written: what a checkpoint is signed over.
    #[must_use]
    pub const fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// Appends the last line: `checkpoint` is a note over [`Self::peaks`], signed under `key`.
    pub fn write_last(self, checkpoint: &str, key: &str, out: &mut Vec<u8>) {
        LastLine::new(checkpoint, key, &self.peaks_before).write(out);
    }

    /// Also of a page that is not wanted whole every record is checked, and the page with them.
    fn write_records(&mut self, page: &Page, out: &mut Vec<u8>) -> Result<(), Fault> {
        let written = self.peaks.size();
        let mut peaks = self.peaks.clone();
        for (seq, record) in page.records() {
            let record = record.map_err(|damage| damaged(seq, &damage.to_string()))?;
            if seq > written {
                peaks.push(record.leaf());
                if seq <= self.to {
                    line::write_record(&record, out);
                }
            }
            if seq == self.to {
                self.peaks = peaks.clone();
            }
        }
        if peaks != *page.peaks() {
            let what = "its page's hashes are not those of the records before";
            return Err(damaged(page.first_seq(), what));
        }
        if peaks.size() < self.to {
            self.peaks = peaks;
        }
        Ok(())
    }
}

fn read(engine: &dyn Engine, seq: u64) -> Result<Page, Fault> {
    let page = engine.read(seq)?;
    page.ok_or_else(|| damaged(seq, "it is missing from the store"))
}

fn damaged(seq: u64, what: &str) -> Fault {
    Fault::Damaged {
        seq,
        what: what.to_owned(),
    }
}
