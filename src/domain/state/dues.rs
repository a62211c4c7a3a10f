//! What falls due, and what gateways must be asked: two indexes over what is sold here, kept as
//! events are folded, so that nobody has to look at everything. They follow from the rest of the
//! state, and are worked out anew where that is restored.

use std::collections::{BTreeSet, HashMap};

use super::State;
use super::arena::Ix;
use super::entity::{Kind, Role};
use crate::domain::checkout::OwnCheckout;
use crate::domain::own::{CheckoutDue, OwnFact, PROVIDER, SubscriptionDue};
use crate::domain::standing::{self, Due};
use crate::domain::time::Timestamp;

/// As deep as links go; see `links`.
const DEPTH_MAX: usize = 6;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Dues {
    by_time: BTreeSet<(Timestamp, Ix)>,
    of: HashMap<Ix, Timestamp>,
    work: BTreeSet<Ix>,
    /// What changed since the indexes were brought up to date.
    stale: Vec<Ix>,
    /// What belongs to something else since then.
    moved: Vec<Ix>,
}

impl Dues {
    /// What gateways must be asked about.
    pub(super) fn with_work(&self) -> impl Iterator<Item = Ix> + '_ {
        self.work.iter().copied()
    }

    fn set(&mut self, ix: Ix, due: Option<Timestamp>) {
        let before = match due {
            Some(due) => self.of.insert(ix, due),
            None => self.of.remove(&ix),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, ix));
        }
        if let Some(due) = due {
            self.by_time.insert((due, ix));
        }
    }
}

impl State {
    /// When the next thing falls due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.dues.by_time.first().map(|(at, _)| *at)
    }

    /// What is due by `until`, earliest first, at most `limit`: each as the event to tell.
    #[must_use]
    pub fn due(&self, until: Timestamp, limit: usize) -> Vec<OwnFact> {
        let by_then = self.dues.by_time.iter().take_while(|(at, _)| *at <= until);
        let facts = by_then.filter_map(|(_, ix)| Some(self.due_of(*ix)?.1));
        facts.take(limit).collect()
    }

    /// Whether that is still what falls due next of what it is about.
    #[must_use]
    pub fn is_due(&self, fact: &OwnFact) -> bool {
        let due = self.own_thing_of(fact).and_then(|ix| self.due_of(ix));
        due.is_some_and(|(_, due)| due == *fact)
    }

    /// What falls due next of one thing.
    fn due_of(&self, ix: Ix) -> Option<(Timestamp, OwnFact)> {
        let entity = self.arena.get(ix);
        let id = entity.name.clone();
        if entity.kind == Kind::Checkout {
            let held = entity.own_checkout();
            let due = held.and_then(|held| held.due(&self.heard_of(ix)))?;
            return Some((due, OwnFact::CheckoutExpired(CheckoutDue { id, due })));
        }
        let due = match entity.linked(Role::Parent(Kind::SoleSubscription)) {
            Some(sole) => self.due_of_sole(ix, sole)?,
            None => self.sold(ix)?.standing.due?,
        };
        let ended = |due| SubscriptionDue {
            subscription_id: id,
            due,
        };
        Some(match due {
            Due::Trial(due) => (due, OwnFact::TrialEnded(ended(due))),
            Due::End(due) => (due, OwnFact::SubscriptionEnded(ended(due))),
        })
    }

    /// One that has several records falls due once: of that which stands for all, where anything
    /// was decided about that, else of the first.
    fn due_of_sole(&self, ix: Ix, sole: Ix) -> Option<Due> {
        let beside = self.beside(sole).into_iter();
        let least = beside.min_by_key(|ix| &self.arena.get(*ix).name)?;
        let decided = self.decided_on_sole(sole)?;
        let end = standing::end_of(&decided)?;
        let is_open = least == ix && standing::ended_by(&decided).is_none();
        is_open.then_some(Due::End(end.at))
    }

    /// Notes that something changed by which things of our own may stand otherwise.
    pub(super) fn mark_stale(&mut self, ix: Ix) {
        self.dues.stale.push(ix);
    }

    /// Notes that something belongs to another thing: payments that are found through it may pay
    /// for another one, too.
    pub(super) fn mark_moved(&mut self, ix: Ix) {
        self.dues.moved.push(ix);
    }

    /// Brings both indexes up to date, once an event is folded.
    pub(super) fn refresh_dues(&mut self) {
        let mut stale = std::mem::take(&mut self.dues.stale);
        let moved = std::mem::take(&mut self.dues.moved);
        if !self.arena.has_space(PROVIDER) {
            return;
        }
        stale.extend(moved.into_iter().flat_map(|ix| self.payments_below(ix)));
        let mut own = BTreeSet::new();
        for ix in stale {
            self.own_above(ix, 0, &mut own);
        }
        let checkouts: Vec<Ix> = own.iter().copied().collect();
        for ix in checkouts {
            let held = self.arena.get(ix).own_checkout();
            let before = held.into_iter().flat_map(OwnCheckout::may_supersede);
            let find = |id| self.arena.find(Kind::Subscription, PROVIDER, id);
            own.extend(before.filter_map(find));
        }
        let changed: Vec<Ix> = own.iter().copied().collect();
        for ix in changed {
            own.extend(self.changed_from(ix));
        }
        for ix in own {
            self.refresh_due(ix);
        }
    }

    /// Both indexes for one thing.
    pub(super) fn refresh_due(&mut self, ix: Ix) {
        let due = self.due_of(ix).map(|(due, _)| due);
        let has_work = !self.work_of(ix).is_empty();
        self.dues.set(ix, due);
        if has_work {
            self.dues.work.insert(ix);
        } else {
            self.dues.work.remove(&ix);
        }
    }

    /// The things of our own that stand as they do because of this one.
    fn own_above(&self, ix: Ix, depth: usize, found: &mut BTreeSet<Ix>) {
        let entity = self.arena.get(ix);
        if entity.kind == Kind::SoleSubscription {
            found.extend(self.beside(ix));
            return;
        }
        if self.is_own(ix) && matches!(entity.kind, Kind::Checkout | Kind::Subscription) {
            found.insert(ix);
        }
        if depth < DEPTH_MAX {
            for parent in entity.parents() {
                self.own_above(parent, depth + 1, found);
            }
        }
    }
}

#[cfg(test)]
impl State {
    /// What is kept equals what would be worked out anew.
    #[allow(clippy::panic)]
    pub(super) fn assert_dues_are_whole(&self) {
        for ix in self.arena.places() {
            let kind = self.arena.get(ix).kind;
            let is_indexed = matches!(kind, Kind::Checkout | Kind::Subscription) && self.is_own(ix);
            let due = self.due_of(ix).filter(|_| is_indexed);
            let name = &self.arena.get(ix).name;
            let kept = self.dues.of.get(&ix).copied();
            assert_eq!(kept, due.as_ref().map(|(at, _)| *at), "{name}");
            if let Some((at, fact)) = due {
                assert!(self.dues.by_time.contains(&(at, ix)) && self.is_due(&fact));
            }
            let has_work = is_indexed && !self.work_of(ix).is_empty();
            assert_eq!(self.dues.work.contains(&ix), has_work, "{name}");
        }
        assert_eq!(self.dues.by_time.len(), self.dues.of.len());
    }
}
