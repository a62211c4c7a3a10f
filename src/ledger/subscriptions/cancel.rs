//! The ends of a subscription that is there: cancel it, and set when it ends. Knows neither gateways
//! nor plans.

use super::super::Ledger;
use super::super::commands::{CommandError, Refusal, Request};
use super::{About, charged_elsewhere, is_over, refuse_over};
use crate::domain::own::{CancelAsked, CancelWhen, EndDateSet, OwnFact};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// The provider that charges nobody by itself, so that an end may be set here.
const STYKITE: &str = "stykite";

/// A subscription to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelling {
    /// Whose it has to be, by any id; `None`: whosever it is.
    pub customer: Option<String>,
    /// The subscription, by any id.
    pub subscription: String,
    /// When it is to end.
    pub when: Cancel,
    /// Why, in one of the surface's words.
    pub feedback: Option<Box<str>>,
    /// Why, in the customer's words.
    pub comment: Option<Box<str>>,
}

impl Cancelling {
    /// Of a customer's, without saying why.
    #[must_use]
    pub fn of(customer: &str, subscription: &str, when: Cancel) -> Self {
        Self {
            customer: Some(customer.to_owned()),
            subscription: subscription.to_owned(),
            when,
            feedback: None,
            comment: None,
        }
    }
}

/// When a cancelled subscription is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// At once.
    Immediate,
    /// With its cycle.
    EndOfCycle,
    /// Then; later than now.
    OnDate(Timestamp),
}

impl Ledger {
    /// Cancels a subscription, at once, on a date or with its cycle: what is paid for, else the
    /// trial, else the running period of what it is had for, or the running month where that is not
    /// known. Answers the sequence number of the event, or of the last event where nothing had to be
    /// recorded because it was cancelled so before.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`], [`Refusal::NoSuchSubscription`] (also for another customer's),
    /// [`Refusal::Invalid`] for one that has ended otherwise or is charged elsewhere, that has no
    /// cycle, or with a sentence that names `date`, and [`CommandError`] where nothing was recorded.
    pub async fn cancel_subscription(
        &self,
        asked: Cancelling,
        request: &Request,
    ) -> Result<u64, CommandError> {
        let about = About {
            customer: asked.customer.clone(),
            subscription: asked.subscription.clone(),
        };
        let conflicts = about.conflicts(&self.state.read())?;
        let decide = move |state: &State, now| {
            let held = about.standing(state)?;
            Ok((cancel(&held, &asked, now)?, told_at(&held, now)))
        };
        let told = self.tell_dated(request, conflicts, decide).await;
        self.or_as_it_was(told)
    }

    /// Sets when a subscription of a customer ends; a time that has passed ends it at once. Answers
    /// as [`Ledger::cancel_subscription`] does.
    ///
    /// # Errors
    /// The same, and [`Refusal::Invalid`] for a time after the end of a cancelled one.
    pub async fn set_end_date(
        &self,
        customer: &str,
        subscription: &str,
        ends_at: Timestamp,
        request: Request,
    ) -> Result<u64, CommandError> {
        let about = About {
            customer: Some(customer.to_owned()),
            subscription: subscription.to_owned(),
        };
        let conflicts = about.conflicts(&self.state.read())?;
        let decide = move |state: &State, now| {
            let held = about.standing(state)?;
            Ok((set_end(&held, ends_at)?, told_at(&held, now)))
        };
        let told = self.tell_dated(&request, conflicts, decide).await;
        self.or_as_it_was(told)
    }
}

/// When a decision about a subscription counts from: never before the newest word of the provider
/// whose word it is to stand above, whose clock may be ahead of ours.
fn told_at(held: &SubscriptionStanding, now: Timestamp) -> Timestamp {
    held.told_until
        .map_or(now, |until| now.max(until.plus_millis(1)))
}

