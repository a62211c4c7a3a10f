//! Where the fold keeps everything that has a name: one list, one table of names, one table of
//! our ids. Nothing is ever removed, so a place in it stays valid.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::entity::{Body, Entity, Kind, MERCHANT, Role, Space};
use crate::domain::event::ProviderName;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own::PROVIDER;

/// A place in the [`Arena`]: one more than the number of things before it, so that an `Option` of
/// it costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Ix(NonZeroU32);

impl Ix {
    /// How many things are before it.
    pub(super) const fn place(self) -> usize {
        self.0.get() as usize - 1
    }

    /// More than 2^32 things would need half a terabyte of memory first.
    pub(super) fn at(place: usize) -> Self {
        Self(NonZeroU32::MIN.saturating_add(u32::try_from(place).unwrap_or(u32::MAX)))
    }
}

/// A list or a table that outgrows its memory is copied whole while readers wait: so the list is
/// kept in pieces that never move, and each table in as many parts as one byte of a hash tells
/// apart.
const CHUNK_ENTITIES: usize = if cfg!(test) { 4 } else { 1_024 };
const SHARDS: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Arena {
    entities: Chunks,
    /// Whose words names are, in the order of first mention; the merchant's first.
    spaces: Vec<ProviderName>,
    by_name: Shards,
    by_id: Shards,
    hasher: DefaultHashBuilder,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            entities: Chunks::default(),
            spaces: vec![MERCHANT],
            by_name: Shards::default(),
            by_id: Shards::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

/// A list whose elements never move.
#[derive(Debug, Default)]
struct Chunks(Vec<Vec<Entity>>);

impl Chunks {
    // An `Ix` is made only by `push`, and nothing is ever removed: the index is always inside.
    #[allow(clippy::indexing_slicing)]
    fn get(&self, ix: Ix) -> &Entity {
        let place = ix.place();
        &self.0[place / CHUNK_ENTITIES][place % CHUNK_ENTITIES]
    }

    #[allow(clippy::indexing_slicing)] // as in `get`
    fn get_mut(&mut self, ix: Ix) -> &mut Entity {
        let place = ix.place();
        &mut self.0[place / CHUNK_ENTITIES][place % CHUNK_ENTITIES]
    }

    fn push(&mut self, entity: Entity) -> Ix {
        if self
            .0
            .last()
            .is_none_or(|chunk| chunk.len() == CHUNK_ENTITIES)
        {
            self.0.push(Vec::with_capacity(CHUNK_ENTITIES));
        }
        let full = self.0.len().saturating_sub(1) * CHUNK_ENTITIES;
        let within = self.0.last_mut().map_or(0, |chunk| {
            chunk.push(entity);
            chunk.len() - 1
        });
        Ix::at(full + within)
    }

    fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.0.iter().flatten()
    }

    fn len(&self) -> usize {
        let last = self.0.last().map_or(0, Vec::len);
        self.0.len().saturating_sub(1) * CHUNK_ENTITIES + last
    }
}

/// A table of places by the hash of what is there. It keeps half of each hash, so that growing
/// does not have to look at the things themselves.
#[derive(Debug)]
struct Shards(Vec<HashTable<(u32, Ix)>>);

impl Default for Shards {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| HashTable::new()).collect())
    }
}

impl Shards {
    /// Room for that many, so that filling it copies nothing.
    fn with_capacity(count: usize) -> Self {
        let each = count / SHARDS + count / SHARDS / 8;
        Self(
            (0..SHARDS)
                .map(|_| HashTable::with_capacity(each))
                .collect(),
        )
    }

    fn find(&self, hash: u64, is: impl Fn(Ix) -> bool) -> Option<Ix> {
        let half = half_of(hash);
        let shard = self.0.get(shard_of(half))?;
        let found = shard.find(spread(half), |(held, ix)| *held == half && is(*ix));
        found.map(|(_, ix)| *ix)
    }

    fn insert(&mut self, hash: u64, ix: Ix) {
        let half = half_of(hash);
        if let Some(shard) = self.0.get_mut(shard_of(half)) {
            shard.insert_unique(spread(half), (half, ix), |(held, _)| spread(*held));
        }
    }
}

/// Our id of what a provider calls by a name. What is born here is called by it.
fn id_of(kind: Kind, provider: ProviderName, name: &str) -> Tsid {
    let own = match kind {
        Kind::Subscription if provider == PROVIDER => Tsid::parse(Prefix::Subscription, name),
        Kind::Party if provider == PROVIDER => Tsid::parse(Prefix::Customer, name),
        Kind::Subscription
        | Kind::Party
        | Kind::SoleSubscription
        | Kind::Invoice
        | Kind::Order
        | Kind::Checkout
        | Kind::Payment
        | Kind::Addon
        | Kind::PaymentMethod => None,
    };
    own.unwrap_or_else(|| Tsid::minted(provider, name))
}

#[allow(clippy::cast_possible_truncation)] // the other half is not needed
const fn half_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

const fn shard_of(half: u32) -> usize {
    (half >> 24) as usize
}

