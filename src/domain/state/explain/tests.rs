//! Properties of explanations over random lives. They guard against rules that drift apart: what is
//! said here is said of the fold's own answers, with events told again alone or left out.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod carries;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use self::carries::carries;
use crate::domain::access::AsOf;
use crate::domain::event::{Contact, Fact, Interpretation, Naming};
use crate::domain::explanation::{HeardEvent, LOST_MAX};
use crate::domain::register::{EventRef, Stamp, Tie};
use crate::domain::state::State;
use crate::domain::state::tests::{empty, introduction, life, time};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

const SOURCE: &str = "razorpay";
const ALL: usize = usize::MAX - 1;

fn as_of() -> AsOf {
    AsOf {
        now: time(5),
        grace_days: 3,
    }
}

/// A life in the order in which it arrived: each event with its own number in the life.
struct History<'a> {
    life: &'a [Interpretation],
    arrivals: Vec<usize>,
}

impl History<'_> {
    fn event(&self, place: usize) -> EventRef<'static> {
        let byte = u8::try_from(place).unwrap();
        let seq = self.arrivals.iter().position(|held| *held == place);
        EventRef {
            seq: seq.map_or(1, |seq| seq as u64 + 1),
            source: SOURCE,
            tie: Some(Tie {
                body: [byte; 8],
                identity: [byte; 4],
            }),
        }
    }

    fn stamp(&self, place: usize) -> Stamp {
        let change = &self.life[place].changes[0];
        let about = self.event(place);
        Stamp::new(change.occurred_at, change.revision, change.rank, &about)
    }

    fn fold(&self, places: impl Iterator<Item = usize>) -> State {
        let mut state = empty();
        for place in places {
            state.fold(&self.life[place], &self.event(place), false);
        }
        state
    }

    /// Everything shown, explained: kind and object.
    fn explained(&self) -> Vec<(&'static str, Value)> {
        let ids: Vec<String> = (0..self.life.len()).map(|n| n.to_string()).collect();
        let heard = self.arrivals.iter().map(|place| HeardEvent {
            meaning: &self.life[*place],
            about: self.event(*place),
            event_id: Some(&ids[*place]),
            recorded_at: Timestamp::EPOCH,
        });
        let heard: Vec<_> = heard.collect();
        let state = self.fold(self.arrivals.iter().copied());
        let customers = state.customers(&Default::default(), None, ALL, as_of());
        let subscriptions = state.subscriptions(&Default::default(), None, ALL, as_of());
        let mut found = Vec::new();
        for view in customers.data {
            let view = state.customer_explained(&view.name.id, as_of(), &heard);
            found.push(("customer", json!(view.unwrap())));
        }
        for view in subscriptions.data {
            let view = state.subscription_explained(&view.id, as_of(), &heard);
            found.push(("subscription", json!(view.unwrap())));
        }
        for view in state.payments(None, ALL).data {
            let view = state.payment_explained(&view.id, &heard);
            found.push(("payment", json!(view.unwrap())));
        }
        found
    }
}

/// An object as a state shows it, by the names it has there.
fn shown(state: &State, kind: &str, object: &Value) -> Value {
    let id = object["id"].as_str().unwrap();
    match kind {
        "customer" => json!(state.customer(id, Some(as_of()))),
        "payment" => json!(state.payment(id)),
        _ if object["provider"] == "stykite" => {
            let all = state.subscriptions(&Default::default(), None, ALL, as_of());
            let mut sole = all
                .data
                .into_iter()
                .filter(|view| view.provider == "stykite");
            json!(sole.next())
        }
        _ => json!(state.subscription(id, Some(as_of()))),
    }
}

fn place_of(event: &Value) -> usize {
    event["event_id"].as_str().unwrap().parse().unwrap()
}

fn explain(object: &Value) -> &Map<String, Value> {
    object["explain"].as_object().unwrap()
}

