//! One sealed run of identities: a file of sorted entries that is never changed, with a filter and
//! the first entry of each block in memory. Derived from the log: a run that is damaged is built
//! anew from it.
//!
//! ```text
//! magic · head length (4) · head · filter · first entries (8 each) · CRC-32 of all that (4)
//! blocks of 4,096 bytes: 136 entries of 30 bytes, padding, CRC-32 of the block's number and these
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::table::{Lookup, Seen};
use crate::eventlog::merkle::{Hash, Peaks};

const MAGIC: &[u8] = b"subledger identities 1\n\0";
/// One page of the system's cache.
const BLOCK_BYTES: usize = 4_096;
const ENTRIES_A_BLOCK: usize = (BLOCK_BYTES - 4) / Seen::BYTES;
/// Heads have under 3 KiB: 64 peaks at most.
const HEAD_BYTES_MAX: u32 = 4_096;
/// 2^40 events: a length beyond that is damage.
const ENTRIES_MAX: u64 = 1 << 40;
const EXTENSION: &str = "run";
const NEW_EXTENSION: &str = "new";

/// Which part of the log a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The first event's seq.
    pub(super) from: u64,
    /// The last one's, which ends a page.
    pub(super) through: u64,
    /// The log's peaks after it.
    peaks: Vec<Hash>,
    entries: u64,
}

impl Head {
    /// The log's peaks after the last event.
    pub(super) fn peaks(&self) -> Option<Peaks> {
        Peaks::from_parts(self.through, self.peaks.clone())
    }

    pub(super) const fn len(&self) -> u64 {
        self.entries
    }
}

/// A run that is open for lookups.
pub(super) struct Run {
    pub(super) head: Head,
    path: PathBuf,
    file: File,
    filter: Filter,
    /// The first 8 bytes of each block's first entry.
    firsts: Vec<u64>,
    blocks_at: u64,
}

fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it is damaged")
}

impl Run {
    /// Writes `entries`, which must be sorted and as many as said, durably into `folder`.
    pub(super) fn write(
        folder: &Path,
        from: u64,
        peaks: &Peaks,
        count: u64,
        entries: impl Iterator<Item = io::Result<Seen>>,
    ) -> io::Result<Self> {
        let through = peaks.size();
        let head = Head {
            from,
            through,
            peaks: peaks.hashes().to_vec(),
            entries: count,
        };
        let path = folder.join(format!("{from:020}-{through:020}.{EXTENSION}"));
        let new_path = path.with_extension(NEW_EXTENSION);
        let written = write_new(&new_path, &head, entries);
        // What is left of it may be what fills the disk.
        let written = written.inspect_err(|_| drop(std::fs::remove_file(&new_path)))?;
        let (filter, firsts, blocks_at) = written;
        std::fs::rename(&new_path, &path)?;
        File::open(folder)?.sync_all()?;
        Ok(Self {
            head,
            file: File::open(&path)?,
            path,
            filter,
            firsts,
            blocks_at,
        })
    }

    /// Opens a run: reads and checks all but its entries, which are checked when they are read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut input = Checked {
            input: BufReader::with_capacity(1 << 16, file.try_clone()?),
            crc: crc32fast::Hasher::new(),
            read: 0,
        };
        if input.take(MAGIC.len())? != MAGIC {
            return Err(damaged());
        }
        let length = input.number_u32()?;
        if length > HEAD_BYTES_MAX {
            return Err(damaged());
        }
        let head = input.take(length as usize)?;
        let head: Head = postcard::from_bytes(&head).map_err(|_| damaged())?;
        let bytes = file.metadata()?.len();
        if head.entries > ENTRIES_MAX || Filter::bytes_for(head.entries) > bytes {
            return Err(damaged());
        }
        let filter_bytes = usize::try_from(Filter::bytes_for(head.entries));
        let filter = Filter::from_bytes(input.take(filter_bytes.map_err(|_| damaged())?)?);
        let blocks = head.entries.div_ceil(ENTRIES_A_BLOCK as u64);
        let firsts = input.take(usize::try_from(blocks * 8).map_err(|_| damaged())?)?;
        let firsts = firsts.chunks_exact(8).map(|bytes| {
            let bytes = bytes.iter();
            bytes.fold(0, |value, byte| (value << 8) | u64::from(*byte))
        });
        let firsts: Vec<u64> = firsts.collect();
        let crc = input.crc.clone().finalize();
        if input.number_u32()? != crc || bytes != input.read + blocks * BLOCK_BYTES as u64 {
            return Err(damaged());
        }
        Ok(Self {
            head,
            path: path.to_owned(),
            file,
            filter,
            firsts,
            blocks_at: input.read,
        })
    }

    /// What is known of an identity here.
    pub(super) fn lookup(&self, digest: &[u8; 16], content: [u8; 8]) -> io::Result<Lookup> {
        if !self.filter.may_hold(digest) {
            return Ok(Lookup::New);
        }
        let prefix = super::table::prefix_of(digest);
        // Entries that share 8 bytes could lie on both sides of a block's edge.
        let start = self.firsts.partition_point(|first| *first < prefix);
        let end = self.firsts.partition_point(|first| *first <= prefix);
        for number in start.saturating_sub(1)..end {
            for entry in self.block(number as u64)? {
                if entry.digest == *digest {
                    return Ok(entry.compared_by(content));
                }
            }
        }
        Ok(Lookup::New)
    }

    /// All entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = io::Result<Seen>> + '_ {
        (0..self.firsts.len() as u64).flat_map(|number| match self.block(number) {
            Ok(entries) => entries.map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    /// About its size on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks_at + self.firsts.len() as u64 * BLOCK_BYTES as u64
    }

    /// Takes the file away if that is what `error` says of it, so that the next start builds it
    /// again. What cannot be taken away either is met again then.
    pub(super) fn remove_if_damaged(&self, error: &io::Error) {
        if error.kind() == ErrorKind::InvalidData {
            let _ = self.remove();
        }
    }

    /// Takes the file away; one that is open stays readable.
    pub(super) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    fn block(&self, number: u64) -> io::Result<impl Iterator<Item = Seen> + use<>> {
        let mut block = [0; BLOCK_BYTES];
        let at = self.blocks_at + number * BLOCK_BYTES as u64;
        self.file.read_exact_at(&mut block, at)?;
        let (entries, crc) = block.split_at(BLOCK_BYTES - 4);
        if block_crc(number, entries).to_be_bytes() != *crc {
            return Err(damaged());
        }
        let before = number.saturating_mul(ENTRIES_A_BLOCK as u64);
        let count = self.head.entries.saturating_sub(before);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let whole = entries.chunks_exact(Seen::BYTES).map(Seen::read);
        Ok(whole.take(count).flatten().collect::<Vec<_>>().into_iter())
    }
}

