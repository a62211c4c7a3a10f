//! What was decided here about a subscription: how it began, when it was asked to end, and what fell
//! due. Each cell keeps the greatest fact or a set, so that order and repetition do not matter. It
//! never says what follows from them.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Every cancel that was to be at once: of those that hold, the first ended it.
    at_once: BTreeMap<Stamp, Timestamp>,
    end_date: RareSlot<Timestamp>,
    /// For which ends of its trial it was told that they passed.
    trial_ends_passed: BTreeSet<Timestamp>,
    /// For which ends it was told that they passed.
    ends_passed: BTreeSet<Timestamp>,
    /// What the gateway answered to each kind of cancel of each subscription there.
    stopped: BTreeMap<(Box<str>, CancelWhen), Register<Answer>>,
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

/// What a gateway answered to a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    Done,
    Refused,
}

/// What of it holds against later payments: see [`Decided::words`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Words {
    /// The newest cancel.
    pub cancel: Option<Cancel>,
    /// When a cancel ended it at once, and that cancel's stamp.
    pub ended_at_once: Option<(Timestamp, Stamp)>,
    /// The newest end date.
    pub end_date: Option<Timestamp>,
    /// The stamp of the newest of them.
    pub newest: Option<Stamp>,
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
            self.at_once.entry(stamp).or_insert(ends_at);
        }
    }

    /// The gateway answered to a cancel.
    pub fn cancelled_at_gateway(&mut self, told: &CancelledAtGateway, stamp: Stamp) {
        let value = match told.refused {
            None => Answer::Done,
            Some(_) => Answer::Refused,
        };
        let key = (told.reference.clone(), told.when);
        self.answered(key, Register { stamp, value });
    }

    fn answered(&mut self, key: (Box<str>, CancelWhen), answer: Register<Answer>) {
        let held = self.stopped.get(&key);
        if held.is_none_or(|held| answer.stamp > held.stamp) {
            self.stopped.insert(key, answer);
        }
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
        self.at_once.extend(&other.at_once);
        self.end_date.merge(&other.end_date);
        self.trial_ends_passed.extend(&other.trial_ends_passed);
        self.ends_passed.extend(&other.ends_passed);
        for (key, answer) in &other.stopped {
            self.answered(key.clone(), answer.clone());
        }
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

    /// What holds of it where later words undo earlier ones: `is_undone` says of a stamp whether
    /// something newer stands against what was said then.
    #[must_use]
    pub fn words(&self, is_undone: impl Fn(Stamp) -> bool) -> Words {
        let holds = |stamp: &Stamp| !is_undone(*stamp);
        let cancelled = self.cancel.stamp().filter(holds);
        let dated = self.end_date.stamp().filter(holds);
        let mut at_once = self.at_once.iter();
        Words {
            cancel: self.cancel_asked().filter(|_| cancelled.is_some()),
            ended_at_once: at_once
                .find(|(stamp, _)| holds(stamp))
                .map(|(stamp, at)| (*at, *stamp)),
            end_date: self.end_date().filter(|_| dated.is_some()),
            newest: cancelled.max(dated),
        }
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

    /// Whether the gateway answered to such a cancel of a subscription there. That it would not
    /// holds for what was decided until then: `newest`.
    #[must_use]
    pub fn is_stopped(&self, reference: &str, when: CancelWhen, newest: Option<Stamp>) -> bool {
        let held = self.stopped.get(&(reference.into(), when));
        held.is_some_and(|held| match held.value {
            Answer::Done => true,
            Answer::Refused => newest < Some(held.stamp),
        })
    }

    /// The checkouts that put another in its place once they are paid.
    pub fn superseders(&self) -> impl Iterator<Item = &str> {
        self.superseded_by.iter().map(|id| &**id)
    }
}
