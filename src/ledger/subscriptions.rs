//! The commands about a subscription that is there: cancel it, and set when it ends. What follows
//! from them is the fold's; what a gateway has to be told is its desk's.

use super::Ledger;
use super::commands::{CommandError, Refusal, Request};
use super::customers::customer_conflict;
use crate::domain::own::{CancelAsked, CancelWhen, EndDateSet, OwnFact};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// The provider that charges nobody by itself, so that an end may be set here.
const STYKITE: &str = "stykite";
/// No month is longer, so that this many days hold at least so many months less one.
const MONTH_MILLIS_MAX: i64 = 31 * 24 * 60 * 60 * 1000;

impl Ledger {
    /// Cancels a subscription of a customer (each by any id it is known by), at once or with its
    /// cycle: the trial, else what is paid for, else the running month since it started. Answers
    /// the sequence number of the event, or of the last event where nothing had to be recorded
    /// because it was cancelled so before.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`], [`Refusal::NoSuchSubscription`] (also for another customer's),
    /// [`Refusal::Invalid`] for one that has ended otherwise or is charged elsewhere, and
    /// [`CommandError`] where nothing was recorded.
    pub async fn cancel_subscription(
        &self,
        customer: &str,
        subscription: &str,
        when: CancelWhen,
        request: Request,
    ) -> Result<u64, CommandError> {
        let about = About::new(customer, subscription);
        let conflicts = about.conflicts(&self.state.read())?;
        let decide = move |state: &State, now| {
            let held = about.standing(state)?;
            Ok((cancel(&held, when, now)?, told_at(&held, now)))
        };
        let told = self.tell_dated(&request, conflicts, decide).await;
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
        let about = About::new(customer, subscription);
        let conflicts = about.conflicts(&self.state.read())?;
        let decide = move |state: &State, now| {
            let held = about.standing(state)?;
            Ok((set_end(&held, ends_at)?, told_at(&held, now)))
        };
        let told = self.tell_dated(&request, conflicts, decide).await;
        self.or_as_it_was(told)
    }

    fn or_as_it_was(&self, told: Result<u64, CommandError>) -> Result<u64, CommandError> {
        match told {
            Err(CommandError::Refused(Refusal::NothingChanges)) => Ok(self.last_seq()),
            told => told,
        }
    }
}

/// Which subscription is meant, and whose it has to be.
struct About {
    customer: String,
    subscription: String,
}

impl About {
    fn new(customer: &str, subscription: &str) -> Self {
        Self {
            customer: customer.to_owned(),
            subscription: subscription.to_owned(),
        }
    }

    fn standing(&self, state: &State) -> Result<SubscriptionStanding, Refusal> {
        let identifier = state.identifier_of(&self.customer);
        let identifier = identifier.ok_or(Refusal::NoSuchCustomer)?;
        let held = state.standing_of(&self.subscription);
        held.filter(|held| held.identifier.as_deref() == Some(identifier))
            .ok_or(Refusal::NoSuchSubscription)
    }

