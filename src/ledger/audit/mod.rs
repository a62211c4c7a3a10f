//! What an auditor asks: signed heads of the log, and proofs about its records. Nothing here
//! changes the log.

mod checkpoints;
mod erasures;
mod export;
mod proofs;
mod signer;

pub use checkpoints::{CHECKPOINTS_FOLDER, Kept, kept_checkpoints};
pub use erasures::Erasures;
pub use export::open_note;
pub use proofs::{Consistency, Inclusion, OutOfRange};
pub use signer::{CHECKPOINT_KEY_FILE, KeyError, Origin, Signer};

pub(super) use checkpoints::Checkpoints;
