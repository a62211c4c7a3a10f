//! The newest catalogue as a whole, with when it came into force, and what plans were called that
//! have left it. Knows no surface.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::past::settings_of;
use super::{Ledger, ReadError, Shown};
use crate::domain::catalog::Catalog;
use crate::domain::event::SettingsFact;
use crate::domain::time::Timestamp;

/// What each plan of the catalogues before the newest was called last, by its id.
pub(super) type PlanWords = BTreeMap<String, String>;

/// See the module.
#[derive(Debug, Clone)]
pub struct Catalogue {
    settings: Option<Arc<SettingsFact>>,
    plan_words: Arc<PlanWords>,
    /// Since when it is in force; the beginning of time where there never was one.
    pub changed_at: Timestamp,
    /// Since when there is one.
    pub first_at: Timestamp,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl Catalogue {
    /// What it says; `None` where there is none.
    #[must_use]
    pub fn catalog(&self) -> Option<&Catalog> {
        self.settings.as_ref().map(|settings| &settings.catalog)
    }

    /// The merchant's word for the plan of that id (`PLV-…`), also where it has left the catalogue.
    #[must_use]
    pub fn plan_word(&self, id: &str) -> Option<&str> {
        let held = self.catalog().and_then(|catalog| catalog.plan(id));
        let held = held.map(|plan| &plan.identifier);
        held.or_else(|| self.plan_words.get(id)).map(String::as_str)
    }
}

impl Ledger {
    /// The newest catalogue. It is not copied.
    #[must_use]
    pub fn catalogue(&self) -> Shown<Catalogue> {
        self.ask(|state, as_of| {
            let told = state.all_settings();
            let times = || told.iter().map(|told| told.occurred_at);
            Catalogue {
                settings: state.settings().map(Arc::clone),
                plan_words: Arc::clone(&self.plan_words),
                changed_at: times().max().unwrap_or_default(),
                first_at: times().min().unwrap_or_default(),
                asked_at: as_of.now,
            }
        })
    }

    /// The company of the catalogue (`COM-…`) that a customer is one of, by any id.
    #[must_use]
    pub fn company_of(&self, customer: &str) -> Option<Box<str>> {
        self.state.read().company_of(customer)
    }

    /// Reads what plans were called out of the settings that the log holds. These change at a start
    /// alone.
    pub(super) fn read_plan_words(&self) -> Result<PlanWords, ReadError> {
        let mut told = self.state.read().all_settings().to_vec();
        told.sort_by_key(|told| (told.occurred_at, told.seq));
        // The newest is held in the state: a log whose catalogue never changed is not read.
        told.pop();
        let mut words = PlanWords::new();
        for told in told {
            for event in self.hear(&[told.seq])? {
                let plans = settings_of(&event).into_iter();
                let plans = plans.flat_map(|settings| &settings.catalog.plans);
                words.extend(plans.map(|plan| (plan.id.clone(), plan.identifier.clone())));
            }
        }
        Ok(words)
    }
}
