//! Reading checkouts: one in full, all in numbered pages, and what the log says of one. Knows no
//! page that payers see.

use super::super::{EventView, Ledger, ReadError, Shown};
use crate::domain::state::{CheckoutRecord, CheckoutsSearched, Numbered, NumberedPage};

impl Ledger {
    /// One checkout that was opened here, with what it sells and to whom.
    #[must_use]
    pub fn checkout_record(&self, id: &str) -> Shown<Option<CheckoutRecord>> {
        self.ask(|state, as_of| state.checkout_record(id, as_of))
    }

    /// Checkouts, newest first, as they stand now; `None` past the last page.
    #[must_use]
    pub fn checkouts_numbered(
        &self,
        searched: &CheckoutsSearched,
        asked: Numbered,
    ) -> Shown<Option<NumberedPage<CheckoutRecord>>> {
        let searched = CheckoutsSearched {
            now: self.clock.now(),
            ..searched.clone()
        };
        self.money_numbered(&searched, asked)
    }

    /// What the log says of a checkout and of the payments for it, newest first: one page of it.
    /// `None` where there is no such checkout, `Some(None)` past the last page. Reads the store.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn checkout_events(
        &self,
        id: &str,
        asked: Numbered,
    ) -> Result<Shown<Option<Option<NumberedPage<EventView>>>>, ReadError> {
        let Shown { seq, value } = self.ask(|state, _| state.checkout_events(id));
        let Some(seqs) = value else {
            return Ok(Shown { seq, value: None });
        };
        let before = asked.page.saturating_sub(1).saturating_mul(asked.size);
        if before > 0 && before >= seqs.len() {
            return Ok(Shown {
                seq,
                value: Some(None),
            });
        }
        let wanted = seqs.iter().rev().skip(before).take(asked.size);
        let mut items = Vec::new();
        for seq in wanted {
            if let Some(record) = self.record(*seq)? {
                items.push(self.event_view(&record, false));
            }
        }
        let page = NumberedPage {
            count: seqs.len(),
            items,
        };
        Ok(Shown {
            seq,
            value: Some(Some(page)),
        })
    }
}
