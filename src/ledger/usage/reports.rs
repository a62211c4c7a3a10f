//! What was used, reported as a sum or as more of it. Knows no limit: it is recorded whether or not
//! anything grants it.

use rust_decimal::Decimal;

use super::Whose;
use super::checks::check_step;
use crate::domain::access::AsOf;
use crate::domain::catalog::{Catalog, FeatureType};
use crate::domain::own::{Behaviour, OwnFact, UsageReported};
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::commands::{CommandError, Refusal, Request, invalid};
use crate::ledger::limits::WORD_CHARS_MAX;

/// How much was used of a feature, altogether or since the last report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// The customer, by any id.
    pub customer: Box<str>,
    /// The id of a feature or a meter.
    pub feature: Box<str>,
    /// How `value` is meant.
    pub behaviour: Behaviour,
    /// How much, in the meter's unit: at most
    /// [`REPORTED_MAX`](crate::domain::amount::REPORTED_MAX) either way, and less than nothing only as a
    /// [`Behaviour::Delta`].
    pub value: Decimal,
    /// The merchant's word for what was used.
    pub resource_id: Option<Box<str>>,
}

/// A report as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The event's sequence number.
    pub seq: u64,
    /// From when on it counts.
    pub at: Timestamp,
    /// What was reported.
    pub report: UsageReported,
}

impl UsageReport {
    fn check(&self) -> Result<(), Refusal> {
        if self.behaviour == Behaviour::Set && self.value < Decimal::ZERO {
            return Err(Refusal::BelowZero);
        }
        check_step("`value`", self.value)?;
        check_word("resource_id", self.resource_id.as_deref())
    }
}

/// A word of the merchant's, where there is one.
pub(super) fn check_word(name: &str, word: Option<&str>) -> Result<(), Refusal> {
    let is_word = |word: &str| {
        (1..=WORD_CHARS_MAX).contains(&word.chars().count()) && !word.contains(char::is_control)
    };
    if word.is_some_and(|word| !is_word(word)) {
        return Err(invalid(format!(
            "`{name}` must have 1 to {WORD_CHARS_MAX} characters on one line."
        )));
    }
    Ok(())
}

/// Under what the use of a feature or a meter is counted.
///
/// # Errors
/// [`Refusal::NoSuchFeature`]; [`Refusal::Invalid`] for one of which there is nothing to count.
pub(super) fn counted_feature(catalog: &Catalog, feature: &str) -> Result<Box<str>, Refusal> {
    let is_boolean = catalog.meter(feature).is_none()
        && catalog
            .feature(feature)
            .is_some_and(|found| found.kind == FeatureType::Boolean);
    if is_boolean {
        return Err(invalid(
            "`feature` is had or not; there is nothing to count of it.",
        ));
    }
    let metric = catalog.metric(feature);
    metric.map(Into::into).ok_or(Refusal::NoSuchFeature)
}

impl Ledger {
    /// Commands that take back of what a customer used are decided one after the other.
    pub(super) fn one_by_one(&self, customer: &str) -> Vec<String> {
        let state = self.state.read();
        let identifier = state.identifier_of(customer).unwrap_or(customer);
        vec![format!("usage of {identifier}")]
    }

    /// Records how much was used: [`Behaviour::Set`] makes the counter that value from now on,
    /// [`Behaviour::Delta`] adds to it or takes back.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong; [`Refusal::BelowZero`];
    /// [`Refusal::NoSuchCustomer`], also for one that is archived; [`Refusal::NoSuchFeature`].
    pub async fn report_usage_value(
        &self,
        report: UsageReport,
        request: &Request,
    ) -> Result<Reported, CommandError> {
        report.check()?;
        let whose = Whose::new(None, &report.customer);
        // What is taken back must be there.
        let conflicts = match report.behaviour {
            Behaviour::Delta if report.value >= Decimal::ZERO => Vec::new(),
            Behaviour::Set | Behaviour::Delta => self.one_by_one(&report.customer),
        };
        let grace_days = self.grace_days.load(std::sync::atomic::Ordering::Relaxed);
        let decide = move |state: &State, now: Timestamp| {
            let identifier = whose.identifier(state)?;
            let meter_id = counted_feature(state.catalog(), &report.feature)?;
            let as_of = AsOf { now, grace_days };
            let takes_back = report.behaviour == Behaviour::Delta && report.value < Decimal::ZERO;
            let step = (report.value, now);
            if takes_back && !state.can_take_back(&identifier, &meter_id, step, as_of) {
                return Err(Refusal::BelowZero);
            }
            let id: [u8; 16] = rand::random();
            Ok(OwnFact::UsageReported(UsageReported {
                id: hex::encode(id).into(),
                identifier,
                meter_id,
                behaviour: report.behaviour,
                value: report.value,
                resource_id: report.resource_id.clone(),
            }))
        };
        let told = self.tell_shown(request, conflicts, decide, reported).await;
        told.map(|(seq, (report, at))| Reported { seq, at, report })
    }
}

fn reported(fact: &OwnFact, at: Timestamp) -> Option<(UsageReported, Timestamp)> {
    if let OwnFact::UsageReported(report) = fact {
        return Some((report.clone(), at));
    }
    None
}