/// The paths of the runs in a folder, in no order. What a killed process left half-written is
/// taken away.
pub(super) fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) => found.push(path),
            Some(NEW_EXTENSION) => std::fs::remove_file(&path)?,
            Some(_) | None => {}
        }
    }
    Ok(found)
}

/// Writes a run's file durably; answers what of it is kept in memory: the filter, the first entries,
/// and where the blocks begin.
fn write_new(
    new_path: &Path,
    head: &Head,
    entries: impl Iterator<Item = io::Result<Seen>>,
) -> io::Result<(Filter, Vec<u64>, u64)> {
    let count = head.entries;
    let encoded = postcard::to_stdvec(head).map_err(io::Error::other)?;
    let blocks = count.div_ceil(ENTRIES_A_BLOCK as u64);
    let front = MAGIC.len() as u64 + 4 + encoded.len() as u64;
    let blocks_at = front + Filter::bytes_for(count) + 8 * blocks + 4;

    let file = File::create(new_path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file.try_clone()?);
    io::Seek::seek(&mut out, io::SeekFrom::Start(blocks_at))?;
    let mut filter = Filter::for_entries(count);
    let mut firsts = Vec::new();
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut written = 0_u64;
    for entry in entries {
        let entry = entry?;
        filter.insert(&entry.digest);
        if block.is_empty() {
            firsts.push(entry.prefix());
        }
        entry.write(&mut block);
        written += 1;
        if block.len() >= ENTRIES_A_BLOCK * Seen::BYTES {
            write_block(&mut out, firsts.len() as u64 - 1, &mut block)?;
        }
    }
    if !block.is_empty() {
        write_block(&mut out, firsts.len() as u64 - 1, &mut block)?;
    }
    if written != count {
        return Err(io::Error::other(
            "entries were lost while a run was written",
        ));
    }
    out.flush()?;
    let mut top = MAGIC.to_vec();
    top.extend(
        u32::try_from(encoded.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes(),
    );
    top.extend(&encoded);
    top.extend(filter.as_bytes());
    firsts
        .iter()
        .for_each(|first| top.extend(first.to_be_bytes()));
    top.extend(crc32fast::hash(&top).to_be_bytes());
    file.write_all_at(&top, 0)?;
    file.sync_all()?;
    Ok((filter, firsts, blocks_at))
}

fn write_block(out: &mut impl Write, number: u64, block: &mut Vec<u8>) -> io::Result<()> {
    block.resize(BLOCK_BYTES - 4, 0);
    block.extend(block_crc(number, block).to_be_bytes());
    out.write_all(block)?;
    block.clear();
    Ok(())
}

fn block_crc(number: u64, entries: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&number.to_be_bytes());
    crc.update(entries);
    crc.finalize()
}

/// Reads the front of a file and keeps its checksum.
struct Checked {
    input: BufReader<File>,
    crc: crc32fast::Hasher,
    read: u64,
}

impl Checked {
    fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.input.read_exact(&mut bytes)?;
        self.crc.update(&bytes);
        self.read += count as u64;
        Ok(bytes)
    }

    fn number_u32(&mut self) -> io::Result<u32> {
        let bytes = self.take(4)?;
        let bytes = bytes.iter();
        Ok(bytes.fold(0, |value, byte| (value << 8) | u32::from(*byte)))
    }
}
