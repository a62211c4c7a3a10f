//! An export is read back whole or not at all: every byte of a small one changed, and its lines cut,
//! swapped, repeated, removed and joined. It signs nothing: a note here is its two fields.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::domain::delivery::Evidence;
use crate::domain::time::Timestamp;
use crate::eventlog::engine::memory::MemoryEngine;
use crate::eventlog::{Draft, Engine, Event, Identity, Importer, Opened, Record, peaks_at};

const KEY: &str = "a key";

fn note(peaks: &crate::eventlog::merkle::Peaks) -> String {
    format!("{} {}\n", peaks.size(), hex::encode(peaks.root()))
}

fn open_note(checkpoint: &str, key: &str) -> Result<SignedHead, String> {
    let (size, root) = checkpoint.trim_end().split_once(' ').ok_or("no note")?;
    let mut head = SignedHead {
        size: size.parse().map_err(|_| "no size")?,
        root: [0; 32],
    };
    hex::decode_to_slice(root, &mut head.root).map_err(|_| "no root")?;
    let again = format!("{} {}\n", head.size, hex::encode(head.root));
    if key == KEY && again == checkpoint {
        Ok(head)
    } else {
        Err("signed by nobody".into())
    }
}

fn stored(seq: u64) -> Vec<u8> {
    let body = format!("{{\"n\":{seq}}}").into_bytes();
    let event = Event {
        source: "razorpay".into(),
        provider: "razorpay".into(),
        identity: Identity::of_signed_id("razorpay", &seq.to_string()),
        event_id: (!seq.is_multiple_of(3)).then(|| format!("é\"\\\u{1}\u{7f}/{seq}")),
        event_type: (!seq.is_multiple_of(2)).then(|| "payment.captured".into()),
        occurred_at: Timestamp::from_millis(1_790_000_000_123).unwrap(),
        stale: false,
        evidence: Evidence {
            scheme: "s".into(),
            key_id: "k".into(),
            headers: Vec::new(),
        },
        body_sha256: Sha256::digest(&body).into(),
        body: body.into(),
        request_sha256: None,
    };
    let mut draft = Draft::new(event).unwrap();
    let at = 1_790_000_000 + i64::try_from(seq).unwrap();
    draft.number(seq, Timestamp::from_seconds(at).unwrap(), false);
    let mut bytes = Vec::new();
    draft.encode(&mut bytes).unwrap();
    bytes
}

/// A log of that many records, a page for every three.
fn log(records: u64) -> Arc<dyn Engine> {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::default());
    for first in (1..=records).step_by(3) {
        let mut importer = Importer::new(Opened::over(Arc::clone(&engine)).unwrap());
        for seq in first..=records.min(first + 2) {
            importer.push(stored(seq).into()).unwrap();
        }
        importer.finish().unwrap();
    }
    engine
}

fn export(engine: &Arc<dyn Engine>, from: u64, to: u64) -> Vec<u8> {
    let last_seq = engine.last().unwrap().last_seq;
    let range = ExportRange::new(Some(from), Some(to), last_seq).unwrap();
    let mut exporter = Exporter::new(Arc::clone(engine), range).unwrap();
    let mut text = Vec::new();
    while exporter.write_page(&mut text).unwrap() {}
    let note = note(exporter.peaks());
    exporter.write_last(&note, KEY, &mut text);
    text
}

fn read(text: &[u8]) -> Result<(Vec<Record>, Ending), ExportError> {
    let mut reader = ExportReader::new(text, open_note);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    Ok((records, reader.ending().unwrap().clone()))
}

