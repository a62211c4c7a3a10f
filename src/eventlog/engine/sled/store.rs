//! An open sled handle, and how pages lie in it. Knows sled's habits; decides nothing about when to
//! write or what a failure means for the log.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::files::{self, Barrier};
use super::waker::Waker;
use crate::eventlog::engine::{Fault, Tail};
use crate::eventlog::open_error::OpenError;
use crate::eventlog::page::Page;

/// Fixed for a store's life. Large, because a leaf that outgrows a quarter of it spills into blob
/// files, which sled never syncs: 17 chunks of a leaf stay below 2 MiB.
pub(super) const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
const CHUNK_BYTES: usize = 48 * 1024;
/// 256 parts of the cache times 64 looks of so much each: 16 MiB may be waiting to be dropped.
const BYTES_A_LOOK: usize = 1024;
/// Reads go through the system's cache anyway; sled uses about four times what it is given.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
pub(super) const KEY_BYTES: usize = 10;
/// sled lets go of its file lock a moment after the last handle is dropped: about 2 s in all.
const LOCK_TRIES: u32 = 80;
const LOCK_WAIT: Duration = Duration::from_millis(25);

/// An open handle. The second descriptor is for our own barrier.
pub(super) struct Store {
    /// Dropped first, so that `db` is the last handle.
    _waker: Waker,
    pub(super) db: sled::Db,
    file: File,
}

/// Runs `work` inside sled, which panics on some damage; a panic becomes a sentence.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        format!(
            "sled stopped: {}",
            text.unwrap_or_else(|| "no reason given".to_owned())
        )
    })
}

fn key(first_seq: u64, chunk: u16) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    let bytes = first_seq
        .to_be_bytes()
        .into_iter()
        .chain(chunk.to_be_bytes());
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    key
}

fn parse_key(key: &[u8]) -> Option<(u64, u16)> {
    let (seq, chunk) = key.split_first_chunk()?;
    Some((
        u64::from_be_bytes(*seq),
        u16::from_be_bytes(chunk.try_into().ok()?),
    ))
}

fn config(dir: &Path) -> sled::Config {
    sled::Config::default()
        .path(dir)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES)
        // Nothing may write between our barriers.
        .flush_every_ms(None)
}

impl Store {
    /// Opens the folder, with everything sled forgets to sync made durable first: what a killed
    /// predecessor left in the system's cache is about to be believed, and answered as recorded.
    pub(super) fn open(dir: &Path, barrier: &Barrier) -> Result<Self, OpenError> {
        let db_path = files::db_path(dir);
        let sync = |file: &File| {
            barrier(file).map_err(|source| OpenError::Sync {
                path: db_path.clone(),
                source,
            })
        };
        let open = || {
            let options = File::options().read(true).write(true).open(&db_path);
            options.map_err(|source| OpenError::io("open", &db_path, source))
        };
        if files::db_len(dir)?.is_some() {
            sync(&open()?)?;
        }
        files::remove_unfinished_snapshots(dir)?;
        let config = config(dir);
        let db = Self::open_sled(dir, &config)?;
        files::check_no_blobs(dir)?;
        let file = open()?;
        sync(&file)?;
        files::sync_names(dir)?;
        let waker = Waker::start(config, db.clone());
        let waker = waker.map_err(|source| OpenError::io("start a thread for", dir, source))?;
        Ok(Self {
            _waker: waker,
            db,
            file,
        })
    }

    fn open_sled(dir: &Path, config: &sled::Config) -> Result<sled::Db, OpenError> {
        for _ in 0..LOCK_TRIES {
            match guarded(|| config.open()) {
                Ok(Ok(db)) => return Ok(db),
                Ok(Err(sled::Error::Io(error))) => {
                    // Ours is the outer lock, so sled's can only be our own last handle's.
                    if !error.to_string().contains("could not acquire lock") {
                        return Err(OpenError::io("open", dir, plain(error)));
                    }
                    thread::sleep(LOCK_WAIT);
                }
                Ok(Err(error)) => return Err(OpenError::damaged(dir, &words(&error))),
                Err(panic) => return Err(OpenError::damaged(dir, &panic)),
            }
        }
        Err(OpenError::Locked(dir.to_path_buf()))
    }

    /// Where the log ends.
    pub(super) fn tail(&self) -> Result<Tail, Fault> {
        match self.first_seq_at_or_before(u64::MAX)? {
            None => Ok(Tail::default()),
            Some(first_seq) => self.page_at(first_seq).map(|page| Tail::after(&page)),
        }
    }

