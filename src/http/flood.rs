//! Keeps a flood of refusals from becoming a flood of log lines: one line a second, and the number
//! of those that got none. It never learns what was refused.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Often enough to see when a flood begins and ends, seldom enough for any disk.
const PAUSE: Duration = Duration::from_secs(1);

/// Says which of many like events get a line. Takes no lock.
pub(super) struct Flood {
    birth: Instant,
    /// When the next line may come, in microseconds since the birth.
    next_micros: AtomicU64,
    passed_over: AtomicU64,
}

impl Flood {
    pub(super) fn new() -> Self {
        Self {
            birth: Instant::now(),
            next_micros: AtomicU64::new(0),
            passed_over: AtomicU64::new(0),
        }
    }

    /// Whether this one gets a line; if so, how many before it got none.
    pub(super) fn admit(&self) -> Option<u64> {
        self.admit_after(self.birth.elapsed())
    }

    fn admit_after(&self, age: Duration) -> Option<u64> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let now = micros(age);
        let due = self.next_micros.load(Relaxed);
        let next = now.saturating_add(micros(PAUSE));
        let is_due = now >= due;
        // Of several threads that find it due, one wins.
        let exchange = |next| {
            self.next_micros
                .compare_exchange(due, next, Relaxed, Relaxed)
        };
        if is_due && exchange(next).is_ok() {
            return Some(self.passed_over.swap(0, Relaxed));
        }
        self.passed_over.fetch_add(1, Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_one_line_a_second_with_a_count() {
        let flood = Flood::new();
        let at = |millis| flood.admit_after(Duration::from_millis(millis));
        assert_eq!(at(5), Some(0));
        for millis in 6..1_005 {
            assert_eq!(at(millis), None, "{millis}");
        }
        assert_eq!(at(1_005), Some(999));
        assert_eq!(at(9_000), Some(0));
    }
}
