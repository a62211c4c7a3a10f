//! Exports of logs in which records were erased: erased where an event says so, damaged elsewhere.
//! And imports into folders that hold something else.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subledger::domain::delivery::Evidence;
use subledger::eventlog::engine::memory::MemoryEngine;
use subledger::eventlog::export::{ExportRange, ExportReader, Exporter};
use subledger::eventlog::{
    Draft, Engine, Event, Identity, ImportError, Importer, Log, Opened, Record, Staging, open,
};
use subledger::ledger::audit::{Erasures, Origin, Signer, open_note};

use crate::rig::{World, event, folder, now, options, wait};

const ERASED_SEQ: u64 = 2;
const ERASURE_SEQ: u64 = 6;

/// The event that says that a record was erased.
fn erasure() -> Draft {
    let body = format!(
        r#"{{"type":"event.erased","v":1,"actor":"operator","at":0,"data":{{"seqs":[{ERASED_SEQ}]}}}}"#
    );
    let event = Event {
        source: "api".into(),
        provider: "subledger".into(),
        identity: Identity::of_signed_id("api", "erasure"),
        event_id: None,
        event_type: Some("event.erased".into()),
        evidence: Evidence::default(),
        body_sha256: Sha256::digest(&body).into(),
        ..event(900, body.into())
    };
    Draft::new(event).unwrap()
}

/// What is left of a record without salt and body.
fn bare(stored: &[u8]) -> Vec<u8> {
    let header = u32::from_be_bytes(stored[..4].try_into().unwrap()) as usize;
    stored[..4 + header].to_vec()
}

/// Seven records, of which the second has no body and the sixth says so.
fn with_an_erasure() -> Vec<Vec<u8>> {
    let world = World::over(Arc::new(MemoryEngine::default()));
    (1..ERASURE_SEQ).for_each(|n| assert!(world.record(n).is_ok()));
    wait(world.handle.submit(erasure(), 900).unwrap()).unwrap();
    world.record(700).unwrap();
    let records = world.log().records(1).map(Result::unwrap);
    let erased = |record: Record| match record.seq() {
        ERASED_SEQ => bare(record.stored_bytes()),
        _ => record.stored_bytes().to_vec(),
    };
    let stored = records.map(erased).collect();
    world.stop();
    stored
}

fn log_of(stored: &[Vec<u8>]) -> Arc<dyn Engine> {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::default());
    let mut importer = Importer::new(Opened::over(Arc::clone(&engine)).unwrap());
    for record in stored {
        importer.push(record.clone().into()).unwrap();
    }
    importer.finish().unwrap();
    engine
}

fn export(engine: &Arc<dyn Engine>, from: u64, to: u64) -> Vec<u8> {
    let signer = Signer::open(None, &Origin::Unless("ledger.example.com".into())).unwrap();
    let last_seq = engine.last().unwrap().last_seq;
    let range = ExportRange::new(Some(from), Some(to), last_seq).unwrap();
    let mut exporter = Exporter::new(Arc::clone(engine), range).unwrap();
    let mut text = Vec::new();
    while exporter.write_page(&mut text).unwrap() {}
    let note = signer.sign(to, exporter.peaks().root());
    exporter.write_last(&note, &signer.verifier().to_string(), &mut text);
    text
}

/// The records of an export, and the first one that lost its body without a reason.
fn read(text: &[u8]) -> (Vec<Vec<u8>>, Option<u64>) {
    let mut reader = ExportReader::new(text, open_note);
    let (mut stored, mut erasures) = (Vec::new(), Erasures::default());
    while let Some(record) = reader.next_record().unwrap() {
        erasures.note(&record);
        stored.push(record.stored_bytes().to_vec());
    }
    (stored, erasures.unexplained())
}

