//! The tree's nodes on disk: for each level a file of hashes that only grows. Knows hashes and
//! files; never a log, nor whether what is kept is right.
//!
//! Level 0 holds the leaves; hash `n` of level `k` is the root over the 256^k leaves from
//! n·256^k on. 256 hashes of a level beside each other are a tile, of 8 KiB; the hashes between
//! two levels are worked out from a part of one tile.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::eventlog::merkle::{Hash, node_hash};

/// A tile's hashes are 2 to the power of this.
const TILE_HEIGHT: u32 = 8;
const TILE_HASHES: usize = 1 << TILE_HEIGHT;
const HASH_BYTES: usize = 32;
/// 256^8 leaves are more than a u64 counts.
const LEVELS_MAX: u32 = 8;
/// What is on disk for certain, and the root over it.
const HEAD_FILE: &str = "head.json";
const HEAD_VERSION: u32 = 1;

/// The contents of [`HEAD_FILE`]: written after the levels are synced, removed before they shrink.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    size: u64,
    root: String,
}

/// Every level, from the leaves up. Its default holds nothing and keeps nothing.
#[derive(Default)]
pub(super) struct Levels {
    /// `None`: in memory, beside a log in memory.
    folder: Option<PathBuf>,
    levels: Vec<Level>,
    size: u64,
}

struct Level {
    store: Store,
    /// The hashes after the last whole tile, always fewer than a tile's.
    open_tile: Vec<Hash>,
}

enum Store {
    File(File),
    Memory(Vec<u8>),
}

impl Levels {
    /// An empty tree in `folder`, which is made where it is missing and emptied where it is not;
    /// in memory where there is none.
    ///
    /// # Errors
    /// Where the disk does not do it.
    pub(super) fn empty(folder: Option<&Path>) -> io::Result<Self> {
        if let Some(folder) = folder {
            fs::create_dir_all(folder)?;
            remove(&folder.join(HEAD_FILE))?;
            for number in 0..LEVELS_MAX {
                remove(&folder.join(number.to_string()))?;
            }
        }
        Ok(Self {
            folder: folder.map(Path::to_path_buf),
            levels: Vec::new(),
            size: 0,
        })
    }

    /// The tree that was last synced in `folder`, with its root as it was then; `None` where there
    /// is none, or not all of it. What was written after that is cut off: nothing says whether it
    /// reached the disk.
    ///
    /// # Errors
    /// Where the disk does not do it.
    pub(super) fn reopen(folder: &Path) -> io::Result<Option<(Self, Hash)>> {
        let Some((size, root)) = read_head(&folder.join(HEAD_FILE))? else {
            return Ok(None);
        };
        let mut levels = Vec::new();
        for number in 0..LEVELS_MAX {
            let path = folder.join(number.to_string());
            let count = size >> (TILE_HEIGHT * number);
            if count == 0 {
                remove(&path)?;
                continue;
            }
            let opened = File::options().read(true).write(true).open(&path);
            let file = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let bytes = offset(count)?;
            if file.metadata()?.len() < bytes {
                return Ok(None);
            }
            file.set_len(bytes)?;
            let store = Store::File(file);
            let open = usize::try_from(count % (1 << TILE_HEIGHT)).unwrap_or(0);
            let open_tile = store.read(count - count % (1 << TILE_HEIGHT), open)?;
            levels.push(Level { store, open_tile });
        }
        let levels = Self {
            folder: Some(folder.to_path_buf()),
            levels,
            size,
        };
        Ok(Some((levels, root)))
    }

    /// The leaves that are in.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaves. After an error nothing may be added before the tree is opened again.
    ///
    /// # Errors
    /// Where the disk does not take them.
    pub(super) fn append(&mut self, leaves: &[Hash]) -> io::Result<()> {
        let mut rising = leaves.to_vec();
        let mut number = 0_u32;
        while !rising.is_empty() {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            if self.levels.len() <= place {
                let store = self.new_store(number)?;
                self.levels.push(Level {
                    store,
                    open_tile: Vec::new(),
                });
            }
            let Some(level) = self.levels.get_mut(place) else {
                return Err(io::Error::other("a level is missing"));
            };
            level
                .store
                .write(self.size >> (TILE_HEIGHT * number), &rising)?;
            rising = level.close_tiles(&rising);
            number += 1;
        }
        self.size += u64::try_from(leaves.len()).map_err(io::Error::other)?;
        Ok(())
    }

