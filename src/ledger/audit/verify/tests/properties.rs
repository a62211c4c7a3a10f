//! The same over random logs and random changes.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::{checked, deliveries, head, named, with_secret};
use crate::eventlog::forge::{self, Forged, Shelf};
use crate::eventlog::page::Page;

/// How somebody lays the pages of a store otherwise, without making a hash anew.
#[derive(Debug, Clone)]
enum Laid {
    Removed(usize),
    Exchanged(usize, usize),
    Doubled(usize, usize),
    Cut(usize),
    RecordOfAnother(usize, usize),
}

fn laid(pages: &[Page], how: &Laid) -> Option<Shelf> {
    let mut shelf = Shelf::of(pages);
    let count = pages.len();
    let place = |n: usize| pages[n % count].first_seq();
    match *how {
        Laid::Removed(n) => drop(shelf.0.remove(&place(n))),
        Laid::Exchanged(a, b) | Laid::Doubled(a, b) if a % count == b % count => return None,
        Laid::Exchanged(a, b) => {
            shelf.0.insert(place(a), pages[b % count].clone());
            shelf.0.insert(place(b), pages[a % count].clone());
        }
        Laid::Doubled(a, b) => drop(shelf.0.insert(place(a), pages[b % count].clone())),
        Laid::Cut(n) => shelf.0.retain(|first, _| *first <= place(n)),
        Laid::RecordOfAnother(a, b) => {
            let other = pages[b % count].records().next()?.1.unwrap();
            let changed = forge::with_bytes(&pages[a % count], 0, other.stored_bytes());
            shelf.0.insert(place(a), changed);
        }
    }
    Some(shelf).filter(|shelf| shelf.0 != Shelf::of(pages).0)
}

/// How somebody changes records, and makes every hash anew.
#[derive(Debug, Clone)]
enum Changed {
    Swapped(usize, usize),
    Dropped(usize),
    Doubled(usize),
    Truncated(usize),
    BackDated(usize),
    Retold(usize),
    Moved(usize),
}

fn changed(records: &[Forged], how: &Changed) -> Vec<Forged> {
    let mut forged = records.to_vec();
    let count = forged.len();
    match *how {
        // Their times change places as well, so that none is older than the one before.
        Changed::Swapped(a, b) => {
            let (a, b) = (a % count, (a + 1 + b % (count - 1)) % count);
            let (at_a, at_b) = (forged[a].recorded_at, forged[b].recorded_at);
            forged.swap(a, b);
            (forged[a].recorded_at, forged[b].recorded_at) = (at_a, at_b);
        }
        Changed::Dropped(n) => drop(forged.remove(n % count)),
        // Not the last one: what is added behind the checkpoint, it says nothing of.
        Changed::Doubled(n) => forged.insert(n % (count - 1), forged[n % (count - 1)].clone()),
        Changed::Truncated(n) => forged.truncate(n % count),
        Changed::BackDated(n) => forged[n % count].recorded_at -= 1,
        Changed::Retold(n) => forged[n % count].event_type = Some("refund.processed".into()),
        Changed::Moved(n) => forged[n % count].source = "other".into(),
    }
    forged
}

fn any_laid() -> impl Strategy<Value = Laid> {
    prop_oneof![
        any::<usize>().prop_map(Laid::Removed),
        any::<(usize, usize)>().prop_map(|(a, b)| Laid::Exchanged(a, b)),
        any::<(usize, usize)>().prop_map(|(a, b)| Laid::Doubled(a, b)),
        any::<usize>().prop_map(Laid::Cut),
        any::<(usize, usize)>().prop_map(|(a, b)| Laid::RecordOfAnother(a, b)),
    ]
}

fn any_changed() -> impl Strategy<Value = Changed> {
    prop_oneof![
        any::<(usize, usize)>().prop_map(|(a, b)| Changed::Swapped(a, b)),
        any::<usize>().prop_map(Changed::Dropped),
        any::<usize>().prop_map(Changed::Doubled),
        any::<usize>().prop_map(Changed::Truncated),
        any::<usize>().prop_map(Changed::BackDated),
        any::<usize>().prop_map(Changed::Retold),
        any::<usize>().prop_map(Changed::Moved),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Pages removed, exchanged, doubled, cut off or with a record of another: all found, with what
    /// the ledger remembers of its own end.
    #[test]
    fn pages_that_do_not_lie_as_they_were_written_are_found(
        count in 2..40_u64, a_page in 1..9_usize, how in any_laid(),
    ) {
        let records = deliveries(count);
        let pages = forge::pages(&records, a_page);
        let whole = head(&records, records.len());
        let found = |shelf: Shelf| {
            let mut against = with_secret(Arc::new(shelf));
            against.checkpoints = vec![whole];
            !checked(&against).intact
        };
        prop_assert!(!found(Shelf::of(&pages)));
        if let Some(shelf) = laid(&pages, &how) {
            prop_assert!(found(shelf), "{:?}", how);
        }
    }

    /// Records changed by one who makes every hash anew: each is found with a checkpoint that was
    /// kept of the log, whatever its pages.
    #[test]
    fn records_that_are_not_those_of_the_checkpoint_are_found(
        count in 3..40_u64, a_page in 1..9_usize, how in any_changed(),
    ) {
        let records = deliveries(count);
        let forged = changed(&records, &how);
        let whole = head(&records, records.len());
        let found = |records: &[Forged]| {
            let mut against = with_secret(forge::log(records, a_page));
            against.checkpoints = vec![whole];
            !checked(&against).intact
        };
        prop_assert!(found(&forged), "{:?}", how);
        prop_assert!(!found(&records));
    }

    /// A record whose stored bytes are not what was written is named, and no other: nothing is
    /// hashed anew but its page's checksum.
    #[test]
    fn a_changed_byte_of_a_record_is_named(
        count in 1..20_u64, a_page in 1..9_usize, which: usize, place: usize, bit in 0..8_u8,
    ) {
        let records = deliveries(count);
        let pages = forge::pages(&records, a_page);
        let which = which % records.len();
        let (page, within) = (&pages[which / a_page], which % a_page);
        let mut bytes = records[which].stored(u64::try_from(which).unwrap() + 1).0.to_vec();
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        let bytes = Bytes::from(bytes);
        let mut shelf = Shelf::of(&pages);
        let changed = forge::with_bytes(page, within, &bytes);
        shelf.0.insert(page.first_seq(), changed);
        let report = checked(&with_secret(Arc::new(shelf)));
        let seq = u64::try_from(which).unwrap() + 1;
        let names_it = named(&report).iter().any(|(first, last)| (*first..=*last).contains(&seq));
        prop_assert!(names_it, "{:?}", report);
        let (first, last) = (page.first_seq(), page.last_seq());
        let mut others = named(&report).into_iter();
        prop_assert!(others.all(|(from, to)| from >= first && to <= last));
    }
}
