//! Commands: decided on the writer's thread, after every event before them, and answered alone.

use subledger::eventlog::{Command, CommandAnswer};

use super::*;
use crate::rig::Refusal;

type Decide = Box<dyn FnMut() -> Decision<u64, Refusal> + Send>;

pub(super) fn command(world: &World, keys: &[&str], decide: Decide) -> CommandAnswer<Refusal> {
    let conflict_keys = keys.iter().map(ToString::to_string).collect();
    world
        .handle
        .command(Command {
            conflict_keys,
            request: None,
            decide,
        })
        .unwrap()
}

/// Records `n` unless it, or one of `unless`, was folded before.
fn once(world: &World, n: u64, unless: &'static [u64]) -> Decide {
    let folded = Arc::clone(&world.folded);
    Box::new(move || {
        let folded = folded.lock();
        if unless.iter().chain([&n]).any(|other| folded.has(*other)) {
            Decision::Refuse("it is there")
        } else {
            Decision::Append(draft(n), n)
        }
    })
}

pub(super) fn outcome(answer: CommandAnswer<Refusal>) -> Result<Outcome<Refusal>, Unavailable> {
    answer.blocking_recv().unwrap()
}

#[test]
fn a_command_sees_every_event_and_every_rival_before_it() {
    let (engine, world) = scripted([Act::Block]);
    let first = world.submit(1).unwrap();
    engine.wait_until_blocked();
    let event = world.submit(2).unwrap();
    let sees_the_event = command(&world, &["a"], once(&world, 10, &[2]));
    let wins = command(&world, &["b", "c"], once(&world, 20, &[]));
    let loses = command(&world, &["c", "d"], once(&world, 21, &[20]));
    let waits_behind = command(&world, &["d"], once(&world, 22, &[]));
    let free = command(&world, &["e"], once(&world, 23, &[]));
    engine.release();
    assert_eq!((wait(first), wait(event)), (recorded(1), recorded(2)));
    let done = |seq| {
        Ok(Outcome::Done(Receipt::Recorded {
            seq,
            conflicting: false,
        }))
    };
    assert_eq!(outcome(sees_the_event), Ok(Outcome::Refused("it is there")));
    assert_eq!(outcome(wins), done(3));
    assert_eq!(outcome(free), done(4));
    assert_eq!(outcome(loses), Ok(Outcome::Refused("it is there")));
    assert_eq!(outcome(waits_behind), done(5));
    // The events, then the commands that share no key, then one that had to wait.
    assert_eq!(*engine.appends.lock(), [1, 1, 2, 1]);
    world.stop();
}

#[test]
fn a_repeated_request_is_answered_before_it_is_decided() {
    let world = World::over(memory());
    let decided = Arc::new(AtomicU32::new(0));
    let send = |sha256: u8| {
        let counted = Arc::clone(&decided);
        let command = Command {
            conflict_keys: vec!["a".into()],
            request: Some((
                Identity::of_parts("api", &["k"]),
                Content::of_sha256(&[sha256; 32]),
            )),
            decide: Box::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                Decision::Append(request("k", "body", sha256), 1)
            }),
        };
        outcome(world.handle.command(command).unwrap()).unwrap()
    };
    assert_eq!(Ok(send(1)), recorded(1).map(Outcome::Done));
    assert_eq!(send(1), Outcome::Done(Receipt::Duplicate { seq: 1 }));
    assert_eq!(send(2), Outcome::Done(Receipt::Mismatch { seq: 1 }));
    assert_eq!(decided.load(Ordering::SeqCst), 1);
    world.stop();
}

#[test]
fn a_command_that_panics_harms_only_itself() {
    let world = World::over(memory());
    let answer = command(
        &world,
        &[],
        Box::new(|| panic!("a command's bug, on purpose")),
    );
    assert_eq!(outcome(answer), Err(Unavailable::Faulted));
    assert_eq!(world.record(1), recorded(1));
    world.stop();
}
