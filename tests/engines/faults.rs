//! A sled store whose disk fails: syncs that fail, no room. Nothing is acknowledged that is not
//! kept, and what can heal heals.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use subledger::eventlog::engine::sled::{Barrier, fdatasync};
use subledger::eventlog::{OpenOptions, Receipt, State, Unavailable};

use crate::rig::{World, body, eventually, folder, options, stored};

/// Fails once, at the `n`-th sync.
fn failing_at(n: u32) -> Barrier {
    let (calls, sync) = (AtomicU32::new(0), fdatasync());
    Arc::new(move |file| {
        if calls.fetch_add(1, Ordering::SeqCst) + 1 == n {
            Err(io::Error::from_raw_os_error(5))
        } else {
            sync(file)
        }
    })
}

#[test]
fn nothing_is_acknowledged_after_a_sync_that_failed() {
    let mut failed_at_open = 0;
    for n in 1..=10 {
        let data = folder();
        let options_failing = OpenOptions {
            barrier: failing_at(n),
            ..options(data.path())
        };
        let Ok(world) = World::open(&options_failing) else {
            failed_at_open += 1;
            assert!(
                World::open(&options(data.path())).is_ok(),
                "a failed opening harms nothing"
            );
            continue;
        };
        let mut acked = 0;
        for event in 1..=12 {
            match world.record(event) {
                Ok(receipt) => {
                    assert_eq!(
                        receipt,
                        Receipt::Recorded {
                            seq: event,
                            conflicting: false
                        }
                    );
                    assert_eq!(event, acked + 1, "nothing is recorded after the fault");
                    acked = event;
                }
                Err(why) => assert_eq!(why, Unavailable::ReadOnly),
            }
        }
        assert!(acked < 12, "the sync never failed");
        assert!(
            matches!(world.state(), State::ReadOnly(_)),
            "{:?}",
            world.state()
        );
        assert_eq!(
            world.log().last_seq(),
            Ok(acked),
            "what was not synced is not shown"
        );
        assert_eq!(world.folded.lock().seqs().len() as u64, acked);
        world.stop();

        let world = World::open(&options(data.path())).unwrap();
        let kept = stored(&world.log());
        assert!(kept.len() as u64 >= acked);
        assert!(kept.iter().zip(1..).all(|(found, n)| *found == body(n)));
        assert_eq!(world.state(), State::Serving);
        world.stop();
    }
    assert!((1..=3).contains(&failed_at_open), "{failed_at_open}");
}

#[test]
fn a_full_disk_is_refused_and_heals_by_itself() {
    let data = folder();
    let world = World::open(&options(data.path())).unwrap();
    world.record(1).unwrap();
    world.engine.set_min_free_bytes(u64::MAX);
    assert_eq!(world.record(2), Err(Unavailable::Full));
    assert_eq!(world.state(), State::Full);
    assert_eq!(
        world.submit(2).err(),
        Some(Unavailable::Full),
        "refused before it is queued"
    );
    assert_eq!(stored(&world.log()).len(), 1, "reading goes on");
    world.engine.set_min_free_bytes(0);
    eventually("serving again", || world.state() == State::Serving);
    assert_eq!(
        world.record(2),
        Ok(Receipt::Recorded {
            seq: 2,
            conflicting: false
        })
    );
    world.stop();
}

#[test]
fn a_store_that_is_full_when_it_is_stopped_still_stops() {
    let data = folder();
    let full = OpenOptions {
        min_free_bytes: u64::MAX,
        ..options(data.path())
    };
    let world = World::open(&full).unwrap();
    assert_eq!(world.record(1), Err(Unavailable::Full));
    let health = world.handle.health();
    world.stop();
    assert_eq!(health.state(), State::Stopped);
}
