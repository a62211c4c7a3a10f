//! How a standing is shown, and how it is put before those who decide. It decides nothing itself.

use super::{Standing, end_of, ended_by};
use crate::domain::access::{Access, AsOf, Terms};
use crate::domain::catalog::Period;
use crate::domain::decided::Decided;
use crate::domain::own::Terms as Had;
use crate::domain::status::Status;
use crate::domain::subscription::{
    Identification, PeriodView, PlanView, Subscription, SubscriptionView,
};
use crate::domain::time::Timestamp;

/// A period: from when and until when. Without an end it never ends, or that is not known.
pub type PeriodShown = (Option<Timestamp>, Option<Timestamp>);

/// How any subscription stands, for whoever decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionStanding {
    /// `SUA-…`
    pub id: String,
    /// The merchant's own identifier of the customer.
    pub identifier: Option<Box<str>>,
    /// The provider; `subledger` where it is ours.
    pub provider: &'static str,
    /// The canonical status.
    pub status: Status,
    /// The plan, as its provider calls it.
    pub plan_id: Option<Box<str>>,
    /// Whether it is sold here.
    pub is_ours: bool,
    /// What it is had for, where that was said.
    pub terms: Option<Had>,
    /// Whether it must be paid for once its trial is over.
    pub must_be_paid: bool,
    /// Whether a single payment pays for it, or one for what it took the place of.
    pub is_paid: bool,
    /// When it began, where that is known.
    pub started_at: Option<Timestamp>,
    /// When its trial ends or ended.
    pub trial_ends_at: Option<Timestamp>,
    /// The end of what is paid for.
    pub paid_through: Option<Timestamp>,
    /// When it will end as things stand, or ended; `None`: never.
    pub ends_at: Option<Timestamp>,
    /// The end of its trial or of what is paid for; `None` where no cycle is known.
    pub cycle_end: Option<Timestamp>,
    /// Whether a cancel was asked for and holds.
    pub is_cancel_asked: bool,
    /// When that cancel ends it.
    pub cancel_at: Option<Timestamp>,
    /// Whether a gateway goes on that would not stop when it was asked for this.
    pub is_stop_refused: bool,
    /// The end date that was set and holds.
    pub end_date: Option<Timestamp>,
    /// Whether it is over, or another is in its place.
    pub ended: bool,
    /// The gateway's id of it, where one charges it.
    pub gateway_subscription: Option<Box<str>>,
    /// When its provider said last how it is; nothing for one of ours.
    pub told_until: Option<Timestamp>,
}

impl Standing {
    /// How it is shown; without `as_of`, what the log says and no access: the period is then the one
    /// that is paid for last.
    #[must_use]
    pub fn view(&self, named: Identification, as_of: Option<AsOf>) -> SubscriptionView {
        let now = as_of.map_or(Timestamp::MAX, |as_of| as_of.now);
        let (start, end) = self.period_at(now).unwrap_or_default();
        SubscriptionView {
            id: named.id,
            provider: named.provider,
            provider_subscription_id: named.provider_subscription_id,
            source: named.source,
            customer: named.customer,
            status: self.status,
            provider_status: self.provider_status.clone(),
            reason: self.reason.clone(),
            plan: PlanView {
                id: Some(self.plan_id.clone()),
                name: Some(self.plan_name.clone()),
            },
            quantity: self.quantity,
            trial_used: self.trial_used(),
            current_period: PeriodView { start, end },
            paid_through: self.paid_through,
            access: as_of.map(|as_of| self.access(as_of)),
            started_at: Some(self.started_at),
            cancel_at: self.cancel_at,
            ended_at: self.ended_at,
            created_at: self.started_at,
            updated_at: named.activity.last(),
            last_seq: named.activity.last_seq(),
            terms: self.terms.clone(),
            replaced_by: None,
            explain: None,
        }
    }

    /// The last moment by `now` at which it was not over; at least the one at which it began.
    fn lived_until(&self, now: Timestamp) -> Timestamp {
        let last = self.ended_at.map(|end| end.plus_millis(-1));
        let last = last.map(|last| last.max(self.started_at));
        last.map_or(now, |last| last.min(now))
    }

    /// The period that runs at a time, of one that is over by then the last that ran: as the gateway
    /// tells it that charges it, else its trial, else of what is paid for, where anything is.
    #[must_use]
    pub fn period_at(&self, now: Timestamp) -> Option<PeriodShown> {
        if self.period_told.is_some() {
            return self.period_told;
        }
        let lived_until = self.lived_until(now);
        let is_tried = |end: Timestamp| self.status == Status::Trialing || lived_until < end;
        if let Some((start, end)) = self.trial.filter(|(_, end)| is_tried(*end)) {
            return Some((Some(start), Some(end)));
        }
        let mut latest_first = self.periods.iter().rev();
        let running = latest_first.find(|(start, _)| *start <= lived_until);
        // What was paid for after it was over never ran; what is paid for yet will.
        let first = || self.periods.first().filter(|_| self.ended_at.is_none());
        let found = running
            .or_else(first)
            .map(|(start, end)| (Some(*start), *end));
        found.or_else(|| {
            let end = self.trial_ends_at.filter(|end| lived_until < *end)?;
            Some((Some(self.started_at), Some(end)))
        })
    }