    fn new_store(&self, number: u32) -> io::Result<Store> {
        let Some(folder) = &self.folder else {
            return Ok(Store::Memory(Vec::new()));
        };
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(true);
        let file = options.open(folder.join(number.to_string()))?;
        Ok(Store::File(file))
    }

    /// The root over the 2^height leaves from index·2^height on; `None` where they are not all in.
    ///
    /// # Errors
    /// Where the disk does not give what is there.
    pub(super) fn node(&self, height: u32, index: u64) -> io::Result<Option<Hash>> {
        let end = index
            .checked_add(1)
            .and_then(|next| next.checked_mul(1 << height));
        if end.is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        let level = usize::try_from(height / TILE_HEIGHT).ok();
        let Some(level) = level.and_then(|level| self.levels.get(level)) else {
            return Ok(None);
        };
        let within = height % TILE_HEIGHT;
        let hashes = level.store.read(index << within, 1 << within)?;
        Ok(perfect_root(hashes))
    }

    /// Makes what is in last through a power cut, `root` being over all of it.
    ///
    /// # Errors
    /// Where the disk does not do it; what was synced before stays good.
    pub(super) fn sync(&self, root: &Hash) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        for level in &self.levels {
            if let Store::File(file) = &level.store {
                file.sync_data()?;
            }
        }
        let head = Head {
            version: HEAD_VERSION,
            size: self.size,
            root: hex::encode(root),
        };
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut draft, &head)?;
        draft.write_all(b"\n")?;
        draft.as_file().sync_data()?;
        draft
            .persist(folder.join(HEAD_FILE))
            .map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    }
}

impl Level {
    /// Takes in hashes, and answers the roots of the tiles that they make whole.
    fn close_tiles(&mut self, hashes: &[Hash]) -> Vec<Hash> {
        let mut roots = Vec::new();
        for hash in hashes {
            self.open_tile.push(*hash);
            if self.open_tile.len() == TILE_HASHES {
                roots.extend(perfect_root(std::mem::take(&mut self.open_tile)));
            }
        }
        roots
    }
}

impl Store {
    fn read(&self, from: u64, count: usize) -> io::Result<Vec<Hash>> {
        let start = offset(from)?;
        let bytes = match self {
            Self::File(file) => {
                let mut bytes = vec![0; count * HASH_BYTES];
                file.read_exact_at(&mut bytes, start)?;
                bytes
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(start).map_err(io::Error::other)?;
                let wanted = bytes.get(start..start + count * HASH_BYTES);
                wanted.ok_or(io::ErrorKind::UnexpectedEof)?.to_vec()
            }
        };
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        Ok(hashes.to_vec())
    }

    /// Writes at the end, which is after `before` hashes.
    fn write(&mut self, before: u64, hashes: &[Hash]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all_at(hashes.as_flattened(), offset(before)?),
            Self::Memory(bytes) => {
                bytes.extend_from_slice(hashes.as_flattened());
                Ok(())
            }
        }
    }
}

fn offset(hashes: u64) -> io::Result<u64> {
    let bytes = hashes.checked_mul(32);
    bytes.ok_or_else(|| io::Error::other("there are more hashes than a file holds"))
}

/// The root over hashes whose number is a power of two.
fn perfect_root(mut hashes: Vec<Hash>) -> Option<Hash> {
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    hashes.pop()
}

fn read_head(path: &Path) -> io::Result<Option<(u64, Hash)>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let head = serde_json::from_slice::<Head>(&text).ok();
    Ok(head
        .filter(|head| head.version == HEAD_VERSION)
        .and_then(|head| {
            let mut root = Hash::default();
            hex::decode_to_slice(&head.root, &mut root).ok()?;
            Some((head.size, root))
        }))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
