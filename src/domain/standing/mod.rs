//! How a subscription that is sold here stands: what follows from what was decided about it, from
//! the payments for it, and from what a gateway that charges it says. Knows no clock: what depends
//! on the day falls due, and is told by an event.

mod basis;
mod carried;
mod chain;
mod shown;

pub use self::basis::{Basis, Charged, PeriodPaid, PlanSold, Word, word_of};
pub use self::carried::{Carried, Extended};
use self::chain::Chain;
pub use self::shown::{PeriodShown, SubscriptionStanding};

use super::access::{Access, AsOf, Terms};
use super::decided::{Cancel, Decided, Words};
use super::own::{CancelWhen, Terms as Had};
use super::status::Status;
use super::subscription::Charge;
use super::time::Timestamp;

/// Why a subscription that was only tried is over.
const TRIAL_ENDED: &str = "trial_ended";

/// What gave a subscription its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// How it began.
    Begun,
    /// A payment, by the provider's id.
    Paid(Box<str>),
    /// The gateway that charges it.
    Charged,
    /// A cancel at once.
    Cancelled,
    /// Its trial was over then.
    TrialPassed(Timestamp),
    /// It was over then.
    EndPassed(Timestamp),
    /// This checkout (`TRN-…`) was paid, or this subscription (`SUA-…`) had in its place.
    Superseded(Box<str>),
}

/// What falls due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its trial's end.
    Trial(Timestamp),
    /// Its end.
    End(Timestamp),
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The canonical status.
    pub status: Status,
    /// What gave it that.
    pub cause: Cause,
    /// The gateway's word, where one charges it.
    pub provider_status: Option<Box<str>>,
    /// Why it was ended, where that needs saying.
    pub reason: Option<Box<str>>,
    /// `PLV-…`
    pub plan_id: Box<str>,
    /// The plan's name.
    pub plan_name: Box<str>,
    /// What it is had for, where that was said.
    pub terms: Option<Had>,
    /// How many units of the plan, where the gateway says so.
    pub quantity: Option<i64>,
    /// When its trial ends or ended; `None` where it had none.
    pub trial_ends_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// What is paid for, one after another: from when and until when, where it ends.
    pub periods: Vec<(Timestamp, Option<Timestamp>)>,
    /// The period that the gateway tells that charges it.
    pub period_told: Option<PeriodShown>,
    /// From when and until when it is or was only tried.
    pub trial: Option<(Timestamp, Timestamp)>,
    /// The end of what is paid for.
    pub paid_through: Option<Timestamp>,
    /// The end that was asked for, where one was.
    pub cancel_at: Option<Timestamp>,
    /// When it will end as things stand, or ended.
    pub ends_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whether a cancel ended it.
    pub is_cancelled: bool,
    /// The cancel and the end date that no later payment stands against; a cancel with the cycle
    /// lasts as long as is paid.
    pub words: Words,
    /// Whether a cancel with its cycle ends it later than it said, with what is paid for.
    pub is_prolonged: bool,
    /// Whether a single payment pays for it, or one for what it took the place of.
    pub is_paid: bool,
    /// Whether it is only tried yet, and must be paid for after that.
    pub must_be_paid: bool,
    /// Whether its end date stands instead of the end of its trial or of what is paid for.
    pub is_put_off: bool,
    /// What falls due next.
    pub due: Option<Due>,
    /// The gateway's id of it, where one charges it.
    pub charged_as: Option<Box<str>>,
}

/// An end that was asked for or follows from what is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueEnd {
    /// When.
    pub at: Timestamp,
    /// What it is then: at one time a cancel stands before an end that is reached.
    pub status: Status,
}

/// The least of a cancel, an end date and the end of what is paid for.
#[must_use]
pub fn due_end(
    cancel: Option<Cancel>,
    end_date: Option<Timestamp>,
    paid_through: Option<Timestamp>,
) -> Option<DueEnd> {
    let end = |status| move |at| DueEnd { at, status };
    let cancel = cancel.map(|cancel| cancel.ends_at);
    let ends = [
        cancel.map(end(Status::Canceled)),
        end_date.map(end(Status::Expired)),
        paid_through.map(end(Status::Expired)),
    ];
    ends.into_iter().flatten().min()
}

