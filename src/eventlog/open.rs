//! Opens a log: takes the lock, compares the store with its witness, checks the newest records.
//! Refuses with a sentence rather than serve a log that lost something.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engine::memory::MemoryEngine;
use super::engine::sled::{self, Barrier, SledEngine};
use super::engine::{Engine, Fault, Tail};
use super::merkle::Peaks;
use super::open_error::{OpenError, Rollback, Warning};
use super::reader::Log;
use super::verify::{Checker, Finding, Heads};
use super::witness::{Keeper, Witness};
use crate::domain::time::Timestamp;

/// Damage at the end is what a crash leaves; the rest is checked in the background.
const NEWEST_RECORDS: u64 = 1_000;
/// Enough for sled to finish a commit and for the operator to read the alarm.
const MIN_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// sled cuts the log behind the first damaged byte while it opens it. Up to this size a copy is
/// opened first, so that a start that is refused leaves everything there was to see; a larger one
/// would hold up the start for longer than a provider waits.
const REHEARSED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What keeps the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// On disk.
    Sled,
    /// Gone with the process.
    Memory,
}

/// What the log is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be written; anything suspicious is refused.
    Serve,
    /// To be read: nothing that is there is changed, no store is made, and what can be passed
    /// becomes a [`Warning`]. Takes as much room on the disk as the store, for a copy.
    Inspect,
}

/// How to open a log.
pub struct OpenOptions {
    /// What keeps the pages.
    pub engine: EngineKind,
    /// Holds `LOCK`, `log/` and, unless it is elsewhere, `witness.json`.
    pub data_dir: PathBuf,
    /// `None`: beside the store.
    pub witness_path: Option<PathBuf>,
    /// Nothing is written while the disk has less free space; 0 turns the check off.
    pub min_free_bytes: u64,
    /// Go on although the store is behind its witness.
    pub accept_rollback: bool,
    /// What for.
    pub purpose: Purpose,
    /// Replaced only by tests.
    pub barrier: Barrier,
}

impl OpenOptions {
    /// A sled store in `data_dir`, with the defaults of the configuration.
    #[must_use]
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            engine: EngineKind::Sled,
            data_dir,
            witness_path: None,
            min_free_bytes: MIN_FREE_BYTES,
            accept_rollback: false,
            purpose: Purpose::Serve,
            barrier: sled::fdatasync(),
        }
    }

    /// Where the witness lies.
    #[must_use]
    pub fn witness_path(&self) -> PathBuf {
        self.witness_path
            .clone()
            .unwrap_or_else(|| self.data_dir.join("witness.json"))
    }
}

/// Where the log stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The last page's number.
    pub page_no: u64,
    /// The Merkle peaks; their size is the last seq.
    pub peaks: Peaks,
    /// When the last record was taken in.
    pub recorded_at: Timestamp,
}

impl Head {
    /// The last seq; 0 in an empty log.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.peaks.size()
    }
}

/// An open log.
pub struct Opened {
    /// Keeps the pages.
    pub engine: Arc<dyn Engine>,
    /// Where the log stands.
    pub head: Head,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
    /// Set where [`OpenOptions::accept_rollback`] was needed: to be recorded as an event.
    pub accepted_rollback: Option<Rollback>,
    /// What the witness said before; `None` for an engine without one, or where it was missing.
    pub witness: Option<Witness>,
    pub(super) keeper: Option<Keeper>,
}

impl Opened {
    /// A log over an engine that needs no opening: in memory, or one that a test has wrapped.
    ///
    /// # Errors
    /// [`OpenError`] where the newest records of `engine` are damaged.
    pub fn over(engine: Arc<dyn Engine>) -> Result<Self, OpenError> {
        let head = check_newest(engine.as_ref())
            .map_err(|what| OpenError::damaged(Path::new("memory"), &what))?;
        Ok(Self {
            engine,
            head,
            warnings: Vec::new(),
            accepted_rollback: None,
            witness: None,
            keeper: None,
        })
    }

    /// The log, for reading.
    #[must_use]
    pub fn log(&self) -> Log {
        Log::new(Arc::clone(&self.engine))
    }
}