/// Fields that keep the greatest word or the first kind of name, whatever the times.
fn is_ranked(kind: &str, object: &Value, field: &str) -> bool {
    // What says that it was paid is how far a payment has come.
    if object["provider"] == "subledger" {
        return true;
    }
    let ranked = match kind {
        "subscription" => ["paid_through", "access", "customer"].as_slice(),
        // What a checkout sells, its newest attempt says.
        "payment" => &["status", "customer", "refunds", "subscription_id"],
        // Of one that was made here, what is said of it by its name stands before the rest; what a
        // checkout says of it, behind the rest; and an add-on is had when it is paid.
        _ => &["id", "access", "email", "phone", "references", "addons"],
    };
    ranked.contains(&field)
}

fn check_lost(history: &History<'_>, kind: &str, object: &Value, field: &str, by: &Value) {
    let winner = place_of(by);
    for lost in by["lost"].as_array().unwrap() {
        let loser = place_of(lost);
        let what = format!("{kind} {field}: {lost} behind {by}");
        assert!(lost["seq"].as_u64() > by["seq"].as_u64(), "{what}");
        let (lost_at, won_at) = (history.stamp(loser), history.stamp(winner));
        let at_once = lost_at.occurred_at == won_at.occurred_at;
        let is_end = |word: &Value| {
            let status = word.as_str().and_then(Status::parse);
            status.is_some_and(Status::is_end)
        };
        match lost["why"].as_str().unwrap() {
            "older" => assert!(
                lost_at < won_at && !at_once || is_ranked(kind, object, field),
                "{what}"
            ),
            "lower_rank" => {
                assert!(
                    lost_at < won_at && at_once || is_ranked(kind, object, field),
                    "{what}"
                );
            }
            "absorbed_by_end" => {
                assert!(
                    lost_at > won_at
                        && (kind == "customer"
                            || object["provider"] == "subledger"
                            || is_end(&object["status"])),
                    "{what}"
                );
                let kept = ["status", "provider_status", "ended_at", "access"];
                assert!(kept.contains(&field) || object["provider"] == "subledger");
            }
            other => panic!("{other}"),
        }
    }
}

/// Every later snapshot that lost is listed, with the right word: counted without the rules.
fn check_snapshots(history: &History<'_>, object: &Value) {
    let name = &object["provider_subscription_id"];
    let by = &explain(object)["plan"];
    let newest = history.stamp(place_of(by));
    let mut expected = Vec::new();
    for (seq, place) in (1_u64..).zip(&history.arrivals) {
        let told = history.life[*place]
            .changes
            .iter()
            .any(|change| match &change.fact {
                Fact::Subscription(fact) => json!(fact.key.as_str()) == *name,
                _ => false,
            });
        assert!(!told || history.stamp(*place) <= newest);
        if told && Some(seq) > by["seq"].as_u64() {
            let is_older = history.stamp(*place).occurred_at < newest.occurred_at;
            expected.push(json!([seq, if is_older { "older" } else { "lower_rank" }]));
        }
    }
    let lost = by["lost"].as_array().unwrap().iter();
    let lost: Vec<Value> = lost.map(|lost| json!([lost["seq"], lost["why"]])).collect();
    assert_eq!(lost, expected);
}

/// Less what follows arrival by design.
fn by_event(object: &Value) -> Vec<(String, usize)> {
    let explain = explain(object).iter();
    let explain = explain.filter(|(field, _)| *field != "last_seq");
    let named = explain.map(|(field, by)| (field.clone(), place_of(by)));
    named.collect()
}

fn shuffled() -> impl Strategy<Value = (Vec<Interpretation>, Vec<usize>)> {
    life().prop_flat_map(|life| {
        let places: Vec<usize> = (0..life.len()).collect();
        (Just(life), Just(places).prop_shuffle())
    })
}

