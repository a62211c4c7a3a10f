//! The catalogue checked as a whole: sizes, ids that are unique, and references that exist. Knows
//! the domain's types; never where the catalogue was written.

use domain::{Addon, Catalog, Country, Feature, Meter, TokenPrice};

use super::error::Problem;
use crate::domain::catalog as domain;

mod plan;
mod shape;
#[cfg(test)]
mod tests;

use shape::{Entry, Seen};

/// Entries of one kind. The catalogue is read by people, and every entry is in memory and compared
/// with the others at start.
const MAX_ENTRIES: usize = 1_000;
/// A changed catalogue is an event, and no event's body is larger.
const MAX_CATALOG_BYTES: usize = 256 * 1024;

/// Checks the whole catalogue.
///
/// # Errors
/// The first complaint, naming the entry.
pub(super) fn check(catalog: &Catalog) -> Result<(), Problem> {
    for (list, length) in [
        ("companies", catalog.companies.len()),
        ("countries", catalog.countries.len()),
        ("features", catalog.features.len()),
        ("meters", catalog.meters.len()),
        ("plans", catalog.plans.len()),
        ("addons", catalog.addons.len()),
        ("token_prices", catalog.token_prices.len()),
    ] {
        if length > MAX_ENTRIES {
            let message = format!("[[catalog.{list}]] has more than {MAX_ENTRIES} entries");
            return Err(Problem::new(format!("catalog.{list}"), message));
        }
    }
    let written = serde_json::to_vec(catalog).map_or(usize::MAX, |bytes| bytes.len());
    if written > MAX_CATALOG_BYTES {
        let message = format!("[catalog] is larger than {MAX_CATALOG_BYTES} bytes as JSON");
        return Err(Problem::new("catalog", message));
    }
    Checker::of(catalog)?.check()
}

/// The catalogue, with the ids that its entries may refer to.
struct Checker<'a> {
    catalog: &'a Catalog,
    countries: Seen<'a>,
    features: Seen<'a>,
    meters: Seen<'a>,
    plans: Seen<'a>,
}

impl<'a> Checker<'a> {
    /// Checks and collects the ids.
    fn of(catalog: &'a Catalog) -> Result<Self, Problem> {
        let mut checker = Self {
            catalog,
            countries: Seen::default(),
            features: Seen::default(),
            meters: Seen::default(),
            plans: Seen::default(),
        };
        let mut companies = Seen::default();
        for (at, company) in catalog.companies.iter().enumerate() {
            let entry = Entry::new("companies", at, &company.id);
            entry.id(&company.id, "COM-", &mut companies)?;
            entry.label("name", &company.name)?;
        }
        for (at, Country { id, .. }) in catalog.countries.iter().enumerate() {
            Entry::new("countries", at, id).id(id, "CON-", &mut checker.countries)?;
        }
        for (at, Feature { id, name, .. }) in catalog.features.iter().enumerate() {
            let entry = Entry::new("features", at, id);
            entry.word("id", id)?;
            entry.unique("id", id, &mut checker.features)?;
            entry.label("name", name)?;
        }
        for (at, Meter { id, .. }) in catalog.meters.iter().enumerate() {
            Entry::new("meters", at, id).id(id, "MTR-", &mut checker.meters)?;
        }
        for (at, plan) in catalog.plans.iter().enumerate() {
            Entry::new("plans", at, &plan.id).id(&plan.id, "PLV-", &mut checker.plans)?;
        }
        Ok(checker)
    }

    /// Checks everything but the ids.
    fn check(&self) -> Result<(), Problem> {
        for (at, country) in self.catalog.countries.iter().enumerate() {
            let entry = Entry::new("countries", at, &country.id);
            let letters = country.code.as_bytes();
            if letters.len() != 2 || !letters.iter().all(u8::is_ascii_uppercase) {
                return Err(entry.refuse("code", "must be two upper-case letters, such as IN"));
            }
            entry.currency("currency", &country.currency)?;
        }
        for (at, meter) in self.catalog.meters.iter().enumerate() {
            let entry = Entry::new("meters", at, &meter.id);
            entry.label("unit", &meter.unit)?;
            if let Some(feature) = &meter.feature {
                entry.refers("feature", feature, &self.features, "[[catalog.features]]")?;
            }
        }
        self.check_plans()?;
        self.check_addons()?;
        self.check_token_prices()
    }

    fn check_addons(&self) -> Result<(), Problem> {
        let (mut ids, mut versions) = (Seen::default(), Seen::default());
        for (at, addon) in self.catalog.addons.iter().enumerate() {
            let Addon {
                id,
                version_id,
                name,
                amount_minor,
                currency,
                plans,
            } = addon;
            let entry = Entry::new("addons", at, id);
            entry.id(id, "ADO-", &mut ids)?;
            entry.prefixed("version_id", version_id, "ADV-")?;
            entry.unique("version_id", version_id, &mut versions)?;
            entry.label("name", name)?;
            entry.amount("amount_minor", *amount_minor)?;
            entry.currency("currency", currency)?;
            for plan in plans {
                entry.refers("plans", plan, &self.plans, "[[catalog.plans]]")?;
            }
        }
        Ok(())
    }

    fn check_token_prices(&self) -> Result<(), Problem> {
        let mut seen = std::collections::BTreeSet::new();
        for (at, price) in self.catalog.token_prices.iter().enumerate() {
            let TokenPrice {
                provider,
                model,
                checkpoint,
                meter,
                ..
            } = price;
            let entry = Entry::new("token_prices", at, model);
            entry.word("provider", provider)?;
            entry.word("model", model)?;
            if let Some(checkpoint) = checkpoint {
                entry.word("checkpoint", checkpoint)?;
            }
            for (key, value) in [
                ("input_per_1k", price.input_per_1k),
                ("output_per_1k", price.output_per_1k),
                ("credits_per_unit", price.credits_per_unit),
            ] {
                if value.is_sign_negative() && !value.is_zero() {
                    return Err(entry.refuse(key, "must not be negative"));
                }
            }
            entry.refers("meter", meter, &self.meters, "[[catalog.meters]]")?;
            if !seen.insert((provider, model, checkpoint)) {
                return Err(entry.refuse("model", "has this provider and checkpoint twice"));
            }
        }
        Ok(())
    }
}
