//! What an auditor asks: work that goes through much of the log while the ledger serves. It knows
//! nothing of HTTP, and writes nothing into the log.

mod job;
mod report;
mod verify;

pub(super) use self::job::Desk;
pub use self::job::{Audit, AuditRunning, Ended, Job};
pub use self::report::{Checked, CheckpointReport, Damaged, Report, Signatures};
pub use self::verify::{Verification, VerifyError};
