//! Fingerprints of the state: what a replay is compared with.

use sha2::{Digest, Sha256};

use super::State;
use super::entity::Kind;

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

impl Fingerprint {
    fn of<T: serde::Serialize>(kind: &'static str, id: &str, view: &T) -> Self {
        // A view holds only strings, numbers and lists: writing it cannot fail.
        let text = serde_json::to_vec(view).unwrap_or_default();
        let digest = Sha256::digest(text);
        let half = digest.get(..16).unwrap_or_default();
        Self {
            kind,
            id: id.to_owned(),
            digest: hex::encode(half),
        }
    }
}

impl State {
    /// The fingerprints of everything shown to users, in the order of first mention.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        let roots = self
            .arena
            .of_kind(Kind::Party)
            .filter(|(ix, e)| e.owner == Some(*ix));
        let customers = roots.map(|(ix, _)| {
            let mut view = self.customer_view(ix, None);
            // They have lines of their own.
            view.subscriptions.clear();
            Fingerprint::of("customer", &view.name.id, &view)
        });
        let kinds = [Kind::Subscription, Kind::SoleSubscription];
        let held = kinds.into_iter().flat_map(|kind| self.arena.of_kind(kind));
        let subscriptions = held
            .filter(|(ix, _)| self.representative(*ix) == *ix)
            .filter_map(|(ix, _)| self.subscription_view(ix, None))
            .map(|view| Fingerprint::of("subscription", &view.id, &view));
        let payments = self.arena.of_kind(Kind::Payment);
        let payments = payments
            .filter_map(|(ix, _)| self.payment_view(ix))
            .map(|view| Fingerprint::of("payment", &view.id, &view));
        let settings = self
            .settings
            .get()
            .map(|held| Fingerprint::of("settings", "newest", held));
        let keys = self.all_keys();
        let keys = keys.map(|(id, key)| Fingerprint::of("key", &id.to_string(), &key));
        let quarantine = Fingerprint::of("quarantine", "all", &self.quarantine);
        let counts = Fingerprint::of("counts", "all", &self.counts);
        let rest = [quarantine, counts].into_iter();
        customers
            .chain(subscriptions)
            .chain(payments)
            .chain(settings)
            .chain(keys)
            .chain(rest)
    }
}
