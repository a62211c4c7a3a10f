//! Which event set each field of a subscription that is sold here: how it began, a payment, the
//! gateway that charges it, or what was decided about it.

mod period;

use super::Fields;
use super::statements::{Statement, Statements};
use super::subscription::About;
use super::verdict::{self, Cell};
use crate::domain::event::Fact;
use crate::domain::explanation::{Explain, Explanation};
use crate::domain::own::{CancelWhen, OwnFact};
use crate::domain::standing::{self, Cause, Standing};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::lineage::CarriedBy;
use crate::domain::state::sales::{Sold, Sources, Superseding};
use crate::domain::status::Status;
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;

/// What says that a payment is money: how far it has come, whatever the times.
pub(super) fn captured<'w, 'a: 'w>(
    about: impl Iterator<Item = &'w Statement<'a>>,
) -> Option<Cell<'w, 'a>> {
    Cell::ranked(about.filter_map(|statement| {
        if let Fact::Payment(fact) = statement.fact {
            Some((fact.status?, statement))
        } else {
            None
        }
    }))
}

/// Everything said about one subscription of our own.
struct Told<'s, 'a> {
    state: &'s State,
    statements: &'s Statements<'a>,
    ix: Ix,
    standing: Standing,
    sources: Sources,
    /// What was decided about it.
    decided: Vec<&'s Statement<'a>>,
    /// What the gateway says.
    charge: About<'s, 'a>,
}

impl<'s, 'a> Told<'s, 'a> {
    fn own(&self, is: impl Fn(&OwnFact) -> bool) -> impl Iterator<Item = &'s Statement<'a>> {
        let decided = self.decided.iter().copied();
        decided.filter(move |statement| statement.own().is_some_and(&is))
    }

    fn first(&self, is: impl Fn(&OwnFact) -> bool) -> Option<Explanation> {
        verdict::first(self.own(is))
    }

    fn newest(&self, is: impl Fn(&OwnFact) -> bool) -> Option<Explanation> {
        Some(Cell::stamped(self.own(is))?.explanation())
    }

    fn begins(&self) -> impl Iterator<Item = &'s Statement<'a>> {
        self.begins_of(self.ix)
    }

