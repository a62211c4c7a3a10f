//! Fingerprints of the state: what a replay is compared with.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::State;
use super::arena::Ix;
use super::entity::Kind;
use crate::domain::customer::CustomerView;
use crate::domain::decided::Decided;
use crate::domain::meter::{Meters, Summary};
use crate::domain::payment::{PaymentView, Sold};
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;

/// The fingerprint of one thing as users see it, less what depends on the clock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// `customer`, `subscription`, `payment`, `key`, …
    pub kind: &'static str,
    /// Its id, as users see it.
    pub id: String,
    /// The first half of the SHA-256 of its view, in hex.
    pub digest: String,
}

/// One thing as users see it, less what depends on the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// `customer`, `subscription`, `payment`, `key`, …
    pub kind: &'static str,
    /// Its id, as users see it.
    pub id: String,
    /// Its view, as JSON.
    pub json: Vec<u8>,
}

/// A subscription with what was decided about it here, of which not everything shows.
#[derive(serde::Serialize)]
struct Decisive<'a> {
    #[serde(flatten)]
    view: SubscriptionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<&'a Decided>,
}

/// A customer with what no view of it shows whole.
#[derive(Serialize)]
struct CustomerExhibit<'a> {
    #[serde(flatten)]
    view: &'a CustomerView,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    meters: Vec<Summary<'a>>,
}

/// A payment with what only shows where it is seen as a sale.
#[derive(Serialize)]
struct PaymentExhibit {
    #[serde(flatten)]
    view: PaymentView,
    sold: Sold,
}

impl Exhibit {
    fn of<T: Serialize>(kind: &'static str, id: &str, view: &T) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            // A view holds only strings, numbers and lists: writing it cannot fail.
            json: serde_json::to_vec(view).unwrap_or_default(),
        }
    }

    /// Its fingerprint.
    #[must_use]
    pub fn fingerprint(self) -> Fingerprint {
        let digest = Sha256::digest(self.json);
        let half = digest.get(..16).unwrap_or_default();
        Fingerprint {
            kind: self.kind,
            id: self.id,
            digest: hex::encode(half),
        }
    }
}

impl State {
    /// The fingerprints of everything shown to users, in the order of first mention.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        let things = (0..self.things()).filter_map(|place| self.exhibit(place));
        let all = things.chain(self.exhibits_beside());
        all.map(Exhibit::fingerprint)
    }

    /// How many places there are for [`State::exhibit`]. None is ever taken away, and every fold of
    /// the same events gives the same thing the same place.
    #[must_use]
    pub fn things(&self) -> usize {
        self.arena.len()
    }

    /// What is shown of the thing at a place; nothing of one that is shown as part of another, or
    /// not at all.
    #[must_use]
    pub fn exhibit(&self, place: usize) -> Option<Exhibit> {
        let ix = (place < self.things()).then(|| Ix::at(place))?;
        let entity = self.arena.get(ix);
        match entity.kind {
            Kind::Party if entity.owner == Some(ix) => {
                let mut view = self.customer_view(ix, None);
                // They are shown by themselves.
                view.subscriptions.clear();
                let told = self.meters_of(ix);
                let meters = told.map(Meters::summaries).unwrap_or_default();
                let metadata = self.metadata_at(ix);
                let customer = CustomerExhibit {
                    view: &view,
                    metadata: metadata.as_deref(),
                    archived_at: self.archived_at(ix),
                    meters,
                };
                Some(Exhibit::of("customer", &view.name.id, &customer))
            }
            Kind::Subscription | Kind::SoleSubscription
                if self.shown_subscription(ix).is_some() =>
            {
                let view = self.subscription_view(ix, None)?;
                let decided = entity.subscription().and_then(|held| held.decided());
                let shown = Decisive { view, decided };
                Some(Exhibit::of("subscription", &shown.view.id, &shown))
            }
            Kind::Payment => {
                let shown = PaymentExhibit {
                    view: self.payment_view(ix)?,
                    sold: entity.payment()?.sold(),
                };
                Some(Exhibit::of("payment", &shown.view.id, &shown))
            }
            Kind::Checkout => {
                let view = self.checkout_view(ix)?;
                Some(Exhibit::of("checkout", &entity.name, &view))
            }
            // What was decided beside another, or too early to be shown.
            Kind::Subscription => {
                let decided = entity.subscription()?.decided()?;
                Some(Exhibit::of("decided", &entity.name, decided))
            }
            Kind::PaymentMethod => {
                let kept = entity.payment_method()?.kept()?;
                Some(Exhibit::of("payment_method", &entity.name, &kept))
            }
            Kind::Party | Kind::SoleSubscription | Kind::Invoice | Kind::Order | Kind::Addon => {
                None
            }
        }
    }

    /// What is shown of one customer and of all it holds.
    #[must_use]
    pub fn exhibits_of(&self, customer: &str) -> Vec<Exhibit> {
        let Some(root) = self.find_customer(customer) else {
            return Vec::new();
        };
        let members = self.members(self.arena.get(root)).map(|(ix, _)| ix);
        let all = members.chain([root]);
        all.filter_map(|ix| self.exhibit(ix.place())).collect()
    }

    /// What is shown beside the things: settings, keys, the quarantine and the counts.
    #[must_use]
    pub fn exhibits_beside(&self) -> Vec<Exhibit> {
        let settings = self.settings.get();
        let settings = settings.map(|held| Exhibit::of("settings", "newest", held));
        let keys = self.all_keys();
        let keys = keys.map(|(id, key)| Exhibit::of("key", &id.to_string(), &key));
        let quarantine = Exhibit::of("quarantine", "all", &self.quarantine);
        let counts = Exhibit::of("counts", "all", &self.counts);
        let rest = settings.into_iter().chain(keys);
        rest.chain([quarantine, counts]).collect()
    }
}
