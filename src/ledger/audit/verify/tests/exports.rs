//! The same of exports: every bit of one flipped, and lines that are missing, doubled or moved.

use super::{SECRET, checked, deliveries, head, named, own_event, provider, with_secret};
use crate::eventlog::KnownHead;
use crate::eventlog::export::{ExportRange, ExportReader, Exporter};
use crate::eventlog::forge::{self, Forged};
use crate::ledger::audit::{Origin, Report, Signer, Signers, open_note, verify_export};

fn export(records: &[Forged], from: u64, to: u64, signer: &Signer) -> Vec<u8> {
    let engine = forge::log(records, 4);
    let last_seq = engine.last().unwrap().last_seq;
    let range = ExportRange::new(Some(from), Some(to), last_seq).unwrap();
    let mut exporter = Exporter::new(engine, range).unwrap();
    let mut text = Vec::new();
    while exporter.write_page(&mut text).unwrap() {}
    let note = signer.sign(to, exporter.peaks().root());
    exporter.write_last(&note, &signer.verifier().to_string(), &mut text);
    text
}

fn signer() -> Signer {
    Signer::open(None, &Origin::Unless("a.example".into())).unwrap()
}

fn verified(text: &[u8], checkpoints: &[KnownHead]) -> Report {
    let signers: Signers = [("shop".to_owned(), provider("razorpay", SECRET))].into();
    let report = verify_export(text, checkpoints, &signers, &mut |_| {}).unwrap();
    assert_eq!(report.intact, report.damaged.is_empty());
    report
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

#[test]
fn an_export_says_the_same_as_its_log() {
    let records = deliveries(20);
    let of_log = checked(&with_secret(forge::log(&records, 4)));
    let signer = signer();
    let of_export = verified(&export(&records, 1, 20, &signer), &[head(&records, 9)]);
    assert!(
        of_export.intact && of_export.checkpoints[0].ok,
        "{of_export:?}"
    );
    assert_eq!(of_export.root, of_log.root);
    assert_eq!(of_export.signatures, of_log.signatures);
    assert_eq!(of_export.key, Some(signer.verifier().to_string()));
    // A part of the log: checkpoints at its beginning and within it can be compared, and those
    // before it cannot.
    let heads = [5, 6, 9, 20].map(|size| head(&records, size));
    let part = verified(&export(&records, 7, 20, &signer), &heads);
    let ok: Vec<bool> = part.checkpoints.iter().map(|head| head.ok).collect();
    assert!(part.intact, "{part:?}");
    assert_eq!((part.events, ok), (14, vec![false, true, true, true]));
}

/// Whether an import would take it.
fn is_read(text: &[u8]) -> bool {
    let mut reader = ExportReader::new(text, open_note);
    while let Ok(record) = reader.next_record() {
        if record.is_none() {
            return true;
        }
    }
    false
}

/// Of any line but the last the very record is named, or the ones after it are.
#[test]
fn every_flipped_bit_of_an_export_is_found() {
    let text = export(&deliveries(3), 1, 3, &signer());
    assert!(verified(&text, &[]).intact && is_read(&text), "the control");
    let mut line = 1;
    for place in 0..text.len() {
        let mut flipped = text.clone();
        flipped[place] ^= 1 << (place % 8);
        let report = verified(&flipped, &[]);
        assert!(!report.intact, "byte {place}");
        let first = report.damaged[0].first_seq;
        assert!(first == line || line > 3, "byte {place}: {report:?}");
        assert!(!is_read(&flipped), "byte {place}");
        line += u64::from(text[place] == b'\n');
    }
}

#[test]
fn lines_that_are_missing_doubled_moved_or_cut_off_are_found() {
    let whole = lines(&export(&deliveries(9), 1, 9, &signer()));
    let named_of = |lines: &[Vec<u8>]| named(&verified(&lines.concat(), &[]));
    assert_eq!(named_of(&whole), []);
    let mut without = whole.clone();
    without.drain(3..5);
    assert_eq!(named_of(&without), [(4, 5)]);
    let mut doubled = whole.clone();
    doubled.insert(4, whole[3].clone());
    assert_eq!(named_of(&doubled), [(4, 4)]);
    let mut moved = whole.clone();
    moved.swap(3, 4);
    let found = named_of(&moved);
    assert!(found.contains(&(4, 4)) && found.iter().all(|(a, b)| (4..=5).contains(a) && b <= &5));
    assert_eq!(named_of(&whole[..9]), [(10, 10)], "no checkpoint");
    assert_eq!(named_of(&whole[..5]), [(6, 6)]);
    let again = [&whole[..], &whole[..1]].concat();
    assert!(!named_of(&again).is_empty(), "after the checkpoint");
    let last = [&whole[..5], &whole[9..]].concat();
    assert_eq!(named_of(&last), [(1, 5)], "its checkpoint is of more");
}

/// Whoever makes every hash of an export anew, and signs it with a key of their own.
#[test]
fn an_export_that_was_made_anew_is_found_as_a_log_is() {
    let honest = deliveries(9);
    let mut forged = honest.clone();
    forged[4].body = br#"{"event":"payment.captured","n":999999}"#.to_vec();
    let signer = signer();
    let report = verified(&export(&forged, 1, 9, &signer), &[]);
    assert_eq!(named(&report), [(5, 5)], "{report:?}");
    let mut retold = honest.clone();
    retold[4].recorded_at += 1;
    let text = export(&retold, 1, 9, &signer);
    assert!(verified(&text, &[]).intact, "no signature covers that");
    let kept = [head(&honest, 4), head(&honest, 9)];
    assert_eq!(named(&verified(&text, &kept)), [(5, 9)]);
    let shorter = export(&honest[..6], 1, 6, &signer);
    assert_eq!(named(&verified(&shorter, &kept)), [(7, 9)]);
}

#[test]
fn what_was_erased_is_told_from_what_is_damaged() {
    let mut records = deliveries(6);
    records[1].is_erased = true;
    records.push(own_event("event.erased", r#"{"seqs":[2]}"#, 7));
    let report = verified(&export(&records, 1, 7, &signer()), &[]);
    assert!(report.intact && report.erased == 1, "{report:?}");
    let without = verified(&export(&records[..6], 1, 6, &signer()), &[]);
    assert_eq!(named(&without), [(2, 2)]);
}