fn cancel(
    held: &SubscriptionStanding,
    asked: &Cancelling,
    now: Timestamp,
) -> Result<OwnFact, Refusal> {
    refuse_foreign(held, "cancel it")?;
    let is_at_once = asked.when == Cancel::Immediate;
    if held.status == Status::Canceled && is_at_once {
        return Err(Refusal::NothingChanges);
    }
    refuse_over(held)?;
    let (when, ends_at) = match asked.when {
        Cancel::Immediate => (CancelWhen::Immediate, now),
        Cancel::EndOfCycle => (CancelWhen::EndOfCycle, cycle_end(held, now)?),
        Cancel::OnDate(at) if at <= now => {
            let why = "`date` must be later than now; a subscription ends at once without one.";
            return Err(Refusal::Invalid(why.into()));
        }
        Cancel::OnDate(at) => (CancelWhen::OnDate, at),
    };
    let is_silent = asked.feedback.is_none() && asked.comment.is_none();
    if held.cancel_at == Some(ends_at) && !is_at_once && is_silent {
        return Err(Refusal::NothingChanges);
    }
    Ok(OwnFact::CancelAsked(CancelAsked {
        subscription_id: held.id.as_str().into(),
        when,
        ends_at,
        feedback: asked.feedback.clone(),
        comment: asked.comment.clone(),
    }))
}

/// When the cycle ends that runs at `now`.
fn cycle_end(held: &SubscriptionStanding, now: Timestamp) -> Result<Timestamp, Refusal> {
    let Some(cycle_end) = held.cycle_end.or_else(|| held.running_end(now)) else {
        let why = "The subscription was had once and has no period that ends: cancel it at once or \
                   on a date.";
        return Err(Refusal::Invalid(why.into()));
    };
    // What was paid for is over where an end date stands instead.
    let instead = held.end_date.filter(|end| now < *end && cycle_end <= now);
    Ok(instead.unwrap_or(cycle_end))
}

fn set_end(held: &SubscriptionStanding, ends_at: Timestamp) -> Result<OwnFact, Refusal> {
    refuse_foreign(held, "set its end_date")?;
    let has_expired = held.status == Status::Expired;
    if !has_expired && is_over(held) {
        let status = held.status.as_str();
        let why = format!("The subscription is {status} already: it takes no end_date.");
        return Err(Refusal::Invalid(why));
    }
    if held.end_date == Some(ends_at) {
        return Err(Refusal::NothingChanges);
    }
    if has_expired && held.gateway_subscription.is_some() {
        let why = "The subscription has expired and is charged no more: an end_date does not bring \
                   it back, a payment does.";
        return Err(Refusal::Invalid(why.into()));
    }
    if let Some(cancel_at) = held.cancel_at.filter(|cancel_at| ends_at > *cancel_at) {
        let why = format!(
            "The subscription was cancelled and ends at {cancel_at}: its end_date cannot be later."
        );
        return Err(Refusal::Invalid(why));
    }
    Ok(OwnFact::EndDateSet(EndDateSet {
        subscription_id: held.id.as_str().into(),
        ends_at,
    }))
}

