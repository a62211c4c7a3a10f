//! What happened at the merchant's, some of which counts as use. Known by the merchant's own key,
//! once and for all. Knows no limit.

use rust_decimal::Decimal;
use serde::Serialize;

use super::Whose;
use super::checks::{check_moment, check_step};
use super::reports::{check_word, counted_feature};
use super::spelling::in_one_spelling;
use crate::domain::access::AsOf;
use crate::domain::own::{EventCount, OwnFact, UsageEvent};
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::commands::{CommandError, Refusal, Request, invalid};
use crate::ledger::limits::{EVENT_KEY_CHARS_MAX, EXTRA_BYTES_MAX};

/// What such an event is known by, beside its key.
const KNOWN_AS: &str = "usage.event";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUsageEvent {
    /// The customer, by any id.
    pub customer: Box<str>,
    /// The merchant's word for it. Where `counts` is absent, it counts as one of the feature or
    /// meter of that id, if there is one.
    pub name: Box<str>,
    /// What it is known by, whoever tells it.
    pub idempotency_key: Box<str>,
    /// When it happened: not before the year 2000 and not more than a day ahead.
    pub at: Timestamp,
    /// What it counts, where it says so.
    pub counts: Option<FeatureCount>,
    /// The merchant's word for what was used.
    pub resource_id: Option<Box<str>>,
    /// Whatever else was sent of it: a JSON object, as text.
    pub properties: Option<Box<str>>,
}

/// What an event counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureCount {
    /// The id of a feature or a meter.
    pub feature: Box<str>,
    /// How much, in the meter's unit; less than nothing takes back.
    pub value: Decimal,
    /// The members of the event's `properties` that say so, where they do: a repetition may spell
    /// them otherwise.
    pub said_in: &'static [&'static str],
}

/// What a repetition has in common with an event.
#[derive(Serialize)]
struct Content<'a> {
    customer: &'a str,
    name: &'a str,
    idempotency_key: &'a str,
    at: Timestamp,
    counts: Option<(&'a str, String)>,
    resource_id: Option<&'a str>,
    /// In one spelling, less what `counts` says.
    properties: Option<String>,
}

impl NewUsageEvent {
    fn check(&self) -> Result<(), Refusal> {
        check_word("name", Some(&self.name))?;
        let key = &self.idempotency_key;
        let is_key = (1..=EVENT_KEY_CHARS_MAX).contains(&key.chars().count());
        if !is_key || key.contains(char::is_control) {
            return Err(invalid(format!(
                "`idempotency_key` must have 1 to {EVENT_KEY_CHARS_MAX} characters on one line."
            )));
        }
        if let Some(counts) = &self.counts {
            check_step("`value`", counts.value)?;
        }
        check_word("resource_id", self.resource_id.as_deref())?;
        let properties = self.properties.as_ref().map_or(0, |text| text.len());
        if properties > EXTRA_BYTES_MAX {
            return Err(invalid(format!(
                "`properties` must have at most {EXTRA_BYTES_MAX} bytes."
            )));
        }
        Ok(())
    }

    /// What a repetition has in common with it: what it says, however that is spelled.
    fn content(&self, state: &State) -> Vec<u8> {
        let counts = self.counts.as_ref();
        let said_in = counts.map_or(&[][..], |counts| counts.said_in);
        let properties = self.properties.as_deref();
        let content = Content {
            customer: state
                .identifier_of(&self.customer)
                .unwrap_or(&self.customer),
            name: &self.name,
            idempotency_key: &self.idempotency_key,
            at: self.at,
            counts: counts.map(|held| (&*held.feature, held.value.normalize().to_string())),
            resource_id: self.resource_id.as_deref(),
            properties: properties.map(|text| in_one_spelling(text, said_in)),
        };
        // Texts and times: writing them cannot fail.
        serde_json::to_vec(&content).unwrap_or_default()
    }

    fn decide(&self, state: &State, identifier: Box<str>) -> Result<UsageEvent, Refusal> {
        let catalog = state.catalog();
        let counts = match &self.counts {
            Some(counts) => Some((counted_feature(catalog, &counts.feature)?, counts.value)),
            None => counted_feature(catalog, &self.name)
                .ok()
                .map(|found| (found, Decimal::ONE)),
        };
        Ok(UsageEvent {
            identifier,
            name: self.name.clone(),
            idempotency_key: self.idempotency_key.clone(),
            counts: counts.map(|(meter_id, value)| EventCount { meter_id, value }),
            resource_id: self.resource_id.clone(),
            properties: self.properties.clone(),
        })
    }
}

/// Whether what an event takes back had been used at its time.
fn is_there(state: &State, event: &UsageEvent, at: Timestamp, as_of: AsOf) -> bool {
    let counts = event.counts.as_ref();
    counts.is_none_or(|counts| {
        let step = (counts.value, at);
        state.can_take_back(&event.identifier, &counts.meter_id, step, as_of)
    })
}

fn happened(fact: &OwnFact, _: Timestamp) -> Option<UsageEvent> {
    if let OwnFact::UsageEvent(event) = fact {
        return Some(event.clone());
    }
    None
}

impl Ledger {
    /// Records what happened, at most once for its key, whoever tells it. Answers the event with its
    /// sequence number: the first one, where it is told again.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong; [`Refusal::NoSuchCustomer`], also for
    /// one that is archived; [`Refusal::NoSuchFeature`]; [`Refusal::BelowZero`], where it takes back
    /// more than was used; [`CommandError::Mismatch`] where something
    /// else was told under that key.
    pub async fn record_event(
        &self,
        event: NewUsageEvent,
        request: &Request,
    ) -> Result<(u64, UsageEvent), CommandError> {
        event.check()?;
        let content = event.content(&self.state.read());
        let known_by = [KNOWN_AS, &event.idempotency_key];
        let request = Request::known_by_parts(request.actor, &known_by, &content);
        let whose = Whose::new(None, &event.customer);
        let counts = event.counts.as_ref();
        let takes_back = counts.is_some_and(|counts| counts.value < Decimal::ZERO);
        let conflicts = if takes_back {
            self.one_by_one(&event.customer)
        } else {
            Vec::new()
        };
        let grace_days = self.grace_days.load(std::sync::atomic::Ordering::Relaxed);
        let decide = move |state: &State, now: Timestamp| {
            let identifier = whose.identifier(state)?;
            check_moment("`timestamp`", event.at, now)?;
            let told = event.decide(state, identifier)?;
            if takes_back && !is_there(state, &told, event.at, AsOf { now, grace_days }) {
                return Err(Refusal::BelowZero);
            }
            Ok((OwnFact::UsageEvent(told), event.at))
        };
        self.tell_dated_shown(&request, conflicts, decide, happened)
            .await
    }
}