    /// Hands the page to sled and to the system, as one batch that lands whole or not at all. It
    /// is not durable yet.
    pub(super) fn write(&self, page: &Page) -> Result<(), Fault> {
        let mut batch = sled::Batch::default();
        for (chunk, bytes) in (0_u16..).zip(page.bytes().chunks(CHUNK_BYTES)) {
            batch.insert(&key(page.first_seq(), chunk), bytes);
        }
        let written = guarded(|| self.db.apply_batch(batch).and_then(|()| self.db.flush()));
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let error = to_io(error);
                if is_full(&error) {
                    Err(Fault::Full)
                } else {
                    Err(poisoned(&error))
                }
            }
            Err(panic) => Err(Fault::Poisoned(panic)),
        }
    }

    /// Waits until everything written is on the disk.
    pub(super) fn sync(&self, barrier: &Barrier) -> std::io::Result<()> {
        barrier(&self.file)
    }

    /// The file's length.
    pub(super) fn len(&self) -> std::io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }

    /// The last page that begins at or before `seq`.
    pub(super) fn first_seq_at_or_before(&self, seq: u64) -> Result<Option<u64>, Fault> {
        let damaged = |what: String| Fault::Damaged { seq, what };
        let range = key(1, 0)..=key(seq, u16::MAX);
        let found = guarded(|| self.db.range(range).next_back()).map_err(damaged)?;
        let Some(found) = found else { return Ok(None) };
        let (found, _) = found.map_err(|error| damaged(words(&error)))?;
        parse_key(&found)
            .map(|(first_seq, _)| Some(first_seq))
            .ok_or_else(|| damaged("a key is no page's".to_owned()))
    }

    /// The first page that begins after `seq`, up to `last_seq`. A damaged part of the store is
    /// passed by asking behind it.
    pub(super) fn first_seq_after(&self, seq: u64, last_seq: u64) -> Option<u64> {
        for from in seq.saturating_add(1)..=last_seq {
            let range = key(from, 0)..=key(last_seq, u16::MAX);
            match guarded(|| self.db.range(range).next()) {
                Ok(None) => return None,
                Ok(Some(Ok((found, _)))) => return parse_key(&found).map(|(first, _)| first),
                Ok(Some(Err(_))) | Err(_) => {}
            }
        }
        None
    }

    /// The page that begins at `first_seq`.
    pub(super) fn page_at(&self, first_seq: u64) -> Result<Page, Fault> {
        let damaged = |what: String| Fault::Damaged {
            seq: first_seq,
            what,
        };
        let bytes = guarded(|| self.chunks(first_seq))
            .map_err(damaged)?
            .map_err(damaged)?;
        let page = Page::decode(bytes.into()).map_err(|error| damaged(error.to_string()))?;
        if page.first_seq() == first_seq {
            Ok(page)
        } else {
            Err(damaged("another page lies in its place".to_owned()))
        }
    }

    fn chunks(&self, first_seq: u64) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::with_capacity(CHUNK_BYTES);
        let found = self.db.range(key(first_seq, 0)..=key(first_seq, u16::MAX));
        for (expected, found) in (0_u16..).zip(found) {
            let (found, chunk) = found.map_err(|error| words(&error))?;
            if parse_key(&found) != Some((first_seq, expected)) {
                return Err("a part of the page is missing".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        self.relieve_cache(first_seq, bytes.len());
        Ok(bytes)
    }

    /// sled looks for what to drop from its cache only at every 64th look at one of 256 parts of
    /// it. Leaves here are large: whoever reads the whole log would hold nearly a gigabyte of them
    /// until those looks have come together. So each reading brings looks by its size.
    fn relieve_cache(&self, first_seq: u64, bytes: usize) {
        for _ in 0..bytes.div_ceil(BYTES_A_LOOK) {
            // What is wrong with it was told when it was read.
            let _ = self.db.contains_key(key(first_seq, 0));
        }
    }

    /// Drops the handle; sled may panic even then.
    pub(super) fn close(self) {
        if let Err(panic) = guarded(|| drop(self)) {
            tracing::warn!(%panic, "the store did not close cleanly");
        }
    }
}

pub(super) fn to_io(error: sled::Error) -> std::io::Error {
    if let sled::Error::Io(error) = error {
        plain(error)
    } else {
        std::io::Error::other(words(&error))
    }
}

/// sled hands on copies of the system's errors whose text is for debugging; the number in it is the
/// error.
fn plain(error: std::io::Error) -> std::io::Error {
    let text = error.to_string();
    let code = text.strip_prefix("Os { code: ");
    let code = code.and_then(|rest| rest.split(',').next()?.parse().ok());
    code.map_or(error, std::io::Error::from_raw_os_error)
}

/// What sled found, for an operator: its own words for damage are for debugging.
pub(super) fn words(error: &sled::Error) -> String {
    if let sled::Error::Corruption { .. } = error {
        "a part of it is not what was written".to_owned()
    } else {
        error.to_string()
    }
}

/// Whether writing goes on once somebody makes room.
pub(super) fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn poisoned(error: &std::io::Error) -> Fault {
    Fault::Poisoned(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn keys_sort_by_seq_and_chunk_and_are_read_back() {
        let keys = [
            key(1, 0),
            key(1, 1),
            key(1, 300),
            key(2, 0),
            key(256, 0),
            key(u64::MAX, 9),
        ];
        assert!(keys.is_sorted() && keys[0] > super::super::header::HEADER_KEY);
        assert_eq!(parse_key(&key(256, 300)), Some((256, 300)));
        assert_eq!(parse_key(b"short"), None);
    }

    #[test]
    fn an_error_of_sled_becomes_words() {
        let system = std::io::Error::from_raw_os_error(28);
        // A clone is what sled keeps and hands on.
        let copy = sled::Error::Io(system).clone();
        assert!(copy.to_string().contains("code: 28"), "{copy}");
        let error = to_io(copy);
        assert!(is_full(&error), "{error:?}");
        assert_eq!(error.raw_os_error(), Some(28));
        let corruption = sled::Error::Corruption { at: None, bt: () };
        assert!(!to_io(corruption).to_string().contains("backtrace"));
    }

    #[test]
    fn a_panic_becomes_a_sentence() {
        let caught = guarded(|| std::panic::resume_unwind(Box::new("no page".to_owned())));
        assert_eq!(caught, Err::<(), _>("sled stopped: no page".to_owned()));
    }
}
