//! Durations and sizes counted by magnitude, for metrics. A leaf that anyone may use: it knows
//! numbers, never what was measured. Counting costs two atomic additions and takes no lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// From a commit on a fast disk to a request that was given up: 100 µs to 10 s, in microseconds.
pub const DURATION_BOUNDS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];
/// The events of one commit, of which there are at most 512.
pub const COUNT_BOUNDS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// Values by magnitude. `N` upper bounds, each inclusive and in ascending order; what is beyond
/// the last one is counted as well.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    buckets: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

/// What a histogram held at one moment. The parts are read one after the other, so that under load
/// the sum may already hold a value that no bucket holds yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The bounds, each with the number of values up to it and above the one before it.
    pub buckets: Vec<(u64, u64)>,
    /// Values beyond the last bound.
    pub beyond: u64,
    /// The sum of all values.
    pub sum: u64,
}

impl<const N: usize> Histogram<N> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(bounds: &'static [u64; N]) -> Self {
        Self {
            bounds,
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts one value.
    pub fn count(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        let bucket = self.buckets.get(place).unwrap_or(&self.beyond);
        bucket.fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    /// Counts a duration, in microseconds.
    pub fn count_duration(&self, took: Duration) {
        self.count(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was counted up to now.
    #[must_use]
    pub fn read(&self) -> Reading {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Relaxed));
        Reading {
            buckets: self.bounds.iter().copied().zip(counts).collect(),
            beyond: self.beyond.load(Relaxed),
            sum: self.sum.load(Relaxed),
        }
    }
}

impl Reading {
    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        let within = self.buckets.iter().map(|(_, count)| count).sum::<u64>();
        within.saturating_add(self.beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        let histogram = Histogram::new(&COUNT_BOUNDS);
        for value in [0, 1, 2, 3, 4, 512, 513] {
            histogram.count(value);
        }
        let read = histogram.read();
        let counts: Vec<u64> = read.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 1, 2, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((read.beyond, read.sum, read.count()), (1, 1_035, 7));
    }

    #[test]
    fn bounds_ascend() {
        assert!(DURATION_BOUNDS.is_sorted() && COUNT_BOUNDS.is_sorted());
    }
}
