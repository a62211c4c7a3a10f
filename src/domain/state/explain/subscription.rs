//! Which event set each field of a subscription, by the rules of its cells.

use super::Fields;
use super::statements::{Statement, Statements};
use super::verdict::{self, Cell, by_stamp, explanation};
use crate::domain::event::{Fact, SubscriptionFact};
use crate::domain::explanation::{Explain, Explanation, Why};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::subscription::SubscriptionView;

/// A field, and whether a snapshot speaks of it.
type Spoken = (&'static str, fn(&SubscriptionFact) -> bool);

/// The statements about one subscription.
pub(super) struct About<'w, 'a>(pub(super) Vec<&'w Statement<'a>>);

impl<'w, 'a> About<'w, 'a> {
    pub(super) fn snapshots(
        &self,
    ) -> impl Iterator<Item = (&'w Statement<'a>, &'w SubscriptionFact)> + '_ {
        self.0
            .iter()
            .filter_map(|statement| Some((*statement, statement.subscription()?)))
    }

    /// What the newest snapshot says, where any ever spoke of it: it replaces as a whole, so that
    /// its silence counts, and that of the others does not.
    pub(super) fn newest(&self, speaks: impl Fn(&SubscriptionFact) -> bool) -> Option<Explanation> {
        let cell = Cell::stamped(self.snapshots().map(|(statement, _)| statement))?;
        let spoke = |statement: &Statement<'_>| statement.subscription().is_some_and(&speaks);
        if !self.0.iter().any(|statement| spoke(statement)) {
            return None;
        }
        let losers = cell
            .losers
            .into_iter()
            .filter(|(statement, _)| spoke(statement));
        Some(explanation(cell.holder, losers))
    }

    /// The final end that is kept, if there is one.
    fn end(&self) -> Option<&'w Statement<'a>> {
        let is_end = |fact: &SubscriptionFact| {
            fact.ends_are_final && fact.status.is_some_and(|status| status.is_end())
        };
        let ends = self.snapshots().filter(|(_, fact)| is_end(fact));
        Some(Cell::stamped(ends.map(|(statement, _)| statement))?.holder)
    }

    /// What an end keeps for ever; without one, as `otherwise` has it.
    fn until_the_end(
        &self,
        speaks: impl Fn(&SubscriptionFact) -> bool,
        otherwise: impl FnOnce() -> Option<Explanation>,
    ) -> Option<Explanation> {
        let Some(end) = self.end() else {
            return otherwise();
        };
        let speakers = self.snapshots().filter(|(_, fact)| speaks(fact));
        let statements: Vec<_> = speakers.map(|(statement, _)| statement).collect();
        let why = |statement: &'w Statement<'a>| {
            let why = if statement.stamp > end.stamp {
                Some(Why::AbsorbedByEnd)
            } else {
                by_stamp(statement, end)
            };
            Some((statement, why?))
        };
        let losers = statements.iter().filter_map(|statement| why(statement));
        (!statements.is_empty()).then(|| explanation(end, losers))
    }

    pub(super) fn status(&self) -> Option<Explanation> {
        let speaks = |fact: &SubscriptionFact| fact.status.is_some();
        self.until_the_end(speaks, || {
            let speakers = self.snapshots().filter(|(_, fact)| speaks(fact));
            Some(Cell::stamped(speakers.map(|(statement, _)| statement))?.explanation())
        })
    }

    pub(super) fn ending(&self, speaks: impl Fn(&SubscriptionFact) -> bool) -> Option<Explanation> {
        self.until_the_end(&speaks, || self.newest(&speaks))
    }

    /// The greatest end of a paid period, and of the granted one that is in force.
    pub(super) fn paid_through(&self) -> Option<Explanation> {
        let paid = self.0.iter().filter_map(|statement| {
            if let Fact::PaidThrough(fact) = statement.fact {
                Some((Some(fact.until), *statement))
            } else {
                None
            }
        });
        let granting = self.snapshots().filter(|(_, fact)| fact.period_is_granted);
        let granted = Cell::stamped(granting.map(|(statement, _)| statement));
        let end =
            |statement: &Statement<'_>| statement.subscription().and_then(|fact| fact.period_end);
        let speaks = |statement: &Statement<'_>| {
            statement.subscription().is_none() || end(statement).is_some()
        };
        let in_force = granted.as_ref().map(|cell| (end(cell.holder), cell.holder));
        let mut cell = Cell::ranked(paid.chain(in_force))?;
        cell.losers
            .extend(granted.into_iter().flat_map(|cell| cell.losers));
        cell.losers.retain(|(statement, _)| speaks(statement));
        if !speaks(cell.holder) && cell.losers.is_empty() {
            return None;
        }
        Some(cell.explanation())
    }
}

impl State {
    /// Which event set each field of the subscription at `ix`, which is shown as `view`.
    pub(super) fn explain_subscription(
        &self,
        ix: Ix,
        statements: &Statements<'_>,
        view: &SubscriptionView,
    ) -> Explain {
        let ix = self.representative(ix);
        if self.is_own(ix) {
            return self.explain_sold(ix, statements, view);
        }
        let records: Vec<Ix> = self.siblings(ix).map(|(record, _)| record).collect();
        let records = if records.is_empty() {
            vec![ix]
        } else {
            records
        };
        let beside = self.beside(ix);
        let decided: Vec<&Statement<'_>> = statements.about(&beside).collect();
        let about = statements.about(&records);
        let customer = self.explain_owner(ix, statements);
        let statements = About(about.collect());
        let all = || statements.0.iter().copied();
        let own = || all().filter(|statement| statement.about == Some(ix));
        let mut fields = Fields::default();
        fields.put("id", verdict::first(own()));
        fields.put("provider", verdict::first(own()));
        if view.provider_subscription_id.is_some() {
            fields.put("provider_subscription_id", verdict::first(own()));
        }
        fields.put("source", statements.newest(|_| true));
        fields.put("customer", customer);
        fields.put("status", statements.status());
        let ending: [Spoken; 3] = [
            ("provider_status", |fact| fact.provider_status.is_some()),
            ("reason", |fact| fact.reason.is_some()),
            ("ended_at", |fact| fact.ended_at.is_some()),
        ];
        for (name, speaks) in ending {
            fields.put(name, statements.ending(speaks));
        }
        let shown: [Spoken; 5] = [
            ("plan", |fact| fact.plan_id.is_some()),
            ("quantity", |fact| fact.quantity.is_some()),
            ("trial_used", |fact| fact.trial_used.is_some()),
            ("current_period", |fact| {
                fact.period_start.is_some() || fact.period_end.is_some()
            }),
            ("started_at", |fact| fact.started_at.is_some()),
        ];
        for (name, speaks) in shown {
            fields.put(name, statements.newest(speaks));
        }
        fields.put("paid_through", statements.paid_through());
        if view.cancel_at.is_some() {
            let plans = |fact: &SubscriptionFact| {
                let deal = fact.deal.as_ref();
                deal.is_some_and(|deal| deal.planned_end.is_some())
            };
            fields.put("cancel_at", statements.newest(plans));
        }
        let decides = match view.access.as_ref() {
            Some(access) if access.reason == "lapsed" && access.until == view.cancel_at => {
                "cancel_at"
            }
            Some(access) if ["grace", "lapsed"].contains(&access.reason) => "paid_through",
            Some(_) | None => "status",
        };
        fields.copy("access", decides);
        self.explain_decided(ix, &decided, view, &mut fields);
        fields.activity(all().chain(decided));
        let newest = Cell::stamped(statements.snapshots().map(|(statement, _)| statement));
        let newest = newest.and_then(|cell| cell.holder.subscription());
        if newest.is_some_and(|fact| fact.created_at.is_some()) {
            fields.put(
                "created_at",
                statements.newest(|fact| fact.created_at.is_some()),
            );
        }
        fields.0
    }
}
