//! Where the fold keeps everything that has a name: one list, one table of names, one table of
//! our ids. Nothing is ever removed, so a place in it stays valid.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

use super::entity::{Body, Entity, Kind};
use crate::domain::event::ProviderName;
use crate::domain::id::Tsid;

/// A place in the [`Arena`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ix(u32);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Arena {
    entities: Vec<Entity>,
    by_name: HashTable<Ix>,
    by_id: HashTable<Ix>,
    hasher: DefaultHashBuilder,
}

// An `Ix` is made only by `insert`, and the list never shrinks: the index is always inside.
#[allow(clippy::indexing_slicing)]
fn held(entities: &[Entity], ix: Ix) -> &Entity {
    &entities[ix.0 as usize]
}

impl Arena {
    pub(super) fn get(&self, ix: Ix) -> &Entity {
        held(&self.entities, ix)
    }

    #[allow(clippy::indexing_slicing)] // as in `held`
    pub(super) fn get_mut(&mut self, ix: Ix) -> &mut Entity {
        &mut self.entities[ix.0 as usize]
    }

    pub(super) fn find(&self, kind: Kind, provider: &str, name: &str) -> Option<Ix> {
        let hash = self.hasher.hash_one((kind, provider, name));
        self.by_name
            .find(hash, |ix| self.get(*ix).is_named(kind, provider, name))
            .copied()
    }

    /// The things of one of `kinds` that carry our id.
    pub(super) fn find_id(&self, kinds: &[Kind], id: Tsid) -> Option<Ix> {
        let hash = self.hasher.hash_one(id.as_u64());
        let is = |ix: &Ix| {
            let entity = self.get(*ix);
            entity.id == id && kinds.contains(&entity.kind)
        };
        self.by_id.find(hash, is).copied()
    }

    /// Finds or makes the thing of that name; the flag says whether it was made.
    pub(super) fn intern(&mut self, kind: Kind, provider: ProviderName, name: &str) -> (Ix, bool) {
        let hash = self.hasher.hash_one((kind, provider, name));
        let entities = &self.entities;
        let is = |ix: &Ix| held(entities, *ix).is_named(kind, provider, name);
        if let Some(found) = self.by_name.find(hash, is) {
            return (*found, false);
        }
        // More than 2^32 things would need a terabyte of memory first.
        let ix = Ix(u32::try_from(self.entities.len()).unwrap_or(u32::MAX));
        self.entities.push(Entity::new(kind, provider, name));
        let (entities, hasher) = (&self.entities, &self.hasher);
        self.by_name.insert_unique(hash, ix, |ix| {
            let entity = held(entities, *ix);
            hasher.hash_one((entity.kind, entity.provider, &*entity.name))
        });
        let id_hash = |ix: &Ix| hasher.hash_one(held(entities, *ix).id.as_u64());
        if kind.has_id() {
            self.by_id.insert_unique(id_hash(&ix), ix, id_hash);
        }
        (ix, true)
    }

    /// Every thing of a kind, in the order of first mention.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (Ix, &Entity)> {
        let numbered = (0_u32..).zip(&self.entities);
        numbered
            .filter(move |(_, e)| e.kind == kind)
            .map(|(n, e)| (Ix(n), e))
    }

    /// The body of a kind that the caller has made sure of by interning it.
    pub(super) fn body_mut(&mut self, ix: Ix) -> &mut Body {
        &mut self.get_mut(ix).body
    }
}
