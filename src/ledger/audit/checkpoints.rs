//! The checkpoints that the ledger keeps of itself: one an hour while events come, one at a stop,
//! each in a file of its own. The newest is compared with the log at a start. It never signs two
//! roots of one size, and never removes what it signed.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex, RwLock};

use super::{CHECKPOINT_KEY_FILE, Signer, head_of};
use crate::domain::state::State;
use crate::domain::time::Timestamp;
use crate::eventlog::{Engine, Fault, KnownHead, peaks_at};
use crate::note::{Checkpoint, VerifierKey};

/// The folder of the kept checkpoints, in the data folder.
pub const CHECKPOINTS_FOLDER: &str = "checkpoints";
/// Names sort as sizes do: a u64 has at most so many digits.
const NAME_DIGITS: usize = 20;
/// What is appended to the name of one that the operator has given up; `-2` and so on come after it
/// where one of that size was given up before.
const GIVEN_UP: &str = ".rolled-back";
/// They hold no secret, and whoever may enter the data folder may copy them.
const FILE_MODE: u32 = 0o644;
/// What of a mode says who may do what.
const MODE_BITS: u32 = 0o7777;
/// The part of it for others than the owner.
const OTHERS_BITS: u32 = 0o077;
/// How much may be changed by whoever holds the key before an older head contradicts it.
const KEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// After a fault of the disk.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// A checkpoint in its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The size in its name.
    pub size: u64,
    /// The file.
    pub path: PathBuf,
}

/// The checkpoints kept in `folder`, which is [`CHECKPOINTS_FOLDER`] in the data folder, by size.
/// None where there is no such folder.
///
/// # Errors
/// Where the folder cannot be read.
pub fn kept_checkpoints(folder: &Path) -> io::Result<Vec<Kept>> {
    list(folder, str::is_empty)
}

/// Those in `folder` that were given up when a rollback was accepted, by size.
///
/// # Errors
/// Where the folder cannot be read.
pub fn given_up_checkpoints(folder: &Path) -> io::Result<Vec<Kept>> {
    list(folder, |ending| ending.starts_with(GIVEN_UP))
}

/// Whether the log of `engine` has as many records as `head`, with that root.
///
/// # Errors
/// [`Fault`] where they cannot be read.
pub fn is_continued(engine: &dyn Engine, head: &KnownHead) -> Result<bool, Fault> {
    if head.size > engine.last()?.last_seq {
        return Ok(false);
    }
    Ok(peaks_at(engine, head.size)?.root() == head.root)
}

/// The files that are named after a size, with an ending that is meant.
fn list(folder: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<Vec<Kept>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let parts = name
            .to_str()
            .and_then(|name| name.split_at_checked(NAME_DIGITS));
        if let Some((digits, ending)) = parts
            && let Ok(size) = digits.parse()
            && is_meant(ending)
        {
            let path = entry.path();
            found.push(Kept { size, path });
        }
    }
    found.sort_unstable();
    Ok(found)
}

impl Kept {
    /// The checkpoint in the file; `None` where it is not the one of its name, signed by `key`.
    #[must_use]
    pub fn read(&self, key: &VerifierKey) -> Option<Checkpoint> {
        let text = fs::read_to_string(&self.path).ok()?;
        let read = Checkpoint::verify(&text, key).ok()?;
        (read.size == self.size).then_some(read)
    }
}

/// Why a checkpoint is not kept.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Log(#[from] Fault),
    #[error("the log contradicts a checkpoint that was kept")]
    Contradiction,
}

/// What the thread works with.
struct Shared {
    /// `None`: nothing is kept, beside a log in memory.
    folder: Option<PathBuf>,
    signer: Arc<Signer>,
    engine: Arc<dyn Engine>,
    state: Arc<RwLock<State>>,
    contradiction: Mutex<Option<String>>,
    is_stopping: Mutex<bool>,
    stop: Condvar,
}