fn refusal(text: &[u8]) -> (u64, Wrong) {
    match read(text).unwrap_err() {
        ExportError::Refused { line, what } => (line, what),
        error @ ExportError::Read { .. } => unreachable!("{error}"),
    }
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn every_range_is_read_back_as_it_was_stored() {
    let engine = log(11);
    for from in 1..=11 {
        for to in from..=11 {
            let (records, ending) = read(&export(&engine, from, to)).unwrap();
            let seqs: Vec<u64> = records.iter().map(Record::seq).collect();
            assert_eq!(seqs, (from..=to).collect::<Vec<_>>());
            let engine = &*engine;
            assert_eq!(ending.peaks, peaks_at(engine, to).unwrap());
            assert_eq!(ending.peaks_before, peaks_at(engine, from - 1).unwrap());
            for record in records {
                let page = engine.read(record.seq()).unwrap().unwrap();
                let found = page.records().find(|(seq, _)| *seq == record.seq());
                assert_eq!(found.unwrap().1.unwrap(), record);
            }
        }
    }
}

#[test]
fn every_changed_byte_is_refused() {
    let engine = log(5);
    for (from, to) in [(1, 5), (4, 5)] {
        let whole = export(&engine, from, to);
        assert!(read(&whole).is_ok());
        for at in 0..whole.len() {
            for change in [1, 0x20, 0x80] {
                let mut text = whole.clone();
                text[at] ^= change;
                assert!(read(&text).is_err(), "byte {at} of {from}..{to}");
            }
        }
    }
}

#[test]
fn a_text_that_ends_early_or_goes_on_is_refused() {
    let whole = export(&log(5), 1, 5);
    for at in 0..whole.len() {
        let (line, what) = refusal(&whole[..at]);
        let ends_a_line = at == 0 || whole[at - 1] == b'\n';
        let expected = if ends_a_line {
            Wrong::NoCheckpoint
        } else {
            Wrong::Cut
        };
        let before = whole[..at].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!((line, what), (before as u64 + 1, expected), "{at}");
    }
    let mut longer = whole.clone();
    longer.push(b'\n');
    assert_eq!(refusal(&longer), (7, Wrong::Trailing));
    assert_eq!(
        refusal(&[&whole[..], &whole].concat()),
        (7, Wrong::Trailing)
    );
}

#[test]
fn lines_that_are_swapped_repeated_or_removed_are_refused() {
    let whole = lines(&export(&log(5), 1, 5));
    for one in 0..5 {
        let mut missing = whole.clone();
        missing.remove(one);
        let (line, what) = refusal(&missing.concat());
        // The first and the last record are missed only at the end.
        let is_at_an_end = one == 0 || one == 4;
        let expected = if is_at_an_end { 5 } else { one as u64 + 1 };
        assert_eq!(line, expected, "{what}");
        let mut twice = whole.clone();
        twice.insert(one, whole[one].clone());
        let (expected, found) = (one as u64 + 2, one as u64 + 1);
        let out_of_order = Wrong::OutOfOrder { expected, found };
        assert_eq!(refusal(&twice.concat()), (expected, out_of_order));
        for other in 0..one {
            let mut swapped = whole.clone();
            swapped.swap(one, other);
            assert!(read(&swapped.concat()).is_err());
        }
    }
    let only_the_last = whole[5..].concat();
    assert_eq!(refusal(&only_the_last), (1, Wrong::Empty));
}

#[test]
fn what_another_log_or_range_says_proves_nothing() {
    let (one, other) = (log(5), log(5));
    let mut mixed = lines(&export(&one, 1, 5));
    mixed[5] = lines(&export(&other, 1, 5))[5].clone();
    assert_eq!(refusal(&mixed.concat()), (6, Wrong::Root));
    let mut short = lines(&export(&one, 1, 5));
    short[5] = lines(&export(&one, 1, 4))[4].clone();
    assert!(matches!(refusal(&short.concat()), (6, Wrong::Size { .. })));
    let mut moved = lines(&export(&one, 3, 5));
    moved[3] = lines(&export(&one, 2, 5))[4].clone();
    assert!(matches!(refusal(&moved.concat()), (4, Wrong::From { .. })));
    let mut spliced = lines(&export(&one, 1, 5));
    spliced[2] = lines(&export(&other, 1, 5))[2].clone();
    assert_eq!(refusal(&spliced.concat()), (6, Wrong::Root));
}

#[test]
fn there_is_one_way_to_write_a_line() {
    let whole = lines(&export(&log(2), 1, 2));
    let text = |at: usize| String::from_utf8(whole[at].clone()).unwrap();
    let with = |at: usize, line: String| {
        let mut changed = whole.clone();
        changed[at] = line.into_bytes();
        refusal(&changed.concat())
    };
    let seq = "\"seq\":1,";
    let other_forms = [
        (0, text(0).replace('\n', "\r\n")),
        (0, text(0).replace(seq, "\"seq\": 1,")),
        (0, text(0).replace(seq, "\"seq\":1.0,")),
        (0, text(0).replace(seq, "\"seq\":1,\"seq\":1,")),
        (0, text(0).replace(seq, "\"seq\":1,\"more\":1,")),
        (
            0,
            text(0).replace("\"event_type\":\"payment.captured\",", ""),
        ),
        (0, text(0).replace("payment.captured", "payment.failed")),
        (
            0,
            text(0).replace("payment.captured", "payment\\u002ecaptured"),
        ),
        (1, text(1).replace("\"event_type\":null,", "")),
        (
            0,
            text(0)
                .replace(seq, "")
                .replace("\",\"recorded_at", "\",\"seq\":1,\"recorded_at"),
        ),
        (0, format!("\u{feff}{}", text(0))),
        (0, format!(" {}", text(0))),
        (0, "{}\n".to_owned()),
        (0, "\n".to_owned()),
        (2, text(2).replace("\"from\":1", "\"from\":01")),
        (2, text(2).replace("\"from\":1", "\"from\":0")),
        (2, text(2).replace("\"from\":1,", "")),
        (2, text(2).replace("[]", "[ ]")),
    ];
    for (at, line) in other_forms {
        assert_ne!(line, text(at));
        assert_eq!(with(at, line.clone()).0, at as u64 + 1, "{line}");
    }
    // The last character of a padded base64 carries bits that mean nothing.
    let padded = (0..2)
        .find(|at| text(*at).contains("=\",\"recorded_at"))
        .unwrap();
    let end = text(padded).find("=\"").unwrap();
    let mut loose = text(padded).into_bytes();
    let last = loose[..end].iter().rposition(|byte| *byte != b'=').unwrap();
    loose[last] += 1;
    let refused = with(padded, String::from_utf8(loose).unwrap());
    assert_eq!(refused, (padded as u64 + 1, Wrong::Base64));
}

#[test]
fn a_line_longer_than_any_record_is_refused_before_it_is_read_whole() {
    let endless = Cursor::new(b"{\"seq\":1,\"record\":\"".to_vec()).chain(std::io::repeat(b'A'));
    let mut reader = ExportReader::new(BufReader::new(endless), open_note);
    let error = reader.next_record().unwrap_err();
    let too_long = Wrong::TooLong;
    assert!(matches!(error, ExportError::Refused { line: 1, what } if what == too_long));
}

#[test]
fn a_range_outside_the_log_is_refused() {
    assert_eq!(ExportRange::new(None, None, 0), Err(RangeError::Empty));
    let whole = ExportRange::new(None, None, 7).unwrap();
    assert_eq!((whole.from(), whole.to()), (1, 7));
    for (from, to) in [(0, 3), (4, 3), (1, 8), (8, 8)] {
        assert!(ExportRange::new(Some(from), Some(to), 7).is_err());
    }
}

#[test]
fn a_damaged_page_is_not_exported() {
    let engine = log(9);
    let range = ExportRange::new(Some(5), Some(5), 9).unwrap();
    let mut exporter = Exporter::new(Arc::clone(&engine), range).unwrap();
    // What came before is another log's.
    exporter = exporter.with_peaks_of(&log(4));
    let mut text = b"before".to_vec();
    assert!(exporter.write_page(&mut text).is_err());
    assert_eq!(text, b"before");
}

impl Exporter {
    fn with_peaks_of(mut self, other: &Arc<dyn Engine>) -> Self {
        self.peaks = peaks_at(&**other, self.peaks.size()).unwrap();
        self
    }
}
