//! The state as bytes, and back. Knows nothing of files.
//!
//! A snapshot is not of one moment: it is taken in parts, a guard for each, while events go on
//! being folded. Folding an event again changes nothing, so folding the log from the first part's
//! moment into a restored snapshot arrives at the state that a fold of the whole log arrives at.
//! For that to hold, everything in it is of one of four kinds:
//!
//! - what only grows and says by its stamp what wins: may be of any moment;
//! - counts: are of the first part's moment, and the events after it are counted anew;
//! - lists of events: know the last one they hold, and take only later ones;
//! - what follows from the rest (owners, members): is left out and worked out again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::arena::{Arena, Ix};
use super::dues::Dues;
use super::emails::Emails;
use super::entity::{Entity, Kind, Role};
use super::family::{Met, SettingsTold};
use super::keys::Keys;
use super::money::Refunds;
use super::own::LEAST;
use super::{Counts, CustomerNotes, FirstHeard, State};
use crate::domain::event::{ProviderName, Reason, SettingsFact};
use crate::domain::own::PROVIDER;
use crate::domain::register::{Slot, Stamp};

/// Raised whenever the bytes change; a test compares them with those of a known state.
pub const SNAPSHOT_FORMAT: u32 = 4;

/// Why bytes are not a state: the snapshot is of no use, and the log is folded instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRestored {
    /// They do not decode.
    #[error("it does not decode")]
    Undecodable,
    /// It names a provider that this version does not know.
    #[error("it holds the provider {0}, which this version does not know")]
    UnknownProvider(String),
}

/// What is of the first part's moment.
#[derive(Serialize, Deserialize)]
struct Beginning {
    counts: Counts,
    quarantine: Vec<(u64, Reason)>,
}

/// What everything in the parts refers to: taken with the last of them.
#[derive(Serialize, Deserialize)]
struct End {
    customer_notes: CustomerNotes,
    keys: Keys,
    heard_first: FirstHeard,
    sources: Vec<String>,
    spaces: Vec<String>,
    providers: Vec<String>,
    /// As JSON: the catalogue's decimals are written for readers that know what to expect.
    settings: Option<(Stamp, String)>,
    settings_told: Vec<SettingsTold>,
    met: Met,
}

/// Some of a snapshot's things, decoded.
pub struct Part(Vec<Entity>);

impl Part {
    /// Decodes what [`State::snapshot_part`] wrote.
    ///
    /// # Errors
    /// [`NotRestored::Undecodable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotRestored> {
        decode(bytes).map(Self)
    }
}

impl State {
    /// What belongs to the moment at which a snapshot begins, which is after the event
    /// [`State::counts`] names last.
    #[must_use]
    pub fn snapshot_beginning(&self) -> Vec<u8> {
        encode(&Beginning {
            counts: self.counts,
            quarantine: self.quarantine.clone(),
        })
    }

    /// The part of that number, counted from 0; nothing past the last one. That it is the last
    /// must be asked under the same guard: [`State::is_last_snapshot_part`].
    #[must_use]
    pub fn snapshot_part(&self, number: usize) -> Vec<u8> {
        encode(self.arena.chunk(number).unwrap_or_default())
    }

    /// How many parts there are now.
    #[must_use]
    pub fn snapshot_parts(&self) -> u64 {
        self.arena.chunks() as u64
    }

    /// Whether no part follows that one now.
    #[must_use]
    pub fn is_last_snapshot_part(&self, number: usize) -> bool {
        self.arena.chunk(number + 1).is_none()
    }

    /// What must be taken under the guard of the last part.
    #[must_use]
    pub fn snapshot_end(&self) -> Vec<u8> {
        let texts = |names: &[ProviderName]| names.iter().map(|n| (*n).to_owned()).collect();
        let settings = self.settings.register().map(|held| {
            // Strings, numbers and lists: writing them cannot fail.
            let text = serde_json::to_string(&held.value).unwrap_or_default();
            (held.stamp, text)
        });
        encode(&End {
            customer_notes: self.customer_notes.clone(),
            keys: self.keys.clone(),
            heard_first: self.heard_first.clone(),
            sources: self.sources.iter().map(ToString::to_string).collect(),
            spaces: texts(self.arena.spaces()),
            providers: texts(&self.providers),
            settings,
            settings_told: self.settings_told.clone(),
            met: self.met.clone(),
        })
    }

