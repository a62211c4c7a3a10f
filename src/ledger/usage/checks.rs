//! What a request about meters must be before anything of it is recorded: all of it, or nothing.
//! Knows the catalogue's meters, and no customer.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::amount::{AMOUNT_MAX, AMOUNT_PLACES, Amount, REPORTED_MAX, Step};
use crate::domain::catalog::Catalog;
use crate::domain::own::Reading;
use crate::domain::time::Timestamp;
use crate::ledger::commands::{Refusal, invalid};
use crate::ledger::limits::{ENTRIES_MAX, MOMENT_MILLIS_MIN};

/// How far a meter's clock may be ahead: the time zones of a day.
const AHEAD_DAYS_MAX: u32 = 1;

pub(super) fn check_count(what: &str, count: usize) -> Result<(), Refusal> {
    if (1..=ENTRIES_MAX).contains(&count) {
        return Ok(());
    }
    Err(invalid(format!(
        "There must be 1 to {ENTRIES_MAX} {what} in one request."
    )))
}

pub(super) fn check_amount(what: &str, amount: Decimal) -> Result<(), Refusal> {
    if Amount::is_exact(amount) {
        return Ok(());
    }
    Err(invalid(format!(
        "{what} must be a number from 0 to {AMOUNT_MAX} with at most {AMOUNT_PLACES} decimal places."
    )))
}

/// How much more was used, or less.
pub(super) fn check_step(what: &str, step: Decimal) -> Result<(), Refusal> {
    if Step::is_exact(step) {
        return Ok(());
    }
    Err(invalid(format!(
        "{what} must be a number from -{REPORTED_MAX} to {REPORTED_MAX} with at most \
         {AMOUNT_PLACES} decimal places."
    )))
}

/// When something was used.
pub(super) fn check_moment(what: &str, at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at < Timestamp::from_millis(MOMENT_MILLIS_MIN).unwrap_or_default() {
        return Err(invalid(format!(
            "{what} is before the year 2000; send milliseconds, not seconds."
        )));
    }
    if at > now.plus_days(AHEAD_DAYS_MAX) {
        return Err(invalid(format!(
            "{what} is more than {AHEAD_DAYS_MAX} day ahead."
        )));
    }
    Ok(())
}

pub(super) fn metric(catalog: &Catalog, place: usize, id: &str) -> Result<Box<str>, Refusal> {
    let found = catalog.metric(id);
    let unknown = || format!("At index {place}: `meter_id` names no meter of the catalogue.");
    found
        .map(Into::into)
        .ok_or_else(|| Refusal::Invalid(unknown()))
}

pub(super) fn checked_readings(
    catalog: &Catalog,
    readings: &[Reading],
    now: Timestamp,
) -> Result<Vec<Reading>, Refusal> {
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
        check_moment(&format!("At index {place}: `at`"), *at, now)?;
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
                return Err(invalid(format!(
                    "At index {place}: `total` is another than before for this meter and this `at`."
                )));
            }
        }
    }
    Ok(checked)
}
