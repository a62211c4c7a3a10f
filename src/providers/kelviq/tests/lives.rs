//! A subscription's life in any order folds to the same state: through the real bodies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{body, interpret};
use crate::domain::access::AsOf;
use crate::domain::register::{EventRef, Tie};
use crate::domain::state::{CustomerNotes, State};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

const VERBS: [&str; 4] = ["created", "updated", "plan_changed", "cancelled"];
const STATUSES: [&str; 6] = [
    "incomplete",
    "trialing",
    "active",
    "past_due",
    "canceled",
    "superseded",
];

/// One event of a subscription: few seconds, microseconds and plans, so that ties are common.
fn event() -> impl Strategy<Value = String> {
    let choice = (0..VERBS.len(), 0..STATUSES.len(), 0_u8..3, 0_u8..2);
    (choice, 0_u8..2, prop::option::of(1_u8..4)).prop_map(
        |((verb, status, second, micro), id, end)| {
            let mut value: Value = serde_json::from_str(&body("kelviq", "16.")).unwrap();
            value["type"] = format!("subscription.{}", VERBS[verb]).into();
            value["created_at"] = format!("2026-10-20T12:00:0{second}Z").into();
            let object = &mut value["data"]["object"];
            object["id"] = format!("sub {id}").into();
            object["status"] = STATUSES[status].into();
            object["modified_on"] = format!("2026-10-20T12:00:00.00000{micro}Z").into();
            object["billing_period_end_time"] = end.map_or(Value::Null, |end| {
                json!(format!("2026-1{}-01T00:00:00Z", end - 1))
            });
            if VERBS[verb] == "plan_changed" {
                value["data"]["previous_attributes"]["id"] = format!("sub {}", 1 - id).into();
            } else {
                value["data"]
                    .as_object_mut()
                    .unwrap()
                    .remove("previous_attributes");
            }
            value.to_string()
        },
    )
}

fn fold(life: &[String], order: &[usize]) -> State {
    let mut state = State::new(CustomerNotes::new());
    for (arrival, place) in order.iter().enumerate() {
        let byte = u8::try_from(*place).unwrap();
        let event = EventRef {
            seq: arrival as u64 + 1,
            source: "kelviq",
            tie: Some(Tie {
                body: [byte; 8],
                identity: [byte; 4],
            }),
        };
        state.fold(&interpret(&life[*place]), &event, false);
    }
    state
}

const AS_OF: AsOf = AsOf {
    now: Timestamp::EPOCH,
    grace_days: 3,
};

fn picture(state: &State) -> Vec<Value> {
    let page = state.subscriptions(&Default::default(), None, 50, AS_OF);
    let mut views: Vec<Value> = page
        .data
        .iter()
        .map(|view| serde_json::to_value(view).unwrap())
        .collect();
    for view in &mut views {
        view.as_object_mut().unwrap().remove("last_seq");
    }
    views
}

proptest! {
    #[test]
    fn any_order_and_repetition_fold_to_the_same(
        (life, order, extra) in prop::collection::vec(event(), 1..12).prop_flat_map(|life| {
            let places: Vec<usize> = (0..life.len()).collect();
            let extra = prop::collection::vec(0..life.len(), 0..4);
            (Just(life), Just(places).prop_shuffle(), extra)
        })
    ) {
        let straight: Vec<usize> = (0..life.len()).collect();
        let shuffled: Vec<usize> = order.into_iter().chain(extra).collect();
        prop_assert_eq!(picture(&fold(&life, &straight)), picture(&fold(&life, &shuffled)));
    }
}

/// What one snapshot after another leaves of status and paid period.
fn life(snapshots: &[(&str, &str, Value)]) -> (Status, Option<Timestamp>) {
    let mut bodies = Vec::new();
    for (second, (verb, status, end)) in snapshots.iter().enumerate() {
        let mut value: Value = serde_json::from_str(&body("kelviq", "03.")).unwrap();
        value["type"] = format!("subscription.{verb}").into();
        value["created_at"] = format!("2026-10-20T12:00:0{second}Z").into();
        value["data"]["object"]["status"] = (*status).into();
        value["data"]["object"]["billing_period_end_time"] = end.clone();
        bodies.push(value.to_string());
    }
    let backwards: Vec<usize> = (0..bodies.len()).rev().collect();
    let state = fold(&bodies, &backwards);
    let view = state
        .subscriptions(&Default::default(), None, 1, AS_OF)
        .data;
    (view[0].status, view[0].paid_through)
}

#[test]
fn the_newest_granting_snapshot_says_what_is_paid() {
    let (year, month) = ("2027-09-01T00:00:00Z", "2026-10-01T00:00:00Z");
    let shorter = [
        ("created", "active", json!(year)),
        ("updated", "active", json!(month)),
    ];
    assert_eq!(life(&shorter), (Status::Active, Timestamp::parse(month)));
    let unpaid = [
        ("created", "active", json!(month)),
        ("updated", "past_due", json!(year)),
    ];
    assert_eq!(life(&unpaid), (Status::PastDue, Timestamp::parse(month)));
    let for_ever = [
        ("created", "active", json!(month)),
        ("updated", "active", Value::Null),
    ];
    assert_eq!(life(&for_ever), (Status::Active, None));
}

#[test]
fn ends_are_absorbing() {
    let end = json!("2026-10-01T00:00:00Z");
    let revived = [
        ("cancelled", "canceled", end.clone()),
        ("updated", "active", end),
    ];
    assert_eq!(life(&revived).0, Status::Canceled);
}
