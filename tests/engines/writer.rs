//! The writer's promises, over an engine that does as it is told: duplicates, conflicts, commands,
//! faults, and the queue's bound.

#[path = "writer/commands.rs"]
mod commands;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use proptest::prelude::*;
use subledger::eventlog::engine::memory::MemoryEngine;
use subledger::eventlog::{
    Content, Decision, Draft, Engine, Event, Fault, Identity, MAX_QUEUED, Outcome, Receipt, State,
    Unavailable,
};

use self::commands::{command, outcome};
use crate::rig::{
    Act, ScriptedEngine, World, body, draft, event, eventually, now, stored, verify, wait,
};

fn memory() -> Arc<dyn Engine> {
    Arc::new(MemoryEngine::default())
}

fn scripted(script: impl IntoIterator<Item = Act>) -> (Arc<ScriptedEngine>, World) {
    let engine = ScriptedEngine::new(memory(), script);
    let world = World::over(Arc::<ScriptedEngine>::clone(&engine));
    (engine, world)
}

const fn recorded(seq: u64) -> Result<Receipt, Unavailable> {
    Ok(Receipt::Recorded {
        seq,
        conflicting: false,
    })
}

const fn duplicate(seq: u64) -> Result<Receipt, Unavailable> {
    Ok(Receipt::Duplicate { seq })
}

#[test]
fn one_delivery_from_a_hundred_threads_is_recorded_once() {
    let world = World::over(memory());
    let receipts: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| world.record(7).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let first = receipts
        .iter()
        .filter(|receipt| Ok(**receipt) == recorded(1))
        .count();
    let again = receipts
        .iter()
        .filter(|receipt| Ok(**receipt) == duplicate(1))
        .count();
    assert_eq!((first, again), (1, 99));
    assert_eq!(world.folded.lock().events, [(1, Some(7))]);
    world.stop();
}

#[test]
fn duplicates_in_one_batch_wait_for_the_commit_that_holds_the_original() {
    let (engine, world) = scripted([Act::Block, Act::Fail(Fault::Poisoned("no".into()))]);
    let first = world.submit(1).unwrap();
    engine.wait_until_blocked();
    let batch: Vec<_> = [2, 2, 3, 2].map(|n| world.submit(n).unwrap()).into();
    engine.release();
    assert_eq!(wait(first), recorded(1));
    // The commit of the batch fails: not even its duplicates are acknowledged.
    for answer in batch {
        assert_eq!(wait(answer), Err(Unavailable::Faulted));
    }
    eventually("serving again", || world.state() == State::Serving);
    let again: Vec<_> = [2, 2, 3, 2].map(|n| world.submit(n).unwrap()).into();
    let receipts: Vec<_> = again.into_iter().map(wait).collect();
    assert_eq!(
        receipts,
        [recorded(2), duplicate(2), recorded(3), duplicate(2)]
    );
    assert_eq!(world.folded.lock().seqs(), [1, 2, 3]);
    world.stop();
}

