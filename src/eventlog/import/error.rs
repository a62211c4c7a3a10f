//! Why an import ended, with nothing of it kept: sentences that say what to do. Knows no store.

use std::io;
use std::path::{Path, PathBuf};

use crate::eventlog::engine::Fault;
use crate::eventlog::export::ExportError;
use crate::eventlog::open_error::OpenError;
use crate::eventlog::page::PageDamage;
use crate::eventlog::record::RecordDamage;
use crate::eventlog::witness::WitnessError;

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The text is not an export as it was written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The bytes are no record as it was written.
    #[error("record {0} of the export is damaged: {1}; export again from an intact log")]
    Damaged(u64, #[source] RecordDamage),
    /// Records are missing from the export, or in the wrong order.
    #[error("the export has record {found} where {expected} belongs; export the whole log again")]
    OutOfOrder {
        /// The seq after the log's last.
        expected: u64,
        /// The seq that came.
        found: u64,
    },
    /// Records between the log and the export are missing.
    #[error(
        "the export begins with record {begins} and the log ends with {ends}; import the records \
         between first"
    )]
    Gap {
        /// The export's first record.
        begins: u64,
        /// The log's last record.
        ends: u64,
    },
    /// The log has another record under that number.
    #[error(
        "line {line} of the export has another record {seq} than the log in the data folder: they \
         are not of one ledger; choose another data folder"
    )]
    OtherRecord {
        /// Which line of the export, from 1.
        line: u64,
        /// Which record.
        seq: u64,
    },
    /// The log's beginning is not the export's.
    #[error(
        "the export goes on from {seq} records that are not those of the log in the data folder: \
         they are not of one ledger; choose another data folder"
    )]
    OtherLog {
        /// How many records the export goes on from.
        seq: u64,
    },
    /// The witness remembers another log, or more of it.
    #[error(
        "the witness {} remembers {witness_seq} events of a log that the export, with {seq}, does \
         not hold; import a newer export of that ledger, or move the witness away to go on without \
         what it remembers", path.display()
    )]
    Witness {
        /// The witness's file.
        path: PathBuf,
        /// The last seq it remembers.
        witness_seq: u64,
        /// The last seq imported.
        seq: u64,
    },
    /// Taking its place would leave what it leads to behind.
    #[error(
        "{} is a link, and an import would put a folder in its place; make it a folder of its own, \
         for instance a mount, then import again", .0.display()
    )]
    Linked(PathBuf),
    /// A record larger than any that was ever written.
    #[error("record {0} of the export does not fit a page: {1}")]
    Page(u64, #[source] PageDamage),
    /// No room. Nothing is left of what was written.
    #[error("the disk is full; free some space, then import again")]
    Full,
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
    /// The log in the data folder cannot be gone on with.
    #[error(transparent)]
    Open(OpenError),
    /// The witness says nothing.
    #[error(transparent)]
    Unwitnessed(#[from] WitnessError),
    /// The store failed.
    #[error(transparent)]
    Fault(Fault),
}

impl ImportError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::Full;
        }
        let path = path.to_path_buf();
        Self::Io {
            action,
            path,
            source,
        }
    }
}

impl From<Fault> for ImportError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::Full,
            Fault::Conflict
            | Fault::Poisoned(_)
            | Fault::Unknown(_)
            | Fault::ReadOnly(_)
            | Fault::Damaged { .. } => Self::Fault(fault),
        }
    }
}

impl From<OpenError> for ImportError {
    fn from(error: OpenError) -> Self {
        if let OpenError::Io { source, .. } = &error
            && source.kind() == io::ErrorKind::StorageFull
        {
            return Self::Full;
        }
        if let OpenError::Fault(fault) = error {
            fault.into()
        } else {
            Self::Open(error)
        }
    }
}
