//! The log in memory: the executable specification of [`Engine`], and the engine of most tests.
//! Knows no disk.

use parking_lot::Mutex;

use super::super::page::Page;
use super::{Engine, Fault, Tail};

/// Pages in memory; they end with the process.
#[derive(Default)]
pub struct MemoryEngine {
    pages: Mutex<Vec<Page>>,
}

impl Engine for MemoryEngine {
    fn last(&self) -> Result<Tail, Fault> {
        Ok(self
            .pages
            .lock()
            .last()
            .map(Tail::after)
            .unwrap_or_default())
    }

    fn append(&self, after: u64, page: &Page) -> Result<(), Fault> {
        let mut pages = self.pages.lock();
        let tail = pages.last().map(Tail::after).unwrap_or_default();
        if tail.page_no != after || !tail.is_continued_by(page) {
            return Err(Fault::Conflict);
        }
        pages.push(page.clone());
        Ok(())
    }

    fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
        let pages = self.pages.lock();
        let at = pages.partition_point(|page| page.last_seq() < seq);
        Ok(pages
            .get(at)
            .filter(|page| page.first_seq() <= seq)
            .cloned())
    }

    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
        let pages = self.pages.lock();
        let at = pages.partition_point(|page| page.first_seq() <= seq);
        Ok(pages.get(at).map(Page::first_seq))
    }

    fn reopen(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn store_bytes(&self) -> Result<u64, Fault> {
        Ok(0)
    }
}
