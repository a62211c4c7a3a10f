//! Usage: what customers may use of meters and what they used. Knows no plan's limits: what was
//! used is always recorded, and entitlements show what is left.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::commands::{CommandError, Refusal, Request};
use super::customers::identifier_of;
use super::{Ledger, ids};
use crate::domain::amount::{AMOUNT_MAX, AMOUNT_PLACES, Amount};
use crate::domain::catalog::{Catalog, TokenPrice};
use crate::domain::event::Fact;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own::{
    Allowance, AllowancesSet, OwnFact, Reading, Tokens, UsageCounted, UsageRead,
};
use crate::domain::state::State;
use crate::domain::time::Timestamp;

/// Allowances or readings of one request.
pub const ENTRIES_MAX: usize = 1_000;
/// 2000-01-01T00:00:00Z: an earlier reading is most likely in seconds.
const READ_FROM_MILLIS: i64 = 946_684_800_000;
/// How far a meter's clock may be ahead: the time zones of a day.
const AHEAD_DAYS_MAX: u32 = 1;
/// One call of a model reads and writes some millions at the most.
pub const TOKENS_MAX: u64 = 1_000_000_000;
/// A word for an occasion, a model or a session.
const WORD_CHARS_MAX: usize = 200;
/// What else is sent of a call is kept as it is, for people.
const EXTRA_BYTES_MAX: usize = 16 * 1024;
/// Prices are of so many tokens.
const TOKENS_PRICED: u32 = 1_000;

/// Use of a model, to be priced and counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The company whose customer it must be, where companies matter.
    pub company_id: Option<Box<str>>,
    /// The customer, by any id.
    pub customer: Box<str>,
    /// The merchant's word for the occasion.
    pub checkpoint: Box<str>,
    /// `OPENAI`
    pub provider: Box<str>,
    /// `GPT_4`
    pub model: Box<str>,
    /// Tokens read; at most [`TOKENS_MAX`].
    pub input: u64,
    /// Tokens written; at most [`TOKENS_MAX`].
    pub output: u64,
    /// The merchant's word for the session.
    pub session_id: Option<Box<str>>,
    /// Whatever else was sent, as JSON text.
    pub extra: Option<Box<str>>,
}

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
            let catalog = catalog(state);
            let mut set = BTreeMap::new();
            for (place, Allowance { meter_id, limit }) in allowances.iter().enumerate() {
                check_amount(&format!("At index {place}: `limit`"), *limit)?;
                let meter_id: Box<str> = metric(catalog, place, meter_id)?;
                if set.insert(meter_id.clone(), *limit).is_some() {
                    return invalid(format!("At index {place}: `meter_id` is named twice."));
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
            let readings = checked_readings(catalog(state), &readings, now)?;
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
            used.priced(catalog(state), identifier, now)
        };
        let seq = self.tell(request, Vec::new(), decide).await?;
        self.counted(seq)
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
            let Some(metric) = catalog(state).and_then(|catalog| catalog.metric(&used.metric))
            else {
                return invalid("`metric` names no meter or feature of the catalogue.");
            };
            Ok(OwnFact::UsageCounted(UsageCounted {
                id: ids::fresh(Prefix::Usage, now),
                identifier,
                meter_id: metric.into(),
                amount: used.amount,
                checkpoint: used.metric.clone(),
                tokens: None,
            }))
        };
        self.tell(request, Vec::new(), decide).await
    }

    /// The use that an event counted, also where the request that asked for it came before.
    fn counted(&self, seq: u64) -> Result<Counted, CommandError> {
        let unavailable = |why: String| CommandError::Unavailable(why);
        let heard = self
            .hear(&[seq])
            .map_err(|error| unavailable(error.to_string()))?;
        let told = heard.iter().flat_map(|event| event.meaning.told());
        let mut counted = told.filter_map(|change| {
            let Fact::Own(fact) = &change.fact else {
                return None;
            };
            let OwnFact::UsageCounted(usage) = fact.as_ref() else {
                return None;
            };
            let checkpoint = Tsid::minted("checkpoint", &usage.checkpoint);
            Some(Counted {
                seq,
                at: change.occurred_at,
                usage: usage.clone(),
                checkpoint_id: checkpoint.with(Prefix::Checkpoint).to_string(),
            })
        });
        let found = counted.next();
        found.ok_or_else(|| unavailable(format!("Event {seq} is no use that was counted.")))
    }
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

fn catalog(state: &State) -> Option<&Catalog> {
    state.settings().map(|settings| &settings.catalog)
}

fn invalid<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Invalid(sentence.into()))
}

fn check_count(what: &str, count: usize) -> Result<(), Refusal> {
    if (1..=ENTRIES_MAX).contains(&count) {
        return Ok(());
    }
    invalid(format!(
        "There must be 1 to {ENTRIES_MAX} {what} in one request."
    ))
}

fn check_amount(what: &str, amount: Decimal) -> Result<(), Refusal> {
    if Amount::is_exact(amount) {
        return Ok(());
    }
    invalid(format!(
        "{what} must be a number from 0 to {AMOUNT_MAX} with at most {AMOUNT_PLACES} decimal places."
    ))
}

