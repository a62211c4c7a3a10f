//! Who pays at a checkout: a customer that there is, or one that is made with it. Knows nothing of
//! what is sold.

use super::super::commands::Refusal;
use super::super::customers::{customer_conflict, wanted_identifier};
use super::super::{Again, Ledger, NewCustomer};
use crate::domain::own::CustomerCreated;
use crate::domain::state::State;
use crate::domain::time::Timestamp;

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
    /// The same, who is made where there is none by then; where an e-mail address alone was given,
    /// unless somebody has that by then.
    Made {
        new: Box<NewCustomer>,
        by_email: bool,
    },
}

impl Ledger {
    /// Finds out who is meant.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] that names `customer_identifier` or `email`.
    pub(super) fn payer(&self, payer: &Payer) -> Result<Found, Refusal> {
        let (identifier, email) = match payer {
            Payer::Known(id) => return Ok(self.known(id)),
            Payer::Identified { identifier, .. } if self.state.read().has_customer(identifier) => {
                return Ok(self.known(identifier));
            }
            Payer::Identified { identifier, email } => (identifier.clone(), email),
            Payer::ByEmail(email) => {
                let state = self.state.read();
                let held = email.as_deref();
                if let Some(held) = held.and_then(|email| state.identifier_with_email(email)) {
                    return Ok(Found::There(held.to_owned()));
                }
                let drawn: [u8; 16] = rand::random();
                (hex::encode(drawn), email)
            }
        };
        let new = NewCustomer {
            identifier: identifier.into(),
            email: email.as_deref().map(Into::into),
            again: Again::Refused,
            ..NewCustomer::default()
        };
        new.check()?;
        Ok(Found::Made {
            new: Box::new(new),
            by_email: matches!(payer, Payer::ByEmail(_)),
        })
    }

    /// One that is not there (any more) is refused when it is decided: a repetition is not.
    fn known(&self, id: &str) -> Found {
        let state = self.state.read();
        Found::There(state.identifier_of(id).unwrap_or(id).to_owned())
    }
}

impl Found {
    /// What has to be decided one after the other with it.
    pub(super) fn conflicts(&self) -> Vec<String> {
        match self {
            Self::There(identifier) => vec![customer_conflict(identifier)],
            Self::Made { new, .. } => {
                let email = new.email.as_deref().map(str::to_lowercase);
                let email = email.map(|email| format!("e-mail {email}"));
                [customer_conflict(&new.identifier)]
                    .into_iter()
                    .chain(email)
                    .collect()
            }
        }
    }

    /// The merchant's own identifier, and the customer that has to be made; `None` where there is
    /// one.
    ///
    /// # Errors
    /// [`Refusal::NoSuchCustomer`] where there is none (any more) and none is to be made.
    pub(super) fn settle(
        &self,
        state: &State,
        now: Timestamp,
    ) -> Result<(Box<str>, Option<CustomerCreated>), Refusal> {
        let (new, by_email) = match self {
            Self::There(identifier) => {
                return Ok((wanted_identifier(state, identifier)?.into(), None));
            }
            Self::Made { new, by_email } => (new, *by_email),
        };
        let email = new.email.as_deref().filter(|_| by_email);
        if let Some(held) = email.and_then(|email| state.identifier_with_email(email)) {
            return Ok((held.into(), None));
        }
        if state.has_customer(&new.identifier) {
            return Ok((wanted_identifier(state, &new.identifier)?.into(), None));
        }
        let made = new.decide(state, now)?;
        Ok((made.identifier.clone(), Some(made)))
    }
}
