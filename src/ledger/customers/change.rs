//! Changing customers and archiving them. Knows no reason for either.

use super::checks::{check_email, check_lines, check_metadata, check_place};
use super::{customer_conflict, wanted_identifier};
use crate::domain::customer::Address;
use crate::domain::own::{CustomerArchived, CustomerUpdated, OwnFact};
use crate::domain::state::State;
use crate::domain::status::Status;
use crate::ledger::Ledger;
use crate::ledger::commands::{CommandError, Refusal, Request, invalid};

/// While a subscription stands so, its customer is not archived.
const HELD: [Status; 5] = [
    Status::Active,
    Status::Trialing,
    Status::PastDue,
    Status::OnHold,
    Status::Paused,
];

/// What shall be known of a customer from now on. What is absent stays as it is; an empty text or
/// an empty address clears it. An address and what the merchant notes are replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerChange {
    /// The customer, by any id.
    pub customer: Box<str>,
    /// E-mail address.
    pub email: Option<Box<str>>,
    /// Given name and family name.
    pub name: Option<(Box<str>, Box<str>)>,
    /// Where it is.
    pub address: Option<Address>,
    /// What the merchant notes of it: a JSON object, as text.
    pub metadata: Option<Box<str>>,
}

impl CustomerChange {
    fn check(&self) -> Result<(), Refusal> {
        fn told(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        check_email(self.email.as_deref().and_then(told))?;
        let name = self.name.as_ref();
        check_lines([
            ("first_name", name.and_then(|(first, _)| told(first))),
            ("last_name", name.and_then(|(_, last)| told(last))),
        ])?;
        check_metadata(self.metadata.as_deref())?;
        self.address.as_ref().map_or(Ok(()), check_place)
    }

    fn changes_nothing(&self) -> bool {
        *self
            == Self {
                customer: self.customer.clone(),
                ..Self::default()
            }
    }
}

impl Ledger {
    /// Notes anew what is known of a customer. Answers the event's sequence number; where nothing
    /// is to be changed, records nothing and answers the last one.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong; [`Refusal::NoSuchCustomer`], also for
    /// one that is archived.
    pub async fn update_customer(
        &self,
        change: CustomerChange,
        request: &Request,
    ) -> Result<u64, CommandError> {
        change.check()?;
        if change.changes_nothing() {
            let state = self.state.read();
            wanted_identifier(&state, &change.customer)?;
            return Ok(state.counts().last_seq);
        }
        let conflicts = vec![self.conflict_of(&change.customer)];
        let decide = move |state: &State, _| {
            let identifier = wanted_identifier(state, &change.customer)?;
            let name = change.name.clone().unzip();
            Ok(OwnFact::CustomerUpdated(CustomerUpdated {
                identifier: identifier.into(),
                email: change.email.clone(),
                first_name: name.0,
                last_name: name.1,
                address: change.address.clone(),
                metadata: change.metadata.clone(),
            }))
        };
        self.tell(request, conflicts, decide).await
    }

    /// Archives a customer: it keeps all it has and its identifier, and nothing is asked for it any
    /// more. Answers the event's sequence number.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] while it has a subscription that is active, on trial, past due, on hold
    /// or paused, or a payment may still come by a checkout; [`Refusal::NoSuchCustomer`], also for
    /// one that is archived already.
    pub async fn archive_customer(
        &self,
        customer: &str,
        request: &Request,
    ) -> Result<u64, CommandError> {
        let conflicts = vec![self.conflict_of(customer)];
        let customer: Box<str> = customer.into();
        let decide = move |state: &State, _| {
            let identifier = wanted_identifier(state, &customer)?;
            if state.holds_any(identifier, &HELD) {
                return Err(invalid(
                    "A customer with a subscription that is active, on trial or past due cannot be \
                     archived; cancel the subscription first.",
                ));
            }
            if state.is_being_paid(identifier) {
                return Err(invalid(
                    "A customer with a checkout that is being paid cannot be archived; wait until \
                     it is paid, has failed or has expired.",
                ));
            }
            let identifier = identifier.into();
            Ok(OwnFact::CustomerArchived(CustomerArchived { identifier }))
        };
        self.tell(request, conflicts, decide).await
    }

    /// What commands about one customer have in common, whatever they call it. Whether there is one
    /// is decided later: a repetition of what archived it gets the first answer.
    fn conflict_of(&self, customer: &str) -> String {
        let state = self.state.read();
        customer_conflict(state.identifier_of(customer).unwrap_or(customer))
    }
}