#[test]
fn an_erased_record_goes_out_and_comes_back_erased() {
    let stored = with_an_erasure();
    let data = folder();
    let text = export(&log_of(&stored), 1, 7);
    assert_eq!(read(&text), (stored.clone(), None));
    let mut staging = Staging::begin(options(data.path()), now()).unwrap();
    let mut reader = ExportReader::new(&text[..], open_note);
    let ending = staging.read(&mut reader, &mut |_| ()).unwrap();
    let head = staging.publish().unwrap().head;
    assert_eq!(head.peaks, ending.peaks);
    let opened = open(&options(data.path()), now()).unwrap();
    let imported = opened.log().records(1).map(Result::unwrap);
    assert!(
        imported
            .map(|record| record.stored_bytes().to_vec())
            .eq(stored)
    );
    drop(opened);
    // Taken again it is no other record, and neither is the one that was not erased.
    let mut staging = Staging::begin(options(data.path()), now()).unwrap();
    let mut reader = ExportReader::new(&text[..], open_note);
    assert!(staging.read(&mut reader, &mut |_| ()).is_ok());
    assert_eq!(staging.head().seq(), staging.began_at());
}

#[test]
fn a_body_that_is_missing_without_a_reason_is_damage() {
    let engine = log_of(&with_an_erasure());
    let (early, late) = (export(&engine, 1, 5), export(&engine, 4, 7));
    assert_eq!(read(&early).1, Some(ERASED_SEQ));
    assert_eq!(read(&late).1, None);
}

/// The log that is imported into is another one up to where the export goes on, or within it.
#[test]
fn what_another_log_goes_on_from_is_refused() {
    let ours = log_of(&with_an_erasure());
    let theirs = log_of(&with_an_erasure());
    let import = |data: &Path, text: &[u8]| {
        let mut staging = Staging::begin(options(data), now()).unwrap();
        let read = staging.read(&mut ExportReader::new(text, open_note), &mut |_| ());
        read.map(|_| drop(staging.publish().unwrap()))
    };
    let data = folder();
    import(data.path(), &export(&ours, 1, 4)).unwrap();
    let before = stored_in(data.path());
    let gap = import(data.path(), &export(&ours, 6, 7));
    let (begins, ends) = (6, 4);
    assert!(
        matches!(gap, Err(ImportError::Gap { begins: b, ends: e }) if (b, e) == (begins, ends))
    );
    let other = import(data.path(), &export(&theirs, 5, 7));
    assert!(matches!(other, Err(ImportError::OtherLog { seq: 4 })));
    let other = import(data.path(), &export(&theirs, 3, 7));
    assert!(matches!(
        other,
        Err(ImportError::OtherRecord { line: 1, seq: 3 })
    ));
    assert_eq!(stored_in(data.path()), before);
    import(data.path(), &export(&ours, 3, 7)).unwrap();
    assert_eq!(stored_in(data.path()).len(), 7);
    // A witness of more than is imported, or of something else, is not written over.
    let empty = folder();
    fs::copy(
        data.path().join("witness.json"),
        empty.path().join("witness.json"),
    )
    .unwrap();
    let mut staging = Staging::begin(options(empty.path()), now()).unwrap();
    let text = export(&ours, 1, 5);
    staging
        .read(&mut ExportReader::new(&text[..], open_note), &mut |_| ())
        .unwrap();
    let refused = staging.publish().err().unwrap();
    assert!(
        matches!(
            refused,
            ImportError::Witness {
                witness_seq: 7,
                seq: 5,
                ..
            }
        ),
        "{refused}"
    );
    import(empty.path(), &export(&ours, 1, 7)).unwrap();
    assert_eq!(stored_in(empty.path()), stored_in(data.path()));
}

fn stored_in(data: &Path) -> Vec<Vec<u8>> {
    let opened = open(&options(data), now()).unwrap();
    assert_eq!(opened.warnings, Vec::new());
    let log: Log = opened.log();
    let records = log.records(1).map(Result::unwrap);
    records
        .map(|record| record.stored_bytes().to_vec())
        .collect()
}
