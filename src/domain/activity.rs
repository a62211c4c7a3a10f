//! When something was first and last heard of.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The least and greatest times, and the greatest sequence number, of the events about one thing.
/// Merging is commutative and idempotent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The least time that is known; an event without a time does not count.
    first: Option<Timestamp>,
    last: Timestamp,
    last_seq: u64,
}

impl Activity {
    /// One event.
    #[must_use]
    pub fn at(occurred_at: Timestamp, seq: u64) -> Self {
        let first = (occurred_at != Timestamp::EPOCH).then_some(occurred_at);
        Self {
            first,
            last: occurred_at,
            last_seq: seq,
        }
    }

    /// One event that tells of something long known: it is never the first, unless there is no other.
    #[must_use]
    pub fn later(occurred_at: Timestamp, seq: u64) -> Self {
        Self {
            first: None,
            last: occurred_at,
            last_seq: seq,
        }
    }

    /// Takes in the other's events.
    pub fn merge(&mut self, other: Self) {
        self.first = match (self.first, other.first) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.last = self.last.max(other.last);
        self.last_seq = self.last_seq.max(other.last_seq);
    }

    /// The first time, by the provider's clock; where no event is known to be the first, the last.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.first.unwrap_or(self.last)
    }

    /// The last time, by the provider's clock.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.last
    }

    /// The sequence number of the last event to arrive.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }
}