/// The kept checkpoints of a running ledger.
pub(in crate::ledger) struct Checkpoints {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    /// Those of the log of `engine`, whose state is `state`, in `folder`.
    pub(in crate::ledger) fn new(
        folder: Option<PathBuf>,
        signer: Arc<Signer>,
        engine: Arc<dyn Engine>,
        state: Arc<RwLock<State>>,
    ) -> Self {
        let shared = Shared {
            folder,
            signer,
            engine,
            state,
            contradiction: Mutex::default(),
            is_stopping: Mutex::default(),
            stop: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            thread: Mutex::default(),
        }
    }

    /// Where they are kept.
    pub(in crate::ledger) fn folder(&self) -> Option<&Path> {
        self.shared.folder.as_deref()
    }

    /// Compares the newest kept checkpoint with the log. Answers sentences for the operator.
    pub(in crate::ledger) fn compare(&self) -> Vec<String> {
        let mut notices = Vec::from_iter(self.shared.key_is_open());
        if let Err(error) = self.shared.compare(&mut notices) {
            notices.push(not_compared(&error));
        }
        notices
    }

    /// Gives up every kept checkpoint that the log contradicts, because the operator accepts a
    /// store that was rolled back: it stays, under another name. Answers their sizes.
    pub(in crate::ledger) fn give_up_contradicted(&self) -> Vec<u64> {
        let mut given_up = Vec::new();
        if let Err(error) = self.shared.give_up_contradicted(&mut given_up) {
            tracing::warn!("{}", not_compared(&error));
        }
        given_up
    }

    /// Begins to keep one an hour.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub(in crate::ledger) fn start(&self, now: Timestamp) -> io::Result<()> {
        let theirs = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("checkpoints".into());
        let first = theirs.due_in(now);
        *self.thread.lock() = Some(thread.spawn(move || theirs.run(first))?);
        Ok(())
    }

    /// What the log and a kept checkpoint disagree about, as a sentence.
    pub(in crate::ledger) fn contradiction(&self) -> Option<String> {
        self.shared.contradiction.lock().clone()
    }

    /// Ends the thread. Nothing is kept after it but by [`Self::keep`].
    pub(in crate::ledger) fn stop(&self) {
        *self.shared.is_stopping.lock() = true;
        self.shared.stop.notify_all();
        let Some(thread) = self.thread.lock().take() else {
            return;
        };
        if thread.join().is_err() {
            tracing::error!("the thread that keeps checkpoints had stopped with a panic");
        }
    }

    /// Keeps one of what is folded, unless that one is kept.
    pub(in crate::ledger) fn keep(&self) {
        self.shared.keep_and_tell();
    }
}

impl Shared {
    fn run(&self, first: Duration) {
        let mut due = Instant::now() + first;
        let mut is_stopping = self.is_stopping.lock();
        while !*is_stopping {
            if !self.stop.wait_until(&mut is_stopping, due).timed_out() {
                continue;
            }
            drop(is_stopping);
            let wait = if self.keep_and_tell() {
                KEEP_EVERY
            } else {
                TRY_AGAIN
            };
            due = Instant::now() + wait;
            is_stopping = self.is_stopping.lock();
        }
    }

