//! A change of plan: another subscription in the place of one, in force at once and without a
//! payment. What was paid for stays paid for, and what was tried is tried on.

use super::super::Ledger;
use super::super::commands::{CommandError, Refusal, Request, invalid};
use super::super::limits::TRIAL_DAYS_MAX;
use super::had::{PlanAsked, begun, checked, country_of};
use super::{About, charged_elsewhere, refuse_over};
use crate::domain::catalog::{Catalog, Period, Plan};
use crate::domain::own::{Begun, OwnFact, Quantity, SubscriptionBegun, Terms};
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// What a subscription is to be had for instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChange {
    /// The subscription, by any id.
    pub subscription: String,
    /// The plan, by the merchant's word (`pro`) or its id (`PLV-…`).
    pub plan_identifier: String,
    /// How often it is paid for.
    pub period: Period,
    /// How many of its features; `None`: as many as before of those it has too.
    pub quantities: Option<Vec<Quantity>>,
    /// When its trial is to end; `None`: when it would have.
    pub trial_end: Option<TrialEnd>,
}

/// When a trial is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialEnd {
    /// At once.
    Now,
    /// Then; later than now, by at most [`TRIAL_DAYS_MAX`].
    At(Timestamp),
}

impl Ledger {
    /// Has a subscription to another plan, or on other terms, in the place of one that is sold
    /// here, at once. Answers the event's sequence number and the new subscription (`SUA-…`): the
    /// last event and the same one where nothing changes, and of a repetition of `request` those of
    /// the first.
    ///
    /// # Errors
    /// [`Refusal::NoSuchSubscription`]; [`Refusal::Invalid`] for one that is over or charged
    /// elsewhere, or with a sentence that names `plan`, `period`, `country`, `quantities` or
    /// `trial_end`;
    /// [`CommandError`] where nothing was recorded.
    pub async fn change_plan(
        &self,
        asked: PlanChange,
        request: &Request,
    ) -> Result<(u64, String), CommandError> {
        let about = About {
            customer: None,
            subscription: asked.subscription.clone(),
        };
        let (conflicts, id) = {
            let state = self.state.read();
            (about.conflicts(&state)?, about.standing(&state)?.id)
        };
        let decide = move |state: &State, now: Timestamp| {
            let held = about.standing(state)?;
            Ok(OwnFact::PlanChanged(asked.changed(state, &held, now)?))
        };
        match self.tell_begun(request, conflicts, decide).await {
            Err(CommandError::Refused(Refusal::NothingChanges)) => Ok((self.last_seq(), id)),
            told => told,
        }
    }
}

impl PlanChange {
    fn changed(
        &self,
        state: &State,
        held: &SubscriptionStanding,
        now: Timestamp,
    ) -> Result<SubscriptionBegun, Refusal> {
        if !held.is_ours {
            return Err(charged_elsewhere(held, "change its plan"));
        }
        refuse_over(held)?;
        let identifier = held.identifier.as_deref();
        let identifier = identifier.ok_or(Refusal::NoSuchSubscription)?;
        let country = country_of(state, identifier);
        let catalog = state.catalog();
        let (plan, terms) = self.wanted(catalog, held, country.as_deref())?;
        let is_free = terms.price.amount_minor == 0;
        if !is_free && is_free_now(catalog, held) {
            return Err(invalid(
                "`plan` must be paid for, and the subscription costs nothing: open a checkout \
                 for it.",
            ));
        }
        if !is_free && held.is_paid_for_ever() {
            return Err(invalid(
                "`plan` costs something, and the subscription was paid for once and for ever: \
                 open a checkout for it.",
            ));
        }
        let trial_ends_at = self.trial_ends_at(held, now)?;
        if is_as_before(held, plan, &terms) && trial_ends_at == trial_of(held) {
            return Err(Refusal::NothingChanges);
        }
        let is_paid_plan = held.must_be_paid && !is_free;
        if is_paid_plan && trial_ends_at.is_none() {
            return Err(invalid(
                "`trial_end` must be later than now: the plan must be paid for once its trial \
                 is over, and was not.",
            ));
        }
        let begun = Begun {
            is_paid_plan,
            ..begun(state, plan, trial_ends_at, now)
        };
        // Who may try it for longer than was paid has it for as long.
        let through = paid_for_until(held, now)?;
        let through = through.map(|end| end.max(trial_ends_at.unwrap_or(end)));
        Ok(SubscriptionBegun {
            identifier: identifier.into(),
            begun,
            terms,
            through,
            supersedes: vec![held.id.as_str().into()],
            checkout: None,
        })
    }