/// A customer's e-mail address, told newest first.
#[test]
fn of_very_many_that_lost_the_newest_are_named() {
    let told = |second: i64| {
        let naming = Naming {
            identifier: Some("user".into()),
            ..Naming::default()
        };
        let email = Some(second.to_string().into());
        let contact = Contact {
            email,
            ..Contact::default()
        };
        introduction(second, naming, contact)
    };
    let email = |count: usize| {
        let life: Vec<_> = (0..count as i64).rev().map(told).collect();
        let arrivals = (0..count).collect();
        let history = History {
            life: &life,
            arrivals,
        };
        explain(&history.explained()[0].1)["email"].clone()
    };
    let all = email(LOST_MAX + 1);
    assert_eq!(all["lost"].as_array().unwrap().len(), LOST_MAX);
    assert!(all.get("lost_left_off").is_none());
    let more = email(LOST_MAX + 8);
    let lost = more["lost"].as_array().unwrap();
    assert_eq!(more["lost_left_off"], 7);
    assert_eq!(
        (&lost[0]["seq"], &lost[LOST_MAX - 1]["seq"]),
        (&json!(9), &json!(108))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_event_says_what_is_shown_and_without_it_nobody_else_would(
        (life, arrivals) in shuffled()
    ) {
        let history = History { life: &life, arrivals };
        for (kind, object) in history.explained() {
            for (field, by) in explain(&object) {
                let place = place_of(by);
                prop_assert!(
                    carries(&history, place, kind, &object, field),
                    "{} {} by {}", kind, field, by
                );
                let others = history.arrivals.iter().copied().filter(|other| *other != place);
                let without = shown(&history.fold(others.clone()), kind, &object);
                let mut others = others;
                // What cleared a field may have found it empty.
                prop_assert!(
                    object[field].is_null()
                        || without[field] != object[field]
                        || others.any(|other| carries(&history, other, kind, &object, field)),
                    "{} {} stays without {}", kind, field, by
                );
            }
        }
    }

    #[test]
    fn what_lost_came_later_and_for_the_reason_given((life, arrivals) in shuffled()) {
        let history = History { life: &life, arrivals };
        for (kind, object) in history.explained() {
            for (field, by) in explain(&object) {
                check_lost(&history, kind, &object, field, by);
            }
            if object["provider"] == "razorpay" && kind == "subscription" {
                check_snapshots(&history, &object);
            }
        }
    }

    #[test]
    fn the_order_of_arrival_explains_nothing((life, arrivals) in shuffled()) {
        let straight = History { life: &life, arrivals: (0..life.len()).collect() };
        let shuffled = History { life: &life, arrivals };
        let (one, other) = (straight.explained(), shuffled.explained());
        let picture = |all: &[(&str, Value)]| {
            let mut lines: Vec<_> = all
                .iter()
                .map(|(kind, object)| (kind.to_string(), object["id"].to_string(), by_event(object)))
                .collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(picture(&one), picture(&other));
    }

    #[test]
    fn every_field_that_is_not_null_is_explained((life, arrivals) in shuffled()) {
        let history = History { life: &life, arrivals };
        for (kind, object) in history.explained() {
            for (field, value) in object.as_object().unwrap() {
                let is_explained = explain(&object).contains_key(field);
                let is_empty = match value {
                    Value::Null => true,
                    Value::Array(list) => list.is_empty(),
                    Value::Object(map) => map.values().all(Value::is_null) || map.is_empty(),
                    _ => false,
                };
                let by_default = match field.as_str() {
                    "explain" | "subscriptions" | "access" => true,
                    "status" => value == "incomplete" || value == "created",
                    "refunds" => value[0]["status"].is_null() && value[0]["amount"].is_null(),
                    _ => false,
                };
                prop_assert!(is_explained || is_empty || by_default, "{} {}", kind, field);
            }
        }
    }

    /// What is answered without explanations is what is answered with them, less these.
    #[test]
    fn explaining_changes_nothing_else((life, arrivals) in shuffled()) {
        let history = History { life: &life, arrivals };
        let state = history.fold(history.arrivals.iter().copied());
        for (kind, mut object) in history.explained() {
            let plain = match kind {
                "subscription" => json!(state.subscription(object["id"].as_str().unwrap(), Some(as_of()))),
                _ => shown(&state, kind, &object),
            };
            object.as_object_mut().unwrap().remove("explain");
            for held in object.get_mut("subscriptions").and_then(Value::as_array_mut).into_iter().flatten() {
                prop_assert!(held.as_object_mut().unwrap().remove("explain").is_some());
            }
            prop_assert_eq!(plain, object);
        }
    }
}
