//! An add-on that was bought beside a subscription.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::AddonFact;
use super::register::{Slot, Stamp};
use super::time::Timestamp;

/// One purchase, as the fold holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    purchase: Slot<Purchase>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Purchase {
    id: Option<Box<str>>,
    version_id: Option<Box<str>>,
    name: Option<Box<str>>,
    #[serde(with = "rust_decimal::serde::str_option")]
    price: Option<Decimal>,
    transaction_id: Option<Box<str>>,
    status: Option<Box<str>>,
}

/// An add-on as it is shown. `price` is a decimal string in the unit the provider writes.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Addon")]
pub struct AddonView {
    pub id: Option<Box<str>>,
    pub version_id: Option<Box<str>>,
    pub name: Option<Box<str>>,
    pub price: Option<String>,
    pub transaction_id: Option<Box<str>>,
    pub status: Option<Box<str>>,
    pub purchased_at: Timestamp,
    pub last_seq: u64,
}

impl Addon {
    /// Takes in a provider's word of the purchase.
    pub fn observe(&mut self, fact: &AddonFact, stamp: Stamp) {
        let purchase = Purchase {
            id: fact.addon_id.clone(),
            version_id: fact.version_id.clone(),
            name: fact.name.clone(),
            price: fact.price,
            transaction_id: fact.transaction_id.clone(),
            status: fact.status.clone(),
        };
        self.purchase.offer(stamp, purchase);
    }

    /// How it is shown. It was bought when it was first heard of.
    #[must_use]
    pub fn view(&self, activity: super::activity::Activity) -> Option<AddonView> {
        let purchase = self.purchase.get()?;
        Some(AddonView {
            id: purchase.id.clone(),
            version_id: purchase.version_id.clone(),
            name: purchase.name.clone(),
            price: purchase.price.map(|price| price.to_string()),
            transaction_id: purchase.transaction_id.clone(),
            status: purchase.status.clone(),
            purchased_at: activity.first(),
            last_seq: activity.last_seq(),
        })
    }
}
