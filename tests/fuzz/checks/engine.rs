//! Any life of a log on sled, with stops, kills and a sync that fails, against a map of what it
//! must hold: what was acknowledged is there, once, at its place, and nothing else but what was
//! sent.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use subledger::eventlog::engine::sled::{Barrier, fdatasync};
use subledger::eventlog::{OpenOptions, Receipt, Unavailable};
use tempfile::TempDir;

use super::reader::Reader;
use super::rig::{World, body, copy_dir, folder, options, stored, wait};

const STEPS_MAX: usize = 10;

/// Fails at the `n`-th sync of all lives, and only there; never where it is 0.
fn failing_at(n: u8) -> Barrier {
    let (calls, sync) = (AtomicU32::new(0), fdatasync());
    Arc::new(move |file| {
        if calls.fetch_add(1, Ordering::SeqCst) + 1 == u32::from(n) {
            Err(io::Error::from_raw_os_error(5))
        } else {
            sync(file)
        }
    })
}

/// By seq, the number of the event.
type Model = BTreeMap<u64, u64>;

fn start(data: &TempDir, barrier: &Barrier) -> World {
    let with_barrier = || OpenOptions {
        barrier: Arc::clone(barrier),
        ..options(data.path())
    };
    // The fault may come while it opens: refused once, and harmless.
    World::open(&with_barrier())
        .or_else(|_| World::open(&with_barrier()))
        .unwrap()
}

/// What is there is what was acknowledged, and perhaps what nobody was told of.
fn compare(world: &World, model: &mut Model, open: &mut Vec<u64>) {
    let found = stored(&world.log());
    for (seq, bytes) in (1..).zip(found) {
        let n = match model.get(&seq) {
            Some(n) => *n,
            None => {
                let at = open.iter().position(|n| body(*n) == bytes);
                open.swap_remove(at.expect("an event that nobody sent"))
            }
        };
        assert_eq!(bytes, body(n), "at {seq}");
        model.insert(seq, n);
    }
    let (last, folded) = (model.len() as u64, world.folded.lock().seqs());
    assert!(model.keys().copied().eq(1..=last), "{model:?}");
    assert_eq!(folded, (1..=last).collect::<Vec<_>>());
}

fn submit(world: &World, events: Vec<u64>, model: &mut Model, open: &mut Vec<u64>) {
    let answers: Vec<_> = events.into_iter().map(|n| (n, world.submit(n))).collect();
    for (n, answer) in answers {
        let known = model
            .iter()
            .find(|(_, held)| **held == n)
            .map(|(seq, _)| *seq);
        match (answer.and_then(wait), known) {
            (Ok(Receipt::Duplicate { seq }), Some(known)) => assert_eq!(seq, known),
            (
                Ok(Receipt::Recorded {
                    seq,
                    conflicting: false,
                }),
                None,
            ) => {
                assert_eq!(seq, model.len() as u64 + 1);
                model.insert(seq, n);
            }
            (Err(Unavailable::ReadOnly | Unavailable::Faulted), _) => open.push(n),
            (other, known) => panic!("{n}, known at {known:?}: {other:?}"),
        }
    }
}

pub fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let barrier = failing_at(reader.byte() % 24);
    let mut folder_now = folder();
    let mut world = start(&folder_now, &barrier);
    let (mut model, mut open) = (Model::new(), Vec::new());
    for _ in 0..STEPS_MAX {
        if reader.is_empty() {
            break;
        }
        match reader.byte() % 4 {
            0 | 1 => {
                let count = 1 + reader.byte() % 12;
                let events = (0..count)
                    .map(|_| 1 + u64::from(reader.byte() % 64))
                    .collect();
                submit(&world, events, &mut model, &mut open);
            }
            2 => {
                world.stop();
                world = start(&folder_now, &barrier);
                compare(&world, &mut model, &mut open);
            }
            _ => {
                // What a kill leaves: the files as they are while it runs.
                let copy = folder();
                copy_dir(folder_now.path(), copy.path());
                world.stop();
                folder_now = copy;
                world = start(&folder_now, &barrier);
                compare(&world, &mut model, &mut open);
            }
        }
    }
    world.stop();
    let world = World::open(&options(folder_now.path())).unwrap();
    compare(&world, &mut model, &mut open);
    world.stop();
}

pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0, 0, 3, 1, 2, 3, 2, 1, 5, 3, 4, 5, 6, 7, 3, 0, 1, 9],
        vec![5, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 2, 0, 0, 5],
        vec![
            9, 0, 11, 49, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 3, 3, 2, 0, 2, 49, 50, 51,
        ],
    ]
}
