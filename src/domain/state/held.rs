//! Subscriptions in numbered pages, newest first, each in full. Knows no surface's words: what a
//! status is called there, whoever asks says.

use super::State;
use super::arena::Ix;
use super::numbered::{Newest, Numbered, NumberedListing, NumberedPage, Numbering, numbered};
use super::records::SubscriptionRecord;
use super::subscriptions::{ShownSubscription, Stands};
use crate::domain::access::AsOf;
use crate::domain::standing::end_of;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// Which subscriptions; without anything all.
#[derive(Default)]
pub struct SubscriptionsAsked {
    /// Of this customer, by any id.
    pub customer: Option<String>,
    /// Only what is neither over nor superseded, nor was to end by then.
    pub current_at: Option<Timestamp>,
    /// Only of which this says so.
    pub status: Option<StatusWanted>,
    /// Only what started in this time.
    pub started: Span,
    /// Only what was last heard of in this time.
    pub modified: Span,
}

/// Whether a subscription is wanted that stands like that.
pub type StatusWanted = Box<dyn Fn(&StatusSaid<'_>) -> bool + Send + Sync>;

/// How a subscription stands, and how its provider calls that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusSaid<'a> {
    /// The provider; `subledger` where it is ours.
    pub provider: &'static str,
    /// The canonical status.
    pub status: Status,
    /// The provider's word.
    pub provider_status: Option<&'a str>,
}

/// A time with both its ends in it; without an end it is open there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// From then on.
    pub after: Option<Timestamp>,
    /// Until then.
    pub before: Option<Timestamp>,
}

impl Span {
    /// Whether a time is in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.after.is_none_or(|after| after <= at) && self.before.is_none_or(|before| at <= before)
    }
}

impl SubscriptionsAsked {
    fn wants(&self, shown: &ShownSubscription<'_>, provider: &'static str) -> bool {
        let is_wanted = |wanted: &StatusWanted| {
            wanted(&StatusSaid {
                provider,
                status: shown.status(),
                provider_status: shown.provider_status(),
            })
        };
        self.current_at.is_none_or(|at| shown.is_current(at))
            && self.status.as_ref().is_none_or(is_wanted)
            && self.started.holds(shown.began_at())
            && self.modified.holds(shown.activity.last())
    }
}

impl ShownSubscription<'_> {
    fn provider_status(&self) -> Option<&str> {
        match &self.stands {
            Stands::Sold(standing) => standing.provider_status.as_deref(),
            Stands::Provided { cells, .. } => cells.provider_status(),
        }
    }

    fn is_current(&self, at: Timestamp) -> bool {
        let is_over = self.status().is_end() || self.status() == Status::Superseded;
        !is_over && self.cancel_at().is_none_or(|end| at < end)
    }

    /// The end that was asked for or that its provider plans.
    fn cancel_at(&self) -> Option<Timestamp> {
        match &self.stands {
            Stands::Sold(standing) => standing.cancel_at,
            Stands::Provided { cells, decided } => match decided {
                Some(decided) => end_of(decided).map(|end| end.at),
                None => cells.planned_end(),
            },
        }
    }

    /// When it started, else when it was first heard of.
    fn began_at(&self) -> Timestamp {
        match &self.stands {
            Stands::Sold(standing) => standing.started_at,
            Stands::Provided { cells, .. } => cells.started_at().unwrap_or(self.activity.first()),
        }
    }
}

impl NumberedListing for SubscriptionsAsked {
    fn rank(&self, state: &State, ix: Ix) -> Option<Newest> {
        let entity = state.arena.get(ix);
        entity.subscription()?;
        let shown = state.shown_subscription(ix)?;
        let provider = state.arena.provider(entity.space);
        let place = Newest::of(shown.began_at(), entity.id.as_u64());
        self.wants(&shown, provider).then_some(place)
    }
}

impl State {
    /// Looks at the next things for a numbered page of subscriptions; says whether any are left.
    pub fn gather_held(&self, asked: &SubscriptionsAsked, page: &mut Numbering) -> bool {
        self.gather_numbered(asked, page)
    }

    /// The numbered page of subscriptions, once everything was looked at; `None` past the last one.
    #[must_use]
    pub fn held_numbered(
        &self,
        asked: &SubscriptionsAsked,
        page: Numbering,
        as_of: AsOf,
    ) -> Option<NumberedPage<SubscriptionRecord>> {
        self.finish_numbered(asked, page, |ix| self.record_at(ix, as_of))
    }

    /// The same of one customer, by any id: nobody holds nothing.
    #[must_use]
    pub fn held_numbered_by(
        &self,
        customer: Option<&str>,
        asked: &SubscriptionsAsked,
        page: Numbered,
        as_of: AsOf,
    ) -> Option<NumberedPage<SubscriptionRecord>> {
        let root = customer.and_then(|id| self.find_customer(id));
        let root = root.map(|ix| self.arena.get(ix));
        let held = root
            .into_iter()
            .flat_map(|root| self.subscriptions_of(root));
        let ranked = held.filter_map(|ix| Some((asked.rank(self, ix)?, ix)));
        numbered(ranked, page, |ix| self.record_at(ix, as_of))
    }
}
