//! A plan's checks: its prices, the features it grants, and what only one plan may be.

use std::collections::BTreeSet;

use super::shape::{Entry, Seen};
use super::{Checker, Problem};
use crate::domain::catalog::Plan;

/// Prices or features of one plan: a price a period and country, with room to spare.
const MAX_PER_PLAN: usize = 1_000;
/// Ten years. A longer trial is most likely a number of seconds.
const MAX_TRIAL_DAYS: u32 = 3_653;

impl Checker<'_> {
    pub(super) fn check_plans(&self) -> Result<(), Problem> {
        let mut identifiers = Seen::default();
        let mut default: Option<&str> = None;
        for (at, plan) in self.catalog.plans.iter().enumerate() {
            let entry = Entry::new("plans", at, &plan.id);
            entry.word("identifier", &plan.identifier)?;
            entry.unique("identifier", &plan.identifier, &mut identifiers)?;
            entry.label("name", &plan.name)?;
            if plan.trial_days > MAX_TRIAL_DAYS {
                let message = format!("must be at most {MAX_TRIAL_DAYS} days");
                return Err(entry.refuse("trial_days", &message));
            }
            match default {
                Some(other) if plan.default => {
                    let message = format!("is set, but `{other}` is the default plan already");
                    return Err(entry.refuse("default", &message));
                }
                _ if plan.default => default = Some(&plan.id),
                _ => {}
            }
            self.check_prices(plan, &entry)?;
            self.check_features(plan, &entry)?;
        }
        Ok(())
    }

    fn check_prices(&self, plan: &Plan, entry: &Entry) -> Result<(), Problem> {
        if plan.prices.len() > MAX_PER_PLAN {
            return Err(entry.refuse("prices", &format!("has more than {MAX_PER_PLAN} entries")));
        }
        let mut seen = Vec::new();
        for (at, price) in plan.prices.iter().enumerate() {
            let entry = entry.inner("prices", at);
            entry.amount("amount_minor", price.amount_minor)?;
            entry.currency("currency", &price.currency)?;
            if let Some(country) = &price.country {
                entry.refers("country", country, &self.countries, "[[catalog.countries]]")?;
            }
            if let Some(charged_by) = &price.razorpay_plan {
                entry.word("razorpay_plan", charged_by)?;
            }
            let key = (price.period, &price.currency, &price.country);
            if seen.contains(&key) {
                return Err(entry.refuse("period", "has this currency and country twice"));
            }
            seen.push(key);
        }
        Ok(())
    }

    fn check_features(&self, plan: &Plan, entry: &Entry) -> Result<(), Problem> {
        if plan.features.len() > MAX_PER_PLAN {
            return Err(entry.refuse("features", &format!("has more than {MAX_PER_PLAN} entries")));
        }
        let mut granted = BTreeSet::new();
        for (at, grant) in plan.features.iter().enumerate() {
            let entry = entry.inner("features", at);
            entry.refers(
                "feature",
                &grant.feature,
                &self.features,
                "[[catalog.features]]",
            )?;
            if !granted.insert(&grant.feature) {
                return Err(entry.refuse("feature", &format!("names `{}` twice", grant.feature)));
            }
        }
        Ok(())
    }
}
