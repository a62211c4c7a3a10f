//! Properties of the fold over random lives: order and repetition do not matter, and what is kept
//! (owners, members, activity) equals what would be worked out anew.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod book;
mod carried;
mod charged;
mod emails;
mod ends;
mod had;
mod lives;
mod moments;
mod money;
mod payers;
mod people;
mod periods;
mod sold;
mod stops;
mod stories;
mod tried;
mod under_way;
mod usage;
mod words;

use std::collections::BTreeSet;

use proptest::prelude::*;

pub(super) use self::lives::*;
use self::people::{kept, people};
pub(super) use self::sold::*;
use super::entity::{Kind, Role};
use super::{CustomerNotes, State};
use crate::domain::access::AsOf;
use crate::domain::event::*;
use crate::domain::instrument::{Instrument, Part};
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Billing, OrderStatus, RefundSaid, RefundWord, Sale};
use crate::domain::register::{EventRef, Tie};
use crate::domain::status::{CheckoutStatus, PaymentStatus, RefundStatus, Status};
use crate::domain::time::Timestamp;

const RAZORPAY: &str = "razorpay";
const STYKITE: &str = "stykite";

fn fold(life: &[Interpretation], order: &[usize]) -> State {
    let mut state = empty();
    for (arrival, place) in order.iter().enumerate() {
        fold_one(&mut state, life, *place, arrival);
    }
    state
}

pub(super) fn empty() -> State {
    let notes: CustomerNotes = [(RAZORPAY.into(), "customer_identifier".into())].into();
    State::new(notes)
}

pub(super) fn fold_one(state: &mut State, life: &[Interpretation], place: usize, arrival: usize) {
    let place_byte = u8::try_from(place).unwrap();
    let tie = Some(Tie {
        body: [place_byte; 8],
        identity: [place_byte; 4],
    });
    let seq = arrival as u64 + 1;
    let event = EventRef {
        seq,
        source: RAZORPAY,
        tie,
    };
    state.fold(&life[place], &event, false);
}

/// All that users see, less what follows arrival by design.
fn picture(state: &State) -> Vec<String> {
    let as_of = AsOf {
        now: time(5),
        grace_days: 3,
    };
    let mut lines = Vec::new();
    let everything = usize::MAX - 1;
    for view in state
        .customers(&Default::default(), None, everything, as_of)
        .data
    {
        let events = state.customer_events(&view.name.id).unwrap().len();
        lines.push(format!(
            "{events} {}",
            serde_json::to_string(&view).unwrap()
        ));
    }
    for view in state
        .subscriptions(&Default::default(), None, everything, as_of)
        .data
    {
        lines.push(serde_json::to_string(&view).unwrap());
    }
    for view in state.payments(None, everything).data {
        lines.push(serde_json::to_string(&view).unwrap());
    }
    for number in 0..3 {
        let checkout = state.checkout(&checkout_id(number));
        lines.push(format!("{checkout:?}"));
        let standing = state.standing_of(&own_subscription_id(number));
        lines.push(format!("{standing:?}"));
        let record = state.subscription_record(&own_subscription_id(number), as_of);
        let told = record.map(|full| {
            let held = (full.terms, full.trial_ends_at, full.cancel);
            (held, full.running_period, full.charged_as)
        });
        lines.push(format!("{told:?}"));
        let live = state.live_subscriptions(&format!("user_{number}"));
        lines.push(format!("{live:?}"));
        lines.push(kept(state, &format!("user_{number}")));
    }
    for email in [
        "someone@example.com0",
        "OTHER@example.com",
        "user_1@example.com",
    ] {
        lines.push(format!("{:?}", state.identifier_with_email(email)));
    }
    let exhibits = (0..state.things()).filter_map(|place| state.exhibit(place));
    let money = exhibits.filter(|exhibit| exhibit.kind.starts_with("payment"));
    let mut money: Vec<_> = money
        .map(|exhibit| String::from_utf8(exhibit.json).unwrap())
        .collect();
    money.sort();
    lines.extend(money);
    lines.extend(money::money(state));
    lines.push(format!("{:?}", state.next_due()));
    let mut due: Vec<_> = state.due(Timestamp::MAX, everything);
    due.sort_by_key(|fact| format!("{fact:?}"));
    lines.push(format!("{due:?}"));
    let mut work = state.gateway_work();
    work.sort_by_key(|work| format!("{work:?}"));
    lines.push(format!("{work:?}"));
    let mut census = state.begin_census();
    while state.count(&mut census) {}
    lines.push(format!(
        "{} {:?} {}",
        state.customer_count(),
        census.subscriptions,
        census.payments
    ));
    for line in &mut lines {
        while let Some(start) = line.find("\"last_seq\":") {
            let end = line[start..].find(['}', ',']).unwrap() + start;
            line.replace_range(start..end, "");
        }
    }
    lines
}

