//! A page: the records of one commit in one run of bytes, with the Merkle peaks after them and a
//! checksum. Knows how records are framed, not what is in them.
//!
//! ```text
//! version u8 | codec u8 | count u16 | page_no u64 | first_seq u64 | peaks 32 x ones(last seq)
//! | end of each record, u32 from the first record's start | records | CRC-32 of all before, u32
//! ```
//! Numbers are big-endian.

use bytes::{Buf, BufMut, Bytes};

use super::merkle::{Hash, Peaks};
use super::record::{Record, RecordDamage, leaf_of};

/// More records a commit gain nothing: by then the disk's barrier is shared by enough of them.
pub const MAX_RECORDS: usize = 512;
/// Leaves room below the 1 MiB that a replicated log takes as one message.
pub const MAX_PAGE_BYTES: usize = 768 * 1024;
/// What a page may spend on its records: all but the fields before and after them at their widest.
pub const MAX_RECORDS_BYTES: usize = MAX_PAGE_BYTES - FIXED_BYTES - MAX_RECORDS * 4 - 64 * 32 - 4;

const VERSION: u8 = 1;
/// Records as they are; other codecs may follow.
const PLAIN: u8 = 0;
const FIXED_BYTES: usize = 20;

/// Why bytes are no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageDamage {
    /// The bytes differ from those that were written.
    #[error("the page's checksum does not match")]
    Checksum,
    /// The checksum is right and the contents are not: no page of ours.
    #[error("the page's fields contradict each other")]
    Fields,
    /// Written by a version of this program that came later.
    #[error("the page was written by a newer version of subledger; run that version")]
    Newer,
}

/// Why a page does not continue a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: {what}")]
pub struct Broken {
    /// The first record that is not what it should be.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

/// A page that has passed its checksum; its records are read one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    page_no: u64,
    first_seq: u64,
    peaks: Peaks,
    ends: Vec<u32>,
    records_at: usize,
    bytes: Bytes,
}

impl Page {
    /// Reads a page and checks that it is whole.
    ///
    /// # Errors
    /// [`PageDamage`] where the bytes are not exactly a page as it was written.
    pub fn decode(bytes: Bytes) -> Result<Self, PageDamage> {
        let (covered, stated) = bytes.split_last_chunk::<4>().ok_or(PageDamage::Checksum)?;
        if crc32fast::hash(covered) != u32::from_be_bytes(*stated) {
            return Err(PageDamage::Checksum);
        }
        let mut rest = covered;
        let version = rest.try_get_u8().map_err(|_| PageDamage::Fields)?;
        let codec = rest.try_get_u8().map_err(|_| PageDamage::Fields)?;
        if (version, codec) != (VERSION, PLAIN) {
            return Err(PageDamage::Newer);
        }
        Self::decode_fields(rest, &bytes).ok_or(PageDamage::Fields)
    }

    fn decode_fields(mut rest: &[u8], bytes: &Bytes) -> Option<Self> {
        let count = rest.try_get_u16().ok()?;
        let page_no = rest.try_get_u64().ok()?;
        let first_seq = rest.try_get_u64().ok()?;
        if count == 0 || usize::from(count) > MAX_RECORDS || first_seq == 0 || page_no == 0 {
            return None;
        }
        let last_seq = first_seq.checked_add(u64::from(count) - 1)?;
        let hashes = (0..last_seq.count_ones()).map(|_| {
            let (hash, after) = rest.split_first_chunk()?;
            rest = after;
            Some(*hash)
        });
        let peaks = Peaks::from_parts(last_seq, hashes.collect::<Option<Vec<Hash>>>()?)?;
        let ends: Vec<u32> = (0..count)
            .map(|_| rest.try_get_u32().ok())
            .collect::<Option<_>>()?;
        let records_bytes = u32::try_from(rest.len()).ok()?;
        if !ends.is_sorted() || ends.last() != Some(&records_bytes) {
            return None;
        }
        let records_at = bytes.len().checked_sub(rest.len() + 4)?;
        Some(Self {
            page_no,
            first_seq,
            peaks,
            ends,
            records_at,
            bytes: bytes.clone(),
        })
    }

    /// Its place among the pages, from 1.
    #[must_use]
    pub const fn page_no(&self) -> u64 {
        self.page_no
    }

    /// The first record's seq.
    #[must_use]
    pub const fn first_seq(&self) -> u64 {
        self.first_seq
    }