/// Opens the log. `now` is written into a store that is made by this.
///
/// # Errors
/// [`OpenError`], a sentence that says what to do.
pub fn open(options: &OpenOptions, now: Timestamp) -> Result<Opened, OpenError> {
    if options.engine == EngineKind::Memory {
        return Opened::over(Arc::new(MemoryEngine::default()));
    }
    let dir = &options.data_dir;
    let is_serving = options.purpose == Purpose::Serve;
    if is_serving {
        fs::create_dir_all(dir).map_err(|source| OpenError::io("create", dir, source))?;
    } else if !dir.is_dir() {
        return Err(OpenError::NoStore(dir.clone()));
    }
    let path = options.witness_path();
    let lock = sled::lock(dir)?;
    if is_serving {
        sled::remove_unfinished(dir)?;
    }
    let witness = Witness::read(&path)?;
    let trusted = witness.as_ref().filter(|_| !options.accept_rollback);
    let setup = |purpose, barrier: &Barrier| sled::Setup {
        data_dir: dir.clone(),
        expected_bytes: trusted.map_or(0, |witness| witness.db_len),
        is_known: trusted.is_some() || !is_serving,
        min_free_bytes: options.min_free_bytes,
        barrier: Arc::clone(barrier),
        purpose,
        now,
    };
    let bytes = sled::db_bytes(dir)?;
    let lock = if is_serving && trusted.is_some() && (1..=REHEARSED_BYTES_MAX).contains(&bytes) {
        // Nothing of a copy has to be durable.
        let no_barrier: Barrier = Arc::new(|_| Ok(()));
        let copy = SledEngine::open(lock, setup(Purpose::Inspect, &no_barrier));
        let looked_at = copy.and_then(|copy| compare(options, Arc::new(copy), witness.clone()));
        // Anything but damage is met again, with the store itself: a full disk, for instance.
        if let Err(refusal @ (OpenError::Damaged { .. } | OpenError::RolledBack(_))) = looked_at {
            return Err(refusal);
        }
        // It held the lock.
        drop(looked_at);
        sled::lock(dir)?
    } else {
        lock
    };
    let engine = SledEngine::open(lock, setup(options.purpose, &options.barrier))?;
    let mut opened = compare(options, Arc::new(engine), witness)?;
    if is_serving {
        let db_len = opened.engine.store_bytes()?;
        Witness {
            peaks: opened.head.peaks.clone(),
            db_len,
        }
        .write(&path)?;
        let keeper = Keeper::start(path.clone());
        let keeper = keeper.map_err(|source| OpenError::io("start a thread for", &path, source))?;
        opened.keeper = Some(keeper);
    }
    Ok(opened)
}

/// Compares the store with its witness and reads its newest records.
fn compare(
    options: &OpenOptions,
    engine: Arc<dyn Engine>,
    witness: Option<Witness>,
) -> Result<Opened, OpenError> {
    let dir = sled::store_dir(&options.data_dir);
    let is_serving = options.purpose == Purpose::Serve;
    let mut warnings = Vec::new();
    let head = match check_newest(engine.as_ref()) {
        Ok(head) => head,
        Err(what) if is_serving => return Err(OpenError::damaged(&dir, &what)),
        Err(what) => {
            warnings.push(Warning::NewestDamaged(what));
            Head::default()
        }
    };
    let mut accepted_rollback = None;
    match &witness {
        Some(witness) => {
            if let Some(rollback) = rollback(engine.as_ref(), witness)? {
                if is_serving && !options.accept_rollback {
                    return Err(OpenError::RolledBack(rollback));
                }
                accepted_rollback = is_serving.then_some(rollback);
                warnings.push(Warning::RolledBack(rollback));
            }
        }
        None if engine.last()? != Tail::default() => {
            warnings.push(Warning::WitnessMissing(options.witness_path()));
        }
        None => {}
    }
    Ok(Opened {
        engine,
        head,
        warnings,
        accepted_rollback,
        witness,
        keeper: None,
    })
}

/// Whether the log does not continue what the witness remembers. Witnesses are written after whole
/// pages only.
fn rollback(engine: &dyn Engine, witness: &Witness) -> Result<Option<Rollback>, Fault> {
    let store_seq = engine.last()?.last_seq;
    let witness_seq = witness.seq();
    let is_continued = witness_seq == 0
        || match engine.read(witness_seq) {
            Ok(page) => page.is_some_and(|page| page.peaks() == &witness.peaks),
            Err(Fault::Damaged { .. }) => false,
            Err(fault) => return Err(fault),
        };
    Ok((!is_continued).then_some(Rollback {
        witness_seq,
        store_seq,
    }))
}

/// Reads the newest records and answers where the log stands, or what is wrong with them.
fn check_newest(engine: &dyn Engine) -> Result<Head, String> {
    let tail = engine.last().map_err(|fault| fault.to_string())?;
    let mut pages = Vec::new();
    let mut seq = tail.last_seq;
    while seq > 0 && tail.last_seq - seq < NEWEST_RECORDS {
        let page = engine.read(seq).map_err(|fault| fault.to_string())?;
        let page = page.ok_or_else(|| format!("record {seq} is missing"))?;
        if page.last_seq() != seq {
            return Err(format!("record {seq} lies in two pages"));
        }
        seq = page.first_seq().saturating_sub(1);
        pages.push(page);
    }
    let Some(last) = pages.first() else {
        return Ok(Head::default());
    };
    let mut head = Head {
        page_no: last.page_no(),
        peaks: last.peaks().clone(),
        ..Head::default()
    };
    let mut checker = Checker::new((seq == 0).then(Peaks::default));
    let mut damage = None;
    for page in pages.iter().rev() {
        checker.check(page, &mut Heads::none(), &mut |finding| {
            if let Finding::Damage(found) = finding {
                damage.get_or_insert(format!("record {}: {}", found.first_seq, found.what));
            }
        });
    }
    head.recorded_at = checker.recorded_at();
    damage.map_or(Ok(head), Err)
}