    /// A checkout that is opened for the customer meanwhile would be for what is cancelled here.
    fn conflicts(&self, state: &State) -> Result<Vec<String>, Refusal> {
        let held = self.standing(state)?;
        let identifier = held.identifier.as_deref().unwrap_or_default();
        Ok(vec![customer_conflict(identifier), held.id])
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
    when: CancelWhen,
    now: Timestamp,
) -> Result<OwnFact, Refusal> {
    refuse_foreign(held, "cancel it")?;
    if held.status == Status::Canceled && when == CancelWhen::Immediate {
        return Err(Refusal::NothingChanges);
    }
    refuse_over(held)?;
    let ends_at = match when {
        CancelWhen::Immediate => now,
        CancelWhen::EndOfCycle | CancelWhen::OnDate => {
            let month_end = || month_end(held.started_at.unwrap_or(now), now);
            let cycle_end = held.cycle_end.unwrap_or_else(month_end);
            // What was paid for is over where an end date stands instead.
            let instead = held.end_date.filter(|end| now < *end && cycle_end <= now);
            instead.unwrap_or(cycle_end)
        }
    };
    let as_before = |before| when == CancelWhen::EndOfCycle && before == ends_at;
    if held.cancel_at.is_some_and(as_before) {
        return Err(Refusal::NothingChanges);
    }
    Ok(OwnFact::CancelAsked(CancelAsked {
        subscription_id: held.id.as_str().into(),
        when,
        ends_at,
        feedback: None,
        comment: None,
    }))
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

/// Whoever charges goes on charging, whatever is said here.
fn refuse_foreign(held: &SubscriptionStanding, what: &str) -> Result<(), Refusal> {
    if held.is_ours || held.provider == STYKITE {
        return Ok(());
    }
    let provider = held.provider;
    let why = format!("The subscription is charged by {provider}; {what} there.");
    Err(Refusal::Invalid(why))
}

fn is_over(held: &SubscriptionStanding) -> bool {
    held.ended || held.status == Status::Superseded
}

fn refuse_over(held: &SubscriptionStanding) -> Result<(), Refusal> {
    if !is_over(held) {
        return Ok(());
    }
    let status = held.status.as_str();
    Err(Refusal::Invalid(format!(
        "The subscription is {status} already."
    )))
}

/// The end of the month that runs at `now`, counted from `start`. The day is taken from the start
/// each time, so that months from the 31st do not creep towards the 28th.
fn month_end(start: Timestamp, now: Timestamp) -> Timestamp {
    let passed = now.as_millis().saturating_sub(start.as_millis()).max(0);
    let over = u32::try_from(passed / MONTH_MILLIS_MAX).unwrap_or(u32::MAX);
    // Twelve months lack seven days to twelve of the longest: hardly a step of this in many years.
    let ends = (over.saturating_add(1)..).map(|months| start.plus_months(months));
    let mut ends = ends.skip_while(|end| *end <= now && *end < Timestamp::MAX);
    ends.next().unwrap_or(Timestamp::MAX)
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

    fn cancelled_at(told: Result<OwnFact, Refusal>) -> Timestamp {
        let Ok(OwnFact::CancelAsked(asked)) = told else {
            unreachable!("{told:?}");
        };
        asked.ends_at
    }

    #[test]
    fn a_cancel_ends_it_at_once_or_with_its_cycle() {
        let now = at(NOW);
        let at_once = cancel(&active(), CancelWhen::Immediate, now);
        assert_eq!(cancelled_at(at_once), now);
        let with_cycle = cancel(&active(), CancelWhen::EndOfCycle, now);
        assert_eq!(cancelled_at(with_cycle), at(PAID));
        let without = SubscriptionStanding {
            cycle_end: None,
            ..active()
        };
        let with_month = cancel(&without, CancelWhen::EndOfCycle, at(LATER));
        assert_eq!(cancelled_at(with_month), at("2026-05-31T10:00:00Z"));
    }

    #[test]
    fn what_was_asked_before_changes_nothing_and_may_be_hastened() {
        let asked = SubscriptionStanding {
            is_cancel_asked: true,
            cancel_at: Some(at(PAID)),
            ..active()
        };
        let again = cancel(&asked, CancelWhen::EndOfCycle, at(NOW));
        assert_eq!(again, Err(Refusal::NothingChanges));
        let at_once = cancel(&asked, CancelWhen::Immediate, at(NOW));
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
        let again = cancel(&canceled, CancelWhen::Immediate, at(LATER));
        assert_eq!(again, Err(Refusal::NothingChanges));
        for held in [canceled, expired(NOW)] {
            let told = cancel(&held, CancelWhen::EndOfCycle, at(LATER));
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
        let with_cycle = |now| cancelled_at(cancel(&put_off, CancelWhen::EndOfCycle, now));
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
            let told = cancel(&of(provider), CancelWhen::Immediate, at(NOW));
            let why = format!("The subscription is charged by {provider}; cancel it there.");
            assert_eq!(told, Err(Refusal::Invalid(why)));
            assert!(set_end(&of(provider), at(LATER)).is_err());
        }
        assert!(cancel(&of("stykite"), CancelWhen::Immediate, at(NOW)).is_ok());
        assert!(set_end(&of("stykite"), at(LATER)).is_ok());
    }

    #[test]
    fn a_month_ends_after_now_and_on_the_day_it_began() {
        let start = at("2026-01-31T10:00:00Z");
        for (now, end) in [
            ("2020-01-01T00:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"),
            ("2026-02-28T09:59:59.999Z", "2026-02-28T10:00:00Z"),
            ("2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z"),
            ("2026-03-30T10:00:00Z", "2026-03-31T10:00:00Z"),
            ("2126-01-31T10:00:00Z", "2126-02-28T10:00:00Z"),
        ] {
            assert_eq!(month_end(start, at(now)), at(end), "{now}");
        }
        assert_eq!(month_end(start, Timestamp::MAX), Timestamp::MAX);
        assert!(
            month_end(Timestamp::EPOCH, at("9000-01-01T00:00:00Z")) < at("9000-02-02T00:00:00Z")
        );
    }
}
