//! Pages: any bytes are a page or are refused, also where their checksum was made to fit; and any
//! changed bit of a page is noticed.

use std::sync::Arc;

use subledger::eventlog::engine::memory::MemoryEngine;
use subledger::eventlog::page::Page;

use super::reader::Reader;
use super::rig::World;

const CHECKSUM_BYTES: usize = 4;

pub fn check(data: &[u8]) {
    if let Ok(page) = Page::decode(data.to_vec().into()) {
        examine(&page, data);
        let mut reader = Reader::new(&data[..data.len() - CHECKSUM_BYTES]);
        for _ in 0..8 {
            let mut changed = data.to_vec();
            let at = reader.place(changed.len());
            changed[at] ^= 1 << (reader.byte() % 8);
            assert!(
                Page::decode(changed.into()).is_err(),
                "a bit changed at {at}"
            );
        }
    }
    // Where sled's disk was written by somebody who knows checksums.
    for covered in [data, &data[..data.len().saturating_sub(CHECKSUM_BYTES)]] {
        let mut forged = covered.to_vec();
        forged.extend(crc32fast::hash(covered).to_be_bytes());
        if let Ok(page) = Page::decode(forged.clone().into()) {
            examine(&page, &forged);
        }
    }
}

/// All that can be asked of it is answered.
fn examine(page: &Page, bytes: &[u8]) {
    assert_eq!(page.bytes(), bytes);
    assert!(page.first_seq() >= 1 && page.first_seq() <= page.last_seq());
    let places = page.first_seq()..=page.last_seq();
    let mut count = 0;
    for (expected, (seq, record)) in places.clone().zip(page.records()) {
        assert_eq!(seq, expected);
        assert!(record.is_err() || record.is_ok_and(|record| record.seq() == seq));
        count += 1;
    }
    assert_eq!(count, page.records().count());
    let _ = page.peaks().root();
}

pub fn seeds() -> Vec<Vec<u8>> {
    let world = World::over(Arc::new(MemoryEngine::default()));
    for first in [1, 2, 5, 12] {
        world.record_all(first..first * 2);
    }
    let pages = world
        .log()
        .pages(1)
        .map(|page| page.unwrap().bytes().to_vec());
    let pages = pages.collect();
    world.stop();
    pages
}
