//! What was paid for a subscription of our own, for those that were changed into it, and what took its
//! place. Knows no rule of how it stands by that.

use hashbrown::HashSet;

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind};
use super::sales::{Superseding, plan_sold};
use crate::domain::checkout::Outcome;
use crate::domain::decided::{Decided, Replaced};
use crate::domain::own::PROVIDER;
use crate::domain::standing::{Carried, Extended, PeriodPaid, PlanSold, Word};
use crate::domain::subscription::Subscription;
use crate::domain::time::Timestamp;

/// What was paid for one subscription itself.
#[derive(Default)]
pub(super) struct Purchases<'a> {
    /// The payments that pay for it.
    pub(super) payments: Vec<Ix>,
    /// Of them, those for one period each, in the order in which they count.
    pub(super) periods: Vec<(PeriodPaid<'a>, PlanSold<'a>)>,
    /// The same, with their checkouts.
    pub(super) things: Vec<(Ix, Ix)>,
    /// The newest word by which somebody chose it.
    pub(super) newest: Option<Word<'a>>,
}

/// What a subscription goes on with.
#[derive(Default)]
pub(super) struct Line<'a> {
    pub(super) carried: Carried<'a>,
    /// What said until when that is paid.
    pub(super) by: Option<CarriedBy>,
    /// Those that were changed into it, the oldest first.
    pub(super) members: Vec<Ix>,
    /// The payments, and the gateway's subscriptions, that pay for them.
    pub(super) things: Vec<Ix>,
    /// The newest word by which somebody chose one of them.
    pub(super) newest: Option<Word<'a>>,
}

/// What says until when is paid for what was changed into a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CarriedBy {
    /// This payment.
    Payment(Ix),
    /// The gateway's subscription.
    Charge(Ix),
    /// The change that began this one.
    Change(Ix),
}

impl State {
    fn decided_about(&self, ix: Ix) -> Option<&Decided> {
        let cells = self.arena.get(ix).subscription();
        cells.and_then(Subscription::decided)
    }

