//! What the system was asked, in which order: a 200 leaves only after the bytes behind it were
//! written and then synced. A page cache forgives everything else in every other test.

use std::path::Path;
use std::thread;

use super::load::{Book, delivery};
use super::rig::{Launch, Rig, eventually};
use super::strace::{Strace, calls};
use super::tools;

/// How many 200s the trace of a client that waits for each answer holds, each after a write to
/// `db` and an fdatasync that began after the write had ended and returned 0.
pub fn answers_after_sync(trace: &str, db: &Path) -> Result<usize, String> {
    let file = format!("<{}>", db.display());
    let calls = calls(trace);
    let (writes, others): (Vec<_>, Vec<_>) = calls
        .iter()
        .partition(|call| call.name == "pwrite64" && call.text.contains(&file));
    let is_sync = |name: &str| name == "fdatasync" || name == "fsync";
    let synced = |call: &&&_| -> bool {
        let call: &super::strace::Call = call;
        is_sync(&call.name) && call.text.contains(&file) && call.result == "0"
    };
    let syncs: Vec<_> = others.iter().filter(synced).collect();
    let answers = others.iter().filter(|call| {
        ["sendto", "write", "writev"].contains(&call.name.as_str())
            && call.text.contains("\"HTTP/1.1 200")
    });
    let mut since = 0;
    let mut count = 0;
    for answer in answers {
        let here = format!("the 200 on line {}", answer.begin + 1);
        let behind = writes
            .iter()
            .filter(|write| (since..answer.begin).contains(&write.begin));
        let last = behind.map(|write| write.end).max();
        let last = last.ok_or(format!("{here} has no write behind it"))?;
        let mut after = syncs
            .iter()
            .filter(|sync| last < sync.begin && sync.end < answer.begin);
        after.next().ok_or(format!("{here} was not synced"))?;
        since = answer.begin;
        count += 1;
    }
    Ok(count)
}

#[test]
fn every_200_leaves_after_its_sync() {
    if !tools::can_trace() {
        return;
    }
    let rig = Rig::new();
    let strace = Strace::watching(rig.path("trace"));
    let service = rig.start_as(&Launch {
        strace: Some(&strace),
        ..Launch::default()
    });
    Book::default().send(service.address, 25);
    assert_eq!(service.terminate().code, Some(0));
    let trace = strace.text();
    assert_eq!(answers_after_sync(&trace, &rig.db()), Ok(25));
    // The same run without its syncs, and with syncs that failed, is found out.
    let lines = |keep: fn(&str) -> bool| -> String {
        let kept = trace.lines().filter(|line| keep(line));
        kept.map(|line| format!("{line}\n")).collect()
    };
    let without = lines(|line| !line.contains("fdatasync"));
    assert!(answers_after_sync(&without, &rig.db()).is_err());
    let failed = trace.replace("= 0", "= -1 EIO (Input/output error)");
    assert!(answers_after_sync(&failed, &rig.db()).is_err());
    let unwritten = lines(|line| !line.contains("pwrite64"));
    assert!(answers_after_sync(&unwritten, &rig.db()).is_err());
}

/// The checker by itself, on traces made by hand.
#[test]
fn the_checker_knows_right_from_wrong() {
    let check = |lines: &[&str]| answers_after_sync(&lines.join("\n"), Path::new("/d/db"));
    let write = "7 pwrite64(5</d/db>, \"x\", 1, 0) = 1";
    let sync = "7 fdatasync(6</d/db>) = 0";
    let answer = "8 sendto(9<socket:[1]>, \"HTTP/1.1 200 OK\\r\\n\", 17, 0, NULL, 0) = 17";
    assert_eq!(check(&[write, sync, answer, write, sync, answer]), Ok(2));
    let begun = "7 fdatasync(6</d/db> <unfinished ...>";
    let done = "7 <... fdatasync resumed>) = 0";
    assert_eq!(
        check(&[write, begun, "8 close(3) = 0", done, answer]),
        Ok(1)
    );
    let wrong: [&[&str]; 8] = [
        &[write, answer],
        &[sync, write, answer],
        &[write, sync, answer, write, answer],
        &[
            write,
            "7 fdatasync(6</d/db>) = -1 EIO (Input/output error)",
            answer,
        ],
        &[write, "7 fdatasync(6</d/witness>) = 0", answer],
        &[write, begun, answer, done],
        &[begun, write, done, answer],
        &[sync, answer],
    ];
    for lines in wrong {
        assert!(check(lines).is_err(), "{lines:?}");
    }
}

/// A disk that takes longer than a provider waits: the delivery is refused in time, is recorded
/// all the same when the disk is done, and its resend is told so.
#[test]
fn a_slow_disk_is_answered_503_and_then_duplicate() {
    if !tools::can_trace() {
        return;
    }
    let rig = Rig::new();
    let book = Book::default();
    // Makes the store, so that the next start writes nothing by itself.
    let service = rig.start();
    book.send(service.address, 1);
    assert_eq!(service.terminate().code, Some(0));
    // A start syncs twice on its own thread; the writer's third sync is the one that is slow.
    let rule = "fdatasync:delay_enter=6s:when=3".to_owned();
    let strace = Strace::injecting(rig.path("trace"), rule);
    let service = rig.start_as(&Launch {
        strace: Some(&strace),
        ..Launch::default()
    });
    book.send(service.address, 2);
    let n = book.next();
    let late = delivery(n);
    let refused = late.post(&mut service.client()).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.word("code"), "unavailable");
    let mut client = service.client();
    let mut told = None;
    eventually("the resend is answered", || {
        let answer = late.post(&mut client).unwrap();
        book.take(n, &answer);
        thread::yield_now();
        told = Some(answer);
        told.as_ref().is_some_and(|answer| answer.status == 200)
    });
    assert_eq!(told.unwrap().word("status"), "duplicate");
    assert!(strace.has_injected(), "the disk was not slow");
    book.check(service.address);
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}