    /// The last record's seq, which is the size of the tree after this page.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.peaks.size()
    }

    /// The Merkle peaks after its last record.
    #[must_use]
    pub const fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// The bytes an engine stores.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Moves `peaks` from the record before this page to its last one, where every record is whole
    /// and the page says the same of the log as they do.
    ///
    /// # Errors
    /// [`Broken`] where they do not.
    pub fn follow(&self, peaks: &mut Peaks) -> Result<(), Broken> {
        let broken = |seq, what: &str| Broken {
            seq,
            what: what.to_owned(),
        };
        if self.first_seq != peaks.size() + 1 {
            return Err(broken(self.first_seq, "it is not the next one"));
        }
        for (seq, record) in self.records() {
            let record = record.map_err(|damage| broken(seq, &damage.to_string()))?;
            peaks.push(record.leaf());
        }
        if *peaks != self.peaks {
            let what = "its page's hashes are not those of the records before";
            return Err(broken(self.first_seq, what));
        }
        Ok(())
    }

    /// The stored form of each record.
    pub(super) fn stored_records(&self) -> impl Iterator<Item = Bytes> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| {
            let at = |offset| self.records_at + usize::try_from(offset).unwrap_or(0);
            self.bytes.slice(at(start)..at(*end))
        })
    }

    /// The Merkle leaf of each record, from the bytes of its header alone.
    pub fn leaves(&self) -> impl Iterator<Item = Result<Hash, RecordDamage>> + '_ {
        self.stored_records().map(|bytes| leaf_of(&bytes))
    }

    /// The Merkle leaf of one record; `None` where the page does not hold it.
    #[must_use]
    pub fn leaf(&self, seq: u64) -> Option<Result<Hash, RecordDamage>> {
        let place = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        self.stored_records()
            .nth(place)
            .map(|bytes| leaf_of(&bytes))
    }

    /// Each record with the seq it must have; a record that claims another is damaged.
    pub fn records(&self) -> impl Iterator<Item = (u64, Result<Record, RecordDamage>)> + '_ {
        (self.first_seq..)
            .zip(self.stored_records())
            .map(|(seq, bytes)| (seq, decode(seq, bytes)))
    }

    /// One of its records, without a look at the others; nothing where it holds none of that seq.
    #[must_use]
    pub fn record(&self, seq: u64) -> Option<Result<Record, RecordDamage>> {
        let place = usize::try_from(seq.checked_sub(self.first_seq)?).ok()?;
        let end = self.ends.get(place)?;
        let start = place
            .checked_sub(1)
            .map_or(Some(&0), |before| self.ends.get(before))?;
        let at = |offset: &u32| self.records_at + usize::try_from(*offset).unwrap_or(0);
        Some(decode(seq, self.bytes.slice(at(start)..at(end))))
    }
}

/// The record that must be that one.
fn decode(seq: u64, bytes: Bytes) -> Result<Record, RecordDamage> {
    let record = Record::decode(bytes)?;
    if record.seq() == seq {
        Ok(record)
    } else {
        Err(RecordDamage::Header)
    }
}

/// Gathers records into a page; its buffers are kept from page to page.
#[derive(Default)]
pub struct PageBuilder {
    records: Vec<u8>,
    ends: Vec<u32>,
}

