//! A subscription: its facts, the rules by which one replaces another, and how it is shown.

use serde::Serialize;

/// The canonical status, the same word for every provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Begun, not yet in force.
    Incomplete,
    /// In its trial.
    Trialing,
    /// In force.
    Active,
    /// In force, and a charge failed.
    PastDue,
    /// Charging was given up, or the provider holds it.
    OnHold,
    /// Paused by somebody.
    Paused,
    /// Ended before its term.
    Canceled,
    /// Ran its term.
    Completed,
    /// Ended without having begun, or at a date.
    Expired,
    /// Replaced by another subscription.
    Superseded,
}
