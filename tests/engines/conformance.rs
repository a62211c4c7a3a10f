//! What every engine must do: one suite, run on each, and random lives against a plain map.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use subledger::eventlog::engine::memory::MemoryEngine;
use subledger::eventlog::page::Page;
use subledger::eventlog::{Engine, Fault, ImportError, Importer, Receipt, Tail, open};

use crate::rig::{Act, ScriptedEngine, World, body, folder, now, options, stored, verify};

/// Pages as a writer makes them: single records, full batches, and more than one chunk.
fn pages() -> Vec<Page> {
    let engine = Arc::new(MemoryEngine::default());
    let scripted = ScriptedEngine::new(Arc::<MemoryEngine>::clone(&engine), [Act::Block]);
    let world = World::over(Arc::<ScriptedEngine>::clone(&scripted));
    let first = world.submit(1).unwrap();
    scripted.wait_until_blocked();
    let others: Vec<_> = (2..1_200).map(|n| world.submit(n).unwrap()).collect();
    scripted.release();
    for answer in std::iter::once(first).chain(others) {
        assert!(matches!(
            crate::rig::wait(answer),
            Ok(Receipt::Recorded { .. })
        ));
    }
    (1_200..1_204).for_each(|n| assert!(world.record(n).is_ok()));
    let pages: Vec<_> = world.log().pages(1).map(Result::unwrap).collect();
    world.stop();
    assert!(pages.iter().any(|page| page.bytes().len() > 10 * 48 * 1024));
    assert!(
        pages
            .iter()
            .any(|page| page.last_seq() - page.first_seq() > 300)
    );
    pages
}

fn check_contents(engine: &dyn Engine, pages: &[Page]) {
    assert_eq!(
        engine.last().unwrap(),
        pages.last().map(Tail::after).unwrap_or_default()
    );
    for page in pages {
        for seq in [page.first_seq(), page.last_seq()] {
            assert_eq!(engine.read(seq).unwrap().as_ref(), Some(page));
        }
    }
    let mut starts = vec![0];
    starts.extend(pages.iter().map(Page::first_seq));
    for pair in starts.windows(2) {
        assert_eq!(engine.next_page_after(pair[0]).unwrap(), Some(pair[1]));
    }
    let end = pages.last().map_or(0, Page::last_seq);
    assert_eq!(engine.next_page_after(end).unwrap(), None);
    for seq in [0, end + 1, end + 2, u64::MAX] {
        assert_eq!(engine.read(seq).unwrap(), None, "{seq}");
    }
}

/// The suite. `engine` is empty.
fn conforms(engine: &dyn Engine, pages: &[Page]) {
    check_contents(engine, &[]);
    for (written, page) in pages.iter().enumerate() {
        let after = written as u64;
        for other in [after + 1, after.wrapping_sub(1)] {
            assert_eq!(engine.append(other, page), Err(Fault::Conflict));
        }
        if let Some(later) = pages.get(written + 1) {
            assert_eq!(engine.append(after, later), Err(Fault::Conflict));
        }
        assert_eq!(engine.append(after, page), Ok(()));
        assert_eq!(engine.append(after, page), Err(Fault::Conflict), "twice");
        engine.reopen().unwrap();
        check_contents(engine, &pages[..=written]);
    }
    let verdict = verify(engine, &mut |_| {}).unwrap();
    assert!(verdict.is_intact());
    assert_eq!(verdict.root, pages.last().unwrap().peaks().root());
}

#[test]
fn the_memory_engine_conforms() {
    conforms(&MemoryEngine::default(), &pages());
}

#[test]
fn the_sled_engine_conforms_and_keeps_what_it_has() {
    let (data, pages) = (folder(), pages());
    let opened = open(&options(data.path()), now()).unwrap();
    conforms(opened.engine.as_ref(), &pages);
    drop(opened);
    let opened = open(&options(data.path()), now()).unwrap();
    check_contents(opened.engine.as_ref(), &pages);
    assert_eq!(opened.warnings, []);
    assert_eq!(opened.head.peaks, *pages.last().unwrap().peaks());
}

