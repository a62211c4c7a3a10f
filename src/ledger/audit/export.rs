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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::SystemClock;
    use crate::domain::key::Scope;
    use crate::eventlog::export::ExportReader;
    use crate::eventlog::page::Page;
    use crate::eventlog::{Engine, Fault, Tail};
    use crate::ledger::{Actor, NewKey, Request, Settings};

    /// Cannot read one of its pages.
    struct Damaged(Arc<dyn Engine>, u64);

    impl Engine for Damaged {
        fn last(&self) -> Result<Tail, Fault> {
            self.0.last()
        }

        fn append(&self, after: u64, page: &Page) -> Result<(), Fault> {
            self.0.append(after, page)
        }

        fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
            let what = "its checksum is wrong".to_owned();
            if seq == self.1 {
                return Err(Fault::Damaged { seq, what });
            }
            self.0.read(seq)
        }

        fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
            self.0.next_page_after(seq)
        }

        fn reopen(&self) -> Result<(), Fault> {
            self.0.reopen()
        }

        fn store_bytes(&self) -> Result<u64, Fault> {
            self.0.store_bytes()
        }
    }

    /// A ledger in memory with four records, each in a page of its own.
    fn ledger() -> Ledger {
        let opened = Ledger::open(Settings::in_memory(), Arc::new(SystemClock));
        let ledger = opened.ok().unwrap().ledger;
        let time = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let time = time.unwrap();
        for label in ["one", "two", "three"] {
            let key = NewKey::new(label, Scope::Read, None).unwrap();
            let made = time.block_on(ledger.create_key(key, Request::of(Actor::Operator)));
            assert!(made.is_ok());
        }
        ledger
    }

    fn text(mut export: LogExport) -> (Vec<u8>, Option<ReadError>) {
        let mut text = Vec::new();
        loop {
            match export.next_lines() {
                Ok(Some(lines)) => text.extend(lines),
                Ok(None) => return (text, None),
                Err(error) => return (text, Some(error)),
            }
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_leaves_an_export_without_its_last_line() {
        let ledger = ledger();
        let (whole, error) = text(ledger.export(None, None).unwrap());
        assert_eq!(error, None);
        assert_eq!(whole.split_inclusive(|byte| *byte == b'\n').count(), 5);
        let mut export = ledger.export(None, None).unwrap();
        let range = ExportRange::new(None, None, 4).unwrap();
        let engine = Arc::new(Damaged(Arc::clone(&ledger.engine), 3));
        export.exporter = Some(Exporter::new(engine, range).unwrap());
        let (broken, error) = text(export);
        assert!(matches!(error, Some(ReadError::Damaged(_))), "{error:?}");
        assert!(whole.starts_with(&broken));
        let mut reader = ExportReader::new(&*broken, open_note);
        let read = std::iter::from_fn(|| reader.next_record().transpose());
        let read: Vec<_> = read.take(3).collect();
        assert!(matches!(read[..], [Ok(_), Ok(_), Err(_)]), "{read:?}");
        ledger.stop();
    }
}
