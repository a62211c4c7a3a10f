//! The port to whatever keeps the pages. Everything above it (batching, duplicates, numbering,
//! hashing, folding) is written once; an engine knows pages and nothing of their records' meaning.

pub mod memory;
pub mod sled;

use std::io;
use std::path::Path;

use super::page::Page;

/// Free bytes on the disk of a folder.
///
/// # Errors
/// Where the system does not tell.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The last page of a log. Its default is an empty log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// The last page's number; 0 where there is none.
    pub page_no: u64,
    /// The last record's seq; 0 where there is none.
    pub last_seq: u64,
}

impl Tail {
    /// Whether `page` continues the log without gap or overlap.
    #[must_use]
    pub const fn is_continued_by(self, page: &Page) -> bool {
        page.page_no() == self.page_no + 1 && page.first_seq() == self.last_seq + 1
    }

    /// The tail once `page` is the last.
    #[must_use]
    pub const fn after(page: &Page) -> Self {
        Self {
            page_no: page.page_no(),
            last_seq: page.last_seq(),
        }
    }
}

/// Keeps pages, in order and for ever. Blocking on purpose: only the writer's thread appends.
///
/// `tests/engines.rs` runs one suite on every engine.
pub trait Engine: Send + Sync {
    /// Where the durable log ends.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be told.
    fn last(&self) -> Result<Tail, Fault>;

    /// Adds `page` after the page numbered `after`. It is durable when this returns, or, after a
    /// fault, either whole or absent.
    ///
    /// # Errors
    /// [`Fault::Conflict`] where the log does not end at `after`; any other [`Fault`].
    fn append(&self, after: u64, page: &Page) -> Result<(), Fault>;

    /// The durable page that holds `seq`; `None` past the end, and before the first record.
    ///
    /// # Errors
    /// [`Fault::Damaged`] where it cannot be read as it was written.
    fn read(&self, seq: u64) -> Result<Option<Page>, Fault>;

    /// The first seq of the first page that begins after `seq`: how a reader passes a damaged page.
    ///
    /// # Errors
    /// [`Fault`] where the store cannot be read at all.
    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault>;

    /// Tries to become writable again after a fault. Nothing acknowledged may be lost by it.
    ///
    /// # Errors
    /// The [`Fault`] that stands in the way now.
    fn reopen(&self) -> Result<(), Fault>;

    /// Bytes of the store that are durable; 0 where the engine keeps no file of its own.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be told.
    fn store_bytes(&self) -> Result<u64, Fault>;

    /// Free bytes on the store's disk; `None` for an engine that has no disk.
    ///
    /// # Errors
    /// [`Fault`] where that cannot be told.
    fn free_bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(None)
    }

    /// Changes the free space below which nothing is written; 0 turns the check off. Without
    /// effect on an engine that has no disk.
    fn set_min_free_bytes(&self, _bytes: u64) {}
}

/// Why an engine could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The log does not end where the writer thought; nothing was written.
    #[error("another writer appended first; read the log's end and append again")]
    Conflict,
    /// No room; nothing is lost, and writing goes on once there is some.
    #[error("the disk is full; free some space and writing resumes by itself")]
    Full,
    /// A write failed, and the store must be reopened before the next one.
    #[error("the store must be reopened after a failed write: {0}")]
    Poisoned(String),
    /// The write may or may not have landed: look before answering.
    #[error("it is not known whether the last write landed: {0}")]
    Unknown(String),
    /// No write is possible until an operator has looked.
    #[error("the log is read-only: {0}; run `subledger verify`, then restart")]
    ReadOnly(String),
    /// What was written there cannot be read back.
    #[error("record {seq} cannot be read: {what}; run `subledger verify`")]
    Damaged {
        /// A seq in the damaged page.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}