    /// The same; where nothing is paid for, the period of its terms, counted from its start or its
    /// trial's end, or the month since its start where those are not known.
    #[must_use]
    pub fn running_period(&self, now: Timestamp) -> PeriodShown {
        self.period_at(now).unwrap_or_else(|| {
            let (had, trial_end) = (self.terms.as_ref(), self.trial_ends_at);
            let (from, to) = running(had, self.started_at, trial_end, self.lived_until(now));
            (Some(from), to)
        })
    }

    /// How it is put before those who decide about it.
    #[must_use]
    pub fn for_deciding(&self, id: String, identifier: Option<Box<str>>) -> SubscriptionStanding {
        let is_trial = self.status == Status::Trialing;
        let trial_end = self.trial_ends_at.filter(|_| is_trial);
        SubscriptionStanding {
            id,
            identifier,
            provider: crate::domain::own::PROVIDER,
            status: self.status,
            plan_id: Some(self.plan_id.clone()),
            is_ours: true,
            terms: self.terms.clone(),
            must_be_paid: self.must_be_paid,
            is_paid: self.is_paid,
            started_at: Some(self.started_at),
            trial_ends_at: self.trial_ends_at,
            paid_through: self.paid_through,
            ends_at: self.ends_at,
            cycle_end: self.paid_through.or(trial_end),
            is_cancel_asked: self.words.cancel.is_some(),
            cancel_at: self.words.cancel.map(|cancel| cancel.ends_at),
            is_stop_refused: false,
            end_date: self.words.end_date,
            ended: self.has_ended(),
            gateway_subscription: self.charged_as.clone(),
            told_until: None,
        }
    }
}

/// See [`Standing::running_period`].
fn running(
    had: Option<&Had>,
    started_at: Timestamp,
    trial_ends_at: Option<Timestamp>,
    now: Timestamp,
) -> (Timestamp, Option<Timestamp>) {
    let Some(had) = had else {
        return Period::Monthly.running(started_at, now);
    };
    let start = trial_ends_at.map_or(started_at, |end| end.max(started_at));
    had.period.running(start, now)
}

impl SubscriptionStanding {
    /// When the period ends that is running where nothing was paid for: see
    /// [`Standing::running_period`]; `None` where it never does.
    #[must_use]
    pub fn running_end(&self, now: Timestamp) -> Option<Timestamp> {
        let started_at = self.started_at.unwrap_or(now);
        running(self.terms.as_ref(), started_at, self.trial_ends_at, now).1
    }

    /// When the period ends that runs at `now` after all that a gateway has charged for: the charge
    /// for it is under way. `None` where that reaches beyond `now`, and where no gateway charges.
    #[must_use]
    pub fn charged_next(&self, now: Timestamp) -> Option<Timestamp> {
        let through = self.paid_through.filter(|through| *through <= now);
        let through = through.filter(|_| self.gateway_subscription.is_some())?;
        self.terms.as_ref()?.period.running(through, now).1
    }

    /// Whether it was paid for once, for ever.
    #[must_use]
    pub fn is_paid_for_ever(&self) -> bool {
        self.is_paid && self.paid_through.is_none()
    }

    /// Whether what is paid for it reaches beyond that time.
    #[must_use]
    pub fn is_paid_at(&self, at: Timestamp) -> bool {
        self.is_paid_for_ever() || self.paid_through > Some(at)
    }

    /// One that a provider describes.
    #[must_use]
    pub fn of_provider(provider: &'static str, id: String, cells: &Subscription) -> Self {
        let status = cells.status();
        Self {
            id,
            identifier: None,
            provider,
            status,
            plan_id: cells.plan_id().map(Into::into),
            is_ours: false,
            terms: None,
            must_be_paid: false,
            is_paid: false,
            started_at: cells.started_at(),
            trial_ends_at: None,
            paid_through: cells.paid_through(),
            ends_at: None,
            cycle_end: cells.paid_through(),
            is_cancel_asked: false,
            cancel_at: None,
            is_stop_refused: false,
            end_date: None,
            ended: status.is_end(),
            gateway_subscription: None,
            told_until: cells.newest().map(|stamp| stamp.occurred_at),
        }
    }

    /// What was decided here stands above what the provider says.
    pub fn apply(&mut self, decided: &Decided) {
        let cancel = decided.cancel_asked();
        self.is_cancel_asked = cancel.is_some();
        self.cancel_at = cancel.map(|cancel| cancel.ends_at);
        self.end_date = decided.end_date();
        self.ends_at = end_of(decided).map(|end| end.at);
        if let Some(end) = ended_by(decided) {
            self.status = end.status;
            self.ended = true;
        }
    }
}

impl SubscriptionView {
    /// What was decided here stands above what the provider says.
    pub fn apply(&mut self, decided: &Decided, as_of: Option<AsOf>) {
        self.cancel_at = end_of(decided).map(|end| end.at);
        let ended = ended_by(decided);
        if let Some(end) = ended {
            self.status = end.status;
            self.reason = None;
            self.ended_at = Some(end.at);
        }
        let cancelled = ended.filter(|end| end.status == Status::Canceled);
        let terms = Terms {
            status: self.status,
            paid_through: self.paid_through,
            cancel_at: self.cancel_at,
            trial_ends_at: None,
            cancelled_at: cancelled.map(|end| end.at),
        };
        self.access = as_of.map(|as_of| Access::of(&terms, as_of));
    }
}
