//! Why a log was not opened, or what its operator should know though it was: sentences that say
//! what to do. Knows no store.

use std::io;
use std::path::{Path, PathBuf};

use super::engine::Fault;
use super::witness::WitnessError;

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two writers on one store would destroy it.
    #[error("another process has the store in {} open; stop it first", .0.display())]
    Locked(PathBuf),
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The disk did not confirm what it holds.
    #[error("the disk did not sync {}: {source}; check the disk, then start again", path.display())]
    Sync {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing to inspect.
    #[error("there is no store in {}; set data_dir, or start the service once", .0.display())]
    NoStore(PathBuf),
    /// The file lost its end. It was not touched.
    #[error(
        "{} has {found} bytes and had {expected}: it was cut or replaced; restore it from a \
         backup, or go on with what is left by starting with --accept-rollback", path.display()
    )]
    Shorter {
        /// The store's file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The length its witness remembers.
        expected: u64,
    },
    /// The store is not as it was written.
    #[error(
        "the store in {} is damaged: {what}; look with `subledger verify`, and restore it from a \
         backup", path.display()
    )]
    Damaged {
        /// The store's folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a later version.
    #[error("the store has format {found} and this version knows {known}; run the newer version")]
    Newer {
        /// The store's format.
        found: u64,
        /// The newest this version reads.
        known: u32,
    },
    /// The log is not the one its witness remembers.
    #[error(
        "{0}; restore the newest backup, or go on with what is there by starting with \
         --accept-rollback"
    )]
    RolledBack(Rollback),
    /// The witness says nothing.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The engine answered a fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl OpenError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn damaged(path: &Path, what: &str) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            what: what.to_owned(),
        }
    }
}

/// A store that is not the one its witness remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store ends at {store_seq} and its witness remembers a log of {witness_seq} events that it \
     does not continue: it was rolled back or replaced"
)]
pub struct Rollback {
    /// The last seq the witness remembers.
    pub witness_seq: u64,
    /// The last seq in the store.
    pub store_seq: u64,
}

/// What did not keep the log from being opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A rollback up to now would not have been noticed.
    #[error("the witness {} is missing: a rollback up to now would go unnoticed", .0.display())]
    WitnessMissing(PathBuf),
    /// Only where it was asked for, or when inspecting.
    #[error(transparent)]
    RolledBack(Rollback),
    /// Only when inspecting.
    #[error("the newest records are damaged: {0}")]
    NewestDamaged(String),
}
