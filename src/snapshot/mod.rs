//! The file in which the state is kept, so that a start does not fold the whole log. A cache: what
//! is missing, damaged, or of another version is not used, and the log is folded instead. Knows the
//! state's bytes as bytes, and the log as one sequence number with its leaf.
//!
//! ```text
//! magic, then frames: length (4 bytes), CRC-32 (4), kind (1), payload
//! header · beginning · part … · end · mark
//! ```
//!
//! The CRC covers the frame's number as well, so that frames cannot change places unseen.

mod frames;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use self::frames::{FrameReader, FrameWriter, Kind};
use crate::domain::event::ProviderName;
use crate::domain::state::{FOLD_VERSION, NotRestored, Part, SNAPSHOT_FORMAT, State};

/// The file's name in the data folder.
pub const FILE_NAME: &str = "state.snapshot";
/// While it is written. One name, so that what a killed process leaves is written over.
const NEW_SUFFIX: &str = "new";
/// Frames read ahead of the threads that decode them.
const FRAMES_AHEAD_MAX: usize = 16;

/// A part's frame: its number and its bytes.
type Frame = (u64, Vec<u8>);

/// Who wrote it. Another version folds the log once instead of guessing.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    format: u32,
    fold_version: u32,
    version: String,
}

impl Header {
    fn ours() -> Self {
        Self {
            format: SNAPSHOT_FORMAT,
            fold_version: FOLD_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The last event of which anything is in a snapshot: the log must hold exactly it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its sequence number; 0 for an empty log.
    pub seq: u64,
    /// Its leaf hash.
    pub leaf: [u8; 32],
}

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is not whole.
    #[error("it is damaged")]
    Damaged,
    /// It is of another version.
    #[error("it was written by another version")]
    OtherVersion,
    /// It does not fit this version's state.
    #[error(transparent)]
    NotRestored(#[from] NotRestored),
}

/// A snapshot being written. Dropped before [`Draft::finish`], it leaves the old one in place.
pub struct Draft {
    frames: FrameWriter,
    new_path: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Begins to write what will replace `path`.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::with_header(path, &Header::ours())
    }

    fn with_header(path: &Path, header: &Header) -> io::Result<Self> {
        let new_path = path.with_extension(NEW_SUFFIX);
        let mut draft = Self {
            frames: FrameWriter::new(File::create(&new_path)?)?,
            new_path,
            path: path.to_owned(),
        };
        draft.frames.put(Kind::Header, &encode(header))?;
        Ok(draft)
    }

    /// Writes [`State::snapshot_beginning`]; parts follow.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn beginning(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frames.put(Kind::Beginning, bytes)
    }

    /// Writes the next [`State::snapshot_part`].
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frames.put(Kind::Part, bytes)
    }

    /// Writes [`State::snapshot_end`], makes the whole durable and puts it in the old one's place.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn finish(mut self, end: &[u8], mark: Mark) -> io::Result<()> {
        self.frames.put(Kind::End, end)?;
        self.frames.put(Kind::Mark, &encode(&mark))?;
        self.frames.sync()?;
        std::fs::rename(&self.new_path, &self.path)?;
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // There is none after `finish`, and a left one is written over.
        let _ = std::fs::remove_file(&self.new_path);
    }
}

/// Reads the snapshot; `None` where there is none. `provider` finds the names this version knows.
/// The mark must be compared with the log before the state is used.
///
/// # Errors
/// [`Unusable`].
pub fn read(
    path: &Path,
    provider: impl Fn(&str) -> Option<ProviderName>,
) -> Result<Option<(State, Mark)>, Unusable> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut frames = FrameReader::open(file)?;
    let header: Header = decode(&frames.expect(Kind::Header)?)?;
    if header != Header::ours() {
        return Err(Unusable::OtherVersion);
    }
    let beginning = frames.expect(Kind::Beginning)?;
    let (parts, end) = parts(&mut frames)?;
    let mark = decode(&frames.expect(Kind::Mark)?)?;
    frames.nothing_follows()?;
    let state = State::restore(&beginning, parts, &end, provider)?;
    Ok(Some((state, mark)))
}

/// Reads every part, and the frame after them. Decoding is most of the work, so it runs on every
/// core.
fn parts(frames: &mut FrameReader) -> Result<(Vec<Part>, Vec<u8>), Unusable> {
    let decoded: Mutex<Vec<(u64, Part)>> = Mutex::default();
    let (send, receive) = sync_channel::<Frame>(FRAMES_AHEAD_MAX);
    let receive = Arc::new(Mutex::new(receive));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let end = thread::scope(|scope| {
        let decoders: Vec<_> = (0..workers)
            .map(|_| {
                let receive = Arc::clone(&receive);
                scope.spawn(|| decode_parts(receive, &decoded))
            })
            .collect();
        // Theirs alone: when the last of them is gone, sending fails instead of waiting for ever.
        drop(receive);
        let mut end = Ok(None);
        while let Ok(None) = end {
            end = match frames.next() {
                Ok((Kind::Part, bytes)) => {
                    // They are gone only if one of them met what it could not decode.
                    match send.send((frames.count(), bytes)) {
                        Ok(()) => Ok(None),
                        Err(_) => Err(Unusable::Damaged),
                    }
                }
                Ok((Kind::End, bytes)) => Ok(Some(bytes)),
                Ok((Kind::Header | Kind::Beginning | Kind::Mark, _)) => Err(Unusable::Damaged),
                Err(error) => Err(error),
            };
        }
        drop(send);
        for decoder in decoders {
            decoder.join().unwrap_or(Err(NotRestored::Undecodable))?;
        }
        end
    })?;
    let mut decoded = decoded.into_inner();
    decoded.sort_by_key(|(number, _)| *number);
    let parts = decoded.into_iter().map(|(_, part)| part).collect();
    Ok((parts, end.ok_or(Unusable::Damaged)?))
}

fn decode_parts(
    frames: Arc<Mutex<Receiver<Frame>>>,
    decoded: &Mutex<Vec<(u64, Part)>>,
) -> Result<(), NotRestored> {
    loop {
        let next = frames.lock().recv();
        let Ok((number, bytes)) = next else {
            return Ok(());
        };
        let part = Part::decode(&bytes)?;
        decoded.lock().push((number, part));
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Numbers and text: writing them cannot fail.
    postcard::to_stdvec(value).unwrap_or_default()
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unusable> {
    postcard::from_bytes(bytes).map_err(|_| Unusable::Damaged)
}
