//! The log as text for those who check it elsewhere, or take it elsewhere. It knows which records
//! and who signs; never how the text is sent.

use std::sync::Arc;

use super::Signer;
use crate::eventlog::export::{ExportRange, Exporter, RangeError, SignedHead};
use crate::ledger::{Ledger, ReadError};
use crate::note::{Checkpoint, VerifierKey};

/// What a checkpoint says, if it is signed under the verifier key beside it: what an export's
/// reader asks of its last line.
///
/// # Errors
/// The end of a sentence that says why it is not to be believed.
pub fn open_note(checkpoint: &str, key: &str) -> Result<SignedHead, String> {
    let parsed: VerifierKey = key.parse().map_err(|error| format!("{error}"))?;
    if parsed.to_string() != key {
        return Err("its key is not written as a verifier key is".into());
    }
    let head = Checkpoint::verify(checkpoint, &parsed).map_err(|error| error.to_string())?;
    Ok(SignedHead {
        size: head.size,
        root: head.root,
    })
}

/// Why an export does not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// There are no such records.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The log cannot be read, or contradicts what was signed before.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The text of an export while it is made, some tens of KiB at a time and at most a page of the log.
pub struct LogExport {
    /// Gone once the last line is written.
    exporter: Option<Exporter>,
    signer: Arc<Signer>,
    /// The last record that the ledger had when it began.
    pub last_seq: u64,
}

impl Ledger {
    /// Begins an export of the records `from` to `to`; without them, of all there are. Reads the
    /// store.
    ///
    /// # Errors
    /// [`NotExported`].
    pub fn export(&self, from: Option<u64>, to: Option<u64>) -> Result<LogExport, NotExported> {
        if let Some(contradiction) = self.checkpoints.contradiction() {
            return Err(ReadError::Unavailable(contradiction).into());
        }
        let last_seq = self.last_seq();
        let range = ExportRange::new(from, to, last_seq)?;
        let exporter = Exporter::new(Arc::clone(&self.engine), range).map_err(ReadError::from)?;
        Ok(LogExport {
            exporter: Some(exporter),
            signer: Arc::clone(&self.signer),
            last_seq,
        })
    }
}

impl LogExport {
    /// The next lines; `None` after the last one.
    ///
    /// # Errors
    /// [`ReadError`] where a record is not as it was written, or cannot be read. The text has no last
    /// line then, so that nobody takes it for whole.
    pub fn next_lines(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(exporter) = &mut self.exporter else {
            return Ok(None);
        };
        let mut lines = Vec::new();
        if !exporter.write_page(&mut lines)?
            && let Some(exporter) = self.exporter.take()
        {
            let peaks = exporter.peaks();
            let note = self.signer.sign(peaks.size(), peaks.root());
            exporter.write_last(&note, &self.signer.verifier().to_string(), &mut lines);
        }
        Ok(Some(lines))
    }
}
