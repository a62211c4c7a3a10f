//! Which event was the last at a time of our own clock. Recorded times never go back, so that it is
//! found by halving.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::{KnownAt, PastError};
use crate::domain::time::Timestamp;
use crate::eventlog::page::Page;
use crate::ledger::history::damaged;
use crate::ledger::{Ledger, ReadError};

/// Halving always begins with the same events: the times of those at multiples of this are kept, 16
/// bytes each, and the rest of the way is a few pages.
const KEPT_EVERY: u64 = 1_024;

/// When some events were recorded; it never changes.
#[derive(Default)]
pub(in crate::ledger) struct Times(Mutex<HashMap<u64, Timestamp>>);

impl Ledger {
    /// The last event that was known then, and when that was; all are where nothing is said.
    ///
    /// # Errors
    /// [`PastError`] where the log ends before, or cannot be read.
    pub(super) fn known_through(
        &self,
        known_at: Option<KnownAt>,
        last_seq: u64,
    ) -> Result<(u64, Option<Timestamp>), PastError> {
        let mut page = None;
        match known_at {
            None => Ok((last_seq, None)),
            Some(KnownAt::Seq(seq)) if seq == 0 || seq > last_seq => {
                Err(PastError::BeyondTheLog { last_seq })
            }
            Some(KnownAt::Seq(seq)) => Ok((seq, self.recorded_at(seq, &mut page)?)),
            Some(KnownAt::Time(time)) => {
                let mut known = 0_u64;
                let mut step = last_seq.checked_ilog2().map_or(0, |log| 1 << log);
                while step > 0 {
                    let seq = known.saturating_add(step);
                    if seq <= last_seq && self.recorded_at(seq, &mut page)? <= Some(time) {
                        known = seq;
                    }
                    step /= 2;
                }
                Ok((known, Some(time)))
            }
        }
    }

    /// When an event was recorded. `page` is the page read last.
    fn recorded_at(
        &self,
        seq: u64,
        page: &mut Option<Page>,
    ) -> Result<Option<Timestamp>, ReadError> {
        let is_kept = seq.is_multiple_of(KEPT_EVERY);
        if is_kept && let Some(time) = self.times.0.lock().get(&seq) {
            return Ok(Some(*time));
        }
        let holds = |page: &Page| page.first_seq() <= seq && seq <= page.last_seq();
        if !page.as_ref().is_some_and(holds) {
            *page = self.read_page(seq)?;
        }
        let Some(record) = page.as_ref().and_then(|page| page.record(seq)) else {
            return Ok(None);
        };
        let time = record.map_err(|what| damaged(seq, what))?.recorded_at();
        if is_kept {
            self.times.0.lock().insert(seq, time);
        }
        Ok(Some(time))
    }
}
