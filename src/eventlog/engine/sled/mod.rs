//! The log in sled 0.34.7, by a recipe that keeps every acknowledged event through kills and power
//! cuts (`docs/adr/0005-sled-engine.md`). Knows pages, never records.

mod files;
mod header;
mod store;
mod waker;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use tempfile::TempDir;

pub use self::files::{Barrier, Lock, fdatasync, lock};
pub(in crate::eventlog) use self::files::{import_folder, remove_unfinished, sync_names};
use self::store::{Store, guarded, is_full};
use super::{Engine, Fault, Tail};
use crate::domain::time::Timestamp;
use crate::eventlog::open::Purpose;
use crate::eventlog::open_error::OpenError;
use crate::eventlog::page::Page;

/// How a store is opened.
pub(in crate::eventlog) struct Setup {
    pub(in crate::eventlog) data_dir: PathBuf,
    /// The store's file had at least this many bytes.
    pub(in crate::eventlog) expected_bytes: u64,
    /// The store has been there before, so its header must be.
    pub(in crate::eventlog) is_known: bool,
    pub(in crate::eventlog) min_free_bytes: u64,
    pub(in crate::eventlog) barrier: Barrier,
    pub(in crate::eventlog) purpose: Purpose,
    pub(in crate::eventlog) now: Timestamp,
}

/// Pages in sled, one batch a page, each synced by our own barrier before it counts.
pub struct SledEngine {
    dir: PathBuf,
    barrier: Barrier,
    min_free_bytes: AtomicU64,
    /// `None` between a failed write and the reopening.
    store: RwLock<Option<Store>>,
    /// Moves only after the barrier: no reader sees a page that a power cut could take back.
    tail: Mutex<Tail>,
    /// Set once, never taken back: after a failed barrier the system may have dropped the very
    /// pages it could not write, and a second barrier would succeed without them.
    read_only: OnceLock<String>,
    /// What an inspection looks at.
    _copy: Option<TempDir>,
    /// Dropped last, after the store.
    _lock: Lock,
}

impl SledEngine {
    /// Opens or makes `<data_dir>/log`.
    pub(in crate::eventlog) fn open(lock: Lock, setup: Setup) -> Result<Self, OpenError> {
        let dir = setup.data_dir.join("log");
        let found = files::db_len(&dir)?;
        if found.unwrap_or(0) < setup.expected_bytes {
            return Err(OpenError::Shorter {
                path: files::db_path(&dir),
                found: found.unwrap_or(0),
                expected: setup.expected_bytes,
            });
        }
        let read_only = OnceLock::new();
        if setup.purpose == Purpose::Inspect {
            if found.is_none() {
                return Err(OpenError::NoStore(setup.data_dir));
            }
            let _ = read_only.set("it was opened to be read only".to_owned());
        }
        fs::create_dir_all(&dir).map_err(|source| OpenError::io("create", &dir, source))?;
        // sled cuts the log behind the first damaged byte while it opens. Whoever looks must not
        // destroy what there is to see, so an inspection looks at a copy.
        let copy = match setup.purpose {
            Purpose::Serve => None,
            Purpose::Inspect => Some(files::copy(&setup.data_dir, &dir)?),
        };
        let opened = copy.as_ref().map_or(dir.as_path(), TempDir::path);
        let store = Store::open(opened, &setup.barrier).map_err(|error| about(&dir, error))?;
        header::check(&store, &dir, setup.is_known, &setup.barrier, setup.now)?;
        let tail = match store.tail() {
            // An inspection must get at the rest; it learns of the damage when it reads this seq.
            Err(Fault::Damaged { seq, .. })
                if setup.purpose == Purpose::Inspect && seq != u64::MAX =>
            {
                Tail {
                    page_no: 0,
                    last_seq: seq,
                }
            }
            other => other.map_err(|fault| OpenError::damaged(&dir, &fault.to_string()))?,
        };
        Ok(Self {
            dir,
            barrier: setup.barrier,
            min_free_bytes: AtomicU64::new(setup.min_free_bytes),
            store: RwLock::new(Some(store)),
            tail: Mutex::new(tail),
            read_only,
            _copy: copy,
            _lock: lock,
        })
    }

    /// Refuses before sled meets a full disk, which costs it the handle.
    fn check_space(&self) -> Result<(), Fault> {
        let wanted = self.min_free_bytes.load(Ordering::Relaxed);
        if wanted == 0 {
            return Ok(());
        }
        if self.space()? < wanted {
            Err(Fault::Full)
        } else {
            Ok(())
        }
    }

    fn space(&self) -> Result<u64, Fault> {
        let free = super::free_bytes(&self.dir);
        free.map_err(|error| Fault::Poisoned(format!("free space cannot be told: {error}")))
    }

    fn check_writable(&self) -> Result<(), Fault> {
        self.read_only
            .get()
            .map_or(Ok(()), |why| Err(Fault::ReadOnly(why.clone())))
    }

