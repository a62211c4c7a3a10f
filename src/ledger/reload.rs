//! What of a running ledger may be exchanged: secrets and limits. Knows no file; what is handed
//! over has been checked.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Ledger;
use crate::providers::Provider;

/// New secrets and limits for a running ledger.
pub struct Change {
    /// Each source with its new secrets. A name that the ledger does not serve is passed over.
    pub sources: Vec<(String, Arc<dyn Provider>)>,
    /// Days of access after a paid period; counts from the next query.
    pub grace_days: u32,
    /// Free bytes below which nothing is written; counts from the next commit.
    pub min_free_bytes: u64,
}

impl Ledger {
    /// Takes over `change`. A delivery that is being checked is checked with what it began with.
    pub fn change(&self, change: Change) {
        for (name, provider) in change.sources {
            if let Some(source) = self.sources.get(&name) {
                source.exchange(provider);
            }
        }
        self.grace_days.store(change.grace_days, Relaxed);
        self.engine.set_min_free_bytes(change.min_free_bytes);
    }

    /// The names of the sources that take deliveries.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// Whether a commit hangs in the disk; see [`Ledger::ready`].
    #[must_use]
    pub fn is_hung(&self) -> bool {
        self.writer.health().is_hung()
    }
}