    /// The plan and what it is had for: in the money of before, where it has a price in that.
    fn wanted<'c>(
        &self,
        catalog: &'c Catalog,
        held: &SubscriptionStanding,
        country: Option<&str>,
    ) -> Result<(&'c Plan, Terms), Refusal> {
        let before = held.terms.as_ref();
        let found = |currency: Option<&str>| {
            let asked = PlanAsked {
                plan: &self.plan_identifier,
                period: self.period,
                currency,
            };
            asked.found(catalog, country)
        };
        let currency = before.map(|had| had.price.currency);
        let currency = currency.as_ref().map(|currency| currency.as_str());
        let (plan, terms) = found(currency).or_else(|_| found(None))?;
        let quantities = match &self.quantities {
            Some(asked) => checked(catalog, plan, asked)?,
            None => {
                let kept = before.into_iter().flat_map(|had| &had.quantities);
                let kept = kept.filter(|had| catalog.is_bought_in_numbers(plan, &had.feature));
                kept.cloned().collect()
            }
        };
        let terms = Terms {
            quantities,
            ..terms
        };
        Ok((plan, terms))
    }

    fn trial_ends_at(
        &self,
        held: &SubscriptionStanding,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Refusal> {
        match self.trial_end {
            None => Ok(trial_of(held)),
            Some(TrialEnd::Now) => Ok(None),
            Some(TrialEnd::At(end)) if end <= now => {
                Err(invalid("`trial_end` must be later than now."))
            }
            Some(TrialEnd::At(end)) if end > now.plus_days(TRIAL_DAYS_MAX) => {
                let why = format!("`trial_end` must be at most {TRIAL_DAYS_MAX} days from now.");
                Err(invalid(why))
            }
            Some(TrialEnd::At(end)) => Ok(Some(end)),
        }
    }
}

/// When the trial ends that is running.
fn trial_of(held: &SubscriptionStanding) -> Option<Timestamp> {
    let is_tried = held.status == Status::Trialing;
    held.trial_ends_at.filter(|_| is_tried)
}

/// Whether nothing is to be paid for what it is now. What nobody knows was not paid for.
fn is_free_now(catalog: &Catalog, held: &SubscriptionStanding) -> bool {
    if let Some(had) = &held.terms {
        return had.price.amount_minor == 0;
    }
    let plan = held.plan_id.as_deref().and_then(|id| catalog.plan(id));
    !plan.is_some_and(Plan::is_paid)
}

fn is_as_before(held: &SubscriptionStanding, plan: &Plan, terms: &Terms) -> bool {
    let is_same_plan = held.plan_id.as_deref() == Some(plan.id.as_str());
    let on_same_terms = match &held.terms {
        Some(had) => had.period == terms.period && had.quantities == terms.quantities,
        None => terms.price.amount_minor == 0 && terms.quantities.is_empty(),
    };
    is_same_plan && on_same_terms
}

/// Until when it lasts at least without another payment, by what is known now; `None`: until it is
/// ended.
fn paid_for_until(
    held: &SubscriptionStanding,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    if held.must_be_paid {
        return Ok(None);
    }
    let through = held.end_date.or(held.paid_through);
    let is_unpaid = held.gateway_subscription.is_some() && through.is_none();
    if is_unpaid || through.is_some_and(|end| end <= now) {
        return Err(invalid(
            "The subscription is not paid for now: its plan can be changed once it is.",
        ));
    }
    Ok(through)
}
