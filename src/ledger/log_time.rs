//! When a command is decided: now, and never before the log's last record. Knows no command.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// Of two commands about one thing the later one counts, by the times in their events. Under a
/// clock that was set back the second would be dated before the first, answered, and without
/// effect.
pub(super) struct LogTime {
    clock: Arc<dyn Clock>,
    /// Unix milliseconds of the last record.
    recorded: AtomicI64,
}

impl LogTime {
    /// `last` is the time of the log's last record.
    pub(super) fn new(clock: Arc<dyn Clock>, last: Timestamp) -> Self {
        let recorded = AtomicI64::new(last.as_millis());
        Self { clock, recorded }
    }

    /// The log took in a record at that time.
    pub(super) fn recorded(&self, at: Timestamp) {
        self.recorded.fetch_max(at.as_millis(), Ordering::Relaxed);
    }

    /// The time of a command that is decided now, on the thread that records.
    pub(super) fn now(&self) -> Timestamp {
        let recorded = Timestamp::from_millis(self.recorded.load(Ordering::Relaxed));
        self.clock.now().max(recorded.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::FixedClock;

    #[test]
    fn a_command_is_never_dated_before_what_is_recorded() {
        let start = Timestamp::from_seconds(1_790_000_000).unwrap();
        let clock = Arc::new(FixedClock::new(start));
        let time = LogTime::new(Arc::<FixedClock>::clone(&clock), start.plus_millis(5));
        assert_eq!(
            time.now(),
            start.plus_millis(5),
            "the log is ahead at the start"
        );
        clock.set(start.plus_millis(900));
        assert_eq!(time.now(), start.plus_millis(900));
        time.recorded(start.plus_millis(900));
        clock.leap(start);
        assert_eq!(time.now(), start.plus_millis(900), "set back");
    }
}
