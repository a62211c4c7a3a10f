//! Takes records back from an export, byte for byte, so that the log arrives at the same root.
//! Knows stored records, not the export's text.

mod error;
mod staging;

use std::sync::Arc;

use bytes::Bytes;

pub use self::error::ImportError;
pub use self::staging::{Published, Staging};
use super::engine::Engine;
use super::open::{Head, Opened};
use super::page::{MAX_RECORDS, MAX_RECORDS_BYTES, PageBuilder};
use super::record::{Record, RecordDamage};
use super::witness::Keeper;

/// Appends stored records to a log that no writer is running on.
pub struct Importer {
    engine: Arc<dyn Engine>,
    keeper: Option<Keeper>,
    head: Head,
    /// The head once the gathered records are written.
    next: Head,
    builder: PageBuilder,
    gathered: usize,
    gathered_bytes: usize,
}

impl Importer {
    /// Goes on where `opened` ends.
    #[must_use]
    pub fn new(opened: Opened) -> Self {
        Self {
            engine: opened.engine,
            keeper: opened.keeper,
            next: opened.head.clone(),
            head: opened.head,
            builder: PageBuilder::default(),
            gathered: 0,
            gathered_bytes: 0,
        }
    }

    /// Where the log stands with all that was pushed.
    #[must_use]
    pub const fn ends_at(&self) -> &Head {
        &self.next
    }

    /// Takes the next record; it is durable after [`Self::flush`] or [`Self::finish`].
    ///
    /// # Errors
    /// [`ImportError`]; what was taken before stays.
    pub fn push(&mut self, stored: Bytes) -> Result<(), ImportError> {
        let expected = self.next.seq().saturating_add(1);
        let damaged = |damage| ImportError::Damaged(expected, damage);
        let record = Record::decode(stored).map_err(damaged)?;
        if record.seq() != expected {
            return Err(ImportError::OutOfOrder {
                expected,
                found: record.seq(),
            });
        }
        if record.recorded_at() < self.next.recorded_at {
            return Err(damaged(RecordDamage::Header));
        }
        let bytes = record.stored_bytes();
        let is_full = self.gathered_bytes.saturating_add(bytes.len()) > MAX_RECORDS_BYTES;
        if is_full || self.gathered == MAX_RECORDS {
            self.flush()?;
        }
        self.builder.push(|out| {
            out.extend_from_slice(bytes);
            Ok::<_, ImportError>(())
        })?;
        self.gathered += 1;
        self.gathered_bytes = self.gathered_bytes.saturating_add(bytes.len());
        self.next.peaks.push(record.leaf());
        self.next.recorded_at = record.recorded_at();
        Ok(())
    }

    /// Writes what is left and answers where the log stands now.
    ///
    /// # Errors
    /// [`ImportError`] where the store fails.
    pub fn finish(mut self) -> Result<Head, ImportError> {
        self.flush()?;
        Ok(self.head)
    }

    /// Writes what was pushed.
    ///
    /// # Errors
    /// [`ImportError`] where the store fails.
    pub fn flush(&mut self) -> Result<(), ImportError> {
        if self.gathered == 0 {
            return Ok(());
        }
        self.next.page_no = self.head.page_no.saturating_add(1);
        let page = self.builder.finish(self.next.page_no, &self.next.peaks);
        let page = page.map_err(|damage| ImportError::Page(self.next.seq(), damage))?;
        self.engine.append(self.head.page_no, &page)?;
        self.head = self.next.clone();
        (self.gathered, self.gathered_bytes) = (0, 0);
        if let Some(keeper) = &self.keeper {
            keeper.note(&self.head.peaks, self.engine.store_bytes()?);
        }
        Ok(())
    }
}
