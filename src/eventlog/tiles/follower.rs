//! The thread that follows the log and keeps the tree's nodes. It writes only what the pages of
//! the log confirm, leaves the disk's reserve alone, and stops between two pages.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use super::Place;
use super::levels::Levels;
use super::nodes::{self, Nodes, peaks_at};
use crate::eventlog::engine::{Engine, Fault, free_bytes};
use crate::eventlog::merkle::{Hash, Peaks};

/// A proof reads the events since the last look from the log itself: a few pages at full speed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Further behind than this it works through a log that nobody waits for.
const FAR_BEHIND: u64 = 16_384;
/// Then it rests three times as long as it works, so that it takes an eighth of two cores.
const REST: u32 = 3;
/// After a fault of the disk or the log, or while the disk is full.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// A power cut costs what came since, and that is read again.
const SYNC_EVERY: Duration = Duration::from_secs(10);
/// What one page of the log can add, with room to spare.
const STEP_BYTES: u64 = 64 * 1024;

/// Why nothing more is kept for now.
#[derive(Debug, thiserror::Error)]
enum Hindrance {
    #[error(transparent)]
    Log(#[from] Fault),
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("the disk has too little free space")]
    NoRoom,
    #[error("the page that begins at record {0} states another tree than its records make")]
    Contradiction(u64),
}

pub(super) struct Follower {
    engine: Arc<dyn Engine>,
    place: Place,
    /// Held for reading while a proof is made, for writing while a page is added.
    pub(super) levels: RwLock<Levels>,
    stopping: AtomicBool,
    /// What is kept is not to be used: at first until it was compared with the log.
    discarded: AtomicBool,
}

