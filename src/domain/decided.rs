//! What was decided here about a subscription: how it began, when it was asked to end, and what fell
//! due. Each cell keeps the greatest fact or a set, so that order and repetition do not matter. It
//! never says what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::json_text::JsonText;
use super::own::{Begun, CancelAsked, CancelWhen, CancelledAtGateway, SubscriptionBegun, Terms};
use super::register::{RareSlot, Register, Stamp};
use super::time::Timestamp;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    begun: RareSlot<JsonText<Beginning>>,
    /// When somebody last said that it is to be had without a payment.
    had: Option<Stamp>,
    cancel: RareSlot<CancelAs>,
    /// Every cancel that was to be at once: of those that hold, the first ended it.
    #[serde(with = "super::pairs")]
    at_once: BTreeMap<Stamp, Timestamp>,
    end_date: RareSlot<Timestamp>,
    /// For which ends of its trial it was told that they passed.
    trial_ends_passed: BTreeSet<Timestamp>,
    /// For which ends it was told that they passed.
    ends_passed: BTreeSet<Timestamp>,
    /// What the gateway answered to each kind of cancel of each subscription there.
    #[serde(with = "super::pairs")]
    stopped: BTreeMap<(Box<str>, CancelWhen), Register<Answer>>,
    /// The checkouts (`TRN-…`) that put another in its place once they are paid.
    superseded_by: BTreeSet<Box<str>>,
    /// The subscriptions (`SUA-…`) that took its place without a payment, and when they last did.
    replaced_by: BTreeMap<Box<str>, Replaced>,
    /// Those that it was changed into, and when it last was.
    changed_into: BTreeMap<Box<str>, Replaced>,
    /// Those that were changed into it.
    changed_from: BTreeSet<Box<str>>,
}

/// When another took its place without a payment, and by which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Replaced {
    /// The fact's place among others.
    pub stamp: Stamp,
    /// The event's sequence number.
    pub seq: u64,
}

/// How a subscription began without a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// What began.
    #[serde(flatten)]
    pub begun: Begun,
    /// What for, and until when; nothing where it was given to a new customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub had: Option<Box<Had>>,
}

/// What a subscription that is had without a payment is had for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Had {
    /// What for.
    pub terms: Terms,
    /// Until when what it took the place of was paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Timestamp>,
}

/// A cancel as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// When it was asked to end.
    pub when: CancelWhen,
    /// When that is.
    pub ends_at: Timestamp,
}

/// The same, with why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CancelAs {
    cancel: Cancel,
    feedback: Option<Box<str>>,
    comment: Option<Box<str>>,
}

/// A cancel with when and why it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelTold<'a> {
    /// When.
    pub at: Timestamp,
    /// The cancel.
    pub cancel: Cancel,
    /// Why, in one of the surface's words.
    pub feedback: Option<&'a str>,
    /// Why, in the customer's words.
    pub comment: Option<&'a str>,
}

