//! The log: events in, durable and in order, each once, and provably unchanged ever since. Knows
//! the domain's times and evidence; never HTTP, providers, or what an event means.
//!
//! ```text
//! draft, identity     one event, hashed on the thread that received it
//! writer              the only thread that appends: batches, duplicates, numbers, folds, answers
//! record, page        what is stored, byte for byte
//! merkle, witness     what proves that it still is
//! proof, tiles        what proves it to others: RFC 6962, from nodes kept beside the log
//! engine              where pages are kept: sled, or memory
//! open, reader, verify    start-up, reading, the full check
//! export, import      the log as text, and back
//! ```

mod draft;
pub mod engine;
pub mod export;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod forge;
mod identities;
mod identity;
mod import;
pub mod merkle;
mod open;
mod open_error;
pub mod page;
pub mod proof;
mod reader;
mod record;
mod tiles;
mod verify;
mod witness;
mod writer;

pub use draft::{Draft, Event, MAX_RECORD_BYTES, TooLarge};
pub use engine::{Engine, Fault, Tail, free_bytes};
pub use identities::{Identities, Lookup, OutOfOrder};
pub use identity::{Content, Identity};
pub use import::{ImportError, Importer, Published, Staging};
pub use open::{EngineKind, Head, OpenOptions, Opened, Purpose, open};
pub use open_error::{OpenError, Rollback, Warning};
pub use reader::{Log, Records};
pub use record::{Flags, Record, RecordDamage};
pub use tiles::{Place, Tree, TreeError, peaks_at, tiles_in};
pub use verify::{Damage, Finding, KnownHead, Standing, Verdict, Walk};
pub use witness::{Witness, WitnessError};
pub use writer::{
    Answer, COMMIT_AGE_MAX, Command, CommandAnswer, Committed, Counters, Decision, Fold, Handle,
    Health, MAX_QUEUED, MAX_QUEUED_BYTES, Outcome, Receipt, Running, StartError, Started, State,
    Unavailable, start,
};
