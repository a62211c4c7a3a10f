//! Who a thing belongs to: the merchant's identifier on it or on what it belongs to, else the
//! provider's customer id. Worked out from cells that only grow, so arrival order does not matter.

use hashbrown::{HashMap, HashSet};

use super::State;
use super::arena::Ix;
use super::entity::{Kind, Linked, MERCHANT, Role};
use crate::domain::activity::Activity;
use crate::domain::event::{Contact, Naming, ProviderName};
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own::PROVIDER;
use crate::domain::register::Stamp;

/// The key of the note that names a checkout of ours.
const CHECKOUT_NOTE: &str = "transaction_tsid";

/// Links run payment → checkout → order → invoice → subscription; no walk is longer than that.
const LINK_DEPTH_MAX: usize = 6;

impl State {
    /// The customer known by this name, made on first mention.
    pub(super) fn party(&mut self, space: ProviderName, name: &str, activity: Activity) -> Ix {
        let (ix, new) = self.arena.intern(Kind::Party, space, name);
        if new {
            self.arena.get_mut(ix).owner = Some(ix);
            self.customers += 1;
        }
        self.touch(ix, activity);
        ix
    }

    /// Counts an event as being about `ix`, and so about its customer.
    pub(super) fn touch(&mut self, ix: Ix, activity: Activity) {
        let entity = self.arena.get_mut(ix);
        entity.activity.merge(activity);
        if let Some(owner) = entity.owner
            && let Some(party) = self.arena.get_mut(owner).party_mut()
        {
            party.activity.merge(activity);
        }
    }