/// What a gateway answered to a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It did.
    Done,
    /// It would not.
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
        let begun = begun.clone();
        self.begun
            .offer(stamp, JsonText(Beginning { begun, had: None }));
    }

    /// The same, because somebody said so.
    pub fn have(&mut self, told: &SubscriptionBegun, stamp: Stamp) {
        let beginning = Beginning {
            begun: told.begun.clone(),
            had: Some(Box::new(Had {
                terms: told.terms.clone(),
                through: told.through,
            })),
        };
        self.begun.offer(stamp, JsonText(beginning));
        self.had = self.had.max(Some(stamp));
    }

    /// Another (`SUA-…`) took its place without a payment.
    pub fn replaced_by(&mut self, other: &str, replaced: Replaced) {
        note(&mut self.replaced_by, other, replaced);
    }

    /// It was changed into another (`SUA-…`), for good.
    pub fn changed_into(&mut self, other: &str, replaced: Replaced) {
        note(&mut self.changed_into, other, replaced);
    }

    /// Others (`SUA-…`) were changed into it.
    pub fn changed_from(&mut self, others: &[Box<str>]) {
        self.changed_from.extend(others.iter().cloned());
    }

    /// It is to end, now or with its cycle.
    pub fn cancel(&mut self, asked: &CancelAsked, stamp: Stamp) {
        let (when, ends_at) = (asked.when, asked.ends_at);
        let cancel = Cancel { when, ends_at };
        let (feedback, comment) = (asked.feedback.clone(), asked.comment.clone());
        let asked = CancelAs {
            cancel,
            feedback,
            comment,
        };
        self.cancel.offer(stamp, asked);
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
        self.had = self.had.max(other.had);
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
        for (id, replaced) in &other.replaced_by {
            self.replaced_by(id, *replaced);
        }
        for (id, replaced) in &other.changed_into {
            self.changed_into(id, *replaced);
        }
        self.changed_from.extend(other.changed_from.iter().cloned());
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
        Some((&self.begun.get()?.begun, stamp.occurred_at))
    }

    /// What it is had for, where it began because somebody said so.
    #[must_use]
    pub fn had(&self) -> Option<&Had> {
        self.begun.get()?.had.as_deref()
    }

    /// When somebody last said that it is to be had without a payment.
    #[must_use]
    pub fn had_at(&self) -> Option<Stamp> {
        self.had
    }

    /// The newest cancel.
    #[must_use]
    pub fn cancel_asked(&self) -> Option<Cancel> {
        self.cancel.get().map(|asked| asked.cancel)
    }

    /// The same, with when and why it was asked for.
    #[must_use]
    pub fn cancel_told(&self) -> Option<CancelTold<'_>> {
        let held = self.cancel.register()?;
        Some(CancelTold {
            at: held.stamp.occurred_at,
            cancel: held.value.cancel,
            feedback: held.value.feedback.as_deref(),
            comment: held.value.comment.as_deref(),
        })
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

    /// What the gateway answered to such a cancel of a subscription there. That it would not holds
    /// for what was decided until then: `newest`.
    #[must_use]
    pub fn answer(
        &self,
        reference: &str,
        when: CancelWhen,
        newest: Option<Stamp>,
    ) -> Option<Answer> {
        let held = self.stopped.get(&(reference.into(), when))?;
        let holds = held.value == Answer::Done || newest < Some(held.stamp);
        holds.then_some(held.value)
    }

    /// Whether a gateway ever would not cancel.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        let mut answers = self.stopped.values();
        answers.any(|held| held.value == Answer::Refused)
    }

    /// The checkouts that put another in its place once they are paid.
    pub fn superseders(&self) -> impl Iterator<Item = &str> {
        self.superseded_by.iter().map(|id| &**id)
    }

    /// The subscriptions that it was changed into, and when it last was.
    pub fn changes(&self) -> impl Iterator<Item = (&str, Replaced)> {
        let all = self.changed_into.iter();
        all.map(|(id, replaced)| (&**id, *replaced))
    }

    /// The subscriptions that were changed into it.
    pub fn predecessors(&self) -> impl Iterator<Item = &str> {
        self.changed_from.iter().map(|id| &**id)
    }

    /// The place of its beginning among others.
    #[must_use]
    pub fn begun_stamp(&self) -> Option<Stamp> {
        self.begun.stamp()
    }

    /// The subscriptions that took its place without a payment, and when they last did.
    pub fn replacements(&self) -> impl Iterator<Item = (&str, Replaced)> {
        let all = self.replaced_by.iter();
        all.map(|(id, replaced)| (&**id, *replaced))
    }
}

/// Keeps when it last was.
fn note(all: &mut BTreeMap<Box<str>, Replaced>, other: &str, replaced: Replaced) {
    let held = all.entry(other.into()).or_insert(replaced);
    if replaced.stamp > held.stamp {
        *held = replaced;
    }
}

#[cfg(test)]
mod tests;
