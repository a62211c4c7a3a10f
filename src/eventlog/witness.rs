//! The witness: a small file that remembers how far the log had come, so that a store that was cut,
//! emptied or put back is noticed. Knows the head, not the store.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::merkle::{Hash, Peaks};

const VERSION: u32 = 1;
/// Often enough that a rollback unnoticed is short, seldom enough to cost nothing.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// What was durable when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The Merkle peaks; their size is the last seq.
    pub peaks: Peaks,
    /// The length of the store's file, in bytes.
    pub db_len: u64,
}

/// Why a witness file says nothing.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// It is not what was written.
    #[error("the witness {0} is damaged; restore it, or delete it to go on without its protection")]
    Garbled(PathBuf),
    /// It was written by a version that came later.
    #[error("the witness {0} was written by a newer version of subledger; run that version")]
    Newer(PathBuf),
    /// The file system refused.
    #[error("the witness {0} cannot be read or written: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// The file's fields; `checksum` is over all others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    version: u32,
    seq: u64,
    root: String,
    peaks: Vec<String>,
    db_len: u64,
    checksum: String,
}

impl Fields {
    fn sum(&self) -> String {
        let Self {
            version,
            seq,
            root,
            peaks,
            db_len,
            checksum: _,
        } = self;
        let text = format!("{version} {seq} {root} {} {db_len}", peaks.join(","));
        hex::encode(Sha256::digest(text))
    }
}

impl Witness {
    /// The last seq it remembers.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.peaks.size()
    }

    /// Reads the witness; `None` where there is none.
    ///
    /// # Errors
    /// [`WitnessError`] where there is one that says nothing.
    pub fn read(path: &Path) -> Result<Option<Self>, WitnessError> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(&bytes, path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(WitnessError::Io(path.to_path_buf(), error)),
        }
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, WitnessError> {
        let garbled = || WitnessError::Garbled(path.to_path_buf());
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| garbled())?;
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        if version.is_some_and(|version| version > u64::from(VERSION)) {
            return Err(WitnessError::Newer(path.to_path_buf()));
        }
        let fields: Fields = serde_json::from_value(value).map_err(|_| garbled())?;
        if fields.version != VERSION || fields.sum() != fields.checksum {
            return Err(garbled());
        }
        let peaks: Option<Vec<Hash>> = fields.peaks.iter().map(|text| unhex(text)).collect();
        let peaks = peaks.and_then(|hashes| Peaks::from_parts(fields.seq, hashes));
        let peaks = peaks.filter(|peaks| hex::encode(peaks.root()) == fields.root);
        Ok(Self {
            peaks: peaks.ok_or_else(garbled)?,
            db_len: fields.db_len,
        })
    }

    /// Replaces the file: after a crash it is the old one or the new one, whole.
    ///
    /// # Errors
    /// [`WitnessError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), WitnessError> {
        self.replace(path)
            .map_err(|error| WitnessError::Io(path.to_path_buf(), error))
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let mut fields = Fields {
            version: VERSION,
            seq: self.seq(),
            root: hex::encode(self.peaks.root()),
            peaks: self.peaks.hashes().iter().map(hex::encode).collect(),
            db_len: self.db_len,
            checksum: String::new(),
        };
        fields.checksum = fields.sum();
        let draft = path.with_extension("json.new");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec(&fields).map_err(io::Error::other)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
}

/// Writes the witness on a thread of its own, so that the log's writer never waits for it.
pub(super) struct Keeper {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    news: Condvar,
    stop: Condvar,
}

#[derive(Default)]
struct State {
    unwritten: Option<Witness>,
    is_stopping: bool,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn start(path: PathBuf) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let shared = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("witness".to_owned());
        let thread = thread.spawn(move || shared.keep(&path))?;
        Ok(Self {
            desk,
            thread: Some(thread),
        })
    }

    /// Takes note of a durable head; it is written within about a second.
    pub(super) fn note(&self, peaks: &Peaks, db_len: u64) {
        let witness = Witness {
            peaks: peaks.clone(),
            db_len,
        };
        self.desk.state.lock().unwritten = Some(witness);
        self.desk.news.notify_one();
    }
}

impl Drop for Keeper {
    /// Writes what was noted last, and ends the thread.
    fn drop(&mut self) {
        self.desk.state.lock().is_stopping = true;
        self.desk.news.notify_one();
        self.desk.stop.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps the witness had stopped");
        }
    }
}

impl Desk {
    fn keep(&self, path: &Path) {
        let mut failing = false;
        loop {
            let mut state = self.state.lock();
            self.news.wait_while(&mut state, |state| {
                state.unwritten.is_none() && !state.is_stopping
            });
            let Some(witness) = state.unwritten.take() else {
                return;
            };
            drop(state);
            match witness.write(path) {
                Ok(()) => failing = false,
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "a rolled-back store would go unnoticed");
                    }
                    failing = true;
                }
            }
            let mut state = self.state.lock();
            self.stop
                .wait_while_for(&mut state, |state| !state.is_stopping, MIN_INTERVAL);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn witness(seq: u64) -> Witness {
        let mut peaks = Peaks::default();
        (0..seq).for_each(|n| peaks.push([u8::try_from(n % 251).unwrap(); 32]));
        Witness {
            peaks,
            db_len: seq * 600,
        }
    }

    #[test]
    fn is_written_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.json");
        assert_eq!(Witness::read(&path).unwrap(), None);
        for seq in [0, 1, 77] {
            witness(seq).write(&path).unwrap();
            assert_eq!(Witness::read(&path).unwrap(), Some(witness(seq)));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_later_version_is_named() {
        let error = Witness::parse(br#"{"version":2,"size":1}"#, Path::new("w")).unwrap_err();
        assert!(matches!(error, WitnessError::Newer(_)), "{error}");
    }

    #[test]
    fn the_keeper_has_written_the_last_note_when_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.json");
        let keeper = Keeper::start(path.clone()).unwrap();
        for seq in 1..50 {
            keeper.note(&witness(seq).peaks, seq * 600);
        }
        drop(keeper);
        assert_eq!(Witness::read(&path).unwrap(), Some(witness(49)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_refused(bytes: Vec<u8>) {
            prop_assert!(Witness::parse(&bytes, Path::new("w")).is_err());
        }

        /// A changed bit may fall on white space or the case of a digit, never on what it says.
        #[test]
        fn a_changed_bit_changes_nothing_or_is_refused(at: usize, bit in 0..8_u8) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("witness.json");
            witness(77).write(&path).unwrap();
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(read) = Witness::parse(&bytes, &path) {
                prop_assert_eq!(read, witness(77));
            }
        }
    }
}
