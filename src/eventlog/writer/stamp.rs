//! The time a record is given: never before the last one's, and never one that our clock leapt to.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// Clocks drift by seconds and are set by hours; one that gains a day is wrong, and recording by it
/// would date everything after it too late, for ever.
const MAX_LEAP_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The wall clock gained more than [`MAX_LEAP_MILLIS`] on the time that really passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leap;

/// Gives out times. What it compares the wall clock with is the time that passed since it was last
/// right, and not the last record: a ledger that was idle for a week has not leapt. A leap while
/// the process is down cannot be told from idleness and is believed.
pub(super) struct Stamper {
    clock: Arc<dyn Clock>,
    /// The wall clock when it was last believed, and the uptime then.
    anchor: (Timestamp, Duration),
    last: Timestamp,
    is_leaping: bool,
}

impl Stamper {
    /// `last` is the time of the log's last record.
    pub(super) fn new(clock: Arc<dyn Clock>, last: Timestamp) -> Self {
        let anchor = (clock.now(), clock.uptime());
        if anchor.0 < last {
            tracing::warn!(%last, now = %anchor.0, "the clock is behind the log's last record");
        }
        Self {
            clock,
            anchor,
            last,
            is_leaping: false,
        }
    }

    pub(super) fn stamp(&mut self) -> Result<Timestamp, Leap> {
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        let passed = uptime.saturating_sub(self.anchor.1).as_millis();
        let expected = self
            .anchor
            .0
            .plus_millis(i64::try_from(passed).unwrap_or(i64::MAX));
        if now > expected.plus_millis(MAX_LEAP_MILLIS) {
            if !self.is_leaping {
                tracing::error!(%now, %expected, "the clock leapt ahead; events are refused");
            }
            self.is_leaping = true;
            return Err(Leap);
        }
        self.is_leaping = false;
        // A clock that was set back may be set right again: what is expected never goes back.
        self.anchor = (now.max(expected), uptime);
        self.last = self.last.max(now);
        Ok(self.last)
    }

    /// Another writer's records, or recovered ones, count too.
    pub(super) fn not_before(&mut self, recorded_at: Timestamp) {
        self.last = self.last.max(recorded_at);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::FixedClock;

    fn start() -> Timestamp {
        Timestamp::from_seconds(1_790_000_000).unwrap()
    }

    fn stamper(last: Timestamp) -> (Arc<FixedClock>, Stamper) {
        let clock = Arc::new(FixedClock::new(start()));
        let shared: Arc<dyn Clock> = Arc::<FixedClock>::clone(&clock);
        (clock, Stamper::new(shared, last))
    }

    #[test]
    fn time_never_goes_back() {
        let (clock, mut stamper) = stamper(start().plus_millis(500));
        assert_eq!(stamper.stamp(), Ok(start().plus_millis(500)));
        clock.set(start().plus_millis(900));
        assert_eq!(stamper.stamp(), Ok(start().plus_millis(900)));
        clock.set(Timestamp::EPOCH);
        assert_eq!(stamper.stamp(), Ok(start().plus_millis(900)));
        clock.leap(start().plus_millis(950));
        assert_eq!(
            stamper.stamp(),
            Ok(start().plus_millis(950)),
            "set right again"
        );
    }

    #[test]
    fn an_idle_month_is_no_leap() {
        let (clock, mut stamper) = stamper(start());
        clock.set(start().plus_days(31));
        assert_eq!(stamper.stamp(), Ok(start().plus_days(31)));
    }

    #[test]
    fn a_leap_is_refused_until_the_clock_is_right_again() {
        let (clock, mut stamper) = stamper(start());
        clock.leap(start().plus_days(1));
        assert_eq!(
            stamper.stamp(),
            Ok(start().plus_days(1)),
            "a day is still believed"
        );
        clock.leap(start().plus_days(400));
        assert_eq!(stamper.stamp(), Err(Leap));
        assert_eq!(
            stamper.stamp(),
            Err(Leap),
            "it is not believed for being repeated"
        );
        clock.leap(start().plus_days(1).plus_millis(7));
        assert_eq!(stamper.stamp(), Ok(start().plus_days(1).plus_millis(7)));
    }
}
