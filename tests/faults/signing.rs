//! What an export signs, and whom it waits for: a log that was rolled back signs nothing, events that
//! are not on the disk are not signed, and a reader who goes away ends it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

use super::export::{EVENTS, export, exported};
use super::load::Book;
use super::process::Service;
use super::rig::{ADMIN_KEY, Rig, eventually};
use super::strace::{Strace, calls};
use super::tools;

/// The text of so many is more than the system's buffers take for a reader who does not read.
const MANY_EVENTS: usize = 2_000;

fn copy(from: &Path, to: &Path) {
    let mut cp = std::process::Command::new("cp");
    assert!(cp.arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// The store as it was before its newest events: neither its witness nor a checkpoint of its own
/// may be contradicted by what an export signs.
#[test]
fn a_log_that_was_rolled_back_signs_no_other_root() {
    let (rig, _) = exported();
    let (log, old) = (rig.data_dir.join("log"), rig.path("old"));
    copy(&log, &old);
    let service = rig.start();
    let book = Book::default();
    (0..EVENTS).for_each(|_| {
        book.next();
    });
    book.send(service.address, 5);
    assert_eq!(service.terminate().code, Some(0));
    export(&rig, "control.ndjson", &["--to", "40"]);
    fs::remove_dir_all(&log).unwrap();
    copy(&old, &log);
    let refused = |by: &str| {
        for args in [&["export"][..], &["export", "--to", "40"]] {
            let ended = rig.run(args);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
            assert!(ended.stderr.contains(by), "{ended:?}");
        }
    };
    refused("--accept-rollback");
    fs::remove_file(rig.witness()).unwrap();
    refused("contradicts the checkpoint that it kept at 66 events");
    fs::remove_dir_all(rig.data_dir.join("checkpoints")).unwrap();
    export(&rig, "unknowing.ndjson", &[]);
}

/// A kill may leave events in the store that no sync came after.
#[test]
fn what_an_export_signs_is_on_the_disk() {
    if !tools::can_trace() {
        return;
    }
    let (rig, _) = exported();
    let (trace, out) = (rig.path("trace"), rig.path("traced.ndjson"));
    let plain = rig.command(&["export", "--out", out.to_str().unwrap()]);
    let strace = Strace::watching(trace);
    let mut command = strace.command(plain.get_program().to_str().unwrap());
    command.args(plain.get_args());
    assert!(command.output().unwrap().status.success());
    eventually("the trace is whole", || strace.text().contains("exported:"));
    let calls = calls(&strace.text());
    let wrote = |call: &&super::strace::Call| call.text.contains("{\\\"seq\\\":1,");
    let written = calls.iter().find(wrote).unwrap().begin;
    for path in [rig.db(), rig.db().parent().unwrap().to_owned()] {
        let file = format!("<{}>", path.display());
        let synced = calls
            .iter()
            .find(|call| call.name == "fsync" && call.text.contains(&file) && call.result == "0");
        assert!(synced.is_some_and(|sync| sync.end < written), "{file}");
    }
}

/// An export that is asked for, and of whose answer no more than the first line is read.
fn held_open(service: &Service) -> TcpStream {
    let mut socket = TcpStream::connect(service.address).unwrap();
    let head = "GET /v1/audit/export HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer";
    write!(socket, "{head} {ADMIN_KEY}\r\n\r\n").unwrap();
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(64, &socket);
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 200"), "{line}");
    socket
}

#[test]
fn exports_that_nobody_reads_end_with_their_readers() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.during(service.address, 4, || {
        eventually("there is much", || book.acknowledged() >= MANY_EVENTS);
    });
    let status = || {
        let answer = service.client().get("/v1/audit/export", ADMIN_KEY).unwrap();
        if answer.status == 409 {
            assert_eq!(answer.word("code"), "audit_running");
        }
        answer.status
    };
    let held = [held_open(&service), held_open(&service)];
    assert_eq!(status(), 409);
    drop(held);
    eventually("the turn is given back", || status() == 200);
    assert!(service.said("nobody") + service.said("an audit has ended") >= 2);
    assert_eq!(service.terminate().code, Some(0));
}
