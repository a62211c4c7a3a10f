//! Who pays at a checkout: a customer that there is, or one that is made with it. Knows nothing of
//! what is sold.

use super::super::commands::Refusal;
use super::super::customers::wanted_identifier;
use super::super::{Again, Ledger, NewCustomer};
use crate::domain::own::CustomerCreated;
use crate::domain::state::{CustomersSearched, Numbered, State};
use crate::domain::time::Timestamp;

/// Customers looked at whose e-mail address, name or identifier contains an address. Of so many it
/// is not clear any more who is meant.
const NAMESAKES_MAX: usize = 100;

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
pub(super) enum Found {
    /// The customer of that identifier.
    There(String),
    /// The same, who is made where there is none by then.
    Made(Box<NewCustomer>),
}

impl Ledger {
    /// Finds out who is meant.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`], or [`Refusal::Invalid`] that names `customer_identifier` or
    /// `email`.
    pub(super) fn payer(&self, payer: &Payer) -> Result<Found, Refusal> {
        let made = |identifier: &str, email: &Option<String>| {
            let new = NewCustomer {
                identifier: identifier.into(),
                email: email.as_deref().map(Into::into),
                again: Again::Refused,
                ..NewCustomer::default()
            };
            new.check()?;
            Ok(Found::Made(Box::new(new)))
        };
        match payer {
            Payer::Known(id) => {
                let state = self.state.read();
                Ok(Found::There(wanted_identifier(&state, id)?.to_owned()))
            }
            Payer::Identified { identifier, email } => {
                let is_there = self.state.read().has_customer(identifier);
                if is_there {
                    return self.payer(&Payer::Known(identifier.clone()));
                }
                made(identifier, email)
            }
            Payer::ByEmail(email) => {
                if let Some(held) = email.as_deref().and_then(|email| self.mailed(email)) {
                    return Ok(Found::There(held));
                }
                let drawn: [u8; 16] = rand::random();
                made(&hex::encode(drawn), email)
            }
        }
    }

    /// The merchant's identifier of the only customer of that e-mail address, in any case.
    fn mailed(&self, email: &str) -> Option<String> {
        let searched = CustomersSearched {
            search: Some(email.to_owned()),
            ..CustomersSearched::default()
        };
        let all = Numbered {
            page: 1,
            size: NAMESAKES_MAX,
        };
        let namesakes = self.customers_numbered(&searched, all).value?;
        let lower = email.to_lowercase();
        let mut meant = namesakes.items.into_iter().filter_map(|record| {
            let customer = record.customer;
            let held = customer.email.as_deref().map(str::to_lowercase);
            let is_meant = held.as_ref() == Some(&lower);
            customer.name.customer_identifier.filter(|_| is_meant)
        });
        let one = meant.next()?;
        meant.next().is_none().then(|| one.into())
    }
}

impl Found {
    /// The merchant's own identifier.
    pub(super) fn identifier(&self) -> &str {
        match self {
            Self::There(identifier) => identifier,
            Self::Made(new) => &new.identifier,
        }
    }

    /// The customer that has to be made; `None` where there is one.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`] where there is none (any more) and none is to be made.
    pub(super) fn made(
        &self,
        state: &State,
        now: Timestamp,
    ) -> Result<Option<CustomerCreated>, Refusal> {
        let new = match self {
            Self::Made(new) if !state.has_customer(&new.identifier) => new,
            Self::Made(_) | Self::There(_) => {
                wanted_identifier(state, self.identifier())?;
                return Ok(None);
            }
        };
        new.decide(state, now).map(Some)
    }
}