    /// Puts a state together again. `provider` finds the name of a provider that this version
    /// knows. The events after the last one of its [`State::counts`] must be folded into it before
    /// it is shown to anybody.
    ///
    /// # Errors
    /// [`NotRestored`].
    pub fn restore(
        beginning: &[u8],
        parts: Vec<Part>,
        end: &[u8],
        provider: impl Fn(&str) -> Option<ProviderName>,
    ) -> Result<Self, NotRestored> {
        let Beginning { counts, quarantine } = decode(beginning)?;
        let end: End = decode(end)?;
        let known = |names: Vec<String>| {
            let names = names.into_iter();
            let known = names.map(|name| provider(&name).ok_or(NotRestored::UnknownProvider(name)));
            known.collect::<Result<Vec<ProviderName>, _>>()
        };
        let mut settings = Slot::default();
        if let Some((stamp, text)) = end.settings {
            let fact: SettingsFact =
                serde_json::from_str(&text).map_err(|_| NotRestored::Undecodable)?;
            settings.offer(stamp, Arc::new(fact));
        }
        let chunks = parts.into_iter().map(|part| part.0).collect();
        let arena = Arena::of(chunks, known(end.spaces)?).ok_or(NotRestored::Undecodable)?;
        if !end.met.is_sound(arena.len()) {
            return Err(NotRestored::Undecodable);
        }
        let mut state = Self {
            arena,
            customer_notes: end.customer_notes,
            settings,
            settings_told: end.settings_told,
            met: end.met,
            keys: end.keys,
            dues: Dues::default(),
            emails: Emails::default(),
            refunds: Refunds::default(),
            heard_first: end.heard_first,
            sources: end.sources.into_iter().map(Into::into).collect(),
            providers: known(end.providers)?,
            quarantine,
            counts,
            customers: 0,
        };
        state.derive();
        Ok(state)
    }

    /// Works out what a snapshot leaves out: whose everything is, and who holds what.
    fn derive(&mut self) {
        self.link_by_ids();
        for ix in self.arena.places() {
            let owner = self.resolve(ix);
            let entity = self.arena.get_mut(ix);
            entity.owner = owner;
            let activity = entity.activity;
            let above: ThinVec<Ix> = entity.found_through().collect();
            for ix_above in above {
                self.arena.hang(ix, ix_above);
            }
            let Some(root) = owner else { continue };
            if root == ix {
                self.customers += 1;
            }
            if let Some(party) = self.arena.get_mut(root).party_mut() {
                party.activity.merge(activity);
                if root != ix {
                    party.members.push(ix);
                }
            }
        }
        self.derive_dues();
        self.derive_emails();
        self.derive_refunds();
    }

    /// The links that ids alone say. The parts are of different moments: of two things that met
    /// between two of them, the snapshot may hold both and no link.
    fn link_by_ids(&mut self) {
        if !self.arena.has_space(PROVIDER) {
            return;
        }
        for ix in self.arena.places() {
            if let Some(sole) = self.sole_beside(ix) {
                let role = Role::Parent(Kind::SoleSubscription);
                self.arena.get_mut(ix).link(role, sole, LEAST);
            }
        }
    }

    /// Both indexes of what is sold here, which everything else is needed for.
    fn derive_dues(&mut self) {
        if !self.arena.has_space(PROVIDER) {
            return;
        }
        for ix in self.arena.places() {
            let kind = self.arena.get(ix).kind;
            if matches!(kind, Kind::Checkout | Kind::Subscription) && self.is_own(ix) {
                self.refresh_due(ix);
            }
        }
    }
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    // Nothing in a state refuses to be written, and memory is all it takes.
    postcard::to_stdvec(value).unwrap_or_default()
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, NotRestored> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(NotRestored::Undecodable),
    }
}