fn metric(catalog: Option<&Catalog>, place: usize, id: &str) -> Result<Box<str>, Refusal> {
    let found = catalog.and_then(|catalog| catalog.metric(id));
    let unknown = || format!("At index {place}: `meter_id` names no meter of the catalogue.");
    found
        .map(Into::into)
        .ok_or_else(|| Refusal::Invalid(unknown()))
}

fn checked_readings(
    catalog: Option<&Catalog>,
    readings: &[Reading],
    now: Timestamp,
) -> Result<Vec<Reading>, Refusal> {
    let from = Timestamp::from_millis(READ_FROM_MILLIS).unwrap_or_default();
    let until = now.plus_days(AHEAD_DAYS_MAX);
    let mut told = BTreeMap::new();
    let mut checked = Vec::with_capacity(readings.len());
    for (
        place,
        Reading {
            meter_id,
            at,
            total,
        },
    ) in readings.iter().enumerate()
    {
        if *at < from {
            return invalid(format!(
                "At index {place}: `at` is before the year 2000; send milliseconds, not seconds."
            ));
        }
        if *at > until {
            return invalid(format!(
                "At index {place}: `at` is more than {AHEAD_DAYS_MAX} day ahead."
            ));
        }
        check_amount(&format!("At index {place}: `total`"), *total)?;
        let meter_id = metric(catalog, place, meter_id)?;
        match told.insert((meter_id.clone(), *at), *total) {
            None => checked.push(Reading {
                meter_id,
                at: *at,
                total: *total,
            }),
            Some(before) if before == *total => {}
            Some(_) => {
                return invalid(format!(
                    "At index {place}: `total` is another than before for this meter and this `at`."
                ));
            }
        }
    }
    Ok(checked)
}

impl TokenUse {
    fn check(&self) -> Result<(), Refusal> {
        let words = [
            ("checkpoint", Some(&self.checkpoint)),
            ("provider", Some(&self.provider)),
            ("model", Some(&self.model)),
            ("session_id", self.session_id.as_ref()),
        ];
        for (name, word) in words {
            let is_word = |word: &str| {
                (1..=WORD_CHARS_MAX).contains(&word.chars().count())
                    && !word.contains(char::is_control)
            };
            if word.is_some_and(|word| !is_word(word)) {
                return invalid(format!(
                    "`{name}` must have 1 to {WORD_CHARS_MAX} characters on one line."
                ));
            }
        }
        for (name, count) in [("input", self.input), ("output", self.output)] {
            if count > TOKENS_MAX {
                return invalid(format!("`{name}` must be at most {TOKENS_MAX}."));
            }
        }
        if self
            .extra
            .as_ref()
            .is_some_and(|extra| extra.len() > EXTRA_BYTES_MAX)
        {
            return invalid(format!(
                "`extra` must have at most {EXTRA_BYTES_MAX} bytes."
            ));
        }
        Ok(())
    }

    fn priced(
        &self,
        catalog: Option<&Catalog>,
        identifier: Box<str>,
        now: Timestamp,
    ) -> Result<OwnFact, Refusal> {
        let price = catalog
            .and_then(|catalog| catalog.token_price(&self.provider, &self.model, &self.checkpoint));
        let Some(price) = price else {
            return invalid(format!(
                "`model`: the catalogue has no price for {} of {} at {}.",
                self.model, self.provider, self.checkpoint
            ));
        };
        let too_much = || Refusal::Invalid("`model`: so many tokens cost too much.".to_owned());
        let (input_cost, output_cost, credits) = self.cost(price).ok_or_else(too_much)?;
        Ok(OwnFact::UsageCounted(UsageCounted {
            id: ids::fresh(Prefix::Usage, now),
            identifier,
            meter_id: price.meter.as_str().into(),
            amount: credits,
            checkpoint: self.checkpoint.clone(),
            tokens: Some(Tokens {
                provider: self.provider.clone(),
                model: self.model.clone(),
                input: self.input,
                output: self.output,
                input_cost,
                output_cost,
                session_id: self.session_id.clone(),
                extra: self.extra.clone(),
            }),
        }))
    }

    /// What input and output cost, and the credits for both: exact to [`AMOUNT_PLACES`].
    fn cost(&self, price: &TokenPrice) -> Option<(Decimal, Decimal, Decimal)> {
        let of = |count: u64, per_1k: Decimal| {
            let cost = Decimal::from(count).checked_mul(per_1k)?;
            Some(cost.checked_div(Decimal::from(TOKENS_PRICED))?.normalize())
        };
        let input = of(self.input, price.input_per_1k)?;
        let output = of(self.output, price.output_per_1k)?;
        let credits = input
            .checked_add(output)?
            .checked_mul(price.credits_per_unit)?;
        let credits = credits.round_dp(AMOUNT_PLACES).normalize();
        Amount::is_exact(credits).then_some((input, output, credits))
    }
}
