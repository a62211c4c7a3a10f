//! Usage: what customers may use of meters and what they used. Knows no plan's limits: what was
//! used is always recorded, and entitlements show what is left.

mod checks;
mod events;
mod reports;
mod spelling;
mod tokens;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use self::checks::{check_amount, check_count, checked_readings, metric};
pub use self::events::{FeatureCount, NewUsageEvent};
pub use self::reports::{Reported, UsageReport};
pub use self::tokens::TokenUse;

use super::commands::{CommandError, Refusal, Request, invalid};
use super::customers::identifier_of;
use super::{Ledger, ids};
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own::{Allowance, AllowancesSet, OwnFact, Reading, UsageCounted, UsageRead};
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// Units of a meter or a feature, to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitUse {
    /// The company whose customer it must be, where companies matter.
    pub company_id: Option<Box<str>>,
    /// The customer, by any id.
    pub customer: Box<str>,
    /// The id of a meter or a feature.
    pub metric: Box<str>,
    /// How many.
    pub amount: Decimal,
}

/// A use that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The event's sequence number.
    pub seq: u64,
    /// When it was counted.
    pub at: Timestamp,
    /// What was counted.
    pub usage: UsageCounted,
    /// `CHK-…`: what the occasion is called, for those who want an id.
    pub checkpoint_id: String,
}

impl Ledger {
    /// Sets what a customer may use of meters, whatever its plan says. `customer` is any of its
    /// ids; each meter's or feature's allowance is replaced as a whole. Answers the event's
    /// sequence number.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the entry that is wrong; [`Refusal::NoSuchCompany`];
    /// [`Refusal::NoSuchCustomer`].
    pub async fn set_allowances(
        &self,
        company_id: Option<&str>,
        customer: &str,
        allowances: Vec<Allowance>,
        request: &Request,
    ) -> Result<u64, CommandError> {
        check_count("allowances", allowances.len())?;
        let whose = Whose::new(company_id, customer);
        let decide = move |state: &State, _| {
            let identifier = whose.identifier(state)?;
            let catalog = state.catalog();
            let mut set = BTreeMap::new();
            for (place, Allowance { meter_id, limit }) in allowances.iter().enumerate() {
                check_amount(&format!("At index {place}: `limit`"), *limit)?;
                let meter_id: Box<str> = metric(catalog, place, meter_id)?;
                if set.insert(meter_id.clone(), *limit).is_some() {
                    return Err(invalid(format!(
                        "At index {place}: `meter_id` is named twice."
                    )));
                }
            }
            let allowances = set.into_iter();
            let allowances = allowances.map(|(meter_id, limit)| Allowance { meter_id, limit });
            Ok(OwnFact::AllowancesSet(AllowancesSet {
                identifier,
                allowances: allowances.collect(),
            }))
        };
        self.tell(request, Vec::new(), decide).await
    }

    /// Records what meters showed: all that was used up to a time. Of a time that was told before
    /// the first word stays. Answers the event's sequence number.
    ///
    /// # Errors
    /// As [`Ledger::set_allowances`].
    pub async fn report_usage(
        &self,
        company_id: Option<&str>,
        customer: &str,
        readings: Vec<Reading>,
        request: &Request,
    ) -> Result<u64, CommandError> {
        check_count("readings", readings.len())?;
        let whose = Whose::new(company_id, customer);
        let decide = move |state: &State, now: Timestamp| {
            let identifier = whose.identifier(state)?;
            let readings = checked_readings(state.catalog(), &readings, now)?;
            Ok(OwnFact::UsageRead(UsageRead {
                identifier,
                readings,
            }))
        };
        self.tell(request, Vec::new(), decide).await
    }

    /// Prices the use of a model by the catalogue, and debits its meter.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong; [`Refusal::NoSuchCompany`];
    /// [`Refusal::NoSuchCustomer`].
    pub async fn count_tokens(
        &self,
        used: TokenUse,
        request: &Request,
    ) -> Result<Counted, CommandError> {
        used.check()?;
        let whose = Whose::new(used.company_id.as_deref(), &used.customer);
        let decide = move |state: &State, now| {
            let identifier = whose.identifier(state)?;
            used.priced(state, identifier, now)
        };
        let told = self.tell_shown(request, Vec::new(), decide, counted).await;
        told.map(|(seq, (usage, at))| {
            let checkpoint = Tsid::minted("checkpoint", &usage.checkpoint);
            Counted {
                seq,
                at,
                usage,
                checkpoint_id: checkpoint.with(Prefix::Checkpoint).to_string(),
            }
        })
    }

    /// Counts units of a meter or a feature. Answers the event's sequence number.
    ///
    /// # Errors
    /// As [`Ledger::count_tokens`].
    pub async fn count_units(&self, used: UnitUse, request: &Request) -> Result<u64, CommandError> {
        check_amount("`amount`", used.amount)?;
        let whose = Whose::new(used.company_id.as_deref(), &used.customer);
        let decide = move |state: &State, now| {
            let identifier = whose.identifier(state)?;
            let Some(metric) = state.catalog().metric(&used.metric) else {
                return Err(invalid(
                    "`metric` names no meter or feature of the catalogue.",
                ));
            };
            Ok(OwnFact::UsageCounted(UsageCounted {
                id: ids::fresh(state, Prefix::Usage, now),
                identifier,
                meter_id: metric.into(),
                amount: used.amount,
                checkpoint: used.metric.clone(),
                tokens: None,
            }))
        };
        self.tell(request, Vec::new(), decide).await
    }
}

fn counted(fact: &OwnFact, at: Timestamp) -> Option<(UsageCounted, Timestamp)> {
    if let OwnFact::UsageCounted(usage) = fact {
        return Some((usage.clone(), at));
    }
    None
}

/// Whom a request is about.
struct Whose {
    company_id: Option<Box<str>>,
    customer: Box<str>,
}

impl Whose {
    fn new(company_id: Option<&str>, customer: &str) -> Self {
        Self {
            company_id: company_id.map(Into::into),
            customer: customer.into(),
        }
    }

    fn identifier(&self, state: &State) -> Result<Box<str>, Refusal> {
        identifier_of(state, self.company_id.as_deref(), &self.customer).map(Into::into)
    }
}
