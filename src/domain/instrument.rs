//! What is paid with, in the words of whoever took it: a card's brand and last digits, a bank, a
//! wallet. It knows no payment, and never a whole card number: providers send none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::PaymentMethodFact;
use super::register::{Slot, Stamp};

/// What is told of what was paid with, by the provider's names of its parts in snake_case
/// (`brand`, `last4`, `exp_month`, …). Who only says `card` tells nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instrument(BTreeMap<Box<str>, Part>);

/// One part of an [`Instrument`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// A month, a year.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A word.
    Text(Box<str>),
}

/// A card has six parts; this many are kept of anything.
const PARTS_MAX: usize = 16;

impl Instrument {
    /// What those parts say; of more than any instrument has, the first by name.
    pub fn of(parts: impl IntoIterator<Item = (Box<str>, Part)>) -> Self {
        let mut all: BTreeMap<Box<str>, Part> = parts.into_iter().collect();
        while all.len() > PARTS_MAX {
            all.pop_last();
        }
        Self(all)
    }

    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All parts, by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &Part)> {
        self.0.iter().map(|(name, part)| (&**name, part))
    }

    /// A part that is a word.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Part::Text(text) => Some(text),
            Part::Number(_) | Part::Flag(_) => None,
        }
    }

    /// One text for all parts, the same whenever they are the same: what the state keeps, because
    /// many payments have one.
    #[must_use]
    pub fn to_text(&self) -> Box<str> {
        // Texts and numbers: writing them cannot fail.
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// Reads [`Instrument::to_text`].
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// A payment method that a provider keeps for a customer, as the fold holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    told: Slot<Told>,
    is_deleted: bool,
}

/// What one event tells of it, taken as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    method: Option<Box<str>>,
    instrument: Box<str>,
    is_default: bool,
    status: Option<Box<str>>,
}

/// A payment method as its provider told of it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptMethod {
    /// `card`, …
    pub method: Option<Box<str>>,
    /// What is told of it.
    pub instrument: Instrument,
    /// Whether it is used where none is named.
    pub is_default: bool,
    /// The provider's word (`succeeded`).
    pub status: Option<Box<str>>,
    /// Whether it was taken away, which is for ever.
    pub is_deleted: bool,
}

impl PaymentMethod {
    /// Takes in what a provider says of it.
    pub fn observe(&mut self, fact: &PaymentMethodFact, stamp: Stamp) {
        self.is_deleted |= fact.is_deleted;
        let told = Told {
            method: fact.method.clone(),
            instrument: fact.instrument.to_text(),
            is_default: fact.is_default,
            status: fact.status.clone(),
        };
        self.told.offer(stamp, told);
    }

    /// `card`, …
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        self.told.get()?.method.as_deref()
    }

    /// How it stands.
    #[must_use]
    pub fn kept(&self) -> Option<KeptMethod> {
        let told = self.told.get()?;
        Some(KeptMethod {
            method: told.method.clone(),
            instrument: Instrument::of_text(&told.instrument),
            is_default: told.is_default,
            status: told.status.clone(),
            is_deleted: self.is_deleted,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = Part> {
        prop_oneof![
            any::<i64>().prop_map(Part::Number),
            any::<bool>().prop_map(Part::Flag),
            "\\PC{0,12}".prop_map(|text| Part::Text(text.into())),
        ]
    }

    proptest! {
        #[test]
        fn any_instrument_is_read_back(parts in prop::collection::vec(("\\PC{0,8}", part()), 0..20)) {
            let parts = parts.into_iter().map(|(name, part)| (Box::from(name), part));
            let instrument = Instrument::of(parts);
            prop_assert!(instrument.parts().count() <= PARTS_MAX);
            prop_assert_eq!(Instrument::of_text(&instrument.to_text()), instrument);
        }
    }

    #[test]
    fn the_order_in_which_parts_are_told_does_not_matter() {
        let brand = || (Box::from("brand"), Part::Text("visa".into()));
        let month = || (Box::from("exp_month"), Part::Number(4));
        let one = Instrument::of([brand(), month()]);
        assert_eq!(one, Instrument::of([month(), brand()]));
        assert_eq!(&*one.to_text(), r#"{"brand":"visa","exp_month":4}"#);
        assert_eq!(
            (one.text("brand"), one.text("exp_month")),
            (Some("visa"), None)
        );
    }
}
