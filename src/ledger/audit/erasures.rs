//! Which records have no body, and which events say that they may have none: a body that is missing
//! is damage unless an event of the same log says it was erased. Knows no store.

use std::collections::BTreeSet;

use crate::eventlog::Record;
use crate::ledger::own;

/// Records that were seen, in the log's order, as far as erasures go.
#[derive(Debug, Default)]
pub struct Erasures {
    unexplained: BTreeSet<u64>,
    explained: u64,
}

impl Erasures {
    /// Takes note of the next record.
    pub fn note(&mut self, record: &Record) {
        if record.is_erased() {
            self.unexplained.insert(record.seq());
        } else {
            for seq in own::erased_by(record) {
                self.explained += u64::from(self.unexplained.remove(&seq));
            }
        }
    }

    /// How many records were erased, as later ones say.
    #[must_use]
    pub const fn erased(&self) -> u64 {
        self.explained
    }

    /// Every record without a body of which no event said that it was erased.
    pub(super) fn all_unexplained(&self) -> impl Iterator<Item = u64> {
        self.unexplained.iter().copied()
    }

    /// The first record without a body of which no event said that it was erased.
    #[must_use]
    pub fn unexplained(&self) -> Option<u64> {
        self.unexplained.first().copied()
    }
}
