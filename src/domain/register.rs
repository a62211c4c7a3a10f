//! Which fact wins: a total order over facts about the same thing, and the cell that keeps the
//! greatest. Arrival plays no part in it.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A fact's place in the order. Greater wins.
///
/// `occurred_at` first; at the same time a fact of our own stands after a provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// When it happened, by the clock of whoever says so.
    pub occurred_at: Timestamp,
    /// Who says so, and the order among those who say it of the same time.
    pub origin: Origin,
}

/// See [`Stamp::origin`]. The order of the arms is part of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A provider's webhook.
    Provider {
        /// The provider's own counter.
        revision: i64,
        /// The order of event types.
        rank: u8,
        /// What is left is broken by the event itself.
        tie: Tie,
    },
    /// This ledger's own event. Its log has one writer, so its sequence is the order.
    Ours {
        /// The event's sequence number.
        seq: u64,
    },
}

impl Origin {
    /// One number that tells every two events apart, and keeps the order of what is told here. What
    /// a provider says has none by it, and takes none from arrival either.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Ours { seq } => seq,
            Self::Provider { tie, .. } => u64::from_be_bytes(tie.body),
        }
    }
}

/// Breaks ties between events, the same way in every ledger that received them.
///
/// The body first: of two bodies that came under one identity, the second is recorded under an
/// identity of its own, so that by identity alone arrival would decide between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tie {
    /// The first 8 bytes of the SHA-256 of the body.
    pub body: [u8; 8],
    /// The first bytes of the event's identity: it decides only where one body came twice, by two
    /// sources.
    pub identity: [u8; 4],
}

/// A [`Slot`] that most things leave empty: it takes 8 bytes until something is put into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareSlot<T>(Option<Box<Register<T>>>);

impl<T> Default for RareSlot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> RareSlot<T> {
    /// Takes `value` if its stamp is the greatest so far.
    pub fn offer(&mut self, stamp: Stamp, value: T) {
        if self.0.as_ref().is_none_or(|held| stamp > held.stamp) {
            self.0 = Some(Box::new(Register { stamp, value }));
        }
    }

    /// The value in force.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|register| &register.value)
    }

    /// The stamp of the value in force.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        self.0.as_ref().map(|register| register.stamp)
    }

    /// The value in force with its stamp.
    #[must_use]
    pub fn register(&self) -> Option<&Register<T>> {
        self.0.as_deref()
    }
}

impl<T: Clone> RareSlot<T> {
    /// Takes the other's value if it is the greater.
    pub fn merge(&mut self, other: &Self) {
        if let Some(register) = &other.0 {
            self.offer(register.stamp, register.value.clone());
        }
    }
}

/// A configured source in the state's list of them: cells hold millions of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// The event a change comes from.
#[derive(Debug, Clone, Copy)]
pub struct EventRef<'a> {
    /// Its sequence number.
    pub seq: u64,
    /// The configured name of its source.
    pub source: &'a str,
    /// What breaks ties with other events; `None` for an event of our own.
    pub tie: Option<Tie>,
}

impl Stamp {
    /// The stamp of a fact that `event` tells. `revision` and `rank` order a provider's facts of
    /// one time.
    #[must_use]
    pub fn new(occurred_at: Timestamp, revision: i64, rank: u8, event: &EventRef<'_>) -> Self {
        let origin = match event.tie {
            Some(tie) => Origin::Provider {
                revision,
                rank,
                tie,
            },
            None => Origin::Ours { seq: event.seq },
        };
        Self {
            occurred_at,
            origin,
        }
    }
}

/// A value with the stamp of the fact that set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register<T> {
    /// The stamp.
    pub stamp: Stamp,
    /// The value.
    pub value: T,
}

/// A place for the greatest fact of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot<T>(Option<Register<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// Takes `value` if its stamp is the greatest so far; says whether it did.
    pub fn offer(&mut self, stamp: Stamp, value: T) -> bool {
        let wins = self.0.as_ref().is_none_or(|held| stamp > held.stamp);
        if wins {
            self.0 = Some(Register { stamp, value });
        }
        wins
    }

    /// The value in force.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|register| &register.value)
    }

    /// The value in force with its stamp.
    #[must_use]
    pub fn register(&self) -> Option<&Register<T>> {
        self.0.as_ref()
    }
}

impl<T: Clone> Slot<T> {
    /// Takes the other's value if it is the greater.
    pub fn merge(&mut self, other: &Self) {
        if let Some(register) = &other.0
            && self
                .0
                .as_ref()
                .is_none_or(|held| register.stamp > held.stamp)
        {
            self.0 = Some(register.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The state holds some ten of them a customer.
    #[test]
    fn a_stamp_is_small() {
        assert_eq!(size_of::<Stamp>(), 32);
        assert_eq!(size_of::<Slot<Timestamp>>(), 40);
    }

    #[test]
    fn the_order_is_time_then_provider_before_ours_then_revision_rank_identity() {
        let at = |ms| Timestamp::from_millis(ms).unwrap();
        let provider = |ms, revision, rank, id| Stamp {
            occurred_at: at(ms),
            origin: Origin::Provider {
                revision,
                rank,
                tie: Tie {
                    body: [id; 8],
                    identity: [0; 4],
                },
            },
        };
        let ours = |ms, seq| Stamp {
            occurred_at: at(ms),
            origin: Origin::Ours { seq },
        };
        let ascending = [
            provider(1, 9, 9, 9),
            provider(2, 0, 7, 9),
            provider(2, 1, 3, 9),
            provider(2, 1, 4, 1),
            provider(2, 1, 4, 2),
            ours(2, 1),
            ours(2, 2),
            provider(3, 0, 0, 0),
        ];
        assert!(ascending.is_sorted());
    }
}
