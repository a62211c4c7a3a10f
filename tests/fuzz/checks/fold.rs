//! The same events in any order, some of them twice, come to the same state; and what a provider's
//! translator makes of odd bodies is no exception.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use subledger::domain::delivery::Received;
use subledger::domain::event::Interpretation;
use subledger::domain::register::{EventRef, Tie};
use subledger::domain::state::{CustomerNotes, State};
use subledger::providers;

use super::bodies::changed;
use super::reader::Reader;
use super::samples;

const EVENTS_MAX: usize = 12;

struct Event {
    source: String,
    seq: u64,
    tie: Tie,
    meaning: Interpretation,
}

pub fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let samples = samples::all();
    let shuffle = reader.byte();
    let mut events: Vec<Event> = Vec::new();
    while !reader.is_empty() && events.len() < EVENTS_MAX {
        let (source, body) = changed(samples, &mut reader);
        let Some(interpret) = providers::interpreter(&source) else {
            continue;
        };
        let digest: [u8; 32] = Sha256::digest(&body).into();
        let tie = Tie {
            body: digest[..8].try_into().unwrap(),
            identity: digest[..4].try_into().unwrap(),
        };
        // The log has each body once.
        if events.iter().all(|event| event.tie != tie) {
            let meaning = interpret(&Received { body: &body });
            let seq = events.len() as u64 + 1;
            events.push(Event {
                source,
                seq,
                tie,
                meaning,
            });
        }
    }
    if orders(&events, shuffle).any(|order| fold(&order) != fold(&in_order(&events))) {
        // Taking away what does not matter leaves the few events that do.
        let mut at = 0;
        while at < events.len() {
            let taken = events.remove(at);
            if orders(&events, shuffle).all(|order| fold(&order) == fold(&in_order(&events))) {
                events.insert(at, taken);
                at += 1;
            }
        }
        let told = events
            .iter()
            .map(|event| serde_json::to_string(&event.meaning).unwrap());
        let told: Vec<_> = told.collect();
        panic!("the order decides between\n{}", told.join("\n"));
    }
}

fn in_order(events: &[Event]) -> Vec<&Event> {
    events.iter().collect()
}

/// Backwards, each twice, and shuffled and that again.
fn orders(events: &[Event], mut shuffle: u8) -> impl Iterator<Item = Vec<&Event>> {
    let backwards = events.iter().rev().collect();
    let twice = events.iter().flat_map(|event| [event, event]).collect();
    let mut shuffled = in_order(events);
    for last in (1..shuffled.len()).rev() {
        shuffle = shuffle.wrapping_mul(167).wrapping_add(13);
        shuffled.swap(last, usize::from(shuffle) % (last + 1));
    }
    shuffled.extend_from_within(..);
    [backwards, twice, shuffled].into_iter()
}

/// What users see, by kind and id, less the log's own counts and lists.
fn fold(events: &[&Event]) -> BTreeMap<(&'static str, String), String> {
    let notes = providers::names().map(|name| (name.into(), "customer_identifier".into()));
    let mut state = State::new(notes.collect::<CustomerNotes>());
    for event in events {
        let about = EventRef {
            seq: event.seq,
            source: &event.source,
            tie: Some(event.tie),
        };
        state.fold(&event.meaning, &about, false);
    }
    let shown = state
        .fingerprints()
        .filter(|print| !["counts", "quarantine"].contains(&print.kind));
    shown
        .map(|print| ((print.kind, print.id), print.digest))
        .collect()
}

/// Lives of one subscription, in several orders.
pub fn seeds() -> Vec<Vec<u8>> {
    let count = samples::all().len() as u8;
    let life = |from: u8, step: u8| -> Vec<u8> {
        let places = (0..12_u8).flat_map(|n| [0, (from + n * step) % count, 0]);
        std::iter::once(step).chain(places).collect()
    };
    (0..6).map(|from| life(from * 7, 1 + from % 3)).collect()
}
