//! The only place that asks what time it is; everything else is handed a [`Clock`]. Knows nothing
//! of what the time is used for.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::domain::time::Timestamp;

/// A source of the present time.
pub trait Clock: Send + Sync {
    /// The wall clock: what people and providers mean by "now". It can be set, and so can leap.
    fn now(&self) -> Timestamp;

    /// Time that has really passed since some fixed moment; it never leaps, and where the system
    /// can tell, it goes on while the machine sleeps.
    fn uptime(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// On Linux the monotonic clock stands still while a laptop sleeps; this one does not.
#[cfg(target_os = "linux")]
const UPTIME: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const UPTIME: ClockId = ClockId::Monotonic;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // this is the door
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
    }

    fn uptime(&self) -> Duration {
        let read = clock_gettime(UPTIME);
        let seconds = u64::try_from(read.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(read.tv_nsec).unwrap_or(0))
    }
}

/// A clock that moves only when told to, for tests.
#[derive(Debug)]
pub struct FixedClock {
    wall_millis: AtomicI64,
    uptime_millis: AtomicI64,
}

impl FixedClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            wall_millis: AtomicI64::new(now.as_millis()),
            uptime_millis: AtomicI64::new(0),
        }
    }

    /// Lets `millis` of time pass, on both clocks.
    pub fn advance_millis(&self, millis: u32) {
        self.wall_millis
            .fetch_add(i64::from(millis), Ordering::SeqCst);
        self.uptime_millis
            .fetch_add(i64::from(millis), Ordering::SeqCst);
    }

    /// Lets time pass until `now`. A time in the past sets the wall clock back.
    pub fn set(&self, now: Timestamp) {
        let before = self.wall_millis.swap(now.as_millis(), Ordering::SeqCst);
        let passed = now.as_millis().saturating_sub(before).max(0);
        self.uptime_millis.fetch_add(passed, Ordering::SeqCst);
    }

    /// Sets the wall clock while no time passes, as a wrong time server would.
    pub fn leap(&self, now: Timestamp) {
        self.wall_millis.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        let millis = self.wall_millis.load(Ordering::SeqCst);
        Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
    }

    fn uptime(&self) -> Duration {
        let millis = self.uptime_millis.load(Ordering::SeqCst);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_fixed_clock_tells_passing_time_from_a_leap() {
        let start = Timestamp::from_seconds(1_000_000).unwrap();
        let clock = FixedClock::new(start);
        clock.set(start.plus_millis(5_000));
        assert_eq!(
            (clock.now(), clock.uptime()),
            (start.plus_millis(5_000), Duration::from_secs(5))
        );
        clock.leap(start.plus_days(400));
        assert_eq!(
            (clock.now(), clock.uptime()),
            (start.plus_days(400), Duration::from_secs(5))
        );
        clock.set(start);
        clock.advance_millis(1_000);
        assert_eq!(
            (clock.now(), clock.uptime()),
            (start.plus_millis(1_000), Duration::from_secs(6))
        );
    }

    #[test]
    fn the_system_clock_is_after_this_was_written() {
        assert!(SystemClock.now() > Timestamp::from_seconds(1_700_000_000).unwrap());
        assert!(SystemClock.uptime() > Duration::ZERO);
    }
}
