//! Which event is behind each row of what a customer may use: the catalogue's, the one that gave
//! the subscription its plan or its standing, or those that told of its meters.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Fields;
use super::statements::{Statement, Statements};
use super::verdict::{self, Cell};
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::{Entitlement, Entitlements};
use crate::domain::event::Fact;
use crate::domain::explanation::Why;
use crate::domain::own::{Behaviour, OwnFact};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;

/// What the rows of one customer are explained by.
struct Behind<'w, 'a> {
    /// The newest settings.
    catalogue: Vec<&'w Statement<'a>>,
    /// What was told of the customer's meters.
    meters: Vec<&'w Statement<'a>>,
    subscriptions: BTreeMap<&'w str, &'w SubscriptionView>,
    /// What is dated later does not count yet.
    now: Timestamp,
}

impl State {
    /// Explains each row, with the `customer` at `root` whose subscriptions are explained.
    pub(super) fn explain_entitlements(
        &self,
        root: Ix,
        shown: &mut Entitlements,
        customer: &CustomerView,
        statements: &Statements<'_>,
        now: Timestamp,
    ) {
        let is_settings = |statement: &&Statement<'_>| matches!(statement.fact, Fact::Settings(_));
        let is_of_root = |statement: &&Statement<'_>| statement.identifier == Some(root);
        let held = customer.subscriptions.iter();
        let behind = Behind {
            catalogue: statements.iter().filter(is_settings).collect(),
            meters: statements.iter().filter(is_of_root).collect(),
            subscriptions: held.map(|held| (&*held.id, held)).collect(),
            now,
        };
        for row in &mut shown.entitlements {
            row.explain = Some(behind.explain(row).0);
        }
        let id = customer.explain.as_ref();
        let id = id.and_then(|explain| {
            let identifier = explain.get("customer_identifier");
            identifier.or_else(|| explain.get("id")).cloned()
        });
        shown.explain = id.map(|found| [("customer", found)].into());
    }
}

/// Whether a row's limit is how many were bought.
fn is_bought(row: &Entitlement, held: Option<&SubscriptionView>) -> bool {
    let quantities = held.map_or(&[][..], SubscriptionView::quantities);
    let feature = row.feature_id.as_deref();
    quantities
        .iter()
        .any(|bought| feature == Some(&*bought.feature))
}

impl<'w, 'a> Behind<'w, 'a> {
    fn explain(&self, row: &Entitlement) -> Fields {
        let mut fields = Fields::default();
        let catalogue = self.catalogue().map(Cell::explanation);
        let by_catalogue = [
            ("feature_id", row.feature_id.is_some()),
            ("type", true),
            ("meter_id", row.meter_id.is_some()),
            ("resets_at", row.resets_at.is_some()),
        ];
        for (name, _) in by_catalogue.into_iter().filter(|(_, is_set)| *is_set) {
            fields.put(name, catalogue.clone());
        }
        let metric = row.metric();
        let held = row.subscription_id.as_deref();
        let held = held.and_then(|id| self.subscriptions.get(id).copied());
        let of = |name| held.and_then(|held| held.explain.as_ref()?.get(name).cloned());
        let is_bought = self.allowance(metric).is_none() && is_bought(row, held);
        // How many were bought was said with the plan.
        let by_plan = of("plan").filter(|_| is_bought);
        let limit = || {
            let allowed = self.allowance(metric).or_else(|| self.catalogue());
            allowed.filter(|_| row.limit.is_some() && !is_bought)
        };
        let usage = || {
            self.usage(metric)
                .into_iter()
                .filter(|_| row.usage.is_some())
        };
        let by_limit = limit().map(Cell::explanation).or(by_plan);
        fields.put("limit", by_limit.clone());
        fields.put("usage", verdict::together(usage()));
        fields.put("subscription_id", of("plan"));
        let has_access = held.and_then(|held| held.access.as_ref());
        let is_withheld = has_access.is_some_and(|access| access.granted) && !row.granted;
        let granted = if row.is_used_up {
            // A limit of nothing is used up by nothing.
            verdict::together(usage()).or(by_limit.clone())
        } else if is_withheld {
            catalogue
        } else if held.is_some() {
            of("access")
        } else {
            let allowed = self.allowance(metric).map(Cell::explanation);
            allowed.or_else(|| verdict::together(usage()))
        };
        fields.put("granted", granted);
        if row.granted || row.is_used_up {
            let left = verdict::together(usage().chain(limit())).or(by_limit);
            fields.put("remaining", left.filter(|_| row.remaining.is_some()));
        } else if row.remaining.is_some() {
            // Nothing remains where nothing is granted.
            fields.copy("remaining", "granted");
        }
        fields
    }