/// One of our own, or Stykite's, may be ended here.
fn refuse_foreign(held: &SubscriptionStanding, what: &str) -> Result<(), Refusal> {
    if held.is_ours || held.provider == STYKITE {
        return Ok(());
    }
    Err(charged_elsewhere(held, what))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    const START: &str = "2026-01-31T10:00:00Z";
    const PAID: &str = "2026-02-28T10:00:00Z";
    const NOW: &str = "2026-02-10T00:00:00Z";
    const LATER: &str = "2026-05-01T00:00:00Z";

    fn active() -> SubscriptionStanding {
        SubscriptionStanding {
            id: "SUA-0MSC9073DVBTK".into(),
            identifier: Some("ada".into()),
            provider: crate::domain::own::PROVIDER,
            status: Status::Active,
            plan_id: None,
            is_ours: true,
            terms: None,
            must_be_paid: false,
            is_paid: true,
            started_at: Some(at(START)),
            trial_ends_at: None,
            paid_through: Some(at(PAID)),
            ends_at: Some(at(PAID)),
            cycle_end: Some(at(PAID)),
            is_cancel_asked: false,
            cancel_at: None,
            end_date: None,
            ended: false,
            gateway_subscription: None,
            last_paid_period: None,
            told_until: None,
        }
    }

    fn expired(end: &str) -> SubscriptionStanding {
        SubscriptionStanding {
            status: Status::Expired,
            ended: true,
            ends_at: Some(at(end)),
            ..active()
        }
    }

    fn cancel(
        held: &SubscriptionStanding,
        when: Cancel,
        now: Timestamp,
    ) -> Result<OwnFact, Refusal> {
        let asked = Cancelling {
            customer: None,
            subscription: held.id.clone(),
            when,
            feedback: None,
            comment: None,
        };
        super::cancel(held, &asked, now)
    }

    fn cancelled_at(told: Result<OwnFact, Refusal>) -> Timestamp {
        let Ok(OwnFact::CancelAsked(asked)) = told else {
            unreachable!("{told:?}");
        };
        asked.ends_at
    }

    #[test]
    fn a_cancel_ends_it_at_once_or_with_its_cycle() {
        let now = at(NOW);
        let at_once = cancel(&active(), Cancel::Immediate, now);
        assert_eq!(cancelled_at(at_once), now);
        let with_cycle = cancel(&active(), Cancel::EndOfCycle, now);
        assert_eq!(cancelled_at(with_cycle), at(PAID));
        let without = SubscriptionStanding {
            cycle_end: None,
            ..active()
        };
        let with_month = cancel(&without, Cancel::EndOfCycle, at(LATER));
        assert_eq!(cancelled_at(with_month), at("2026-05-31T10:00:00Z"));
    }

    #[test]
    fn what_was_asked_before_changes_nothing_and_may_be_hastened() {
        let asked = SubscriptionStanding {
            is_cancel_asked: true,
            cancel_at: Some(at(PAID)),
            ..active()
        };
        let again = cancel(&asked, Cancel::EndOfCycle, at(NOW));
        assert_eq!(again, Err(Refusal::NothingChanges));
        let at_once = cancel(&asked, Cancel::Immediate, at(NOW));
        assert_eq!(cancelled_at(at_once), at(NOW));
        let dated = SubscriptionStanding {
            end_date: Some(at(NOW)),
            ..active()
        };
        assert_eq!(set_end(&dated, at(NOW)), Err(Refusal::NothingChanges));
        assert!(set_end(&dated, at(LATER)).is_ok());
        assert!(matches!(
            set_end(&asked, at(LATER)),
            Err(Refusal::Invalid(_))
        ));
        assert!(set_end(&asked, at(NOW)).is_ok());
    }

    #[test]
    fn what_expired_is_brought_back_by_an_end_date_and_what_was_cancelled_is_not() {
        assert!(set_end(&expired(NOW), at(LATER)).is_ok());
        assert!(set_end(&expired(PAID), at(LATER)).is_ok());
        let charged = SubscriptionStanding {
            gateway_subscription: Some("sub_1".into()),
            ..expired(NOW)
        };
        let canceled = SubscriptionStanding {
            status: Status::Canceled,
            ..expired(NOW)
        };
        for held in [&charged, &canceled] {
            let Err(Refusal::Invalid(why)) = set_end(held, at(LATER)) else {
                unreachable!("{held:?}");
            };
            assert!(why.contains("end_date"), "{why}");
        }
        let again = cancel(&canceled, Cancel::Immediate, at(LATER));
        assert_eq!(again, Err(Refusal::NothingChanges));
        for held in [canceled, expired(NOW)] {
            let told = cancel(&held, Cancel::EndOfCycle, at(LATER));
            assert!(matches!(told, Err(Refusal::Invalid(_))), "{told:?}");
        }
    }

    #[test]
    fn the_cycle_of_what_an_end_date_put_off_ends_then() {
        let put_off = SubscriptionStanding {
            end_date: Some(at(LATER)),
            ..active()
        };
        let after = at("2026-03-15T00:00:00Z");
        let with_cycle = |now| cancelled_at(cancel(&put_off, Cancel::EndOfCycle, now));
        assert_eq!(with_cycle(at(NOW)), at(PAID));
        assert_eq!(with_cycle(after), at(LATER));
    }

    #[test]
    fn a_decision_stands_above_the_newest_word_of_a_clock_that_is_ahead() {
        let ahead = SubscriptionStanding {
            told_until: Some(at(LATER)),
            ..active()
        };
        assert_eq!(told_at(&ahead, at(NOW)), at(LATER).plus_millis(1));
        assert_eq!(told_at(&active(), at(NOW)), at(NOW));
    }

    #[test]
    fn what_others_charge_is_ended_there_unless_they_cannot() {
        let of = |provider| SubscriptionStanding {
            provider,
            is_ours: false,
            ..active()
        };
        for provider in ["razorpay", "kelviq"] {
            let told = cancel(&of(provider), Cancel::Immediate, at(NOW));
            let why = format!("The subscription is charged by {provider}; cancel it there.");
            assert_eq!(told, Err(Refusal::Invalid(why)));
            assert!(set_end(&of(provider), at(LATER)).is_err());
        }
        assert!(cancel(&of("stykite"), Cancel::Immediate, at(NOW)).is_ok());
        assert!(set_end(&of("stykite"), at(LATER)).is_ok());
    }
}