    fn begins_of(&self, ix: Ix) -> impl Iterator<Item = &'s Statement<'a>> {
        let begins = |statement: &&Statement<'_>| {
            matches!(
                statement.own(),
                Some(
                    OwnFact::CustomerCreated(_)
                        | OwnFact::SubscriptionCreated(_)
                        | OwnFact::PlanChanged(_)
                )
            )
        };
        self.sells_of(ix).filter(begins)
    }

    /// What had another in its place without a payment, and counts.
    fn replaced(&self) -> Option<&'s Statement<'a>> {
        let Some(Superseding::Change(replaced)) = self.sources.superseding else {
            return None;
        };
        let name = &self.state.arena.get(self.ix).name;
        let mut offering = self.statements.offering(self.ix);
        offering.find(|statement| {
            let begun = statement.own().and_then(OwnFact::subscription_begun);
            statement.stamp == replaced.stamp
                && begun.is_some_and(|begun| begun.supersedes.contains(name))
        })
    }

    /// What names it as begun or sold.
    fn sells(&self) -> impl Iterator<Item = &'s Statement<'a>> {
        self.sells_of(self.ix)
    }

    fn sells_of(&self, ix: Ix) -> impl Iterator<Item = &'s Statement<'a>> {
        let state = self.state;
        let offering = self.statements.offering(ix);
        offering.filter(move |statement| {
            let sold = statement.own().and_then(|fact| state.sold_by_fact(fact));
            sold == Some(ix)
        })
    }

    fn begun(&self) -> Option<Explanation> {
        Some(Cell::stamped(self.begins())?.explanation())
    }

    fn paid(&self, payment: Ix) -> Option<Explanation> {
        Some(captured(self.statements.about(&[payment]))?.explanation())
    }

    fn first_paid(&self) -> Option<Explanation> {
        self.paid(self.sources.periods.first()?.0)
    }

    fn last_paid(&self) -> Option<Explanation> {
        self.paid(self.sources.periods.last()?.0)
    }

    fn opened(&self, checkout: Ix) -> Option<Explanation> {
        let things = [checkout];
        let about = self.statements.about(&things);
        let opened =
            about.filter(|statement| matches!(statement.own(), Some(OwnFact::CheckoutOpened(_))));
        Some(Cell::stamped(opened)?.explanation())
    }

    fn plan(&self) -> Option<Explanation> {
        let last = self.sources.periods.last().map(|(_, checkout)| *checkout);
        let charged = self.sources.charged.map(|(_, checkout)| checkout);
        match last.or(charged) {
            Some(checkout) => self.opened(checkout),
            None => self.begun(),
        }
    }

    fn status(&self) -> Option<Explanation> {
        match &self.standing.cause {
            Cause::Begun => self.begun(),
            Cause::Paid(_) => self.last_paid(),
            Cause::Charged => self.charge.status(),
            Cause::Cancelled => {
                let (_, stamp) = self.standing.words.ended_at_once?;
                let cancels = self.own(is_at_once);
                verdict::first(cancels.filter(|statement| statement.stamp == stamp))
            }
            Cause::TrialPassed(end) => {
                let end = *end;
                self.first(move |fact| matches!(fact, OwnFact::TrialEnded(told) if told.due == end))
            }
            Cause::EndPassed(end) => self.first(passed(*end)),
            Cause::Superseded(_) => match self.sources.superseding? {
                Superseding::Payment(payment) => self.paid(payment),
                Superseding::Change(_) => Some(verdict::explanation(self.replaced()?, [])),
            },
        }
    }

    fn paid_through(&self) -> Option<Explanation> {
        let cells = self.sources.charged.map(|(ix, _)| self.state.arena.get(ix));
        let cells = cells.and_then(|entity| entity.subscription());
        let charged = cells.and_then(|cells| cells.paid_through());
        if charged == self.standing.paid_through && charged.is_some() {
            self.charge.paid_through()
        } else {
            let carried = || self.carried().or_else(|| self.begun());
            self.last_paid().or_else(carried)
        }
    }

    /// What says until when is paid for what was changed into it, where that reaches further than
    /// what was known with the change.
    fn carried(&self) -> Option<Explanation> {
        match self.sources.carried_by? {
            CarriedBy::Payment(payment) => self.paid(payment),
            CarriedBy::Charge(ix) => About(self.statements.about(&[ix]).collect()).paid_through(),
            CarriedBy::Change(ix) => Some(Cell::stamped(self.begins_of(ix))?.explanation()),
        }
    }

    fn started(&self) -> Option<Explanation> {
        let charged = || {
            self.charge
                .newest(|fact| fact.started_at == Some(self.standing.started_at))
                .or_else(|| verdict::first(self.charge.0.iter().copied()))
        };
        let paid = || self.first_paid().filter(|_| self.is_begun_by_payment());
        self.begun().or_else(paid).or_else(charged)
    }

    fn is_begun_by_payment(&self) -> bool {
        let first = self.sources.periods.first();
        let first = first.and_then(|(ix, _)| self.state.payment_time(*ix));
        first == Some(self.standing.started_at)
    }
}

fn is_at_once(fact: &OwnFact) -> bool {
    matches!(fact, OwnFact::CancelAsked(asked) if asked.when == CancelWhen::Immediate)
}

fn is_cancel(fact: &OwnFact) -> bool {
    matches!(fact, OwnFact::CancelAsked(_))
}

fn is_end_date(fact: &OwnFact) -> bool {
    matches!(fact, OwnFact::EndDateSet(_))
}

fn passed(end: Timestamp) -> impl Fn(&OwnFact) -> bool {
    move |fact| matches!(fact, OwnFact::SubscriptionEnded(told) if told.due == end)
}

impl State {
    /// Which event set each field of the subscription of our own at `ix`, which is shown as `view`.
    pub(super) fn explain_sold(
        &self,
        ix: Ix,
        statements: &Statements<'_>,
        view: &SubscriptionView,
    ) -> Explain {
        let Some(Sold {
            standing, sources, ..
        }) = self.sold(ix)
        else {
            return Explain::new();
        };
        let charged: Vec<Ix> = sources.charged.iter().map(|(ix, _)| *ix).collect();
        let about: Vec<Ix> = sources.all().collect();
        let told = Told {
            state: self,
            statements,
            ix,
            decided: statements.about(&[ix]).collect(),
            charge: About(statements.about(&charged).collect()),
            standing,
            sources,
        };
        let mut fields = Fields::default();
        for name in ["id", "provider", "source"] {
            fields.put(name, verdict::first(told.sells()));
        }
        fields.put("customer", self.explain_owner(ix, statements));
        fields.put("status", told.status());
        fields.put("plan", told.plan());
        let is_charged = view.provider_subscription_id.is_some();
        let charge = || told.charge.0.iter().copied();
        fields.put(
            "provider_subscription_id",
            verdict::first(charge().filter(|_| is_charged)),
        );
        let word = told.charge.ending(|fact| fact.provider_status.is_some());
        fields.put("provider_status", word);
        let quantity = told.charge.newest(|fact| fact.quantity.is_some());
        fields.put("quantity", quantity);
        told.explain_times(view, &mut fields);
        let active = statements.about(&about).chain(told.decided.iter().copied());
        let active = active.chain(told.replaced());
        fields.activity(active.chain(told.begins()));
        fields.put("created_at", told.started());
        fields.0
    }