/// When a subscription ends by what was decided about it alone.
#[must_use]
pub fn end_of(decided: &Decided) -> Option<DueEnd> {
    due_end(decided.cancel_asked(), decided.end_date(), None)
}

/// What ended a provider's subscription that was decided about here, where anything did.
#[must_use]
pub fn ended_by(decided: &Decided) -> Option<DueEnd> {
    let cancel = decided.cancel_asked();
    let at_once = cancel.filter(|cancel| cancel.when == CancelWhen::Immediate);
    let at_once = at_once.map(|cancel| DueEnd {
        at: cancel.ends_at,
        status: Status::Canceled,
    });
    at_once.or_else(|| end_of(decided).filter(|end| decided.has_end_passed(end.at)))
}

impl Standing {
    /// What the gateway says of a subscription that it charges.
    fn take_charge(&mut self, charge: Charge<'_>) {
        self.cause = Cause::Charged;
        self.status = charge.status;
        self.provider_status = charge.provider_status.map(Into::into);
        self.reason = charge.reason.map(Into::into);
        self.quantity = charge.quantity;
        self.paid_through = self.paid_through.max(charge.paid_through);
        self.ended_at = charge.ended_at;
        if charge.period.0.is_some() {
            self.period_told = Some(charge.period);
        }
    }

    /// A cycle lasts as long as is paid for it, also where a charge or a payment is heard of only
    /// after the cancel.
    fn finish_cycle(&mut self) {
        let cancel = self.words.cancel.as_mut();
        let Some(cancel) = cancel.filter(|cancel| cancel.when == CancelWhen::EndOfCycle) else {
            return;
        };
        if let Some(through) = self
            .paid_through
            .filter(|through| *through > cancel.ends_at)
        {
            cancel.ends_at = through;
            self.is_prolonged = true;
        }
    }

    /// What was decided here stands above it all.
    fn settle(&mut self, basis: &Basis<'_>, chain: &Chain) {
        self.finish_cycle();
        let decided = basis.decided;
        let Words {
            cancel, end_date, ..
        } = self.words;
        let asked = due_end(cancel, end_date, None);
        let end = self.end_as_things_stand(basis, chain);
        self.trial = basis.tried_from(chain).zip(self.trial_ends_at);
        // An end that was asked for does not come where what is paid for is over before it.
        let sooner = |asked: DueEnd| end.map_or(asked.at, |end| end.at.min(asked.at));
        self.cancel_at = asked.map(sooner);
        self.ends_at = end.or(asked).map(|end| end.at);
        let passed = end.filter(|end| decided.has_end_passed(end.at));
        if let Some((at, _)) = self.words.ended_at_once {
            self.end(Status::Canceled, at, Cause::Cancelled);
            self.cancel_at = Some(at);
        } else if let Some((at, by)) = basis.superseded {
            let at = at.max(self.started_at);
            self.end(Status::Superseded, at, Cause::Superseded(by.into()));
        } else if let Some(end) = passed {
            self.end(end.status, end.at, Cause::EndPassed(end.at));
        } else if self.status.is_end() {
            self.ends_at = self.ended_at;
        } else {
            self.due = end.map(|end| Due::End(end.at));
            self.try_out(basis, end);
        }
    }

    /// The end of which the scheduler is to tell. An end date that is newer than every payment is
    /// the end: also of what is paid for once, and later than the end of a trial it puts that off.
    fn end_as_things_stand(&mut self, basis: &Basis<'_>, chain: &Chain) -> Option<DueEnd> {
        let Words {
            cancel, end_date, ..
        } = self.words;
        if basis.charged.is_some() {
            // Whoever charges goes on charging; only a single payment is followed by nothing.
            return due_end(cancel, end_date, None);
        }
        if basis.is_paid() {
            self.is_put_off = end_date.is_some();
            let through = chain.through.filter(|_| end_date.is_none());
            return due_end(cancel, end_date, through);
        }
        let begun = basis.decided.begun();
        let must_be_paid = begun.is_some_and(|(begun, _)| begun.is_paid_plan);
        self.is_put_off =
            must_be_paid && self.trial_ends_at.is_some_and(|end| end_date > Some(end));
        if self.is_put_off {
            self.trial_ends_at = end_date;
            return due_end(cancel, None, None);
        }
        due_end(cancel, end_date, None)
    }

