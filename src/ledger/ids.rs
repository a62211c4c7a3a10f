//! New ids for what commands make. Knows nothing of what they name.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::domain::id::{Prefix, Tsid};
use crate::domain::time::Timestamp;

/// Counted on from a random number: commands of one commit are decided in one millisecond, and
/// 22 bits of chance would meet there sooner or later.
static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(rand::random()));

/// An id that no other command of this process gets.
pub(super) fn fresh(prefix: Prefix, now: Timestamp) -> Box<str> {
    let id = Tsid::at(now, NEXT.fetch_add(1, Relaxed));
    id.with(prefix).to_string().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_of_one_millisecond_differ() {
        let ids: BTreeSet<_> = (0..10_000)
            .map(|_| fresh(Prefix::Customer, Timestamp::EPOCH))
            .collect();
        assert_eq!(ids.len(), 10_000);
    }
}