    /// What was decided about a provider's subscription stands above what the provider says.
    pub(super) fn explain_decided(
        &self,
        ix: Ix,
        statements: &[&Statement<'_>],
        view: &SubscriptionView,
        fields: &mut Fields,
    ) {
        let Some(decided) = self.decided_on_sole(ix) else {
            return;
        };
        let own = |is: &dyn Fn(&OwnFact) -> bool| {
            let all = statements.iter().copied();
            let all = all.filter(|statement| statement.own().is_some_and(is));
            Cell::stamped(all).map(Cell::explanation)
        };
        let cancel = decided.cancel_asked();
        if view.cancel_at.is_some() {
            let is_cancels = cancel.map(|cancel| cancel.ends_at) == view.cancel_at;
            let by = if is_cancels { is_cancel } else { is_end_date };
            fields.put("cancel_at", own(&by));
        }
        let Some(end) = standing::ended_by(&decided) else {
            return;
        };
        let is_at_once = cancel.is_some_and(|cancel| cancel.when == CancelWhen::Immediate);
        let by = if is_at_once {
            own(&is_cancel)
        } else {
            own(&passed(end.at))
        };
        fields.0.remove("reason");
        for name in ["status", "ended_at", "access"] {
            fields.put(name, by.clone());
        }
    }
}

impl Told<'_, '_> {
    /// The fields that hold a time, and what follows from them.
    fn explain_times(&self, view: &SubscriptionView, fields: &mut Fields) {
        let status = self.status();
        let of_status = |is_set: bool| status.clone().filter(|_| is_set);
        let is_charged = self.standing.cause == Cause::Charged;
        let charged = |found: Option<Explanation>, is_set: bool| {
            if is_charged {
                found.filter(|_| is_set)
            } else {
                of_status(is_set)
            }
        };
        let reason = self.charge.ending(|fact| fact.reason.is_some());
        fields.put("reason", charged(reason, view.reason.is_some()));
        let ended = self.charge.ending(|fact| fact.ended_at.is_some());
        // Nothing is superseded before it began.
        let is_at_once = view.status == Status::Superseded && view.ended_at == view.started_at;
        let ended = charged(ended, view.ended_at.is_some());
        let begun = self.started().filter(|_| is_at_once);
        fields.put("ended_at", begun.or(ended));
        if let Some(used) = view.trial_used {
            fields.put(
                "trial_used",
                if used {
                    status.clone()
                } else {
                    self.first_paid().or_else(|| self.begun())
                },
            );
        }
        let period = view.current_period;
        if period.start.or(period.end).is_some() {
            fields.put("current_period", self.period(period));
        }
        if view.paid_through.is_some() {
            fields.put("paid_through", self.paid_through());
        }
        fields.put("started_at", self.started());
        if view.cancel_at.is_some() {
            let cancel = self.standing.words.cancel.map(|cancel| cancel.ends_at);
            let by = if self.standing.cause == Cause::Cancelled {
                status.clone()
            } else if cancel == view.cancel_at && !self.standing.is_prolonged {
                self.newest(is_cancel)
            } else if self.standing.words.end_date == view.cancel_at {
                self.newest(is_end_date)
            } else {
                // What is paid for is over before that, or only after it.
                self.paid_through()
            };
            fields.put("cancel_at", by);
        }
        let is_over = view
            .access
            .as_ref()
            .is_some_and(|access| matches!(access.reason, "grace" | "lapsed"));
        let until = ["paid_through", "cancel_at", "current_period"];
        let until = until.into_iter().filter(|_| is_over);
        let decides = until.chain(["status"]);
        let found = decides.into_iter().find(|name| fields.0.contains_key(name));
        fields.copy("access", found.unwrap_or("status"));
    }
}
