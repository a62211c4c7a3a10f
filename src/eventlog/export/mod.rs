//! The log as text that leaves the house: one line a record, and a last one that proves them.
//! `docs/export-format.md` describes it for strangers. Knows stored records and their tree; never
//! who signs a checkpoint, nor where the text comes from or goes to.

mod error;
mod line;
mod range;
mod reader;
mod survey;
mod writer;

pub use error::{ExportError, Wrong};
pub use line::MAX_LINE_BYTES;
pub use reader::{Ending, ExportReader, OpenNote, SignedHead};
pub use survey::{Survey, Surveyed};
pub use writer::{ExportRange, Exporter, RangeError};

#[cfg(test)]
mod tests;
