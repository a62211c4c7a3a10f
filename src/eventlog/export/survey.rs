//! Reads an export past all that is wrong with it, and names it. Knows text, records and roots;
//! never a store, nor what an event means.

use std::io::BufRead;

use super::error::{ExportError, Wrong};
use super::range::Range;
use super::reader::{Ending, ExportReader, OpenNote};
use crate::eventlog::merkle::{Hash, Peaks};
use crate::eventlog::record::Record;
use crate::eventlog::verify::{Damage, Finding, Heads, KnownHead, Standing};

/// What a whole export came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// How many records could be read.
    pub events: u64,
    /// The last one's seq.
    pub last_seq: u64,
    /// The root that its checkpoint signs, where all of it is as it was written.
    pub root: Option<Hash>,
    /// The verifier key that it names, in the same way.
    pub key: Option<String>,
    /// What each checkpoint that was given came to, in the order in which they were given.
    pub checkpoints: Vec<Standing>,
}

/// An export that is being looked through.
pub struct Survey<R> {
    reader: ExportReader<R>,
    checkpoints: Vec<KnownHead>,
    /// What lay before the first record, and the tree so far at the size of each checkpoint.
    begin: Option<u64>,
    passed: Vec<Range>,
    events: u64,
    is_broken: bool,
}

impl<R: BufRead> Survey<R> {
    /// Begins to compare `input` with itself, and with `checkpoints`.
    pub fn new(input: R, open_note: OpenNote, checkpoints: &[KnownHead]) -> Self {
        Self {
            reader: ExportReader::new(input, open_note),
            checkpoints: checkpoints.to_vec(),
            begin: None,
            passed: Vec::new(),
            events: 0,
            is_broken: false,
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// [`ExportError::Read`] where it cannot be read; whatever else is wrong is a finding.
    pub fn run(mut self, on: &mut dyn FnMut(Finding<'_>)) -> Result<Surveyed, ExportError> {
        let mut read = self.reader.next_record();
        loop {
            match read {
                Ok(Some(record)) => self.take(&record, on),
                Ok(None) => break,
                Err(ExportError::Refused { what, .. }) => {
                    if let Wrong::OutOfOrder { expected, found } = what
                        && expected < found
                    {
                        let what = "the export does not have them";
                        on(damage(expected, found.saturating_sub(1), what));
                        self.is_broken = true;
                        read = self.reader.again_from(found);
                        continue;
                    }
                    if !self.pass(&what, on) {
                        break;
                    }
                }
                Err(error @ ExportError::Read { .. }) => return Err(error),
            }
            read = self.reader.next_record();
        }
        Ok(self.end(on))
    }

    fn take(&mut self, record: &Record, on: &mut dyn FnMut(Finding<'_>)) {
        let seq = record.seq();
        self.begin.get_or_insert(seq.saturating_sub(1));
        self.events = self.events.saturating_add(1);
        let is_remembered = self.checkpoints.iter().any(|head| head.size == seq);
        if is_remembered && !self.is_broken {
            self.passed.extend(self.reader.range().cloned());
        }
        on(Finding::Record(record));
    }

    /// Names what is wrong with the line, and whether it is worth going on.
    fn pass(&mut self, what: &Wrong, on: &mut dyn FnMut(Finding<'_>)) -> bool {
        let next = self.reader.next_seq();
        let first = self.begin.unwrap_or(0).saturating_add(1);
        match what {
            Wrong::OutOfOrder { expected, found } => {
                let what = "the export has it again, or in the wrong place";
                on(damage(*found, *found, what));
                self.go_on(*expected);
                true
            }
            Wrong::TooLong | Wrong::Cut | Wrong::NoCheckpoint | Wrong::Empty => {
                let what = format!("the export cannot be read from here: {what}");
                on(damage(next, next, &what));
                false
            }
            // That the roots differ is no news then.
            Wrong::From { .. } | Wrong::Root if self.is_broken => false,
            Wrong::From { .. }
            | Wrong::Root
            | Wrong::Peaks(_)
            | Wrong::Note(_)
            | Wrong::Size { .. }
            | Wrong::Trailing => {
                let what = format!("the export's last line does not prove them: {what}");
                on(damage(first, next.saturating_sub(1).max(first), &what));
                false
            }
            Wrong::Unknown
            | Wrong::Fields(_)
            | Wrong::Base64
            | Wrong::Record(_)
            | Wrong::NotCanonical
            | Wrong::Older => {
                on(damage(next, next, &format!("its line is refused: {what}")));
                self.begin.get_or_insert(next.saturating_sub(1));
                self.go_on(next.saturating_add(1));
                true
            }
        }
    }

    fn go_on(&mut self, next: u64) {
        self.is_broken = true;
        self.reader.go_on_from(next);
    }

    fn end(self, on: &mut dyn FnMut(Finding<'_>)) -> Surveyed {
        let ending = self.reader.ending().filter(|_| !self.is_broken);
        let begin = self.begin.unwrap_or(0);
        let last_seq = self.reader.next_seq().saturating_sub(1);
        let empty = Peaks::default();
        let before = match ending {
            Some(Ending { peaks_before, .. }) => Some(peaks_before),
            None => Some(&empty).filter(|_| begin == 0),
        };
        let mut heads = Heads::new(None, &self.checkpoints);
        heads.begin_at(begin);
        if let Some(before) = before {
            heads.pass(begin.saturating_sub(1));
            heads.compare(begin, &[before], on);
            for range in &self.passed {
                heads.pass(range.end().saturating_sub(1));
                if let Some(peaks) = range.onto(before) {
                    heads.compare(range.end(), &[&peaks], on);
                }
            }
        }
        heads.pass(last_seq);
        heads
            .end(last_seq)
            .into_iter()
            .for_each(|missing| on(Finding::Damage(missing)));
        Surveyed {
            events: self.events,
            last_seq,
            root: ending.map(|ending| ending.peaks.root()),
            key: ending.map(|ending| ending.key.clone()),
            checkpoints: heads.standings(),
        }
    }
}

fn damage(first_seq: u64, last_seq: u64, what: &str) -> Finding<'static> {
    Finding::Damage(Damage {
        first_seq,
        last_seq,
        what: what.to_owned(),
    })
}
