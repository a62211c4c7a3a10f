//! For tests: logs whose records were changed by somebody who makes every hash anew, and stores
//! whose pages do not lie as they were written. Not part of the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::draft::{Draft, Event};
use super::engine::memory::MemoryEngine;
use super::engine::{Engine, Fault, Tail};
use super::merkle::Peaks;
use super::page::{Page, PageBuilder};
use super::record::{self, Header, Parts, SALT_BYTES};
use crate::domain::time::Timestamp;

/// A record taken apart, to be put together as somebody else would have it.
#[derive(Clone)]
pub(crate) struct Forged {
    pub(crate) source: String,
    pub(crate) provider: String,
    pub(crate) event_type: Option<String>,
    pub(crate) recorded_at: i64,
    pub(crate) key_id: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Salt and body are left out; the header still commits to them.
    pub(crate) is_erased: bool,
    header: Header,
    salt: [u8; SALT_BYTES],
}

impl Forged {
    /// An event as the ledger records it.
    pub(crate) fn event(event: Event, recorded_at: Timestamp) -> Self {
        let mut draft = Draft::new(event).unwrap();
        let mut bytes = Vec::new();
        draft.number(1, recorded_at, false);
        draft.encode(&mut bytes).unwrap();
        Self::of(&bytes)
    }

    fn of(stored: &[u8]) -> Self {
        let parts = Parts::split(stored).unwrap();
        let (salt, body) = parts.content.unwrap();
        let header = parts.header;
        Self {
            source: header.source.clone(),
            provider: header.provider.clone(),
            event_type: header.event_type.clone(),
            recorded_at: header.recorded_at,
            key_id: None,
            body: body.to_vec(),
            is_erased: false,
            salt: *salt,
            header,
        }
    }

    /// The stored form as `seq`, with every hash right.
    pub(crate) fn stored(&self, seq: u64) -> (Bytes, super::merkle::Hash) {
        let mut header = self.header.clone();
        header.seq = seq;
        header.source.clone_from(&self.source);
        header.provider.clone_from(&self.provider);
        header.event_type.clone_from(&self.event_type);
        header.recorded_at = self.recorded_at;
        if let (Some(evidence), Some(key_id)) = (&mut header.evidence, &self.key_id) {
            evidence.key_id.clone_from(key_id);
        }
        header.body_commitment = record::commitment(&self.salt, &self.body).to_vec();
        header.body_len = u32::try_from(self.body.len()).unwrap();
        let mut bytes = Vec::new();
        let leaf = record::encode(&header, &self.salt, &self.body, &mut bytes).unwrap();
        if self.is_erased {
            bytes.truncate(bytes.len() - SALT_BYTES - self.body.len());
        }
        (bytes.into(), leaf)
    }
}

/// The pages of a log of these records, so many a page, all hashes and peaks made anew.
pub(crate) fn pages(records: &[Forged], a_page: usize) -> Vec<Page> {
    let (mut peaks, mut builder) = (Peaks::default(), PageBuilder::default());
    let mut pages = Vec::new();
    for some in records.chunks(a_page) {
        for forged in some {
            let (bytes, leaf) = forged.stored(peaks.size() + 1);
            builder
                .push(|out| {
                    out.extend_from_slice(&bytes);
                    Ok::<_, ()>(())
                })
                .unwrap();
            peaks.push(leaf);
        }
        let page_no = u64::try_from(pages.len()).unwrap() + 1;
        pages.push(builder.finish(page_no, &peaks).unwrap());
    }
    pages
}

/// A log of these records.
pub(crate) fn log(records: &[Forged], a_page: usize) -> Arc<dyn Engine> {
    let engine = MemoryEngine::default();
    for page in pages(records, a_page) {
        engine.append(page.page_no() - 1, &page).unwrap();
    }
    Arc::new(engine)
}

/// A page with other bytes in the place of a record, and nothing but its checksum made anew.
pub(crate) fn with_bytes(page: &Page, place: usize, stored: &[u8]) -> Page {
    let mut builder = PageBuilder::default();
    for (at, kept) in page.stored_records().enumerate() {
        let chosen = if at == place { stored } else { &kept };
        builder
            .push(|out| {
                out.extend_from_slice(chosen);
                Ok::<_, ()>(())
            })
            .unwrap();
    }
    builder.finish(page.page_no(), page.peaks()).unwrap()
}

/// A store in which any page may lie in any place, read as the engine on disk reads.
pub(crate) struct Shelf(pub(crate) BTreeMap<u64, Page>);

impl Shelf {
    pub(crate) fn of(pages: &[Page]) -> Self {
        let placed = pages.iter().map(|page| (page.first_seq(), page.clone()));
        Self(placed.collect())
    }
}

impl Engine for Shelf {
    fn last(&self) -> Result<Tail, Fault> {
        let last = self.0.last_key_value();
        Ok(last.map(|(_, page)| Tail::after(page)).unwrap_or_default())
    }

    fn append(&self, _: u64, _: &Page) -> Result<(), Fault> {
        Err(Fault::Conflict)
    }

    fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
        if seq > self.last()?.last_seq {
            return Ok(None);
        }
        let what = |what: &str| Fault::Damaged {
            seq,
            what: what.to_owned(),
        };
        let found = self.0.range(..=seq).next_back();
        let (place, page) = found.ok_or_else(|| what("it is missing from the store"))?;
        if page.first_seq() != *place {
            Err(what("another page lies in its place"))
        } else if page.last_seq() < seq {
            Err(what("it is missing from the store"))
        } else {
            Ok(Some(page.clone()))
        }
    }

    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
        Ok(self.0.range(seq + 1..).next().map(|(place, _)| *place))
    }

    fn reopen(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn store_bytes(&self) -> Result<u64, Fault> {
        Ok(0)
    }
}
