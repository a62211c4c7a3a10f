//! Where a request of this surface is made: its company and country, which the catalogue has, and
//! its customer, who is that company's. It knows no family of paths.

use serde::Deserialize;

use crate::http::Shared;
use crate::http::error::Problem;

/// The names in a path. The older checkpoint path has no country, some have no customer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Place {
    pub(super) company_id: String,
    pub(super) country_id: Option<String>,
    #[serde(rename = "customerIdentifier")]
    customer: Option<String>,
}

impl Place {
    /// Refuses a company or a country that the catalogue does not have.
    pub(super) fn check(&self, shared: &Shared) -> Result<(), Problem> {
        let (has_company, has_country) = shared.ledger.in_catalogue(|catalog| {
            let country = self.country_id.as_deref();
            (
                catalog.company(&self.company_id).is_some(),
                country.is_none_or(|id| catalog.country(id).is_some()),
            )
        });
        if !has_company {
            return Err(Problem::NotFound("company"));
        }
        if !has_country {
            return Err(Problem::NotFound("country"));
        }
        Ok(())
    }

    /// The customer of the path: by an id, or by an e-mail address; it may be another company's.
    pub(super) fn customer(&self) -> &str {
        self.customer.as_deref().unwrap_or_default()
    }

    /// The identifier of a customer of this company, by any id or its e-mail address.
    pub(super) fn identifier_of(&self, shared: &Shared, customer: &str) -> Result<String, Problem> {
        let found = shared.ledger.identifier_at(&self.company_id, customer);
        found.ok_or(Problem::NotFound("customer"))
    }
}
