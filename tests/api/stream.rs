//! `GET /v1/events/stream`: every event once and in order, however often the reader leaves; and
//! what ends a stream.

use std::thread;
use std::time::Duration;

use rand::Rng as _;
use serde_json::Value;
use subledger::http::StreamLimits;

use crate::follower::Follower;
use crate::world::{Answer, KEY, RAZORPAY_SECRET, World, hmac_hex, sample};

const STREAM: &str = "/v1/events/stream";

fn follow(world: &World, query: &str, last: Option<u64>) -> Follower {
    follow_as(world, KEY, query, last)
}

fn follow_as(world: &World, key: &str, query: &str, last: Option<u64>) -> Follower {
    let address = world.base.trim_start_matches("http://");
    Follower::open(address, &format!("{STREAM}{query}"), key, last).unwrap()
}

/// No two alike.
fn delivery(number: u64) -> Vec<u8> {
    let body = String::from_utf8(sample("razorpay", "02")).unwrap();
    let body = body.replace("Ldgr0000000001", &format!("Strm{number:010}"));
    body.replace("user_42", &format!("user_{number}"))
        .into_bytes()
}

/// Takes 8 KB in the stream: the list shows an event's id, however long.
fn send_long(world: &World, number: u64) -> Answer {
    let body = delivery(number);
    let signature = hmac_hex(RAZORPAY_SECRET, &body);
    let headers = [
        ("X-Razorpay-Signature", signature.as_str()),
        ("X-Razorpay-Event-Id", &"i".repeat(8_000)),
    ];
    world.post("/webhooks/razorpay", &headers, &body)
}

fn limits(change: impl FnOnce(&mut StreamLimits)) -> World {
    let mut limits = StreamLimits::default();
    change(&mut limits);
    World::following(limits)
}

fn seqs(follower: &mut Follower, count: usize) -> Vec<u64> {
    let next = |_| follower.event().unwrap().unwrap().id.unwrap();
    (0..count).map(next).collect()
}

fn open_streams(world: &World) -> u64 {
    let metrics = world.get("/metrics").text;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("subledger_streams "));
    line.unwrap().parse().unwrap()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("never happened: {what}");
}

/// Reads from the beginning to `last`, leaving and coming back at random, and answers every event
/// it was given.
fn read_with_breaks(world: &World, last: u64) -> Vec<Value> {
    let mut chance = rand::rng();
    let mut got: Vec<Value> = Vec::new();
    let mut seen = None;
    while seen != Some(last) {
        // The URL stays what it was, as with every client of this kind.
        let mut follower = follow(world, "?after=0", seen);
        for _ in 0..chance.random_range(1..120) {
            let block = follower.event().unwrap().unwrap();
            assert_eq!(block.event.as_deref(), Some("message"));
            let data = block.data.unwrap();
            assert_eq!(data["seq"].as_u64(), block.id);
            seen = block.id;
            got.push(data);
            assert_eq!(seen, Some(got.len() as u64), "a gap, or a repetition");
            if seen == Some(last) {
                break;
            }
        }
    }
    got
}