    /// Its trial, and what comes after it.
    fn try_out(&mut self, basis: &Basis<'_>, end: Option<DueEnd>) {
        let decided = basis.decided;
        let Some((_, trial_end)) = self.trial else {
            return;
        };
        if !decided.has_trial_passed(trial_end) {
            self.status = Status::Trialing;
            if end.is_none_or(|end| trial_end < end.at) {
                self.due = Some(Due::Trial(trial_end));
            }
            return;
        }
        if basis.is_paid() {
            return;
        }
        if decided.begun().is_some_and(|(begun, _)| begun.is_paid_plan) {
            let cause = Cause::TrialPassed(trial_end);
            self.end(Status::Expired, trial_end, cause);
            self.reason = Some(TRIAL_ENDED.into());
        } else {
            self.cause = Cause::TrialPassed(trial_end);
        }
    }

    fn end(&mut self, status: Status, at: Timestamp, cause: Cause) {
        self.is_cancelled = status == Status::Canceled;
        self.status = status;
        self.cause = cause;
        self.reason = None;
        self.ended_at = Some(at);
        self.ends_at = Some(at);
        self.due = None;
    }

    /// Whether nothing follows by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.status.is_end() || self.status == Status::Superseded
    }

    /// Whether its trial was used up; `None` where it had none.
    #[must_use]
    pub fn trial_used(&self) -> Option<bool> {
        self.trial_ends_at?;
        Some(self.status != Status::Trialing)
    }

    /// Whether access is granted.
    #[must_use]
    pub fn access(&self, as_of: AsOf) -> Access {
        let instead = self.words.end_date;
        let instead = instead.filter(|_| self.is_put_off && self.is_paid);
        let terms = Terms {
            status: self.status,
            paid_through: instead.or(self.paid_through),
            cancel_at: self.cancel_at,
            // What is paid for goes on after a trial.
            trial_ends_at: self.trial_ends_at.filter(|_| !self.is_paid),
            cancelled_at: self.ended_at.filter(|_| self.is_cancelled),
        };
        let access = Access::of(&terms, as_of);
        if self.cause == Cause::Cancelled {
            // Whatever the clock says: the log's time may be ahead of it.
            return Access::lapsed(self.ended_at);
        }
        let is_ended_here = self.status.is_end() && self.cause != Cause::Charged;
        Access {
            until: access.until.or(self.ended_at.filter(|_| is_ended_here)),
            ..access
        }
    }

    /// What is asked of a gateway before a cancel ends it. Gateways know no dates: it charges on
    /// until what is charged for reaches that far.
    fn to_stop_until(&self, cancel: Cancel) -> Option<CancelWhen> {
        match cancel.when {
            CancelWhen::OnDate => {
                let is_reached = self.paid_through >= Some(cancel.ends_at);
                is_reached.then_some(CancelWhen::EndOfCycle)
            }
            when @ (CancelWhen::Immediate | CancelWhen::EndOfCycle) => Some(when),
        }
    }

    /// What must be asked of a gateway about a subscription there that is charged for this one, or
    /// may be: a payer was sent to it, but it `has_begun` only once that payer agreed. What the
    /// gateway did already, `is_done` says.
    #[must_use]
    pub fn to_stop(
        &self,
        has_begun: bool,
        is_done: impl Fn(CancelWhen) -> bool,
    ) -> Option<CancelWhen> {
        match self.cause {
            Cause::Cancelled | Cause::Superseded(_) => Some(CancelWhen::Immediate),
            // Whoever pays there brings it back.
            _ if !has_begun => None,
            // The gateway's own end needs no asking for.
            Cause::Charged if self.has_ended() => None,
            Cause::EndPassed(_) if self.status == Status::Expired => Some(CancelWhen::Immediate),
            Cause::EndPassed(_) => {
                let cancel = self.words.cancel?;
                // What it was not brought to end with its cycle would charge for another one.
                let before = self.to_stop_until(cancel).filter(|when| is_done(*when));
                Some(before.unwrap_or(CancelWhen::Immediate))
            }
            Cause::Begun | Cause::Paid(_) | Cause::Charged | Cause::TrialPassed(_) => {
                self.to_stop_until(self.words.cancel?)
            }
        }
    }
}