#[test]
fn an_import_arrives_at_the_same_root_in_pages_of_its_own() {
    let source = World::over(Arc::new(MemoryEngine::default()));
    (1..=700).for_each(|n| assert!(source.record(n).is_ok()));
    let records: Vec<_> = source.log().records(1).map(Result::unwrap).collect();
    let root = verify(source.engine.as_ref(), &mut |_| ()).unwrap().root;
    source.stop();

    let data = folder();
    let mut importer = Importer::new(open(&options(data.path()), now()).unwrap());
    for record in &records[..600] {
        importer.push(record.stored_bytes().clone()).unwrap();
    }
    assert_eq!(importer.finish().unwrap().seq(), 600);
    let mut importer = Importer::new(open(&options(data.path()), now()).unwrap());
    let gap = importer.push(records[601].stored_bytes().clone());
    assert!(matches!(
        gap,
        Err(ImportError::OutOfOrder {
            expected: 601,
            found: 602
        })
    ));
    let mut forged = records[600].stored_bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert!(matches!(
        importer.push(forged.into()),
        Err(ImportError::Damaged(601, _))
    ));
    for record in &records[600..] {
        importer.push(record.stored_bytes().clone()).unwrap();
    }
    let head = importer.finish().unwrap();
    assert_eq!((head.peaks.root(), head.page_no < 20), (root, true));
    let opened = open(&options(data.path()), now()).unwrap();
    assert_eq!((opened.head.peaks.root(), opened.warnings.len()), (root, 0));
    assert!(opened.log().records(1).map(Result::unwrap).eq(records));
}

#[derive(Debug, Clone)]
enum Step {
    /// Events, some of them seen before, some with another body.
    Submit(Vec<(u64, bool)>),
    Stop,
    /// The writer is left running while its store is opened elsewhere from a copy: a kill.
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let events = prop::collection::vec((0..60_u64, prop::bool::weighted(0.1)), 1..40);
    let step = prop_oneof![4 => events.prop_map(Step::Submit), 1 => Just(Step::Stop),
        1 => Just(Step::Kill)];
    prop::collection::vec(step, 1..12)
}

/// One event with either of its two bodies.
fn variant(id: u64, other: bool) -> Vec<u8> {
    let mut body = body(id);
    if other {
        body.extend_from_slice(b" again");
    }
    body
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any life of a ledger against a map of what it must hold.
    #[test]
    fn a_sled_log_is_a_map_that_only_grows(steps in steps()) {
        let mut data = folder();
        let mut world = World::open(&options(data.path())).unwrap();
        let mut model: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Submit(events) => {
                    let answers: Vec<_> = events.into_iter().map(|(id, other)| {
                        let bytes = variant(id, other);
                        let event = crate::rig::event(id, bytes.clone());
                        let draft = subledger::eventlog::Draft::new(event).unwrap();
                        (id, bytes, world.handle.submit(draft, id).unwrap())
                    }).collect();
                    for (id, bytes, answer) in answers {
                        let known = model.iter().find(|(_, body)| **body == bytes);
                        let expected = match known {
                            Some((seq, _)) => Receipt::Duplicate { seq: *seq },
                            None => Receipt::Recorded {
                                seq: model.len() as u64 + 1,
                                conflicting: model.values().any(|body| {
                                    *body == variant(id, true) || *body == variant(id, false)
                                }),
                            },
                        };
                        prop_assert_eq!(crate::rig::wait(answer).unwrap(), expected);
                        if let Receipt::Recorded { seq, .. } = expected {
                            model.insert(seq, bytes);
                        }
                    }
                }
                Step::Stop => {
                    world.stop();
                    world = World::open(&options(data.path())).unwrap();
                }
                Step::Kill => {
                    let copy = folder();
                    crate::rig::copy_dir(data.path(), copy.path());
                    world.stop();
                    data = copy;
                    world = World::open(&options(data.path())).unwrap();
                }
            }
            prop_assert_eq!(stored(&world.log()), model.values().cloned().collect::<Vec<_>>());
            let folded = world.folded.lock().seqs();
            prop_assert_eq!(folded, (1..=model.len() as u64).collect::<Vec<_>>());
        }
        let verdict = verify(world.engine.as_ref(), &mut |_| ()).unwrap();
        prop_assert!(verdict.is_intact());
        world.stop();
    }
}
