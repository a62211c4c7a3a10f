//! What an auditor asks: signed heads of the log, proofs about its records, and work that goes
//! through much of it while the ledger serves. It knows nothing of HTTP, and nothing here changes
//! the log.

mod checkpoints;
mod erasures;
mod export;
mod job;
mod proofs;
mod replay;
mod report;
mod signer;
mod verify;

pub use checkpoints::{
    CHECKPOINTS_FOLDER, Kept, given_up_checkpoints, is_continued, kept_checkpoints,
};
pub use erasures::Erasures;
pub use export::{LogExport, NotExported, open_note};
pub use job::{Audit, AuditRunning, Ended, Job};
pub use proofs::{Consistency, Inclusion, OutOfRange};
pub use replay::{
    FieldDifference, Folded, Replay, ReplayError, ReplayOf, Replayed, Step, Until,
    fields_that_differ,
};
pub use report::{Checked, CheckpointReport, Damaged, Report, Signatures};
pub use signer::{CHECKPOINT_KEY_FILE, KeyError, Origin, Signer};
pub use verify::{
    KeptHeads, NotBegun, Signers, Verification, VerifyError, head_of, kept_heads, verify_export,
};

pub(super) use checkpoints::Checkpoints;
pub(super) use job::{Desk, let_others_go_first};
