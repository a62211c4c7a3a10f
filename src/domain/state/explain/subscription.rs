//! Which event set each field of a subscription, by the rules of its cells.

use super::Fields;
use super::verdict::{self, Cell, by_stamp, explanation};
use super::words::Word;
use crate::domain::event::{Fact, SubscriptionFact};
use crate::domain::explanation::{Explain, Explanation, Why};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::subscription::SubscriptionView;

/// A field, and whether a snapshot speaks of it.
type Spoken = (&'static str, fn(&SubscriptionFact) -> bool);

/// The words about one subscription.
struct Words<'w, 'a>(Vec<&'w Word<'a>>);

impl<'w, 'a> Words<'w, 'a> {
    fn snapshots(&self) -> impl Iterator<Item = (&'w Word<'a>, &'w SubscriptionFact)> + '_ {
        self.0
            .iter()
            .filter_map(|word| Some((*word, word.subscription()?)))
    }

    /// What the newest snapshot says, where any ever spoke of it: it replaces as a whole, so that
    /// its silence counts, and that of the others does not.
    fn newest(&self, speaks: impl Fn(&SubscriptionFact) -> bool) -> Option<Explanation> {
        let cell = Cell::stamped(self.snapshots().map(|(word, _)| word))?;
        let spoke = |word: &Word<'_>| word.subscription().is_some_and(&speaks);
        if !self.0.iter().any(|word| spoke(word)) {
            return None;
        }
        let losers = cell.losers.into_iter().filter(|(word, _)| spoke(word));
        Some(explanation(cell.holder, losers))
    }

    /// The final end that is kept, if there is one.
    fn end(&self) -> Option<&'w Word<'a>> {
        let is_end = |fact: &SubscriptionFact| {
            fact.ends_are_final && fact.status.is_some_and(|status| status.is_end())
        };
        let ends = self.snapshots().filter(|(_, fact)| is_end(fact));
        Some(Cell::stamped(ends.map(|(word, _)| word))?.holder)
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
        let words: Vec<_> = speakers.map(|(word, _)| word).collect();
        let why = |word: &'w Word<'a>| {
            let why = if word.stamp > end.stamp {
                Some(Why::AbsorbedByEnd)
            } else {
                by_stamp(word, end)
            };
            Some((word, why?))
        };
        let losers = words.iter().filter_map(|word| why(word));
        (!words.is_empty()).then(|| explanation(end, losers))
    }

    fn status(&self) -> Option<Explanation> {
        let speaks = |fact: &SubscriptionFact| fact.status.is_some();
        self.until_the_end(speaks, || {
            let speakers = self.snapshots().filter(|(_, fact)| speaks(fact));
            Some(Cell::stamped(speakers.map(|(word, _)| word))?.explanation())
        })
    }

    fn ending(&self, speaks: impl Fn(&SubscriptionFact) -> bool) -> Option<Explanation> {
        self.until_the_end(&speaks, || self.newest(&speaks))
    }

    /// The greatest end of a paid period, and of the granted one that is in force.
    fn paid_through(&self) -> Option<Explanation> {
        let paid = self.0.iter().filter_map(|word| {
            if let Fact::PaidThrough(fact) = word.fact {
                Some((Some(fact.until), *word))
            } else {
                None
            }
        });
        let granting = self.snapshots().filter(|(_, fact)| fact.period_is_granted);
        let granted = Cell::stamped(granting.map(|(word, _)| word));
        let end = |word: &Word<'_>| word.subscription().and_then(|fact| fact.period_end);
        let speaks = |word: &Word<'_>| word.subscription().is_none() || end(word).is_some();
        let in_force = granted.as_ref().map(|cell| (end(cell.holder), cell.holder));
        let mut cell = Cell::ranked(paid.chain(in_force))?;
        cell.losers
            .extend(granted.into_iter().flat_map(|cell| cell.losers));
        cell.losers.retain(|(word, _)| speaks(word));
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
        words: &[Word<'_>],
        view: &SubscriptionView,
    ) -> Explain {
        let ix = self.representative(ix);
        let is_record = |about: Ix| {
            self.representative(about) == ix && self.arena.get(about).subscription().is_some()
        };
        let about = words
            .iter()
            .filter(|word| word.about.is_some_and(is_record));
        let customer = self.explain_owner(ix, words);
        let words = Words(about.collect());
        let all = || words.0.iter().copied();
        let own = || all().filter(|word| word.about == Some(ix));
        let mut fields = Fields::default();
        fields.put("id", verdict::first(own()));
        fields.put("provider", verdict::first(own()));
        if view.provider_subscription_id.is_some() {
            fields.put("provider_subscription_id", verdict::first(own()));
        }
        fields.put("source", words.newest(|_| true));
        fields.put("customer", customer);
        fields.put("status", words.status());
        let ending: [Spoken; 3] = [
            ("provider_status", |fact| fact.provider_status.is_some()),
            ("reason", |fact| fact.reason.is_some()),
            ("ended_at", |fact| fact.ended_at.is_some()),
        ];
        for (name, speaks) in ending {
            fields.put(name, words.ending(speaks));
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
            fields.put(name, words.newest(speaks));
        }
        fields.put("paid_through", words.paid_through());
        let decides = match view.access.as_ref().map(|access| access.reason) {
            Some("grace" | "lapsed") => "paid_through",
            Some(_) | None => "status",
        };
        fields.copy("access", decides);
        fields.activity(all());
        let newest = Cell::stamped(words.snapshots().map(|(word, _)| word));
        let newest = newest.and_then(|cell| cell.holder.subscription());
        if newest.is_some_and(|fact| fact.created_at.is_some()) {
            fields.put("created_at", words.newest(|fact| fact.created_at.is_some()));
        }
        fields.0
    }
}
