//! What was decided here about a subscription: how it began, when it was asked to end, and what fell
//! due. Each cell keeps the greatest fact or a set, so that order and repetition do not matter. It
//! never says what follows from them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::json_text::JsonText;
use super::own::{Begun, CancelAsked, CancelWhen, CancelledAtGateway};
use super::register::{RareSlot, Register, Stamp};
use super::time::Timestamp;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    begun: RareSlot<JsonText<Begun>>,
    cancel: RareSlot<Cancel>,
    /// The first cancel that was to be at once: what it ended stays ended.
    ended_at_once: Option<Box<Register<Timestamp>>>,
    end_date: RareSlot<Timestamp>,
    /// For which ends of its trial it was told that they passed.
    trial_ends_passed: BTreeSet<Timestamp>,
    /// For which ends it was told that they passed.
    ends_passed: BTreeSet<Timestamp>,
    /// What the gateway answered to each kind of cancel: nothing where it did it.
    stopped_at_once: RareSlot<Option<Box<str>>>,
    stopped_with_cycle: RareSlot<Option<Box<str>>>,
    /// The checkouts (`TRN-…`) that put another in its place once they are paid.
    superseded_by: BTreeSet<Box<str>>,
}

/// A cancel as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// When it was asked to end.
    pub when: CancelWhen,
    /// When that is.
    pub ends_at: Timestamp,
}

impl Decided {
    /// It began without a payment.
    pub fn begin(&mut self, begun: &Begun, stamp: Stamp) {
        self.begun.offer(stamp, JsonText(begun.clone()));
    }

    /// It is to end, now or with its cycle.
    pub fn cancel(&mut self, asked: &CancelAsked, stamp: Stamp) {
        let (when, ends_at) = (asked.when, asked.ends_at);
        self.cancel.offer(stamp, Cancel { when, ends_at });
        if when == CancelWhen::Immediate {
            self.end_at_once(stamp, ends_at);
        }
    }

    fn end_at_once(&mut self, stamp: Stamp, value: Timestamp) {
        let held = self.ended_at_once.as_ref();
        if held.is_none_or(|held| stamp < held.stamp) {
            self.ended_at_once = Some(Box::new(Register { stamp, value }));
        }
    }

    /// The gateway answered to a cancel.
    pub fn cancelled_at_gateway(&mut self, told: &CancelledAtGateway, stamp: Stamp) {
        let slot = match told.when {
            CancelWhen::Immediate => &mut self.stopped_at_once,
            CancelWhen::EndOfCycle => &mut self.stopped_with_cycle,
        };
        slot.offer(stamp, told.refused.clone());
    }

    /// It is to end then.
    pub fn set_end_date(&mut self, ends_at: Timestamp, stamp: Stamp) {
        self.end_date.offer(stamp, ends_at);
    }

    /// Its trial was over at `due`, if that is still its end.
    pub fn trial_passed(&mut self, due: Timestamp) {
        self.trial_ends_passed.insert(due);
    }

    /// It was over at `due`, if that is still its end.
    pub fn end_passed(&mut self, due: Timestamp) {
        self.ends_passed.insert(due);
    }

    /// Another takes its place once this checkout is paid.
    pub fn superseded_by(&mut self, checkout: &str) {
        self.superseded_by.insert(checkout.into());
    }

    /// Takes in all that another record of the same subscription knows.
    pub fn merge(&mut self, other: &Self) {
        self.begun.merge(&other.begun);
        self.cancel.merge(&other.cancel);
        if let Some(held) = &other.ended_at_once {
            self.end_at_once(held.stamp, held.value);
        }
        self.end_date.merge(&other.end_date);
        self.trial_ends_passed.extend(&other.trial_ends_passed);
        self.ends_passed.extend(&other.ends_passed);
        self.stopped_at_once.merge(&other.stopped_at_once);
        self.stopped_with_cycle.merge(&other.stopped_with_cycle);
        let others = other.superseded_by.iter().cloned();
        self.superseded_by.extend(others);
    }

    /// Forgets what was asked before `stamp`: a provider's newer word stands instead.
    #[must_use]
    pub fn after(mut self, stamp: Option<Stamp>) -> Self {
        if self.cancel.stamp() < stamp {
            self.cancel = RareSlot::default();
        }
        if self.end_date.stamp() < stamp {
            self.end_date = RareSlot::default();
        }
        self
    }

    /// How it began, and when; nothing for what begins with a payment.
    #[must_use]
    pub fn begun(&self) -> Option<(&Begun, Timestamp)> {
        let stamp = self.begun.stamp()?;
        Some((&self.begun.get()?.0, stamp.occurred_at))
    }

    /// The newest cancel.
    #[must_use]
    pub fn cancel_asked(&self) -> Option<Cancel> {
        self.cancel.get().copied()
    }

    /// When it was ended at once, where it was.
    #[must_use]
    pub fn ended_at_once(&self) -> Option<Timestamp> {
        self.ended_at_once.as_ref().map(|held| held.value)
    }

    /// The newest end date.
    #[must_use]
    pub fn end_date(&self) -> Option<Timestamp> {
        self.end_date.get().copied()
    }

    /// Whether it was told that a trial's end has passed.
    #[must_use]
    pub fn has_trial_passed(&self, end: Timestamp) -> bool {
        self.trial_ends_passed.contains(&end)
    }

    /// Whether it was told that an end has passed.
    #[must_use]
    pub fn has_end_passed(&self, end: Timestamp) -> bool {
        self.ends_passed.contains(&end)
    }

    /// Whether the gateway answered to such a cancel, whatever it said.
    #[must_use]
    pub fn is_stopped(&self, when: CancelWhen) -> bool {
        let slot = match when {
            CancelWhen::Immediate => &self.stopped_at_once,
            CancelWhen::EndOfCycle => &self.stopped_with_cycle,
        };
        slot.get().is_some()
    }

    /// The checkouts that put another in its place once they are paid.
    pub fn superseders(&self) -> impl Iterator<Item = &str> {
        self.superseded_by.iter().map(|id| &**id)
    }
}
