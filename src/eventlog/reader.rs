//! Reads the log, page by page. Knows an engine; keeps nothing but the page in hand.

use std::sync::Arc;

use super::engine::{Engine, Fault};
use super::page::Page;
use super::record::{Record, RecordDamage};

/// The log, for reading. A clone is as good as the original.
#[derive(Clone)]
pub struct Log {
    engine: Arc<dyn Engine>,
}

impl Log {
    /// Reads what `engine` keeps.
    #[must_use]
    pub const fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine }
    }

    /// The last durable seq; 0 in an empty log.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be told.
    pub fn last_seq(&self) -> Result<u64, Fault> {
        self.engine.last().map(|tail| tail.last_seq)
    }

    /// One record; `None` where the log has none of that seq.
    ///
    /// # Errors
    /// [`Fault::Damaged`] where it cannot be read as it was written.
    pub fn record(&self, seq: u64) -> Result<Option<Record>, Fault> {
        let Some(page) = self.engine.read(seq)? else {
            return Ok(None);
        };
        let found = page.records().find(|(found, _)| *found == seq);
        found
            .map(|(_, record)| record.map_err(|damage| damaged(seq, damage)))
            .transpose()
    }

    /// Every record from `from` (at least 1) to the end there is when the iterator gets there. It
    /// ends after the first error.
    #[must_use]
    pub fn records(&self, from: u64) -> Records {
        let page = Vec::new().into_iter();
        Records {
            engine: Arc::clone(&self.engine),
            next: from.max(1),
            page,
            is_done: false,
        }
    }

    /// Every page from the one that holds `from` (at least 1) on, in the same way.
    pub fn pages(&self, from: u64) -> impl Iterator<Item = Result<Page, Fault>> + use<> {
        let engine = Arc::clone(&self.engine);
        let mut next = Some(from.max(1));
        std::iter::from_fn(move || {
            let read = engine.read(next?).transpose();
            next = match &read {
                Some(Ok(page)) => page.last_seq().checked_add(1),
                Some(Err(_)) | None => None,
            };
            read
        })
    }
}

fn damaged(seq: u64, damage: RecordDamage) -> Fault {
    Fault::Damaged {
        seq,
        what: damage.to_string(),
    }
}

/// Iterates over records; see [`Log::records`].
pub struct Records {
    engine: Arc<dyn Engine>,
    next: u64,
    page: std::vec::IntoIter<(u64, Result<Record, RecordDamage>)>,
    is_done: bool,
}

impl Iterator for Records {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_done {
            if let Some((seq, record)) = self.page.next() {
                self.next = seq.saturating_add(1);
                self.is_done = record.is_err();
                return Some(record.map_err(|damage| damaged(seq, damage)));
            }
            match self.engine.read(self.next) {
                Ok(Some(page)) => {
                    let from = self.next;
                    let wanted = page.records().filter(|(seq, _)| *seq >= from);
                    self.page = wanted.collect::<Vec<_>>().into_iter();
                }
                Ok(None) => self.is_done = true,
                Err(fault) => {
                    self.is_done = true;
                    return Some(Err(fault));
                }
            }
        }
        None
    }
}
