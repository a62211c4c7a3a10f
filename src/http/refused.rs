//! What the ledger refuses, as problems. It knows no status and no words of any surface.

use super::error::{IDEMPOTENCY_KEY, Problem};
use crate::ledger::audit::NotBegun;
use crate::ledger::{AuditRunning, CommandError, IngestError, PastError, ReadError, Refusal};

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::InvalidSignature => Self::InvalidSignature,
            IngestError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Mismatch => Self::IdempotencyMismatch(IDEMPOTENCY_KEY),
            CommandError::Unavailable(why) => Self::Unavailable(why),
            CommandError::Refused(Refusal::NoSuchKey) => Self::NotFound("key"),
            CommandError::Refused(Refusal::NoSuchCompany) => Self::NotFound("company"),
            CommandError::Refused(Refusal::NoSuchCountry) => Self::NotFound("country"),
            CommandError::Refused(Refusal::NoSuchCustomer) => Self::NotFound("customer"),
            CommandError::Refused(Refusal::NoSuchSubscription) => Self::NotFound("subscription"),
            CommandError::Refused(Refusal::NoSuchCheckout) => Self::NotFound("checkout"),
            CommandError::Refused(Refusal::NoSuchFeature) => Self::NotFound("feature"),
            CommandError::Refused(Refusal::BelowZero) => {
                Self::InvalidBody("Usage cannot go below zero.".to_owned())
            }
            CommandError::Refused(Refusal::CustomerExists) => Self::InvalidBody(
                "There is a customer of this `customer_identifier` already.".to_owned(),
            ),
            CommandError::Refused(Refusal::Invalid(why)) => Self::InvalidBody(why),
            CommandError::Refused(
                refusal @ (Refusal::NothingChanges | Refusal::TooLarge | Refusal::CheckoutIs(_)),
            ) => Self::Internal(refusal.to_string()),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(why) => Self::Unavailable(why),
            ReadError::Damaged(why) => Self::Internal(why),
        }
    }
}

impl From<PastError> for Problem {
    fn from(error: PastError) -> Self {
        match error {
            PastError::Read(error) => error.into(),
            PastError::BeyondTheLog { .. } => Self::InvalidParameter(format!(
                "`known_at` names an event that there is not. {error}"
            )),
            PastError::Unknown(what) => Self::NotFound(what),
            PastError::NotYet(why) => Self::NotYet(why),
        }
    }
}

impl From<AuditRunning> for Problem {
    fn from(running: AuditRunning) -> Self {
        Self::AuditRunning(running.to_string())
    }
}

impl From<NotBegun> for Problem {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::Checkpoint(..) => Self::InvalidBody(format!("{error}.")),
            NotBegun::Unavailable(why) => Self::Unavailable(why),
        }
    }
}
