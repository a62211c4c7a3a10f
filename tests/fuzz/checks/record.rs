//! Stored records: any bytes are a record or are refused; what was written is read as it was; and
//! no bit of it can change unnoticed.

use std::sync::Arc;

use subledger::eventlog::Record;
use subledger::eventlog::engine::memory::MemoryEngine;

use super::reader::Reader;
use super::rig::World;

const EVENTS: u64 = 12;

pub fn check(data: &[u8]) {
    let Ok(record) = Record::decode(data.to_vec().into()) else {
        return;
    };
    assert_eq!(record.stored_bytes(), data);
    let again = Record::decode(record.stored_bytes().clone());
    assert_eq!(again.as_ref(), Ok(&record));
    // All that can be asked of it is answered.
    let shown = format!("{record:?} {:?} {:?}", record.evidence(), record.flags());
    assert!(!shown.is_empty());
    let mut reader = Reader::new(record.body());
    for _ in 0..8 {
        let bit = reader.number() * 8 + usize::from(reader.byte() % 8);
        let mut changed = data.to_vec();
        let at = bit / 8 % changed.len();
        changed[at] ^= 1 << (bit % 8);
        // The header is held by the tree's leaf, body and salt by the header.
        let other = Record::decode(changed.into());
        let noticed = other
            .as_ref()
            .map_or(true, |other| other.leaf() != record.leaf());
        assert!(noticed, "bit {bit} can change unnoticed");
    }
}

/// Records of several sizes, as a writer makes them.
pub fn seeds() -> Vec<Vec<u8>> {
    let world = World::over(Arc::new(MemoryEngine::default()));
    (1..=EVENTS).for_each(|n| assert!(world.record(n).is_ok()));
    let records = world
        .log()
        .records(1)
        .map(|record| record.unwrap().stored_bytes().to_vec());
    let records = records.collect();
    world.stop();
    records
}
