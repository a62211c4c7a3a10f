//! What may ever have had a part in an answer: for each customer all that belongs to it now, did
//! once, or was offered to it and lost. Knows which events those are; reads none of them.
//!
//! What belongs together is found by walking the links in force, both ways. A link that is not in
//! force any more, or never was, would be missed, and so would what one event tells of two things
//! that no link joins: those pairs are kept here. There are few: mostly a thing belongs to the same
//! one for ever.

use std::collections::BTreeSet;

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::State;
use super::arena::Ix;
use super::entity::{Kind, MERCHANT};
use crate::domain::id::{Prefix, Tsid};
use crate::domain::time::Timestamp;

/// What a question names. An id that is also another thing's leads to both: at another moment it
/// may mean that one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// A customer, by any id.
    pub customer: Option<&'a str>,
    /// A subscription, by any id.
    pub subscription: Option<&'a str>,
    /// A payment, by the provider's id.
    pub payment: Option<&'a str>,
}

/// That settings were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsTold {
    /// The event's sequence number.
    pub seq: u64,
    /// From when on they are in force.
    pub occurred_at: Timestamp,
}

/// Pairs of things that belong together by no link in force; each pair both ways.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Met(BTreeSet<(Ix, Ix)>);

impl Met {
    pub(super) fn insert(&mut self, one: Ix, other: Ix) {
        self.0.insert((one, other));
        self.0.insert((other, one));
    }

    pub(super) fn remove(&mut self, one: Ix, other: Ix) {
        // Mostly there is nothing at all.
        if self.0.remove(&(one, other)) {
            self.0.remove(&(other, one));
        }
    }

    fn of(&self, ix: Ix) -> impl Iterator<Item = Ix> + '_ {
        let pairs = self.0.range((ix, Ix::at(0))..);
        pairs
            .take_while(move |(one, _)| *one == ix)
            .map(|(_, other)| *other)
    }

    /// Whether it refers to none but the first `count` things.
    pub(super) fn is_sound(&self, count: usize) -> bool {
        let mut all = self.0.iter();
        all.all(|(one, other)| one.place().max(other.place()) < count)
    }
}

impl State {
    /// The events that may have had a part in what is shown under these names, at whatever moment,
    /// each once and in no order; less the settings.
    #[must_use]
    pub fn family_events(&self, named: Named<'_>) -> Vec<u64> {
        // One thing may bear several of the names.
        let mut pending = self.all_named(named);
        pending.sort_unstable();
        pending.dedup();
        let mut seen: HashSet<Ix> = pending.iter().copied().collect();
        let mut seqs = Vec::new();
        while let Some(ix) = pending.pop() {
            let entity = self.arena.get(ix);
            seqs.extend_from_slice(entity.events());
            let party = entity.party();
            let bound = party.map(|party| [&party.members, &party.bearers]);
            let kin = entity
                .targets()
                .chain(entity.children.iter().copied())
                .chain(bound.into_iter().flatten().flatten().copied())
                .chain(self.met.of(ix));
            pending.extend(kin.filter(|ix| seen.insert(*ix)));
        }
        seqs
    }

    /// The settings events, oldest first.
    #[must_use]
    pub fn all_settings(&self) -> &[SettingsTold] {
        &self.settings_told
    }

    pub(super) fn settings_told(&mut self, seq: u64, occurred_at: Timestamp) {
        // What is listed comes again where the log's tail is folded into a snapshot.
        if self.settings_told.last().is_none_or(|last| last.seq < seq) {
            self.settings_told.push(SettingsTold { seq, occurred_at });
        }
    }

    /// Everything that bears one of these names: which of them is meant may depend on the moment.
    fn all_named(&self, named: Named<'_>) -> Vec<Ix> {
        let mut found = Vec::new();
        let mut find = |kinds: &[Kind], prefix: Option<Prefix>, id: Option<&str>| {
            let Some(id) = id else { return };
            let spaces = self.providers.iter().chain([&MERCHANT]);
            let by_name = |(kind, space): (Kind, &&str)| self.arena.find(kind, space, id);
            let pairs = spaces.flat_map(|space| kinds.iter().map(move |kind| (*kind, space)));
            found.extend(pairs.filter_map(by_name));
            let id = prefix.and_then(|prefix| Tsid::parse(prefix, id));
            found.extend(id.and_then(|id| self.arena.find_id(kinds, id)));
        };
        let held = [Kind::Subscription, Kind::SoleSubscription];
        find(&[Kind::Party], Some(Prefix::Customer), named.customer);
        find(&held, Some(Prefix::Subscription), named.subscription);
        find(&[Kind::Payment], None, named.payment);
        found
    }

    /// Whether a walk along the links in force leads from one to the other: as far as it can be
    /// told at a glance.
    pub(super) fn are_joined(&self, one: Ix, other: Ix) -> bool {
        let (first, second) = (self.arena.get(one), self.arena.get(other));
        one == other
            || (first.owner.is_some() && first.owner == second.owner)
            || first.targets().any(|target| target == other)
            || second.targets().any(|target| target == one)
    }

    /// Notes that an event tells of both.
    pub(super) fn meet(&mut self, one: Ix, other: Ix) {
        if !self.are_joined(one, other) {
            self.met.insert(one, other);
        }
    }
}