    /// The merchant's identifier in a naming: the provider's own field, else the configured note.
    pub(super) fn identifier<'a>(&self, naming: &'a Naming, source: &str) -> Option<&'a str> {
        if let Some(identifier) = &naming.identifier {
            return Some(identifier);
        }
        let key = self.customer_notes.get(source)?;
        let (_, value) = naming.notes.iter().find(|(held, _)| held == key)?;
        (!value.is_empty()).then_some(&**value)
    }

    /// Notes how an event names the customer of `ix`; says whether anything changed by it.
    pub(super) fn name(&mut self, ix: Ix, naming: &Naming, told: &Told<'_>) -> bool {
        let mut changed = false;
        if let Some(identifier) = self.identifier(naming, told.source) {
            let party = self.party(MERCHANT, identifier, told.activity);
            changed |= self.offer(ix, Role::Identifier, party, told.stamp);
        }
        if let Some(provider_id) = &naming.provider_id {
            let party = self.party(told.provider, provider_id, told.activity);
            if self.offer(ix, Role::Alias, party, told.stamp) {
                self.arena.hang(ix, party);
                changed = true;
            }
        }
        changed | self.sold_by(ix, naming, told.stamp)
    }

    /// Notes which checkout of ours something came of, where it says so; says whether anything
    /// changed by it.
    fn sold_by(&mut self, ix: Ix, naming: &Naming, stamp: Stamp) -> bool {
        let Some(id) = checkout_named(naming) else {
            return false;
        };
        let checkout = self.arena.intern(Kind::Checkout, PROVIDER, id).0;
        self.link(ix, Kind::Checkout, checkout, stamp)
    }

    /// Notes the names of a customer itself, and what is said of the person; says who it is.
    pub(super) fn introduce(
        &mut self,
        naming: &Naming,
        contact: &Contact,
        told: &Told<'_>,
    ) -> Option<Ix> {
        let alias = naming.provider_id.as_deref();
        let alias = alias.map(|id| self.party(told.provider, id, told.activity));
        let identifier = self.identifier(naming, told.source);
        let identifier = identifier.map(|id| self.party(MERCHANT, id, told.activity));
        if let Some(alias) = alias
            && self.sold_by(alias, naming, told.stamp)
        {
            self.relink(alias);
        }
        if let (Some(alias), Some(identifier)) = (alias, identifier)
            && self.offer(alias, Role::Identifier, identifier, told.stamp)
        {
            self.relink(alias);
        }
        let party = identifier.or(alias)?;
        // At a checkout it is told of whoever paid: that is kept under the provider's id.
        let payer = alias.filter(|_| checkout_named(naming).is_some());
        self.describe(payer.unwrap_or(party), contact, told.stamp);
        Some(party)
    }

    /// Notes what is said of a person.
    pub(super) fn describe(&mut self, ix: Ix, contact: &Contact, stamp: Stamp) {
        let is_said = *contact != Contact::default();
        if is_said && self.arena.get_mut(ix).person.observe(contact, stamp) {
            self.email_known(ix);
        }
    }

    /// Notes that `child` belongs to `parent`; says whether anything changed by it.
    pub(super) fn link(&mut self, child: Ix, kind: Kind, parent: Ix, stamp: Stamp) -> bool {
        let changed = self.offer(child, Role::Parent(kind), parent, stamp);
        if changed {
            self.arena.hang(child, parent);
        }
        changed
    }

    /// Notes that `child` belongs to `parent` now, whatever it belonged to; says whether anything
    /// changed by it. What decides that must be a cell of `child`.
    pub(super) fn link_instead(&mut self, child: Ix, kind: Kind, parent: Ix, stamp: Stamp) -> bool {
        let role = Role::Parent(kind);
        let linked = self.arena.get_mut(child).link_instead(role, parent, stamp);
        let changed = self.link_noted(child, parent, linked);
        if changed {
            self.arena.hang(child, parent);
        }
        self.met.remove(child, parent);
        changed
    }

    /// Offers a link; says whether another thing plays the role now. One that is not in force, or
    /// no longer, is kept among the others: it was in force at some moment, or would have been.
    fn offer(&mut self, child: Ix, role: Role, target: Ix, stamp: Stamp) -> bool {
        let linked = self.arena.get_mut(child).link(role, target, stamp);
        self.link_noted(child, target, linked)
    }

    fn link_noted(&mut self, child: Ix, target: Ix, linked: Linked) -> bool {
        match linked {
            Linked::First => self.mark_moved(child),
            Linked::InsteadOf(before) => {
                self.mark_moved(child);
                self.mark_stale(before);
            }
            Linked::Same | Linked::Lost => {}
        }
        match linked {
            Linked::First => true,
            Linked::Same => false,
            Linked::InsteadOf(before) => {
                self.met.insert(child, before);
                self.met.remove(child, target);
                true
            }
            Linked::Lost => {
                self.met.insert(child, target);
                false
            }
        }
    }

    /// Works out again whose `changed` is, and all that finds its customer through it.
    pub(super) fn relink(&mut self, changed: Ix) {
        let mut pending = vec![(changed, 0)];
        let mut leavers: HashMap<Ix, HashSet<Ix>> = HashMap::new();
        while let Some((ix, depth)) = pending.pop() {
            if let Some(root) = self.settle(ix) {
                leavers.entry(root).or_default().insert(ix);
            }
            if depth < LINK_DEPTH_MAX {
                let children = self.arena.get(ix).children.iter();
                pending.extend(children.map(|child| (*child, depth + 1)));
            }
        }
        for (root, leavers) in leavers {
            self.leave(root, &leavers);
        }
    }

    /// Works out again whose `ix` is; says whose members it must leave.
    fn settle(&mut self, ix: Ix) -> Option<Ix> {
        let before = self.arena.get(ix).owner;
        let after = self.resolve(ix);
        if before == after {
            return None;
        }
        let entity = self.arena.get_mut(ix);
        entity.owner = after;
        let activity = entity.activity;
        if entity.kind == Kind::SoleSubscription {
            self.regrouped(ix, before);
        }
        if before == Some(ix) {
            // A provider's id that stood for itself is now one of somebody's names.
            self.customers -= 1;
        }
        if after == Some(ix) {
            // It was one by way of a checkout, and says that it came of another now.
            self.customers += 1;
        }
        if let Some(after) = after
            && let Some(party) = self.arena.get_mut(after).party_mut()
        {
            if after != ix {
                party.members.push(ix);
            }
            party.activity.merge(activity);
        }
        before.filter(|before| *before != ix)
    }

    /// A subscription that is one with others of its customer's has another customer: what was
    /// decided about any of them may mean something else.
    fn regrouped(&mut self, ix: Ix, before: Option<Ix>) {
        self.mark_stale(ix);
        let root = before.map(|root| self.arena.get(root));
        let left: Vec<Ix> = root
            .into_iter()
            .flat_map(|root| self.members(root))
            .filter(|(_, member)| member.kind == Kind::SoleSubscription)
            .map(|(member, _)| member)
            .collect();
        left.into_iter().for_each(|member| self.mark_stale(member));
    }

    /// Takes all who leave from a customer's members at once: there may be very many of both.
    fn leave(&mut self, root: Ix, leavers: &HashSet<Ix>) {
        let own = self.arena.get(root).activity;
        let Some(party) = self.arena.get_mut(root).party_mut() else {
            return;
        };
        party.members.retain(|member| !leavers.contains(member));
        let members = std::mem::take(&mut party.members);
        let mut activity = own;
        for member in &members {
            activity.merge(self.arena.get(*member).activity);
        }
        if let Some(party) = self.arena.get_mut(root).party_mut() {
            party.members = members;
            party.activity = activity;
        }
    }

    pub(super) fn resolve(&self, ix: Ix) -> Option<Ix> {
        let entity = self.arena.get(ix);
        if entity.kind == Kind::Party {
            return Some(self.root(ix));
        }
        self.named(ix, 0)
            .or_else(|| self.booked(ix))
            .or_else(|| self.aliased(ix, 0))
    }

    /// The customer that a name is one of: the merchant's identifier, where it has been seen.
    fn root(&self, party: Ix) -> Ix {
        let named = self.arena.get(party).linked(Role::Identifier);
        named.or_else(|| self.booked(party)).unwrap_or(party)
    }

    /// The merchant's identifier on it, else on what it belongs to.
    fn named(&self, ix: Ix, depth: usize) -> Option<Ix> {
        let on = self.named_on(ix, depth)?;
        self.arena.get(on).linked(Role::Identifier)
    }

    /// What bears the merchant's identifier that [`State::named`] finds.
    pub(super) fn named_on(&self, ix: Ix, depth: usize) -> Option<Ix> {
        let own = self.arena.get(ix).linked(Role::Identifier).map(|_| ix);
        if own.is_some() || depth >= LINK_DEPTH_MAX {
            return own;
        }
        let mut parents = self.arena.get(ix).parents_but_checkout();
        parents.find_map(|parent| self.named_on(parent, depth + 1))
    }

    /// The customer of the checkout that it, or what it belongs to, came of.
    fn booked(&self, ix: Ix) -> Option<Ix> {
        let checkout = self.booked_on(ix, 0)?;
        self.arena.get(checkout).linked(Role::Identifier)
    }

    /// The checkout that [`State::booked`] finds.
    pub(super) fn booked_on(&self, ix: Ix, depth: usize) -> Option<Ix> {
        let checkout = self.arena.get(ix).linked(Role::Parent(Kind::Checkout));
        let is_somebodys = |ix: &Ix| self.arena.get(*ix).linked(Role::Identifier).is_some();
        checkout
            .filter(is_somebodys)
            .or_else(|| self.through_parents(ix, depth, Self::booked_on))
    }

    /// The customer behind the provider's id on it, else on what it belongs to.
    fn aliased(&self, ix: Ix, depth: usize) -> Option<Ix> {
        let on = self.aliased_on(ix, depth)?;
        let alias = self.arena.get(on).linked(Role::Alias);
        alias.map(|alias| self.root(alias))
    }

    /// What bears the provider's id that [`State::aliased`] finds.
    pub(super) fn aliased_on(&self, ix: Ix, depth: usize) -> Option<Ix> {
        let own = self.arena.get(ix).linked(Role::Alias).map(|_| ix);
        own.or_else(|| self.through_parents(ix, depth, Self::aliased_on))
    }

    fn through_parents(
        &self,
        ix: Ix,
        depth: usize,
        ask: fn(&Self, Ix, usize) -> Option<Ix>,
    ) -> Option<Ix> {
        if depth >= LINK_DEPTH_MAX {
            return None;
        }
        let mut parents = self.arena.get(ix).parents();
        parents.find_map(|parent| ask(self, parent, depth + 1))
    }
}

/// The checkout of ours that a naming refers to: a text that is no such id refers to nothing.
pub(super) fn checkout_named(naming: &Naming) -> Option<&str> {
    let is_id = |text: &&str| Tsid::parse(Prefix::Checkout, text).is_some();
    let noted = || {
        let mut notes = naming.notes.iter();
        let (_, value) = notes.find(|(key, _)| **key == *CHECKOUT_NOTE)?;
        Some(&**value)
    };
    let reference = naming.reference.as_deref();
    reference.filter(is_id).or_else(|| noted().filter(is_id))
}

/// What every fact of one change shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) stamp: Stamp,
    pub(super) activity: Activity,
    pub(super) source: &'a str,
    pub(super) provider: ProviderName,
}
