//! Reads an export from its first byte to its last, a line at a time, and believes none of it
//! before it is shown. Knows text and records; never a store, nor how a note is signed.

use std::io::{BufRead, Read as _};

use super::error::{ExportError, Wrong};
use super::line::{self, LastLine, Line, MAX_LINE_BYTES};
use super::range::Range;
use crate::domain::time::Timestamp;
use crate::eventlog::merkle::{Hash, Peaks};
use crate::eventlog::record::Record;

/// What a signed checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHead {
    /// How many records its tree has.
    pub size: u64,
    /// The root of that tree.
    pub root: Hash,
}

/// Checks a checkpoint's text against a verifier key, and answers what it says, or in a sentence's
/// end why it is not to be believed.
pub type OpenNote = fn(checkpoint: &str, key: &str) -> Result<SignedHead, String>;

/// What an export's last line says, after all of it was found true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The peaks before the first record: it comes right after their size.
    pub peaks_before: Peaks,
    /// The peaks after the last record; their size is its seq.
    pub peaks: Peaks,
    /// The signed note over the tree up to the last record.
    pub checkpoint: String,
    /// The verifier key whose signature it carries.
    pub key: String,
}

/// Reads an export once, in constant memory. Nothing it hands out is proven before [`Self::ending`]
/// answers: the signature comes last.
pub struct ExportReader<R> {
    input: R,
    open_note: OpenNote,
    line_no: u64,
    text: Vec<u8>,
    range: Option<Range>,
    recorded_at: Timestamp,
    ending: Option<Ending>,
}

impl<R: BufRead> ExportReader<R> {
    /// Begins at the beginning of `input`.
    pub fn new(input: R, open_note: OpenNote) -> Self {
        Self {
            input,
            open_note,
            line_no: 0,
            text: Vec::new(),
            range: None,
            recorded_at: Timestamp::EPOCH,
            ending: None,
        }
    }

    /// The next record, in the order of their seqs and without a gap; `None` once the last line was
    /// read, and all of the export with it is as it was written.
    ///
    /// # Errors
    /// [`ExportError`] at the first line that is not; what was handed out before is not proven.
    pub fn next_record(&mut self) -> Result<Option<Record>, ExportError> {
        if self.ending.is_some() {
            return Ok(None);
        }
        self.read_line()?;
        self.read_text()
    }

    /// Reads the line in hand.
    fn read_text(&mut self) -> Result<Option<Record>, ExportError> {
        let read = line::read(&self.text).and_then(|line| match line {
            Line::Record(record) => self.take(&record).map(|()| Some(*record)),
            Line::Last(last) => self.end(last).map(|()| None),
        });
        let read = read.map_err(|what| self.refused(what))?;
        if read.is_none() {
            self.expect_nothing_more()?;
        }
        Ok(read)
    }

    /// The seq that comes next, if all is well.
    pub(super) fn next_seq(&self) -> u64 {
        let range = self.range.as_ref();
        range.map_or(1, |range| range.end().saturating_add(1))
    }

    /// The tree over what was read.
    pub(super) const fn range(&self) -> Option<&Range> {
        self.range.as_ref()
    }

    /// Goes on with `next`, whatever was read before: for whoever wants to know all that is wrong.
    /// The last line proves nothing of what was before.
    pub(super) fn go_on_from(&mut self, next: u64) {
        self.range = Some(Range::after(next.saturating_sub(1)));
    }

    /// The same with the line in hand, which was refused for its place.
    pub(super) fn again_from(&mut self, next: u64) -> Result<Option<Record>, ExportError> {
        self.go_on_from(next);
        self.read_text()
    }

    /// What the last line says; `None` before [`Self::next_record`] answered `None`.
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The line that was read last, from 1: for what is refused above.
    pub const fn line_no(&self) -> u64 {
        self.line_no
    }

    /// That line as it was read.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Reads the next line with its line feed, and never more than a line may have.
    fn read_line(&mut self) -> Result<(), ExportError> {
        self.text.clear();
        let most = MAX_LINE_BYTES as u64 + 1;
        let mut limited = (&mut self.input).take(most);
        let read = limited.read_until(b'\n', &mut self.text);
        read.map_err(|source| ExportError::Read {
            line: self.line_no,
            source,
        })?;
        self.line_no = self.line_no.saturating_add(1);
        if self.text.len() > MAX_LINE_BYTES {
            return Err(self.refused(Wrong::TooLong));
        }
        match self.text.last() {
            Some(b'\n') => Ok(()),
            Some(_) => Err(self.refused(Wrong::Cut)),
            None => Err(self.refused(Wrong::NoCheckpoint)),
        }
    }

    fn take(&mut self, record: &Record) -> Result<(), Wrong> {
        let found = record.seq();
        let before = found.checked_sub(1);
        let range = match (&mut self.range, before) {
            (Some(range), _) => range,
            (empty, Some(before)) => empty.insert(Range::after(before)),
            (None, None) => return Err(Wrong::OutOfOrder { expected: 1, found }),
        };
        let expected = range.end().saturating_add(1);
        if found != expected {
            return Err(Wrong::OutOfOrder { expected, found });
        }
        if record.recorded_at() < self.recorded_at {
            return Err(Wrong::Older);
        }
        self.recorded_at = record.recorded_at();
        range.push(record.leaf());
        Ok(())
    }

    fn end(&mut self, last: LastLine) -> Result<(), Wrong> {
        let range = self.range.as_ref().ok_or(Wrong::Empty)?;
        let peaks_before = last.peaks_before()?;
        let peaks = range.onto(&peaks_before).ok_or_else(|| Wrong::From {
            stated: last.from,
            found: range.begin().saturating_add(1),
        })?;
        let signed = (self.open_note)(&last.checkpoint, &last.key).map_err(Wrong::Note)?;
        if signed.size != peaks.size() {
            return Err(Wrong::Size {
                stated: signed.size,
                found: peaks.size(),
            });
        }
        if signed.root != peaks.root() {
            return Err(Wrong::Root);
        }
        self.ending = Some(Ending {
            peaks_before,
            peaks,
            checkpoint: last.checkpoint,
            key: last.key,
        });
        Ok(())
    }

    fn expect_nothing_more(&mut self) -> Result<(), ExportError> {
        let line = self.line_no;
        let more = self.input.fill_buf();
        let more = more.map_err(|source| ExportError::Read { line, source })?;
        if more.is_empty() {
            return Ok(());
        }
        self.ending = None;
        self.line_no = line.saturating_add(1);
        Err(self.refused(Wrong::Trailing))
    }

    const fn refused(&self, what: Wrong) -> ExportError {
        ExportError::Refused {
            line: self.line_no,
            what,
        }
    }
}
