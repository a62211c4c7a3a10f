//! The two kinds of lines, each in the one form in which it is written: a line that is taken back is
//! made again from what it carries and compared byte for byte. Knows one line at a time.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::error::Wrong;
use crate::domain::time::Timestamp;
use crate::eventlog::draft::MAX_RECORD_BYTES;
use crate::eventlog::merkle::{Hash, Peaks};
use crate::eventlog::record::Record;

/// No line is longer: the largest record as base64, its readable fields with every character of
/// them written as `\u0000`, and room for the keys.
pub const MAX_LINE_BYTES: usize = MAX_RECORD_BYTES.div_ceil(3) * 4 + MAX_RECORD_BYTES * 6 + 1024;

/// How a record's line begins.
const RECORD_PREFIX: &[u8] = b"{\"seq\":";
/// How the last line begins.
const LAST_PREFIX: &[u8] = b"{\"checkpoint\":";

/// A record's line, in the order of its keys.
#[derive(Serialize)]
struct RecordLine<'a> {
    seq: u64,
    record: String,
    recorded_at: Timestamp,
    source: &'a str,
    provider: &'a str,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    occurred_at: Timestamp,
    leaf_hash: String,
}

/// The same line as it comes back: only `record` is believed, the others are compared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenRecordLine<'a> {
    #[serde(rename = "seq")]
    _seq: u64,
    #[serde(borrow)]
    record: Cow<'a, str>,
    #[serde(borrow, rename = "recorded_at")]
    _recorded_at: Cow<'a, str>,
    #[serde(borrow, rename = "source")]
    _source: Cow<'a, str>,
    #[serde(borrow, rename = "provider")]
    _provider: Cow<'a, str>,
    #[serde(borrow, rename = "event_id")]
    _event_id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "event_type")]
    _event_type: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "occurred_at")]
    _occurred_at: Cow<'a, str>,
    #[serde(borrow, rename = "leaf_hash")]
    _leaf_hash: Cow<'a, str>,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LastLine {
    /// A signed note over the tree of all records up to the last one.
    pub(super) checkpoint: String,
    /// The verifier key of that note.
    pub(super) key: String,
    /// The first record's seq.
    pub(super) from: u64,
    /// The peaks of the tree of all records before the first one, largest first, as base64.
    pub(super) peaks_before: Vec<String>,
}

/// A line that was read and is as it was written.
pub(super) enum Line {
    Record(Box<Record>),
    Last(LastLine),
}

/// Appends `record`'s line to `out`.
pub(super) fn write_record(record: &Record, out: &mut Vec<u8>) {
    let line = RecordLine {
        seq: record.seq(),
        record: STANDARD.encode(record.stored_bytes()),
        recorded_at: record.recorded_at(),
        source: record.source(),
        provider: record.provider(),
        event_id: record.event_id(),
        event_type: record.event_type(),
        occurred_at: record.occurred_at(),
        leaf_hash: hex::encode(record.leaf()),
    };
    write(&line, out);
}

impl LastLine {
    pub(super) fn new(checkpoint: &str, key: &str, peaks_before: &Peaks) -> Self {
        let hashes = peaks_before.hashes().iter();
        Self {
            checkpoint: checkpoint.to_owned(),
            key: key.to_owned(),
            from: peaks_before.size().saturating_add(1),
            peaks_before: hashes.map(|hash| STANDARD.encode(hash)).collect(),
        }
    }

    /// Appends the line to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write(self, out);
    }

    /// The peaks it carries.
    pub(super) fn peaks_before(&self) -> Result<Peaks, Wrong> {
        let size = self.from.checked_sub(1).ok_or(Wrong::Peaks(0))?;
        let hash = |text: &String| -> Result<Hash, Wrong> {
            let bytes = STANDARD.decode(text).map_err(|_| Wrong::Base64)?;
            bytes.try_into().map_err(|_| Wrong::Peaks(size))
        };
        let hashes = self.peaks_before.iter().map(hash);
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        Peaks::from_parts(size, hashes).ok_or(Wrong::Peaks(size))
    }
}

/// Reads a line, which ends with its line feed.
pub(super) fn read(line: &[u8]) -> Result<Line, Wrong> {
    let mut again = Vec::with_capacity(line.len());
    let read = if line.starts_with(RECORD_PREFIX) {
        let given: GivenRecordLine<'_> = fields(line)?;
        let bytes = STANDARD.decode(&*given.record);
        let bytes = bytes.map_err(|_| Wrong::Base64)?;
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(Wrong::TooLong);
        }
        let record = Record::decode(bytes.into()).map_err(Wrong::Record)?;
        write_record(&record, &mut again);
        Line::Record(Box::new(record))
    } else if line.starts_with(LAST_PREFIX) {
        let last: LastLine = fields(line)?;
        last.write(&mut again);
        Line::Last(last)
    } else {
        return Err(Wrong::Unknown);
    };
    if again == line {
        Ok(read)
    } else {
        Err(Wrong::NotCanonical)
    }
}

fn fields<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, Wrong> {
    serde_json::from_slice(line).map_err(|error| Wrong::Fields(error.to_string()))
}

fn write<T: Serialize>(line: &T, out: &mut Vec<u8>) {
    // Strings, numbers and lists into memory: writing them cannot fail.
    let _ = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}