#[test]
fn another_body_of_one_event_is_recorded_beside_it_once() {
    let world = World::over(memory());
    let other = || Draft::new(event(1, b"another body".to_vec())).unwrap();
    let send = |draft| wait(world.handle.submit(draft, 1).unwrap());
    assert_eq!(send(draft(1)), recorded(1));
    assert_eq!(
        send(other()),
        Ok(Receipt::Recorded {
            seq: 2,
            conflicting: true
        })
    );
    assert_eq!(send(other()), duplicate(2));
    assert_eq!(send(draft(1)), duplicate(1));
    let records: Vec<_> = world.log().records(1).map(Result::unwrap).collect();
    assert_eq!(
        records
            .iter()
            .map(|r| r.flags().conflicting)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(b"another body").into();
    assert_eq!(
        records[1].identity(),
        records[0].identity().with_other_body(&digest)
    );
    let counters = &world.handle.health().counters;
    assert_eq!(counters.conflicting.load(Ordering::Relaxed), 1);
    assert_eq!(counters.duplicates.load(Ordering::Relaxed), 2);
    world.stop();
}

fn request(key: &str, body: &str, request: u8) -> Draft {
    Draft::new(Event {
        source: "api".into(),
        identity: Identity::of_parts("api", &[key]),
        request_sha256: Some([request; 32]),
        ..event(0, body.as_bytes().to_vec())
    })
    .unwrap()
}

#[test]
fn a_request_is_compared_by_itself_and_never_recorded_as_conflicting() {
    let world = World::over(memory());
    let send = |draft| wait(world.handle.submit(draft, 1).unwrap());
    assert_eq!(send(request("k", "a", 1)), recorded(1));
    assert_eq!(
        send(request("k", "another body, the same request", 1)),
        duplicate(1)
    );
    assert_eq!(send(request("k", "a", 2)), Ok(Receipt::Mismatch { seq: 1 }));
    assert_eq!(send(request("l", "a", 2)), recorded(2));
    assert_eq!(world.log().last_seq(), Ok(2));
    world.stop();
}

/// A state that was folded by half is not shown to anyone who trusts it: the writer ends.
#[test]
fn a_fold_that_panics_ends_the_writer_and_leaves_nobody_waiting() {
    let world = World::over(memory());
    let answer = world
        .handle
        .submit(draft(1), crate::rig::UNFOLDABLE)
        .unwrap();
    assert_eq!(wait(answer), Err(Unavailable::Stopping));
    eventually("a fault", || matches!(world.state(), State::Faulted(_)));
    assert_eq!(world.submit(2).err(), Some(Unavailable::Stopping));
    assert_eq!(
        stored(&world.log()),
        [body(1)],
        "it is durable, and folded after a restart"
    );
    world.stop();
}

/// Two writers on one log: each conflict is caught up with, and every event is there once.
#[test]
fn writers_that_share_a_log_take_turns() {
    let engine = memory();
    let worlds = [
        World::over(Arc::clone(&engine)),
        World::over(Arc::clone(&engine)),
    ];
    thread::scope(|scope| {
        for (world, parity) in worlds.iter().zip(0..) {
            scope.spawn(move || {
                for n in 0..150 {
                    // Every third event reaches both.
                    let event = if n % 3 == 0 {
                        n
                    } else {
                        1_000 + 2 * n + parity
                    };
                    let mut receipt = world.record(event);
                    while receipt == Err(Unavailable::Busy) {
                        receipt = world.record(event);
                    }
                    receipt.unwrap();
                }
            });
        }
    });
    let [one, two] = worlds;
    assert_eq!(stored(&one.log()).len(), 50 + 2 * 100);
    assert!(verify(engine.as_ref(), &mut |_| {}).unwrap().is_intact());
    // A command on the writer that may be behind is decided again once it has caught up.
    let asked = Arc::new(AtomicU32::new(0));
    one.record(5_000).unwrap();
    let (counted, folded) = (Arc::clone(&asked), Arc::clone(&two.folded));
    let answer = command(
        &two,
        &[],
        Box::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let known = folded.lock().seqs().len() as u64;
            if known > 250 {
                Decision::Refuse("seen")
            } else {
                Decision::Append(draft(6_000), 6_000)
            }
        }),
    );
    assert_eq!(outcome(answer), Ok(Outcome::Refused("seen")));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(two.folded.lock().seqs(), (1..=251).collect::<Vec<_>>());
    one.stop();
    two.stop();
}

#[test]
fn an_unknown_outcome_is_looked_up_before_it_is_answered() {
    let unknown = || Fault::Unknown("no answer".into());
    let (engine, world) = scripted([Act::LandThen(unknown()), Act::Fail(unknown())]);
    assert_eq!(world.record(1), recorded(1), "it had landed");
    assert_eq!(world.record(2), Err(Unavailable::Faulted), "it had not");
    eventually("serving again", || world.state() == State::Serving);
    assert_eq!(world.record(2), recorded(2));
    assert_eq!(world.folded.lock().events, [(1, Some(1)), (2, Some(2))]);
    assert_eq!(engine.appends.lock().len(), 3);
    world.stop();
}

#[test]
fn an_event_that_landed_in_spite_of_a_fault_is_folded_and_known() {
    let poisoned = Fault::Poisoned("the handle is gone".into());
    let (_, world) = scripted([Act::LandThen(poisoned)]);
    assert_eq!(world.record(1), Err(Unavailable::Faulted));
    eventually("serving again", || world.state() == State::Serving);
    assert_eq!(world.folded.lock().events, [(1, None)]);
    assert_eq!(world.record(1), duplicate(1));
    assert_eq!(world.record(2), recorded(2));
    world.stop();
}

#[test]
fn while_the_store_is_away_events_are_refused_quickly_and_reading_goes_on() {
    let (engine, world) = scripted([Act::Fail(Fault::Full)]);
    *engine.reopen_fault.lock() = Some(Fault::Poisoned("still away".into()));
    assert_eq!(world.record(1), Err(Unavailable::Full));
    eventually("a fault", || matches!(world.state(), State::Faulted(_)));
    assert_eq!(world.submit(1).err(), Some(Unavailable::Faulted));
    assert_eq!(world.log().last_seq(), Ok(0));
    *engine.reopen_fault.lock() = None;
    eventually("serving again", || world.state() == State::Serving);
    assert_eq!(world.record(1), recorded(1));
    world.stop();
}

#[test]
fn a_full_queue_refuses_at_once() {
    let (engine, world) = scripted([Act::Block]);
    let first = world.submit(0).unwrap();
    engine.wait_until_blocked();
    let mut waiting = Vec::new();
    let refused = loop {
        let draft = Draft::new(event(waiting.len() as u64 + 1, b"small".to_vec())).unwrap();
        match world.handle.submit(draft, 0) {
            Ok(answer) => waiting.push(answer),
            Err(why) => break why,
        }
    };
    assert_eq!((refused, waiting.len()), (Unavailable::Busy, MAX_QUEUED));
    engine.release();
    assert!(wait(first).is_ok() && waiting.into_iter().all(|answer| wait(answer).is_ok()));
    assert_eq!(world.record(100_000), recorded(MAX_QUEUED as u64 + 2));
    world.stop();
}