impl Follower {
    pub(super) fn new(engine: Arc<dyn Engine>, place: Place) -> Self {
        Self {
            engine,
            place,
            levels: RwLock::default(),
            stopping: AtomicBool::new(false),
            discarded: AtomicBool::new(false),
        }
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// What is kept was found to be wrong: it is worked out again from the log.
    pub(super) fn discard(&self) {
        self.discarded.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Until [`Self::stop`].
    pub(super) fn run(&self) {
        let mut following = None;
        let mut told = String::new();
        while !self.is_stopping() {
            match self.follow(&mut following) {
                Ok(()) => {
                    told.clear();
                    thread::park_timeout(LOOK_EVERY);
                }
                Err(hindrance) => {
                    let why = hindrance.to_string();
                    if matches!(hindrance, Hindrance::Disk(_)) {
                        // What could not be finished may be half there.
                        following = None;
                    }
                    if why != told {
                        tracing::warn!(%why, "the tree's nodes are not kept for now");
                    }
                    told = why;
                    thread::park_timeout(TRY_AGAIN);
                }
            }
        }
        if let Some(mut following) = following
            && let Err(error) = self.sync(&mut following)
        {
            tracing::warn!(%error, "the tree's last nodes are worked out again at the next start");
        }
    }

    /// Brings what is kept up to the log's end.
    fn follow(&self, following: &mut Option<Following>) -> Result<(), Hindrance> {
        if self.discarded.swap(false, Ordering::Relaxed) {
            tracing::warn!("the tree's nodes were damaged; they are worked out again");
            *following = Some(self.begin_anew()?);
        }
        let state = match following {
            Some(state) => state,
            None => following.insert(self.begin()?),
        };
        loop {
            let last = self.engine.last()?.last_seq;
            let is_discarded = self.discarded.load(Ordering::Relaxed);
            if state.peaks.size() >= last || self.is_stopping() || is_discarded {
                return Ok(self.sync_when_due(state)?);
            }
            let began = Instant::now();
            self.take_page(state)?;
            self.sync_when_due(state)?;
            if last - state.peaks.size() > FAR_BEHIND {
                thread::park_timeout(began.elapsed().saturating_mul(REST));
            }
        }
    }

    /// What is kept in the folder, where that is of this log, else nothing.
    fn begin(&self) -> Result<Following, Hindrance> {
        let Some(folder) = &self.place.folder else {
            return self.begin_anew();
        };
        self.leave_room(folder)?;
        // Proofs come from the log while files are cut to what is certain.
        *self.levels.write() = Levels::default();
        if let Some((levels, root)) = Levels::reopen(folder)? {
            if let Some(peaks) = self.confirmed(&levels, &root)? {
                *self.levels.write() = levels;
                return Ok(Following::new(peaks));
            }
            tracing::warn!("the tree's nodes are not of this log; they are worked out again");
        }
        self.begin_anew()
    }

    fn begin_anew(&self) -> Result<Following, Hindrance> {
        if let Some(folder) = &self.place.folder {
            self.leave_room(folder)?;
        }
        let mut levels = self.levels.write();
        *levels = Levels::empty(self.place.folder.as_deref())?;
        Ok(Following::new(Peaks::default()))
    }

    /// The log's peaks at the size of `levels`, where the root over all of these is the log's.
    fn confirmed(&self, levels: &Levels, root: &Hash) -> Result<Option<Peaks>, Hindrance> {
        let size = levels.size();
        if size > self.engine.last()?.last_seq {
            return Ok(None);
        }
        let peaks = peaks_at(&*self.engine, size)?;
        if size == 0 || peaks.root() != *root {
            return Ok((size == 0).then_some(peaks));
        }
        let made = Nodes::new(&*self.engine, Some(levels)).root(&(0..size));
        Ok(made.is_ok_and(|made| made == *root).then_some(peaks))
    }

    /// Adds the leaves of the next page that are not in yet.
    fn take_page(&self, state: &mut Following) -> Result<(), Hindrance> {
        if let Some(folder) = &self.place.folder {
            self.leave_room(folder)?;
        }
        let next = state.peaks.size() + 1;
        let Some(page) = self.engine.read(next)? else {
            return Ok(());
        };
        let known = usize::try_from(next.saturating_sub(page.first_seq())).unwrap_or(usize::MAX);
        let leaves = nodes::leaves(&page)?;
        let leaves = leaves.get(known..).unwrap_or_default();
        let mut peaks = state.peaks.clone();
        leaves.iter().for_each(|leaf| peaks.push(*leaf));
        if peaks != *page.peaks() {
            return Err(Hindrance::Contradiction(page.first_seq()));
        }
        self.levels.write().append(leaves)?;
        state.peaks = peaks;
        state.is_synced = false;
        Ok(())
    }

    fn leave_room(&self, folder: &Path) -> Result<(), Hindrance> {
        let reserve = self.place.min_free_bytes;
        // Before the first start of all the folder is not there yet, and the one above it is.
        let disk = if folder.is_dir() {
            folder
        } else {
            folder.parent().unwrap_or(folder)
        };
        if reserve > 0 && free_bytes(disk)? < reserve.saturating_add(STEP_BYTES) {
            return Err(Hindrance::NoRoom);
        }
        Ok(())
    }

    fn sync_when_due(&self, state: &mut Following) -> io::Result<()> {
        if state.synced_at.elapsed() < SYNC_EVERY {
            return Ok(());
        }
        self.sync(state)
    }

    fn sync(&self, state: &mut Following) -> io::Result<()> {
        if !state.is_synced && !self.discarded.load(Ordering::Relaxed) {
            self.levels.read().sync(&state.peaks.root())?;
            state.is_synced = true;
        }
        state.synced_at = Instant::now();
        Ok(())
    }
}

/// How far the thread has come.
struct Following {
    /// Over every leaf that is kept.
    peaks: Peaks,
    is_synced: bool,
    synced_at: Instant,
}

impl Following {
    fn new(peaks: Peaks) -> Self {
        Self {
            peaks,
            is_synced: true,
            synced_at: Instant::now(),
        }
    }
}
