//! The newest catalogue as a whole, with when it came into force. Knows no surface.

use std::sync::Arc;

use super::{Ledger, Shown};
use crate::domain::catalog::Catalog;
use crate::domain::event::SettingsFact;
use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug, Clone)]
pub struct Catalogue {
    settings: Option<Arc<SettingsFact>>,
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
}
