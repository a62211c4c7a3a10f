//! A line a second with a count, where a flood would write one a request. It knows not what is
//! counted, and carries nothing of a request.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts what happens and says when to tell.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    untold: AtomicU64,
    /// The second in which it was told last, from 1; 0 is never.
    told_in: AtomicU64,
}

impl Throttle {
    pub(super) const fn new() -> Self {
        Self {
            untold: AtomicU64::new(0),
            told_in: AtomicU64::new(0),
        }
    }

    /// Counts one; hands out how many came since the last line, where one is due.
    pub(super) fn count(&self) -> Option<u64> {
        static START: OnceLock<Instant> = OnceLock::new();
        self.count_in(START.get_or_init(Instant::now).elapsed().as_secs() + 1)
    }

    fn count_in(&self, second: u64) -> Option<u64> {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let is_due = self.told_in.fetch_max(second, Ordering::Relaxed) < second;
        is_due.then(|| self.untold.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_second_and_nothing_goes_uncounted() {
        let throttle = Throttle::new();
        let told: Vec<u64> = [1, 1, 1, 2, 2, 5]
            .into_iter()
            .filter_map(|second| throttle.count_in(second))
            .collect();
        assert_eq!(told, [1, 3, 2]);
        assert_eq!(throttle.count_in(4), None, "a clock that goes back");
    }
}