#[test]
fn large_bodies_fill_the_queue_by_their_bytes() {
    let (engine, world) = scripted([Act::Block]);
    let first = world.submit(0).unwrap();
    engine.wait_until_blocked();
    let large = |n| Draft::new(event(n, vec![7; 250_000])).unwrap();
    let waiting: Vec<_> = (1..1_000)
        .map_while(|n| world.handle.submit(large(n), n).ok())
        .collect();
    assert!((200..300).contains(&waiting.len()), "{}", waiting.len());
    engine.release();
    assert!(wait(first).is_ok() && waiting.into_iter().all(|answer| wait(answer).is_ok()));
    let queued = &world.handle.health().counters.queued_bytes;
    eventually("an empty queue", || queued.load(Ordering::Relaxed) == 0);
    world.stop();
}

#[test]
fn stopping_answers_what_is_queued_and_takes_nothing_new() {
    let (engine, world) = scripted([Act::Block]);
    let first = world.submit(1).unwrap();
    engine.wait_until_blocked();
    let queued: Vec<_> = (2..50).map(|n| world.submit(n).unwrap()).collect();
    let handle = world.handle.clone();
    let stopping = thread::spawn(move || world.stop());
    eventually("stopping", || handle.submit(draft(99), 99).is_err());
    engine.release();
    stopping.join().unwrap();
    assert!(wait(first).is_ok() && queued.into_iter().all(|answer| wait(answer).is_ok()));
    assert_eq!(
        handle.submit(draft(99), 99).err(),
        Some(Unavailable::Stopping)
    );
    assert_eq!(handle.health().state(), State::Stopped);
}

#[test]
fn records_are_never_dated_back_nor_by_a_clock_that_leapt() {
    let world = World::over(memory());
    world.record(1).unwrap();
    world.clock.leap(now().plus_millis(-60_000));
    world.record(2).unwrap();
    world.clock.leap(now().plus_days(400));
    assert_eq!(world.record(3), Err(Unavailable::ClockLeap));
    assert_eq!(world.state(), State::ClockLeap);
    world.clock.leap(now().plus_millis(5));
    assert_eq!(world.record(3), recorded(3));
    assert_eq!(world.state(), State::Serving);
    world.clock.set(now().plus_days(90));
    world.record(4).unwrap();
    let times: Vec<_> = world
        .log()
        .records(1)
        .map(|r| r.unwrap().recorded_at())
        .collect();
    let expected = [now(), now(), now().plus_millis(5), now().plus_days(90)];
    assert_eq!(times, expected);
    world.stop();
}

/// Many times, as the answer and the state come from another thread.
#[test]
fn whoever_is_answered_after_a_leap_finds_the_log_serving() {
    let world = World::over(memory());
    for seq in 1..200 {
        world.clock.leap(now().plus_days(400));
        assert_eq!(world.record(seq), Err(Unavailable::ClockLeap));
        world.clock.leap(now());
        assert_eq!(world.record(seq), recorded(seq));
        assert_eq!(world.state(), State::Serving, "after {seq}");
    }
    world.stop();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the engine does, what was acknowledged is stored and folded, once and in order.
    #[test]
    fn acknowledged_is_stored_and_folded(
        acts in prop::collection::vec(0..5_u8, 0..12),
        batches in prop::collection::vec(prop::collection::vec(0..30_u64, 1..8), 1..12),
    ) {
        let poisoned = || Fault::Poisoned("x".into());
        let unknown = || Fault::Unknown("x".into());
        let (_, world) = scripted(acts.into_iter().map(|act| match act {
            0 => Act::Fail(Fault::Full),
            1 => Act::Fail(poisoned()),
            2 => Act::LandThen(poisoned()),
            3 => Act::Fail(unknown()),
            _ => Act::LandThen(unknown()),
        }));
        for batch in batches {
            let answers: Vec<_> = batch.iter().map(|n| (*n, world.submit(*n))).collect();
            for (n, answer) in answers {
                match answer.and_then(wait) {
                    Ok(Receipt::Recorded { seq, conflicting: false }
                        | Receipt::Duplicate { seq }) => {
                        let record = world.log().record(seq).unwrap().unwrap();
                        prop_assert_eq!(record.body(), body(n));
                    }
                    Ok(other) => prop_assert!(false, "{:?}", other),
                    Err(_) => eventually("serving", || world.state() == State::Serving),
                }
            }
        }
        eventually("serving", || world.state() == State::Serving);
        let bodies = stored(&world.log());
        let unique: std::collections::HashSet<_> = bodies.iter().collect();
        prop_assert_eq!(unique.len(), bodies.len(), "nothing is there twice");
        let folded = world.folded.lock().seqs();
        prop_assert_eq!(folded, (1..=bodies.len() as u64).collect::<Vec<_>>());
        world.stop();
    }
}