    /// What was paid for one itself.
    pub(super) fn purchases(&self, ix: Ix) -> Purchases<'_> {
        let mut bought = Purchases::default();
        let mut paid = Vec::new();
        for (checkout, held) in self.checkouts_of(ix) {
            let Some(sold) = plan_sold(held) else {
                continue;
            };
            let mut linked = self.linked_payments(checkout);
            linked.retain(|linked| linked.made.outcome == Outcome::Pays);
            let chosen = self.chosen_among(checkout, &linked);
            let newest = chosen.map(|(_, paid)| paid.word()).max();
            bought.newest = bought.newest.max(newest);
            for linked in linked {
                bought.payments.push(linked.ix);
                let payment = PeriodPaid {
                    at: linked.made.at,
                    payment: linked.made.id,
                    checkout: &self.arena.get(checkout).name,
                    asked: linked.asked,
                };
                if linked.charged_by.is_none() {
                    paid.push((payment, sold, (linked.ix, checkout)));
                }
            }
        }
        paid.sort_by_key(|(payment, _, _)| (payment.word(), payment.checkout));
        for (payment, sold, things) in paid {
            bought.periods.push((payment, sold));
            bought.things.push(things);
        }
        bought
    }

    /// What a subscription goes on with: what was paid for those that were changed into it. Of one
    /// that was changed itself, what follows goes on with the other.
    pub(super) fn line(&self, ix: Ix, decided: &Decided) -> Line<'_> {
        let mut line = Line::default();
        if decided.changes().next().is_some() {
            return line;
        }
        line.members = self.changed_into(ix, decided);
        for member in &line.members {
            let bought = self.purchases(*member);
            let charging = self.charging(*member);
            let charged = charging.and_then(|(_, _, charged)| charged.cells.paid_through());
            let none = Decided::default();
            let decided = self.decided_about(*member).unwrap_or(&none);
            let extended = line.carried.go_on(decided, &bought.periods, charged);
            let last = bought.things.last().map(|(payment, _)| *payment);
            let by = match extended {
                Extended::NotAtAll => None,
                Extended::Told => Some(CarriedBy::Change(*member)),
                Extended::Paid => last.map(CarriedBy::Payment),
                Extended::Charged => charging.map(|(ix, _, _)| CarriedBy::Charge(ix)),
            };
            line.by = by.or(line.by);
            line.newest = line.newest.max(bought.newest);
            line.things.extend(bought.payments);
            line.things.extend(charging.map(|(ix, _, _)| ix));
        }
        line
    }

    /// Those that were changed into one, and into those, each once: the oldest first.
    fn changed_into(&self, ix: Ix, decided: &Decided) -> Vec<Ix> {
        let find = |id| self.arena.find(Kind::Subscription, PROVIDER, id);
        let mut met: HashSet<Ix> = [ix].into_iter().collect();
        let mut pending: Vec<Ix> = decided.predecessors().filter_map(find).collect();
        let mut found = Vec::new();
        while let Some(before) = pending.pop() {
            if met.insert(before) {
                found.push(before);
                let decided = self.decided_about(before);
                let all = decided.into_iter().flat_map(Decided::predecessors);
                pending.extend(all.filter_map(find));
            }
        }
        found.sort_by_key(|ix| {
            let began = self.decided_about(*ix).and_then(Decided::begun_stamp);
            (began, &self.arena.get(*ix).name)
        });
        found
    }

    /// The subscriptions that one was changed into, and they were, each once.
    pub(super) fn changed_from(&self, ix: Ix) -> Vec<Ix> {
        let mut met: HashSet<Ix> = [ix].into_iter().collect();
        let mut pending = vec![ix];
        let mut found = Vec::new();
        while let Some(before) = pending.pop() {
            let decided = self.decided_about(before);
            for (id, _) in decided.into_iter().flat_map(Decided::changes) {
                let after = self.arena.find(Kind::Subscription, PROVIDER, id);
                if let Some(after) = after.filter(|after| met.insert(*after)) {
                    found.push(after);
                    pending.push(after);
                }
            }
        }
        found
    }

    /// The subscriptions (`SUA-…`) that one of ours was changed into, by the id of any of them.
    #[must_use]
    pub fn heirs_of(&self, id: &str) -> Vec<Box<str>> {
        let found = self.arena.find(Kind::Subscription, PROVIDER, id);
        let heirs = found.into_iter().flat_map(|ix| self.changed_from(ix));
        heirs.map(|ix| self.arena.get(ix).name.clone()).collect()
    }

    /// When another took its place, by which checkout (`TRN-…`) or which did (`SUA-…`), and what
    /// said so: the first of all that are newer than its own `newest` word. A change is for good.
    /// What was had without a payment takes no place of what is paid for then. What took the place
    /// of one that was changed into it takes its place.
    pub(super) fn superseded<'a>(
        &'a self,
        (entity, decided, before): (&'a Entity, &'a Decided, &[Ix]),
        newest: Option<Word<'a>>,
        is_paid_at: impl Fn(Timestamp) -> bool,
    ) -> Option<(Timestamp, &'a str, Superseding)> {
        let before = before.iter().map(|ix| self.arena.get(*ix));
        let before = before.filter_map(|entity| Some((entity, entity.subscription()?.decided()?)));
        let whole = std::iter::once((entity, decided)).chain(before);
        let paid = whole.flat_map(|(entity, decided)| {
            let superseders = decided.superseders();
            superseders.filter_map(|id| self.paid_instead(id, &entity.name, newest))
        });
        let told = |(id, replaced): (&'a str, Replaced)| {
            let by = Superseding::Change(replaced);
            let stamp = replaced.stamp;
            (stamp.word(), (stamp.occurred_at, id, by))
        };
        let had = decided.replacements().filter(|(_, replaced)| {
            let stamp = replaced.stamp;
            Some(stamp.word()) > newest && !is_paid_at(stamp.occurred_at)
        });
        let all = decided.changes().chain(had).map(told).chain(paid);
        all.min_by_key(|(word, _)| *word).map(|(_, found)| found)
    }

    /// The first payment newer than `newest` by which a checkout takes the place of `own`.
    fn paid_instead<'a>(
        &'a self,
        checkout: &str,
        own: &str,
        newest: Option<Word<'a>>,
    ) -> Option<(Word<'a>, (Timestamp, &'a str, Superseding))> {
        let checkout = self.arena.find(Kind::Checkout, PROVIDER, checkout)?;
        let held = self.arena.get(checkout).own_checkout();
        held.filter(|held| held.supersedes(own))?;
        let chosen = self.chosen_by(checkout).into_iter();
        let newer = chosen.filter(|(_, paid)| Some(paid.word()) > newest);
        let (payment, paid) = newer.min_by_key(|(_, paid)| paid.word())?;
        let by = Superseding::Payment(payment);
        Some((paid.word(), (paid.at, paid.checkout, by)))
    }
}
