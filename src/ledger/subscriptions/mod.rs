//! The commands about subscriptions: have one without a payment, change its plan, cancel it, set when
//! it ends; and how they are read in full. What follows from them is the fold's; what a gateway has
//! to be told is its desk's.

mod cancel;
mod change;
mod had;
mod list;

pub use cancel::{Cancel, Cancelling};
pub use change::{PlanChange, TrialEnd};
pub use had::NewSubscription;
pub(super) use had::{checked, country_of, no_price};

use super::Ledger;
use super::commands::{CommandError, Refusal};
use super::customers::customer_conflict;
use crate::domain::standing::SubscriptionStanding;
use crate::domain::state::State;
use crate::domain::status::Status;

impl Ledger {
    fn or_as_it_was(&self, told: Result<u64, CommandError>) -> Result<u64, CommandError> {
        match told {
            Err(CommandError::Refused(Refusal::NothingChanges)) => Ok(self.last_seq()),
            told => told,
        }
    }
}

/// Which subscription is meant, and whose it has to be.
#[derive(Debug, Clone)]
struct About {
    /// `None`: whosever it is.
    customer: Option<String>,
    subscription: String,
}

impl About {
    fn standing(&self, state: &State) -> Result<SubscriptionStanding, Refusal> {
        let identifier = match &self.customer {
            Some(customer) => {
                let identifier = state.identifier_of(customer);
                Some(identifier.ok_or(Refusal::NoSuchCustomer)?)
            }
            None => None,
        };
        let held = state.standing_of(&self.subscription);
        let is_theirs = |held: &SubscriptionStanding| {
            identifier.is_none() || held.identifier.as_deref() == identifier
        };
        held.filter(is_theirs).ok_or(Refusal::NoSuchSubscription)
    }

    /// A checkout that is opened for the customer meanwhile would be for what is decided about here.
    fn conflicts(&self, state: &State) -> Result<Vec<String>, Refusal> {
        let held = self.standing(state)?;
        let identifier = held.identifier.as_deref().unwrap_or_default();
        Ok(vec![customer_conflict(identifier), held.id])
    }
}

/// Whoever charges goes on charging, whatever is said here.
fn charged_elsewhere(held: &SubscriptionStanding, what: &str) -> Refusal {
    let provider = held.provider;
    Refusal::Invalid(format!(
        "The subscription is charged by {provider}; {what} there."
    ))
}

fn is_over(held: &SubscriptionStanding) -> bool {
    held.ended || held.status == Status::Superseded
}

fn refuse_over(held: &SubscriptionStanding) -> Result<(), Refusal> {
    if !is_over(held) {
        return Ok(());
    }
    let status = held.status.as_str();
    Err(Refusal::Invalid(format!(
        "The subscription is {status} already."
    )))
}