impl PageBuilder {
    /// Adds a record by letting `write` append its stored form.
    ///
    /// # Errors
    /// Whatever `write` answers; the page then stays as it was.
    pub fn push<T, E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>) -> Result<T, E> {
        let before = self.records.len();
        let written = write(&mut self.records);
        match &written {
            // A page that large is refused when it is finished.
            Ok(_) => self
                .ends
                .push(u32::try_from(self.records.len()).unwrap_or(u32::MAX)),
            Err(_) => self.records.truncate(before),
        }
        written
    }

    /// Forgets what was gathered.
    pub fn clear(&mut self) {
        self.records.clear();
        self.ends.clear();
    }

    /// Puts the gathered records into a page and starts anew. `peaks` are those after the last
    /// record, so the first seq follows from their size.
    ///
    /// # Errors
    /// [`PageDamage::Fields`] where no record was gathered, too many were, or `peaks` are not
    /// theirs.
    pub fn finish(&mut self, page_no: u64, peaks: &Peaks) -> Result<Page, PageDamage> {
        let page = self.assemble(page_no, peaks).ok_or(PageDamage::Fields);
        self.clear();
        // Reading it back here is the only way to a `Page`: what is handed on can be read.
        Page::decode(page?)
    }

    fn assemble(&self, page_no: u64, peaks: &Peaks) -> Option<Bytes> {
        let count = u16::try_from(self.ends.len()).ok()?;
        let first_seq = (peaks.size() + 1).checked_sub(u64::from(count))?;
        let peak_bytes = peaks.hashes().len() * 32;
        let len = FIXED_BYTES + peak_bytes + self.ends.len() * 4 + self.records.len() + 4;
        if len > MAX_PAGE_BYTES {
            return None;
        }
        let mut bytes = Vec::with_capacity(len);
        bytes.put_u8(VERSION);
        bytes.put_u8(PLAIN);
        bytes.put_u16(count);
        bytes.put_u64(page_no);
        bytes.put_u64(first_seq);
        peaks.hashes().iter().for_each(|hash| bytes.put_slice(hash));
        self.ends.iter().for_each(|end| bytes.put_u32(*end));
        bytes.put_slice(&self.records);
        bytes.put_u32(crc32fast::hash(&bytes));
        Some(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn page(first_seq: u64, records: &[Vec<u8>]) -> Page {
        let mut peaks = Peaks::default();
        (1..first_seq).for_each(|_| peaks.push([0; 32]));
        let mut builder = PageBuilder::default();
        for record in records {
            builder
                .push(|out| {
                    out.extend_from_slice(record);
                    Ok::<_, ()>(())
                })
                .unwrap();
            peaks.push([1; 32]);
        }
        builder.finish(3, &peaks).unwrap()
    }

    fn some_records() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)
    }

    /// Bytes that pass the checksum, so that the fields behind it are reached.
    fn with_checksum(mut bytes: Vec<u8>) -> Bytes {
        let checksum = crc32fast::hash(&bytes);
        bytes.put_u32(checksum);
        bytes.into()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(first_seq in 1..200_u64, records in some_records()) {
            let written = page(first_seq, &records);
            let read = Page::decode(written.bytes().clone()).unwrap();
            prop_assert_eq!(&read, &written);
            prop_assert_eq!(read.first_seq(), first_seq);
            prop_assert_eq!(read.last_seq() - first_seq + 1, records.len() as u64);
            prop_assert_eq!(read.stored_records().map(Vec::from).collect::<Vec<_>>(), records);
            for (seq, record) in read.records() {
                prop_assert_eq!(read.record(seq), Some(record));
            }
            prop_assert_eq!(read.record(first_seq - 1), None);
            prop_assert_eq!(read.record(read.last_seq() + 1), None);
        }

        #[test]
        fn any_changed_bit_is_seen(records in some_records(), at: usize, bit in 0..8_u8) {
            let mut bytes = page(1, &records).bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Page::decode(bytes.into()).err(), Some(PageDamage::Checksum));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, records in some_records(), at: usize) {
            let _ = Page::decode(with_checksum(bytes.clone()));
            let _ = Page::decode(bytes.into());
            let whole = page(1, &records).bytes().to_vec();
            let mut changed = whole[..whole.len() - 4].to_vec();
            let at = at % changed.len();
            changed[at] = changed[at].wrapping_add(1);
            if let Ok(page) = Page::decode(with_checksum(changed)) {
                page.records().for_each(drop);
            }
        }
    }

    #[test]
    fn a_later_version_is_named_and_not_guessed_at() {
        let newer = Page::decode(with_checksum(vec![2, 0, 1, 2, 3]));
        assert_eq!(newer.err(), Some(PageDamage::Newer));
    }

    #[test]
    fn an_empty_or_overfull_page_is_refused() {
        let mut builder = PageBuilder::default();
        assert!(builder.finish(1, &Peaks::default()).is_err());
        let mut peaks = Peaks::default();
        builder
            .push(|out| {
                out.resize(MAX_PAGE_BYTES, 0);
                Ok::<_, ()>(())
            })
            .unwrap();
        peaks.push([0; 32]);
        assert!(builder.finish(1, &peaks).is_err());
        for _ in 0..=MAX_RECORDS {
            builder.push(|_| Ok::<_, ()>(())).unwrap();
            peaks.push([0; 32]);
        }
        assert!(builder.finish(1, &peaks).is_err());
    }
}