#[test]
fn every_event_comes_once_and_in_order_over_every_break() {
    // Many, so that commits hold several events, and each of them is a chunk: breaks fall everywhere.
    const SENDERS: u64 = 32;
    const EACH: u64 = 15;
    let world = limits(|limits| limits.chunk_bytes_max = 1);
    let last = 1 + SENDERS * EACH;
    let world = &world;
    let all: Vec<Vec<Value>> = thread::scope(|scope| {
        for sender in 0..SENDERS {
            scope.spawn(move || {
                for number in 0..EACH {
                    let answer = world.razorpay(&delivery(sender * EACH + number));
                    assert_eq!(answer.word("status"), "recorded");
                }
            });
        }
        let readers: Vec<_> = (0..3)
            .map(|_| scope.spawn(move || read_with_breaks(world, last)))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect()
    });
    let mut listed: Vec<Value> = Vec::new();
    while (listed.len() as u64) < last {
        let page = world.read(&format!("/v1/events?limit=200&after={}", listed.len()));
        listed.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    for got in all {
        let numbers: Vec<_> = got
            .iter()
            .map(|event| event["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
        assert_eq!(got, listed, "the list and the stream show the same");
    }
}

#[test]
fn who_names_no_place_begins_now_and_loses_nothing_from_then_on() {
    let world = World::new();
    world.razorpay(&delivery(1));
    let mut follower = follow(&world, "", None);
    assert_eq!(follower.status, 200);
    for line in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "x-ledger-seq: 2",
    ] {
        assert!(follower.head.contains(line), "{line}: {}", follower.head);
    }
    let begins = follower.block().unwrap().unwrap();
    assert_eq!((begins.id, begins.data), (Some(2), None));
    world.razorpay(&delivery(2));
    assert_eq!(seqs(&mut follower, 1), [3]);
    drop(follower);
    world.razorpay(&delivery(3));
    assert_eq!(seqs(&mut follow(&world, "", Some(3)), 1), [4]);
    // What the header says goes before what the URL says.
    assert_eq!(seqs(&mut follow(&world, "?after=0", Some(3)), 1), [4]);
    assert_eq!(seqs(&mut follow(&world, "?after=2", None), 2), [3, 4]);
}

#[test]
fn a_restart_ends_the_stream_and_a_resumption_goes_on_after_it() {
    let world = World::on_disk();
    world.razorpay(&delivery(1));
    let mut follower = follow(&world, "?after=0", None);
    assert_eq!(seqs(&mut follower, 2), [1, 2]);
    let world = world.restart();
    assert_eq!(follower.event().unwrap(), None, "it ends, and is not cut");
    let mut follower = follow(&world, "?after=0", Some(2));
    world.razorpay(&delivery(2));
    assert_eq!(seqs(&mut follower, 1), [3]);
}

#[test]
fn a_filter_lets_through_what_the_list_shows() {
    let world = limits(|limits| limits.heartbeat = Duration::from_millis(50));
    let sent = [("razorpay", "02"), ("stykite", "01"), ("razorpay", "06")];
    let last = sent.map(|(provider, number)| world.send(provider, &sample(provider, number)).seq());
    for (filter, wanted) in [
        ("source=razorpay", vec![last[0], last[2]]),
        ("type=subscription.charged", vec![last[2]]),
        ("source=stykite&type=subscription.charged", vec![]),
        ("source=", vec![1, last[0], last[1], last[2]]),
    ] {
        let mut follower = follow(&world, &format!("?after=0&{filter}"), None);
        let mut got = Vec::new();
        let beat = loop {
            let block = follower.block().unwrap().unwrap();
            if block.comment.is_some() {
                break block;
            }
            got.extend(block.id);
        };
        assert_eq!(got, wanted, "{filter}");
        let looked_through = (filter != "source=").then_some(last[2]);
        assert_eq!(beat.id, looked_through, "{filter}");
        assert_eq!(beat.comment.as_deref(), Some("heartbeat"));
    }
}

#[test]
fn silence_is_broken_by_heartbeats_alone() {
    let world = limits(|limits| limits.heartbeat = Duration::from_millis(20));
    let mut follower = follow(&world, "?after=1", None);
    for _ in 0..5 {
        let block = follower.block().unwrap().unwrap();
        assert_eq!(
            (block.comment.as_deref(), block.id),
            (Some("heartbeat"), None)
        );
    }
    world.razorpay(&delivery(1));
    assert_eq!(seqs(&mut follower, 1), [2]);
}

#[test]
fn a_reader_that_takes_nothing_is_cut_and_may_go_on_where_it_was() {
    const EVENTS: u64 = 900;
    let hasty = limits(|limits| limits.silence_max = Duration::from_secs(1));
    let patient = limits(|_| {});
    // More than what sockets hold.
    for world in [&hasty, &patient] {
        for number in 0..EVENTS {
            assert_eq!(send_long(world, number).status, 200);
        }
    }
    let mut cut = follow(&hasty, "?after=0", None);
    let _kept = follow(&patient, "?after=0", None);
    assert_eq!((open_streams(&hasty), open_streams(&patient)), (1, 1));
    eventually("it is cut", || open_streams(&hasty) == 0);
    assert_eq!(open_streams(&patient), 1, "half a minute is not over");
    hasty.razorpay(&delivery(EVENTS));
    let mut got = Vec::new();
    while let Ok(Some(block)) = cut.event() {
        got.extend(block.id);
    }
    assert!((got.len() as u64) < EVENTS, "all of it fitted");
    let mut follower = follow(&hasty, "?after=0", got.last().copied());
    let rest = usize::try_from(EVENTS).unwrap() + 2 - got.len();
    got.extend(seqs(&mut follower, rest));
    assert_eq!(got, (1..=EVENTS + 2).collect::<Vec<_>>());
}

#[test]
fn no_more_than_the_limit_follow_at_once() {
    let world = limits(|limits| {
        limits.readers_max = 2;
        limits.heartbeat = Duration::from_millis(20);
    });
    let first = follow(&world, "", None);
    let _second = follow(&world, "", None);
    assert_eq!(open_streams(&world), 2);
    let refused = world.get(STREAM);
    assert_eq!(
        (refused.status, refused.word("code").as_str()),
        (503, "unavailable")
    );
    assert_eq!(refused.header("retry-after"), Some("5"));
    let head = world.ask("HEAD", STREAM, Some(KEY), &[], b"");
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    drop(first);
    eventually("the place is free", || {
        follow(&world, "", None).status == 200
    });
}

#[test]
fn a_revoked_key_follows_no_longer() {
    let world = World::new();
    let body = br#"{"label":"x","scope":"read"}"#;
    let json = ("content-type", "application/json");
    let keys = [(); 2].map(|()| {
        let made = world.ask("POST", "/v1/keys", Some(KEY), &[json], body);
        (made.word("id"), made.word("key"))
    });
    let [mut revoked, mut kept] =
        [0, 1].map(|at: usize| follow_as(&world, &keys[at].1, "?after=3", None));
    let path = format!("/v1/keys/{}", keys[0].0);
    assert_eq!(world.ask("DELETE", &path, Some(KEY), &[], b"").status, 204);
    assert_eq!(revoked.event().unwrap(), None, "not even the revocation");
    assert_eq!(seqs(&mut kept, 1), [4]);
    world.razorpay(&delivery(1));
    assert_eq!(seqs(&mut kept, 1), [5]);
}

#[test]
fn a_place_that_is_none_is_refused() {
    let world = World::new();
    let refused = |path: &str, headers: &[(&str, &str)]| {
        let answer = world.ask("GET", path, Some(KEY), headers, b"");
        assert_eq!(answer.status, 400, "{path} {headers:?}: {}", answer.text);
        assert_eq!(answer.word("code"), "invalid_parameter");
    };
    for query in [
        "after=x",
        "after=-1",
        "after=1&after=1",
        "after=2",
        "limit=5",
    ] {
        refused(&format!("{STREAM}?{query}"), &[]);
    }
    for id in ["x", "-1", "1.0", "+1", "2", "99999999999999999999"] {
        refused(STREAM, &[("last-event-id", id)]);
    }
    refused(STREAM, &[("last-event-id", "1"), ("last-event-id", "1")]);
    // One that is right does not excuse another.
    refused(&format!("{STREAM}?after=x"), &[("last-event-id", "1")]);
    assert_eq!(follow(&world, "?after=1", None).status, 200);
}