    /// When the next one is to be kept, by the age of the newest.
    fn due_in(&self, now: Timestamp) -> Duration {
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now);
        let newest = self.kept().ok().and_then(|mut kept| kept.pop());
        let age = newest.and_then(|newest| {
            let written = fs::metadata(newest.path).ok()?.modified().ok()?;
            now.duration_since(written).ok()
        });
        KEEP_EVERY.saturating_sub(age.unwrap_or_default())
    }

    fn kept(&self) -> io::Result<Vec<Kept>> {
        self.folder
            .as_deref()
            .map_or(Ok(Vec::new()), kept_checkpoints)
    }

    /// The checkpoint in a file; `None` where it is not one that this key signed.
    fn read(&self, kept: &Kept) -> Option<Checkpoint> {
        kept.read(&self.signer.verifier())
    }

    /// Whether the log has as many records, with that root.
    fn agrees(&self, checkpoint: &Checkpoint) -> Result<bool, Fault> {
        is_continued(&*self.engine, &head_of(checkpoint))
    }

    /// A sentence where others than its owner may use the key.
    fn key_is_open(&self) -> Option<String> {
        let path = self.folder.as_deref()?.parent()?.join(CHECKPOINT_KEY_FILE);
        let mode = fs::metadata(&path).ok()?.permissions().mode() & MODE_BITS;
        (mode & OTHERS_BITS != 0).then(|| {
            format!(
                "{} has the mode {mode:04o}: whoever reads it can sign checkpoints in this log's \
                 name; run `chmod 600` on it",
                path.display()
            )
        })
    }

    fn compare(&self, notices: &mut Vec<String>) -> Result<(), NotKept> {
        for kept in self.kept()?.iter().rev() {
            let Some(checkpoint) = self.read(kept) else {
                let path = kept.path.display();
                notices.push(format!(
                    "the kept checkpoint {path} is damaged, or another key has signed it; bring it \
                     and checkpoint.key back from a backup"
                ));
                continue;
            };
            if !self.agrees(&checkpoint)? {
                self.alarm(checkpoint.size);
            }
            break;
        }
        Ok(())
    }

    fn alarm(&self, size: u64) {
        let sentence = format!(
            "The log contradicts the checkpoint that was kept at {size} events: it was changed or \
             rolled back since; run `subledger verify`, then restore the data folder from a backup."
        );
        tracing::error!(size, "{sentence}");
        *self.contradiction.lock() = Some(sentence);
    }

    fn give_up_contradicted(&self, given_up: &mut Vec<u64>) -> Result<(), NotKept> {
        for kept in self.kept()? {
            let Some(checkpoint) = self.read(&kept) else {
                continue;
            };
            if !self.agrees(&checkpoint)? {
                give_up(&kept.path)?;
                given_up.push(kept.size);
            }
        }
        Ok(())
    }

    /// Whether there was no fault.
    fn keep_and_tell(&self) -> bool {
        let Some(folder) = &self.folder else {
            return true;
        };
        let size = self.state.read().counts().last_seq;
        match self.keep(folder, size) {
            Ok(()) => true,
            // Told when it was found.
            Err(NotKept::Contradiction) => true,
            Err(error) => {
                tracing::warn!(size, %error, "a checkpoint could not be kept; it is tried again");
                false
            }
        }
    }

    /// Keeps the checkpoint of `size`.
    fn keep(&self, folder: &Path, size: u64) -> Result<(), NotKept> {
        if self.contradiction.lock().is_some() {
            return Err(NotKept::Contradiction);
        }
        let newest = self.kept()?.pop().filter(|newest| newest.size >= size);
        let Some(newest) = newest else {
            let root = peaks_at(&*self.engine, size)?.root();
            return Ok(write(folder, size, &self.signer.sign(size, root))?);
        };
        // Nothing has come since, or the log lost what it had.
        if let Some(checkpoint) = self.read(&newest)
            && !self.agrees(&checkpoint)?
        {
            self.alarm(checkpoint.size);
            return Err(NotKept::Contradiction);
        }
        Ok(())
    }
}

/// Takes a name that is free: what was signed is never destroyed.
fn give_up(path: &Path) -> io::Result<()> {
    for number in 1..=u32::MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(GIVEN_UP);
        if number > 1 {
            name.push(format!("-{number}"));
        }
        // A rename would replace what has that name.
        match fs::hard_link(path, name) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    fs::remove_file(path)
}

fn not_compared(error: &NotKept) -> String {
    format!("the kept checkpoints could not be compared with the log: {error}")
}

/// Whole or not at all, and never over one that is there.
fn write(folder: &Path, size: u64, note: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut draft = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)?;
    draft.write_all(note.as_bytes())?;
    draft.as_file().sync_all()?;
    let path = folder.join(format!("{size:0NAME_DIGITS$}"));
    draft.persist_noclobber(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}
