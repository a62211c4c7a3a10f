//! Who pays at a checkout: a customer that there is, or one that is made with it. Knows nothing of
//! what is sold.

use super::super::Ledger;
use super::super::commands::Refusal;
use super::super::customers::{check_email, check_identifier, invalid};
use super::super::ids;
use crate::domain::id::Prefix;
use crate::domain::own::CustomerCreated;
use crate::domain::state::{CustomerFilter, State};
use crate::domain::time::Timestamp;

/// Customers looked at whose e-mail address, name or identifier contains an address. Of so many it
/// is not clear any more who is meant.
const NAMESAKES_MAX: usize = 200;

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// A customer that there is, by any id.
    Known(String),
    /// The customer of that id, who is made with that e-mail address where there is none.
    Identified {
        /// The merchant's own identifier.
        identifier: String,
        /// E-mail address.
        email: Option<String>,
    },
    /// The only customer of that e-mail address; where there is none, or more than one, a new one.
    ByEmail(Option<String>),
}

impl From<&str> for Payer {
    fn from(id: &str) -> Self {
        Self::Known(id.to_owned())
    }
}

impl From<String> for Payer {
    fn from(id: String) -> Self {
        Self::Known(id)
    }
}

/// Who pays, as it was found out before anything is decided.
pub(super) struct Found {
    /// The merchant's own identifier.
    pub(super) identifier: String,
    /// What the customer is made with, where there is none by then.
    makes: Option<Person>,
}

struct Person {
    email: Option<String>,
}

impl Ledger {
    /// Finds out who is meant.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`], or [`Refusal::Invalid`] that names `customer` or `email`.
    pub(super) fn payer(&self, payer: &Payer) -> Result<Found, Refusal> {
        match payer {
            Payer::Known(id) => {
                let state = self.state.read();
                let identifier = state.identifier_of(id).ok_or(Refusal::NoSuchCustomer)?;
                Ok(Found {
                    identifier: identifier.to_owned(),
                    makes: None,
                })
            }
            Payer::Identified { identifier, email } => {
                check_identifier("customer", identifier)?;
                check_mailed(email.as_deref())?;
                let held = self.state.read().identifier_of(identifier).map(Into::into);
                Ok(Found {
                    identifier: held.unwrap_or_else(|| identifier.clone()),
                    makes: Some(Person {
                        email: email.clone(),
                    }),
                })
            }
            Payer::ByEmail(email) => {
                check_mailed(email.as_deref())?;
                let held = email.as_deref().and_then(|email| self.mailed(email));
                let once: [u8; 16] = rand::random();
                Ok(Found {
                    identifier: held.unwrap_or_else(|| hex::encode(once)),
                    makes: Some(Person {
                        email: email.clone(),
                    }),
                })
            }
        }
    }

    /// The merchant's identifier of the only customer of that e-mail address, in any case.
    fn mailed(&self, email: &str) -> Option<String> {
        let filter = CustomerFilter {
            q: Some(email.to_owned()),
            ..CustomerFilter::default()
        };
        let namesakes = self.customers(&filter, None, NAMESAKES_MAX).value;
        let lower = email.to_lowercase();
        let is_meant = |held: &str| held.to_lowercase() == lower;
        let mut meant = namesakes.data.into_iter().filter_map(|customer| {
            let identifier = customer.name.customer_identifier?;
            let is_meant = customer.email.as_deref().is_some_and(is_meant);
            is_meant.then(|| identifier.into())
        });
        let one = meant.next()?;
        meant.next().is_none().then_some(one)
    }
}

fn check_mailed(email: Option<&str>) -> Result<(), Refusal> {
    email.map_or(Ok(()), |email| check_email("email", email))
}

impl Found {
    /// The customer that has to be made; `None` where there is one.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`] where there is none and none is to be made, or it was archived;
    /// [`Refusal::Invalid`] where the identifier is another's id.
    pub(super) fn made(
        &self,
        state: &State,
        now: Timestamp,
    ) -> Result<Option<CustomerCreated>, Refusal> {
        let id = self.identifier.as_str();
        if state.identifier_of(id).is_some() {
            return Ok(None);
        }
        let person = self.makes.as_ref().ok_or(Refusal::NoSuchCustomer)?;
        if state.has_customer(id) {
            return invalid("`customer`: this is an id of another customer; take another.");
        }
        Ok(Some(CustomerCreated {
            id: ids::fresh(state, Prefix::Customer, now),
            identifier: id.into(),
            email: person.email.as_deref().map(Into::into),
            first_name: None,
            last_name: None,
            phone: None,
            address: None,
            company_id: None,
            country_id: None,
            metadata: None,
            subscription: None,
        }))
    }
}