    fn end_writing(&self, why: String) -> Fault {
        tracing::error!(%why, "the log is read-only from now on");
        Fault::ReadOnly(self.read_only.get_or_init(|| why).clone())
    }

    fn write(&self, page: &Page) -> Result<(), Fault> {
        let store = self.store.read();
        let store = store.as_ref().ok_or_else(closed)?;
        store.write(page)?;
        match guarded(|| store.sync(&self.barrier)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.end_writing(format!("the disk did not sync: {error}"))),
            Err(panic) => Err(self.end_writing(panic)),
        }
    }

    fn with_store<T>(&self, work: impl FnOnce(&Store) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store
            .read()
            .as_ref()
            .map_or_else(|| Err(closed()), work)
    }

    /// Waits until nobody reads, so that the handle really goes.
    fn close(&self) {
        let store = self.store.write().take();
        if let Some(store) = store {
            store.close();
        }
    }
}

fn closed() -> Fault {
    Fault::Poisoned("it is closed after a failed write".to_owned())
}

/// The same damage, of the store that was copied and not of its copy.
fn about(dir: &Path, error: OpenError) -> OpenError {
    if let OpenError::Damaged { what, .. } = &error {
        OpenError::damaged(dir, what)
    } else {
        error
    }
}

fn reopening(error: &OpenError) -> Fault {
    if let OpenError::Io { source, .. } = error
        && is_full(source)
    {
        return Fault::Full;
    }
    Fault::Poisoned(error.to_string())
}

impl Engine for SledEngine {
    fn set_min_free_bytes(&self, bytes: u64) {
        self.min_free_bytes.store(bytes, Ordering::Relaxed);
    }

    fn free_bytes(&self) -> Result<Option<u64>, Fault> {
        self.space().map(Some)
    }

    fn last(&self) -> Result<Tail, Fault> {
        self.with_store(|_| Ok(*self.tail.lock()))
    }

    fn append(&self, after: u64, page: &Page) -> Result<(), Fault> {
        self.check_writable()?;
        let tail = self.last()?;
        if tail.page_no != after || !tail.is_continued_by(page) {
            return Err(Fault::Conflict);
        }
        self.check_space()?;
        let written = self.write(page);
        match &written {
            Ok(()) => *self.tail.lock() = Tail::after(page),
            // After any failed write sled refuses all others; reading goes on once it is reopened.
            Err(Fault::Full | Fault::Poisoned(_)) => self.close(),
            Err(_) => {}
        }
        written
    }

    fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
        self.with_store(|store| {
            if seq == 0 || seq > self.tail.lock().last_seq {
                return Ok(None);
            }
            let gap = || Fault::Damaged {
                seq,
                what: "it is missing from the store".to_owned(),
            };
            let first_seq = store.first_seq_at_or_before(seq)?.ok_or_else(gap)?;
            let page = store.page_at(first_seq)?;
            if page.last_seq() < seq {
                Err(gap())
            } else {
                Ok(Some(page))
            }
        })
    }

    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
        let last_seq = self.tail.lock().last_seq;
        self.with_store(|store| Ok(store.first_seq_after(seq, last_seq)))
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.check_writable()?;
        self.check_space()?;
        let mut slot = self.store.write();
        if slot.is_some() {
            return Ok(());
        }
        let store = match Store::open(&self.dir, &self.barrier) {
            Ok(store) => store,
            Err(error @ OpenError::Sync { .. }) => return Err(self.end_writing(error.to_string())),
            Err(error) => return Err(reopening(&error)),
        };
        let tail = store.tail();
        let mut known = self.tail.lock();
        match tail {
            Ok(tail) if tail.last_seq >= known.last_seq => *known = tail,
            Ok(tail) => {
                let (found, last) = (tail.last_seq, known.last_seq);
                let why = format!("the reopened store ends at {found} instead of {last}");
                return Err(self.end_writing(why));
            }
            Err(fault) => return Err(self.end_writing(fault.to_string())),
        }
        *slot = Some(store);
        Ok(())
    }

    fn store_bytes(&self) -> Result<u64, Fault> {
        self.with_store(|store| {
            let len = guarded(|| store.len()).map_err(Fault::Poisoned)?;
            len.map_err(|error| Fault::Poisoned(error.to_string()))
        })
    }
}

/// How large the store's file is; 0 where there is none.
///
/// # Errors
/// [`OpenError`] where that cannot be told.
pub fn db_bytes(data_dir: &Path) -> Result<u64, OpenError> {
    files::db_len(&store_dir(data_dir)).map(Option::unwrap_or_default)
}

/// Copies the store of one data folder into another one that has none.
pub(in crate::eventlog) fn copy_store(data_dir: &Path, to: &Path) -> Result<(), OpenError> {
    let to = store_dir(to);
    fs::create_dir(&to).map_err(|source| OpenError::io("create", &to, source))?;
    files::copy_files(&store_dir(data_dir), &to)
}

/// Where the store lies under `data_dir`: for messages and tests.
#[must_use]
pub fn store_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("log")
}
