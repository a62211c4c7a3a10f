//! Why an export was not taken: the line, what is wrong with it, and what to do. Knows no store.

use std::io;

use crate::eventlog::record::RecordDamage;

/// Why an export cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The text could not be read.
    #[error("the export cannot be read after line {line}: {source}; read it again")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The text is not as it was written.
    #[error("line {line} of the export is refused: {what}; take the export again")]
    Refused {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        what: Wrong,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Longer than the largest record makes it.
    #[error("it is longer than any record")]
    TooLong,
    /// The text ends in the middle of it.
    #[error("the text ends before the line does")]
    Cut,
    /// The text ends without its last line.
    #[error("the text ends without the line of the checkpoint, so records may be missing")]
    NoCheckpoint,
    /// Neither kind of line.
    #[error("it begins neither as a record nor as the checkpoint")]
    Unknown,
    /// Not the keys of such a line, or not JSON.
    #[error("it has not the keys and values of such a line: {0}")]
    Fields(String),
    /// What should be base64 is not.
    #[error("its base64 cannot be read")]
    Base64,
    /// The record's bytes are none.
    #[error("its record is damaged: {0}")]
    Record(RecordDamage),
    /// The line says what its record does not.
    #[error("it is not the one form in which its contents are written, so a byte was changed")]
    NotCanonical,
    /// Missing, repeated or in the wrong order.
    #[error("it has record {found} where {expected} belongs")]
    OutOfOrder {
        /// The seq after the one before.
        expected: u64,
        /// The seq that came.
        found: u64,
    },
    /// Time does not go back in a log.
    #[error("its record claims to be older than the one before")]
    Older,
    /// A checkpoint over nothing.
    #[error("there is no record before the checkpoint")]
    Empty,
    /// The checkpoint's range is not that of the records.
    #[error("it says that the records begin at {stated}, and they begin at {found}")]
    From {
        /// What the last line says.
        stated: u64,
        /// The first record's seq.
        found: u64,
    },
    /// The peaks cannot be those of a tree of that size.
    #[error("its peaks are not those of a tree of {0} records")]
    Peaks(u64),
    /// The checkpoint or its key says nothing, or its signature is wrong.
    #[error("its checkpoint is not to be believed: {0}")]
    Note(String),
    /// The checkpoint is of another size.
    #[error("its checkpoint is for {stated} records, and the last one is {found}")]
    Size {
        /// The checkpoint's size.
        stated: u64,
        /// The last record's seq.
        found: u64,
    },
    /// The checkpoint is of another log.
    #[error("the records do not add up to the root that its checkpoint signs")]
    Root,
    /// Something follows.
    #[error("it comes after the checkpoint, which must be last")]
    Trailing,
}
