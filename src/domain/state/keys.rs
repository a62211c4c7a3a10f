//! The keys that events made and revoked, and whose data a key may see. Knows no key's text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::page::{Ident, Page, page};
use crate::domain::key::{KeyCreated, KeyDigest, KeyFact, KeyId, KeyView};
use crate::domain::register::{Origin, Register, Slot, Stamp};

/// Every key ever made, also those that are revoked. By id, which is a function of the digest: one
/// look finds what a request carries.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Keys(BTreeMap<KeyId, Held>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Held {
    made: Slot<KeyCreated>,
    /// Absorbing: no event brings a key back.
    is_revoked: bool,
}

impl Held {
    fn live(&self) -> Option<&Register<KeyCreated>> {
        self.made.register().filter(|_| !self.is_revoked)
    }
}

impl State {
    pub(super) fn key_told(&mut self, fact: &KeyFact, stamp: Stamp) {
        match fact {
            KeyFact::Created(made) => {
                let held = self.keys.0.entry(made.key_sha256.id()).or_default();
                held.made.offer(stamp, made.clone());
            }
            KeyFact::Revoked { id } => self.keys.0.entry(*id).or_default().is_revoked = true,
        }
    }

    /// The key of that digest, unless it is revoked.
    #[must_use]
    pub fn key(&self, digest: &KeyDigest) -> Option<&KeyCreated> {
        let made = &self.keys.0.get(&digest.id())?.live()?.value;
        (made.key_sha256 == *digest).then_some(made)
    }

    /// Whether the key of that id still opens anything; `None` where it was never made.
    #[must_use]
    pub fn key_is_live(&self, id: KeyId) -> Option<bool> {
        let held = self.keys.0.get(&id)?;
        held.made.get().map(|_| !held.is_revoked)
    }

    /// The key that the event of that sequence number made, also when it is revoked.
    #[must_use]
    pub fn key_made_by(&self, seq: u64) -> Option<KeyView> {
        let origin = Origin::Ours { seq };
        let mut made = self.keys.0.values().filter_map(|held| held.made.register());
        made.find(|made| made.stamp.origin == origin).map(view)
    }

    /// The keys that are not revoked, newest first.
    #[must_use]
    pub fn keys(&self, after: Option<Ident>, limit: usize) -> Page<KeyView> {
        let live = self.keys.0.iter().filter_map(|(id, held)| {
            let made = held.live()?;
            let place = Ident {
                updated_at: made.stamp.occurred_at,
                id: id.as_u64(),
            };
            Some((place, made))
        });
        page(live, after, limit, |made| Some(view(made)))
    }

    /// What the fingerprints cover: every key by its id, with whether it is revoked.
    pub(super) fn all_keys(&self) -> impl Iterator<Item = (KeyId, (Option<KeyView>, bool))> + '_ {
        let keys = self.keys.0.iter();
        keys.map(|(id, held)| (*id, (held.made.register().map(view), held.is_revoked)))
    }

    /// Whether two ids are of one customer. An id that no event named yet is only itself.
    #[must_use]
    pub fn is_same_customer(&self, one: &str, other: &str) -> bool {
        let found = self.find_customer(one);
        one == other || (found.is_some() && found == self.find_customer(other))
    }

    /// Whether a subscription, by any id, is that customer's.
    #[must_use]
    pub fn is_subscription_of(&self, id: &str, customer: &str) -> bool {
        let owner = self
            .find_subscription(id)
            .and_then(|ix| self.arena.get(ix).owner);
        owner.is_some() && owner == self.find_customer(customer)
    }
}

fn view(made: &Register<KeyCreated>) -> KeyView {
    let key = &made.value;
    KeyView {
        id: key.key_sha256.id(),
        label: key.label.clone(),
        scope: key.scope,
        customer: key.customer.clone(),
        created_at: made.stamp.occurred_at,
        created_by: key.created_by.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::event::{Change, Fact, Interpretation, Standing};
    use crate::domain::key::Scope;
    use crate::domain::register::EventRef;
    use crate::domain::state::CustomerNotes;
    use crate::domain::time::Timestamp;

    fn tell(state: &mut State, seq: u64, fact: KeyFact) {
        let occurred_at = Timestamp::from_millis(1_000).unwrap();
        let change = Change {
            occurred_at,
            revision: 0,
            rank: 0,
            fact: Fact::Key(fact),
        };
        let meaning = Interpretation {
            event_type: None,
            occurred_at,
            standing: Standing::Folded,
            changes: vec![change],
        };
        let event = EventRef {
            seq,
            source: "api",
            tie: None,
        };
        state.fold(&meaning, &event, false);
    }

    fn made(key: &str, label: &str) -> KeyFact {
        KeyFact::Created(KeyCreated {
            key_sha256: KeyDigest::of(key),
            label: label.into(),
            scope: Scope::Read,
            customer: None,
            created_by: "admin".into(),
        })
    }

    #[test]
    fn a_revocation_is_for_ever_whatever_the_order() {
        let digest = KeyDigest::of("sl_a");
        let revoked = KeyFact::Revoked { id: digest.id() };
        for facts in [
            [made("sl_a", "x"), revoked.clone()],
            [revoked, made("sl_a", "x")],
        ] {
            let mut state = State::new(CustomerNotes::new());
            for (seq, fact) in (1..).zip(facts) {
                tell(&mut state, seq, fact);
            }
            assert_eq!(state.key(&digest), None);
            assert_eq!(state.key_is_live(digest.id()), Some(false));
            assert!(state.keys(None, 9).data.is_empty());
        }
    }

    #[test]
    fn of_two_facts_of_one_moment_the_later_event_wins() {
        let mut state = State::new(CustomerNotes::new());
        tell(&mut state, 2, made("sl_a", "second"));
        tell(&mut state, 1, made("sl_a", "first"));
        tell(&mut state, 3, made("sl_b", "other"));
        let key = state.key(&KeyDigest::of("sl_a")).unwrap();
        assert_eq!(&*key.label, "second");
        assert_eq!(state.key_made_by(3).unwrap().label.as_ref(), "other");
        assert_eq!(state.key(&KeyDigest::of("sl_c")), None);
        assert_eq!(state.key_is_live(KeyDigest::of("sl_c").id()), None);
        assert_eq!(state.keys(None, 9).data.len(), 2);
    }

    #[test]
    fn the_fingerprints_tell_keys_apart() {
        let prints = |facts: Vec<KeyFact>| {
            let mut state = State::new(CustomerNotes::new());
            for (seq, fact) in (1..).zip(facts) {
                tell(&mut state, seq, fact);
            }
            let of_keys = state.fingerprints().filter(|print| print.kind == "key");
            of_keys.collect::<Vec<_>>()
        };
        let id = KeyDigest::of("sl_a").id();
        let one = prints(vec![made("sl_a", "x")]);
        assert_eq!(one.len(), 1);
        assert_ne!(one, prints(vec![made("sl_a", "y")]));
        assert_ne!(
            one,
            prints(vec![made("sl_a", "x"), KeyFact::Revoked { id }])
        );
    }
}