/// The kept answers equal fresh ones.
fn assert_coherent(state: &State) {
    let kinds = [
        Kind::Party,
        Kind::Subscription,
        Kind::SoleSubscription,
        Kind::Invoice,
        Kind::Order,
        Kind::Checkout,
        Kind::Payment,
        Kind::PaymentMethod,
    ];
    let mut roots = 0;
    for kind in kinds {
        for (ix, entity) in state.arena.of_kind(kind) {
            assert_eq!(entity.owner, state.resolve(ix), "{kind:?} {}", entity.name);
            assert!(entity.events().is_sorted_by(|a, b| a < b), "each once");
            roots += u64::from(kind == Kind::Party && entity.owner == Some(ix));
            if let Some(root) = entity.owner.filter(|root| *root != ix) {
                let members = &state.arena.get(root).party().unwrap().members;
                assert_eq!(members.iter().filter(|member| **member == ix).count(), 1);
            }
            let Some(party) = entity.party() else {
                continue;
            };
            let mut activity = entity.activity;
            let distinct: BTreeSet<_> = party.members.iter().collect();
            assert_eq!(distinct.len(), party.members.len());
            for member in &party.members {
                assert_eq!(state.arena.get(*member).owner, Some(ix));
                activity.merge(state.arena.get(*member).activity);
            }
            for bearer in &party.bearers {
                let bearer = state.arena.get(*bearer);
                let identifier = bearer.linked(Role::Identifier);
                assert!(identifier.is_some() && bearer.owner == identifier);
            }
            if entity.owner == Some(ix) {
                assert_eq!(activity, party.activity);
            }
        }
    }
    assert_eq!(roots, state.customer_count());
    state.assert_dues_are_whole();
    let shown = (0..state.things()).filter_map(|place| state.exhibit(place));
    shown.for_each(|shown| assert!(!shown.json.is_empty(), "{} {}", shown.kind, shown.id));
}

/// A customer's own event list, where an event names the customer and nothing else.
#[test]
fn an_event_that_only_names_a_customer_is_theirs() {
    let told = |identifier: Option<&str>| {
        let naming = Naming {
            identifier: identifier.map(Into::into),
            provider_id: Some("cus_1".into()),
            ..Naming::default()
        };
        introduction(0, naming, Contact::default())
    };
    let life = [told(None), told(Some("user_1"))];
    let mut state = empty();
    fold_one(&mut state, &life, 0, 0);
    assert_eq!(state.customer_of(&life[0]), None);
    fold_one(&mut state, &life, 1, 1);
    for event in &life {
        assert_eq!(state.customer_of(event), Some("user_1"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn order_does_not_matter(
        (life, order) in life().prop_flat_map(|life| {
            let places: Vec<usize> = (0..life.len()).collect();
            (Just(life), Just(places).prop_shuffle())
        })
    ) {
        let straight: Vec<usize> = (0..life.len()).collect();
        let one = fold(&life, &straight);
        let other = fold(&life, &order);
        assert_coherent(&one);
        assert_coherent(&other);
        prop_assert_eq!(picture(&one), picture(&other));
    }

    #[test]
    fn repetition_does_not_matter(
        (life, extra) in life().prop_flat_map(|life| {
            let places = 0..life.len();
            (Just(life), prop::collection::vec(places, 0..12))
        })
    ) {
        let once: Vec<usize> = (0..life.len()).collect();
        let again: Vec<usize> = once.iter().chain(&extra).copied().collect();
        let strip = |state: &State| {
            // How often an event is listed is not the fold's business: the log drops repeats.
            picture(state).iter().map(|line| line.split_once(' ').map_or(line.clone(), |(_, l)| l.to_owned())).collect::<Vec<_>>()
        };
        prop_assert_eq!(strip(&fold(&life, &once)), strip(&fold(&life, &again)));
    }
}