    fn catalogue(&self) -> Option<Cell<'w, 'a>> {
        Cell::stamped(self.catalogue.iter().copied())
    }

    fn told(&self) -> impl Iterator<Item = (&'w Statement<'a>, &'w OwnFact)> {
        let meters = self.meters.iter().copied();
        meters.filter_map(|statement| Some((statement, statement.own()?)))
    }

    /// What was allowed last.
    fn allowance(&self, metric: &str) -> Option<Cell<'w, 'a>> {
        let allows = |fact: &OwnFact| {
            if let OwnFact::AllowancesSet(set) = fact {
                return set.allowances.iter().any(|set| *set.meter_id == *metric);
            }
            false
        };
        let told = self.told().filter(|(_, fact)| allows(fact));
        Cell::stamped(told.map(|(statement, _)| statement))
    }

    /// What the counter was set to last, the newest reading after it, and everything that was counted
    /// after it.
    fn usage(&self, metric: &str) -> Vec<Cell<'w, 'a>> {
        let set = Cell::stamped(self.of_metric(metric, Used::Set));
        let set_at = set.as_ref().map(|cell| cell.holder.stamp.occurred_at);
        let now = set_at.map_or(self.now, |at| self.now.max(at));
        let is_ahead = |statement: &&Statement<'_>| statement.stamp.occurred_at > now;
        let base = set.as_ref().map(|cell| cell.holder.stamp);
        let is_after = |statement: &Statement<'_>| base.is_none_or(|base| statement.stamp > base);
        let (counted, before): (Vec<_>, Vec<_>) = self
            .of_metric(metric, Used::Counted)
            .filter(|statement| !is_ahead(statement))
            .partition(|statement| is_after(statement));
        let counted = counted.into_iter().map(std::iter::once);
        let mut cells: Vec<_> = counted.filter_map(Cell::stamped).collect();
        let mut readings = BTreeMap::new();
        let mut repeated = Vec::new();
        let mut shown_before = Vec::new();
        for statement in self.of_metric(metric, Used::Read) {
            let at = statement.stamp.occurred_at;
            if base.is_some_and(|base| at <= base.occurred_at) {
                shown_before.push(statement);
                continue;
            }
            // Of two words on one time the first counts; the log has its statements in order.
            match readings.entry(at) {
                Entry::Vacant(place) => drop(place.insert(statement)),
                Entry::Occupied(_) => repeated.push((statement, Why::LowerRank)),
            }
        }
        if let Some(mut cell) = Cell::stamped(readings.into_values()) {
            cell.losers.extend(repeated);
            cells.push(cell);
        }
        if let Some(mut cell) = set {
            let before = before.into_iter().chain(shown_before);
            cell.losers
                .extend(before.map(|statement| (statement, Why::Older)));
            cells.push(cell);
        }
        cells
    }

    fn of_metric(&self, metric: &str, used: Used) -> impl Iterator<Item = &'w Statement<'a>> {
        let told = self.told();
        let told = told.filter(move |(_, fact)| used_of(fact, metric) == Some(used));
        told.map(|(statement, _)| statement)
    }
}

/// How a fact tells of what was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    Read,
    Counted,
    Set,
}

/// How a fact tells of what was used of a metric, where it does.
fn used_of(fact: &OwnFact, metric: &str) -> Option<Used> {
    let is_of = |meter: &str, used| (*meter == *metric).then_some(used);
    if let OwnFact::UsageRead(read) = fact {
        let mut readings = read.readings.iter();
        return readings.find_map(|reading| is_of(&reading.meter_id, Used::Read));
    }
    if let OwnFact::UsageCounted(used) = fact {
        return is_of(&used.meter_id, Used::Counted);
    }
    if let OwnFact::UsageReported(report) = fact {
        let used = match report.behaviour {
            Behaviour::Set => Used::Set,
            Behaviour::Delta => Used::Counted,
        };
        return is_of(&report.meter_id, used);
    }
    if let OwnFact::UsageEvent(event) = fact {
        return is_of(&event.counts.as_ref()?.meter_id, Used::Counted);
    }
    None
}
