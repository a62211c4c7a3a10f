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
    /// Cancels a subscription, at once, on a date or with its cycle: what is paid for, or the period
    /// after that where a gateway is about to charge for it, else the trial, else the running period
    /// of what it is had for, or the running month where that is not known. Answers the sequence
    /// number of the event, or of the last event where nothing had to be recorded because it was
    /// cancelled so before, and no gateway refused that.
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
    let is_stopped_again = is_at_once && is_stopped_again(held);
    if held.status == Status::Canceled && is_at_once && !is_stopped_again {
        return Err(Refusal::NothingChanges);
    }
    if !is_stopped_again {
        refuse_over(held)?;
    }
    let (when, ends_at) = match asked.when {
        // What is over ended when it did.
        Cancel::Immediate => {
            let ended_at = held.ends_at.filter(|_| is_stopped_again);
            (CancelWhen::Immediate, ended_at.unwrap_or(now))
        }
        Cancel::EndOfCycle => (CancelWhen::EndOfCycle, cycle_end(held, now)?),
        Cancel::OnDate(at) if at <= now => {
            let why = "`date` must be later than now: to end it now, cancel it at once.";
            return Err(Refusal::Invalid(why.into()));
        }
        Cancel::OnDate(at) => (CancelWhen::OnDate, at),
    };
    let is_silent = asked.feedback.is_none() && asked.comment.is_none();
    let is_as_before = held.cancel_at == Some(ends_at) && !is_at_once && is_silent;
    if is_as_before && !held.is_stop_refused {
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

/// Whether a cancel at once has a gateway asked once more to stop what is over here.
fn is_stopped_again(held: &SubscriptionStanding) -> bool {
    let is_ended = matches!(held.status, Status::Canceled | Status::Expired);
    is_ended && held.is_stop_refused
}

/// When the cycle ends that runs at `now`: of one that a gateway charges, and whose charge for it
/// is late, the one that follows what is paid for. What was asked before is put off by no repeat.
fn cycle_end(held: &SubscriptionStanding, now: Timestamp) -> Result<Timestamp, Refusal> {
    if let Some(over) = held.cancel_at.filter(|cancel_at| *cancel_at <= now) {
        return Ok(over);
    }
    if let Some(end) = held.charged_next(now) {
        return Ok(end);
    }
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
mod tests;
