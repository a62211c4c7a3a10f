//! `GET /v1/audit/export`: every record as it is stored, proven by a checkpoint of the ledger's own.

use subledger::eventlog::Record;
use subledger::eventlog::export::{Ending, ExportReader};
use subledger::ledger::audit::open_note;

use crate::world::{Answer, World, samples};

fn read(answer: &Answer) -> (Vec<Record>, Ending) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = ExportReader::new(answer.text.as_bytes(), open_note);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push(record);
    }
    (records, reader.ending().unwrap().clone())
}

fn filled() -> World {
    let world = World::new();
    for (name, body) in samples("razorpay") {
        assert_eq!(world.send("razorpay", &body).status, 200, "{name}");
    }
    world
}

#[test]
fn the_whole_log_is_exported_and_proven() {
    let world = filled();
    let answer = world.get("/v1/audit/export");
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let (records, ending) = read(&answer);
    let last_seq = world.read("/v1/stats")["last_seq"].as_u64().unwrap();
    assert_eq!(answer.header("x-ledger-seq"), Some(&*last_seq.to_string()));
    assert_eq!(records.len() as u64, last_seq);
    let key = world.get("/v1/audit/checkpoint/key").text;
    assert_eq!(ending.key, key.trim_end());
    assert_eq!(ending.checkpoint, world.get("/v1/audit/checkpoint").text);
    for record in &records {
        let event = world.read(&format!("/v1/events/{}", record.seq()));
        assert_eq!(event["leaf_hash"], hex::encode(record.leaf()));
        assert_eq!(event["event_id"].as_str(), record.event_id());
        assert_eq!(event["recorded_at"], record.recorded_at().to_string());
    }
}

#[test]
fn a_range_carries_what_proves_it() {
    let world = filled();
    let (whole, _) = read(&world.get("/v1/audit/export"));
    let last = whole.len();
    for (from, to) in [(1, 1), (1, 20), (7, 7), (8, 33), (17, last), (last, last)] {
        let answer = world.get(&format!("/v1/audit/export?from={from}&to={to}"));
        let (records, ending) = read(&answer);
        assert_eq!(records[..], whole[from - 1..to]);
        assert_eq!(ending.peaks.size(), to as u64);
        assert_eq!(ending.peaks_before.size(), from as u64 - 1);
        let lines: Vec<&str> = answer.text.lines().collect();
        let all = world.get("/v1/audit/export").text;
        let all: Vec<&str> = all.lines().collect();
        assert_eq!(lines[..lines.len() - 1], all[from - 1..to]);
    }
    let (rest, _) = read(&world.get("/v1/audit/export?from=30"));
    assert_eq!(rest[..], whole[29..]);
}

#[test]
fn records_that_are_not_there_are_refused() {
    let world = World::new();
    assert_eq!(world.read("/v1/stats")["last_seq"], 1);
    for query in ["from=0", "from=2", "to=2", "to=0", "from=2&to=1"] {
        let answer = world.get(&format!("/v1/audit/export?{query}"));
        assert_eq!(
            (answer.status, &*answer.word("code")),
            (400, "out_of_range")
        );
        assert!(
            answer.word("detail").contains("the log has 1 to 1"),
            "{query}"
        );
    }
    for query in ["from=x", "from=-1", "from=1&from=1", "until=1"] {
        let answer = world.get(&format!("/v1/audit/export?{query}"));
        assert_eq!(
            (answer.status, &*answer.word("code")),
            (400, "invalid_parameter")
        );
    }
}