/// The table wants 64 good bits: the half, multiplied by 2^64 over the golden ratio.
const fn spread(half: u32) -> u64 {
    (half as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Arena {
    pub(super) fn get(&self, ix: Ix) -> &Entity {
        self.entities.get(ix)
    }

    pub(super) fn get_mut(&mut self, ix: Ix) -> &mut Entity {
        self.entities.get_mut(ix)
    }

    pub(super) fn find(&self, kind: Kind, provider: &str, name: &str) -> Option<Ix> {
        let space = self.space(provider)?;
        let hash = self.hasher.hash_one((kind, space, name));
        self.by_name
            .find(hash, |ix| self.get(ix).is_named(kind, space, name))
    }

    /// Puts an arena together again from all its chunks; `None` where they are no arena's.
    pub(super) fn of(mut chunks: Vec<Vec<Entity>>, spaces: Vec<ProviderName>) -> Option<Self> {
        let last = chunks.pop();
        let last_fits = last
            .as_ref()
            .is_none_or(|last| last.len() <= CHUNK_ENTITIES);
        let full = chunks.iter().all(|chunk| chunk.len() == CHUNK_ENTITIES);
        chunks.extend(last.map(|mut last| {
            last.reserve_exact(CHUNK_ENTITIES.saturating_sub(last.len()));
            last
        }));
        let entities = Chunks(chunks);
        let count = entities.len();
        let is_sound = |entity: &Entity| entity.is_sound(count, spaces.len());
        let fits =
            full && last_fits && u32::try_from(count).is_ok() && spaces.first() == Some(&MERCHANT);
        if !fits || !entities.iter().all(is_sound) {
            return None;
        }
        let mut arena = Self {
            entities,
            spaces,
            ..Self::default()
        };
        arena.by_name = arena.table_of_names();
        arena.by_id = arena.table_of_ids();
        Some(arena)
    }

    fn table_of_names(&self) -> Shards {
        let mut table = Shards::with_capacity(self.entities.len());
        for (ix, entity) in self.all() {
            let hash = self
                .hasher
                .hash_one((entity.kind, entity.space, &*entity.name));
            table.insert(hash, ix);
        }
        table
    }

    fn table_of_ids(&self) -> Shards {
        let mut table = Shards::with_capacity(self.entities.len());
        for (ix, entity) in self.all().filter(|(_, entity)| entity.kind.has_id()) {
            table.insert(self.hasher.hash_one(entity.id.as_u64()), ix);
        }
        table
    }

    /// The things of one piece of the list; all pieces but the last are full.
    pub(super) fn chunk(&self, number: usize) -> Option<&[Entity]> {
        self.entities.0.get(number).map(Vec::as_slice)
    }

    /// How many pieces the list has.
    pub(super) fn chunks(&self) -> usize {
        self.entities.0.len()
    }

    /// Whose words names are.
    pub(super) fn spaces(&self) -> &[ProviderName] {
        &self.spaces
    }

    /// How many things there are.
    pub(super) fn len(&self) -> usize {
        self.entities.len()
    }

    /// Every place, in the order of first mention.
    pub(super) fn places(&self) -> impl Iterator<Item = Ix> + use<> {
        (0..self.entities.len()).map(Ix::at)
    }

    /// The provider of that space, or [`MERCHANT`].
    pub(super) fn provider(&self, space: Space) -> ProviderName {
        let held = self.spaces.get(usize::from(space.0));
        held.copied().unwrap_or(MERCHANT)
    }

    fn space(&self, provider: &str) -> Option<Space> {
        let place = self.spaces.iter().position(|held| *held == provider)?;
        u8::try_from(place).ok().map(Space)
    }

    /// Whether anything was ever named in a provider's words.
    pub(super) fn has_space(&self, provider: ProviderName) -> bool {
        self.space(provider).is_some()
    }

    fn intern_space(&mut self, provider: ProviderName) -> Space {
        self.space(provider).unwrap_or_else(|| {
            self.spaces.push(provider);
            // Providers are compiled in; there are not 255 of them.
            Space(u8::try_from(self.spaces.len() - 1).unwrap_or(u8::MAX))
        })
    }

    /// The things of one of `kinds` that carry our id.
    pub(super) fn find_id(&self, kinds: &[Kind], id: Tsid) -> Option<Ix> {
        let hash = self.hasher.hash_one(id.as_u64());
        self.by_id.find(hash, |ix| {
            let entity = self.get(ix);
            entity.id == id && kinds.contains(&entity.kind)
        })
    }

    /// Finds or makes the thing of that name; the flag says whether it was made.
    pub(super) fn intern(&mut self, kind: Kind, provider: ProviderName, name: &str) -> (Ix, bool) {
        let space = self.intern_space(provider);
        let hash = self.hasher.hash_one((kind, space, name));
        let is = |ix| self.entities.get(ix).is_named(kind, space, name);
        if let Some(found) = self.by_name.find(hash, is) {
            return (found, false);
        }
        let entity = Entity::new(kind, space, id_of(kind, provider, name), name);
        let id_hash = self.hasher.hash_one(entity.id.as_u64());
        let ix = self.entities.push(entity);
        self.by_name.insert(hash, ix);
        if kind.has_id() {
            self.by_id.insert(id_hash, ix);
        }
        (ix, true)
    }

    /// Puts `ix` under what it was told to belong to. A name needs no look at what bears the
    /// merchant's identifier as well: very many may share it, and it decides nothing for them.
    pub(super) fn hang(&mut self, ix: Ix, above: Ix) {
        let is_named = self.get(ix).linked(Role::Identifier).is_some();
        let above = self.get_mut(above);
        match above.party_mut() {
            Some(party) if is_named => party.bearers.push(ix),
            Some(_) | None => above.children.push(ix),
        }
    }

    /// Every thing of a kind, in the order of first mention.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (Ix, &Entity)> {
        self.all().filter(move |(_, e)| e.kind == kind)
    }

    fn all(&self) -> impl Iterator<Item = (Ix, &Entity)> {
        let numbered = self.entities.iter().enumerate();
        numbered.map(|(place, entity)| (Ix::at(place), entity))
    }

    /// The body of a kind that the caller has made sure of by interning it.
    pub(super) fn body_mut(&mut self, ix: Ix) -> &mut Body {
        &mut self.get_mut(ix).body
    }
}
