//! The disk fills up, before the ledger's own watermark and past it: webhooks are refused so that
//! their sender keeps them, reading goes on, and once there is room writing does too, without a
//! restart and without a loss. Runs on a small file system in memory, and so needs root.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::load::{Book, delivery, subscription_path};
use super::process::Service;
use super::rig::{Rig, eventually};
use super::tools;

/// Room for a store with its first segments of 8 MiB, and soon full.
const DISK_MIB: u32 = 48;
const MIB: usize = 1024 * 1024;
/// Far more than fits.
const EVENTS_UNTIL_FULL_MAX: u64 = 40_000;
const CLIENTS: usize = 4;

/// A file system of its own; gone when it is dropped.
pub struct Disk(TempDir);

impl Disk {
    pub fn new() -> Self {
        let point = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MIB}m");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(point.path())
            .status();
        match done {
            Ok(status) if status.success() => Self(point),
            Ok(_) => panic!("a tmpfs cannot be mounted; run these tests as root"),
            Err(_) => panic!("`mount` is missing; it is in the Debian package `mount`"),
        }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Allows writing to it, or not.
    pub fn remount(&self, how: &str) {
        let how = format!("remount,{how},size={DISK_MIB}m");
        let mut mount = Command::new("mount");
        let done = mount.args(["-o", &how]).arg(self.0.path()).status();
        assert!(done.unwrap().success(), "{how}");
    }

    /// Fills it with a file until `left` bytes are free; with 0, until nothing more fits.
    pub fn fill(&self, left: usize) -> PathBuf {
        let path = self.0.path().join("ballast");
        let mut file = File::create(&path).unwrap();
        let block = vec![1_u8; 4096];
        let mut blocks = match left {
            0 => usize::MAX,
            left => free(self.0.path()).saturating_sub(left) / block.len(),
        };
        while blocks > 0 && file.write_all(&block).is_ok() {
            blocks -= 1;
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a child that is being killed may still hold it.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn free(path: &Path) -> usize {
    let done = Command::new("stat")
        .args(["-f", "-c", "%a %S"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let numbers = text.split_whitespace().map(|word| word.parse::<usize>());
    numbers.map(Result::unwrap).product()
}

/// Sends one after the other until one is refused, and answers its number.
fn send_until_refused(service: &Service, book: &Book) -> u64 {
    let mut client = service.client();
    for _ in 0..EVENTS_UNTIL_FULL_MAX {
        let n = book.next();
        let answer = delivery(n).post(&mut client).unwrap();
        book.take(n, &answer);
        if answer.status == 503 {
            assert_eq!(answer.word("code"), "unavailable");
            return n;
        }
    }
    panic!("the disk never filled up");
}

/// While it is full: not ready, still alive, still answering about what it knows.
fn expect_full(service: &Service) {
    let ready = service.get("/readyz");
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert!(ready.header("retry-after").is_some());
    assert_eq!(service.get("/healthz").status, 200);
    let known = service.get(&subscription_path(1));
    assert_eq!(known.status, 200, "{}", known.text);
    assert_eq!(service.get("/v1/customers").status, 200);
}

/// Once there is room: the refused event is taken, and everything else.
fn expect_healed(service: &Service, book: &Book, refused: u64) {
    let mut client = service.client();
    eventually("writing resumes by itself", || {
        let answer = delivery(refused).post(&mut client).unwrap();
        book.take(refused, &answer);
        answer.status == 200
    });
    assert_eq!(service.get("/readyz").status, 200);
    book.send(service.address, 50);
    book.check(service.address);
}

#[test]
fn below_the_watermark_nothing_is_written_and_everything_is_read() {
    if !tools::can_mount() {
        return;
    }
    let disk = Disk::new();
    let rig = Rig::on(&disk.data_dir(), "min_free_bytes = 16777216\n");
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 200);
    assert_eq!(service.get("/readyz").status, 200);
    for _ in 0..2 {
        let ballast = disk.fill(12 * MIB);
        let refused = send_until_refused(&service, &book);
        expect_full(&service);
        let event = service.get("/v1/events/2");
        assert_eq!(event.status, 200, "{}", event.text);
        fs::remove_file(ballast).unwrap();
        expect_healed(&service, &book, refused);
    }
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

/// No watermark: sled itself meets the full disk, which costs it its handle.
#[test]
fn a_disk_that_is_full_to_the_last_byte_heals() {
    if !tools::can_mount() {
        return;
    }
    let disk = Disk::new();
    let rig = Rig::on(&disk.data_dir(), "min_free_bytes = 0\n");
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 200);
    for _ in 0..2 {
        let ballast = disk.fill(0);
        let refused = send_until_refused(&service, &book);
        expect_full(&service);
        fs::remove_file(ballast).unwrap();
        expect_healed(&service, &book, refused);
    }
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
    let (code, report) = rig.replay();
    assert_eq!((code, &report["identical"]), (Some(0), &true.into()));
}

/// Full under load, killed while it is full, and started again on the full disk.
#[test]
fn a_ledger_killed_on_a_full_disk_loses_nothing() {
    if !tools::can_mount() {
        return;
    }
    let disk = Disk::new();
    let rig = Rig::on(&disk.data_dir(), "min_free_bytes = 0\n");
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 20);
    let ballast = disk.fill(MIB);
    let address = service.address;
    book.during(address, CLIENTS, || {
        eventually("it refuses", || book.refused() > 20);
        assert_eq!(service.kill().code, None);
    });
    // On the full disk it starts, or says in one sentence why not.
    match rig.spawn(&super::rig::Launch::default()).serving() {
        Ok(service) => drop(service.kill()),
        Err(ended) => println!("{}", ended.refused_after_log_lines(1)),
    }
    fs::remove_file(ballast).unwrap();
    let service = rig.start();
    book.check(service.address);
    book.send(service.address, 5);
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}
