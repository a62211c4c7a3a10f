//! Usage over random lives, against a model that looks at every event every time: what was read,
//! counted and allowed, in windows, with and without access, explained, and kept in snapshots.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::under_way::snapshot_under_way;
use super::*;
use crate::domain::catalog::Catalog;
use crate::domain::explanation::HeardEvent;
use crate::domain::own::*;
use crate::domain::state::Fingerprint;

const USER: &str = "user_1";
const DAY: i64 = 86_400;
/// When the trial of the customer ends, and with it access.
const TRIAL_DAYS: i64 = 6;

/// Five things to count: under a meter of a feature, under a feature, under the meter of a number
/// that the plan sets, under a meter that no plan knows, and under one that no catalogue knows.
const METRICS: [&str; 5] = ["MTR-1", "calls", "MTR-3", "MTR-4", "MTR-5"];

fn catalog() -> Catalog {
    let catalog = json!({
        "features": [
            {"id": "credits", "name": "Credits", "type": "meter"},
            {"id": "calls", "name": "Calls", "type": "meter"},
            {"id": "seats", "name": "Seats", "type": "customizable"},
            {"id": "support", "name": "Support", "type": "boolean"},
        ],
        "meters": [
            {"id": "MTR-1", "feature": "credits", "unit": "credit"},
            {"id": "MTR-3", "feature": "seats", "unit": "seat"},
            {"id": "MTR-4", "unit": "byte"},
        ],
        "plans": [{
            "id": "PLV-1", "identifier": "free", "name": "Free", "features": [
                {"feature": "credits", "limit": 30, "reset": "EVERY_DAY", "hard_limit": true},
                {"feature": "calls"},
                {"feature": "seats", "limit": 3},
                {"feature": "support"},
            ],
        }],
    });
    serde_json::from_value(catalog).unwrap()
}

fn event(second: i64, facts: Vec<(i64, Fact)>) -> Interpretation {
    let change = |(second, fact)| Change {
        occurred_at: time(second),
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: None,
        occurred_at: time(second),
        standing: Standing::Folded,
        changes: facts.into_iter().map(change).collect(),
    }
}

fn own(second: i64, fact: OwnFact) -> Interpretation {
    event(second, vec![(second, Fact::Own(Box::new(fact)))])
}

fn beginning() -> [Interpretation; 2] {
    let settings = SettingsFact {
        customer_notes: empty().notes_in_use().clone(),
        catalog: catalog(),
    };
    let created = CustomerCreated {
        metadata: None,
        id: "CUS-0G9HCNK3E4P1Y".into(),
        identifier: USER.into(),
        email: Some("someone@example.com".into()),
        first_name: None,
        last_name: None,
        phone: None,
        address: None,
        company_id: None,
        country_id: None,
        subscription: Some(Begun {
            id: "SUA-0MSC9073DVBTK".into(),
            plan_id: "PLV-1".into(),
            plan_name: "Free".into(),
            trial_ends_at: Some(time(TRIAL_DAYS * DAY)),
            is_paid_plan: true,
        }),
    };
    [
        event(-9, vec![(-9, Fact::Settings(Box::new(settings)))]),
        own(0, OwnFact::CustomerCreated(created)),
    ]
}

/// One word on a meter: the metric, when by the meter's clock, and how much in tenths.
#[derive(Debug, Clone, Copy)]
enum Word {
    Read(usize, i64, i64),
    Counted(usize, i64, i64),
    Allowed(usize, i64, i64),
}

/// Few hours and amounts, so that boundaries and limits are often met exactly.
fn word() -> impl Strategy<Value = Word> {
    let hours = || (-5_i64..37).prop_map(|quarters| quarters * 6);
    let tenths = |most: i64| (0..most).prop_map(|pieces| pieces * 25);
    prop_oneof![
        3 => (0_usize..5, hours(), tenths(36)).prop_map(|(m, at, n)| Word::Read(m, at, n)),
        3 => (0_usize..5, hours(), tenths(8)).prop_map(|(m, at, n)| Word::Counted(m, at, n)),
        1 => (0_usize..5, hours(), tenths(20)).prop_map(|(m, at, n)| Word::Allowed(m, at, n)),
    ]
}

fn told(place: usize, word: Word) -> Interpretation {
    let (identifier, tenths) = (|| USER.into(), |n| Decimal::new(n, 1));
    match word {
        Word::Read(metric, hour, n) => {
            let at = time(hour * 3_600);
            let readings = vec![Reading {
                meter_id: METRICS[metric].into(),
                at,
                total: tenths(n),
            }];
            let read = OwnFact::UsageRead(UsageRead {
                identifier: identifier(),
                readings,
            });
            // It is told long after.
            event(900 * DAY, vec![(hour * 3_600, Fact::Own(Box::new(read)))])
        }
        Word::Counted(metric, hour, n) => own(
            hour * 3_600,
            OwnFact::UsageCounted(UsageCounted {
                id: format!("CHU-00000000000{place:02}").into(),
                identifier: identifier(),
                meter_id: METRICS[metric].into(),
                amount: tenths(n),
                checkpoint: "test".into(),
                tokens: None,
            }),
        ),
        Word::Allowed(metric, hour, n) => own(
            hour * 3_600,
            OwnFact::AllowancesSet(AllowancesSet {
                identifier: identifier(),
                allowances: vec![Allowance {
                    meter_id: METRICS[metric].into(),
                    limit: tenths(n),
                }],
            }),
        ),
    }
}

fn life_of(words: &[Word]) -> Vec<Interpretation> {
    let told = words
        .iter()
        .enumerate()
        .map(|(place, word)| told(place, *word));
    beginning().into_iter().chain(told).collect()
}

fn about(place: usize) -> EventRef<'static> {
    EventRef {
        seq: place as u64 + 1,
        source: "api",
        tie: None,
    }
}

fn fold_in(life: &[Interpretation], order: &[usize]) -> State {
    let mut state = empty();
    for place in order {
        state.fold(&life[*place], &about(*place), false);
    }
    state
}

fn as_of(hour: i64) -> AsOf {
    AsOf {
        now: time(hour * 3_600),
        grace_days: 3,
    }
}

/// What the words come to at an hour, in tenths: by metric what was used, since `start` where it
/// counts by days, and what was allowed.
struct Model {
    used: i64,
    allowed: Option<i64>,
    is_known: bool,
}

fn model(words: &[Word], metric: usize, start: Option<i64>) -> Model {
    let (mut readings, mut counted, mut allowed) = (BTreeMap::new(), 0, None::<(i64, i64)>);
    let mut is_known = false;
    for word in words {
        let (Word::Read(of, ..) | Word::Counted(of, ..) | Word::Allowed(of, ..)) = word;
        if *of != metric {
            continue;
        }
        is_known = true;
        match *word {
            Word::Read(_, at, n) => drop(readings.entry(at).or_insert(n)),
            Word::Counted(_, at, n) if start.is_none_or(|start| at >= start) => counted += n,
            Word::Counted(..) => {}
            Word::Allowed(_, at, n) if allowed.is_none_or(|(held, _)| at >= held) => {
                allowed = Some((at, n));
            }
            Word::Allowed(..) => {}
        }
    }
    let last = readings.values().next_back().copied().unwrap_or(0);
    let before = start.and_then(|start| readings.range(..=start).next_back());
    let read = last - before.map_or(0, |(_, n)| *n);
    Model {
        used: read.max(0) + counted,
        allowed: allowed.map(|(_, n)| n),
        is_known,
    }
}

fn text(tenths: i64) -> String {
    Decimal::new(tenths, 1).normalize().to_string()
}

/// The row that a metric must have at an hour, as JSON; nothing where there is none.
fn wanted(words: &[Word], metric: usize, hour: i64) -> Option<Value> {
    let day = hour.div_euclid(24);
    // What was used before the first reset counts until then.
    let start = (metric == 0 && day > 0).then_some(day * 24);
    let model = model(words, metric, start);
    let is_in_plan = metric < 3;
    // Of these a plan's row is always there; whether it counts, depends.
    let is_counted = metric < 2 || model.is_known;
    if !is_in_plan && !model.is_known {
        return None;
    }
    let has_access = hour * 3_600 < TRIAL_DAYS * DAY;
    let by_plan = [Some(300), None, Some(30), None, None][metric];
    let limit = model.allowed.or(by_plan);
    let is_full = limit.is_some_and(|limit| model.used >= limit);
    let may = has_access && (is_in_plan || model.allowed.is_some());
    let remaining = match limit {
        _ if !is_counted => None,
        _ if !may => Some(0),
        Some(limit) => Some((limit - model.used).max(0)),
        None => None,
    };
    let feature = [Some("credits"), Some("calls"), Some("seats"), None, None][metric];
    let kind = if metric == 2 { "customizable" } else { "meter" };
    let resets_at = (metric == 0).then(|| time((day.max(-1) + 1) * DAY));
    Some(json!({
        "feature_id": feature,
        "meter_id": (metric != 1).then_some(METRICS[metric]),
        "type": kind,
        "granted": may && !(metric == 0 && is_full),
        "limit": limit.map(text),
        "usage": is_counted.then(|| text(model.used)),
        "remaining": remaining.map(text),
        "resets_at": resets_at,
        "subscription_id": is_in_plan.then_some("SUA-0MSC9073DVBTK"),
    }))
}

fn rows(state: &State, hour: i64) -> Vec<Value> {
    let shown = state.entitlements(USER, as_of(hour)).unwrap();
    shown.entitlements.iter().map(|row| json!(row)).collect()
}

fn prints(state: &State) -> Vec<Fingerprint> {
    let mut prints: Vec<_> = state.fingerprints().collect();
    // Places of things follow arrival.
    prints.sort_unstable();
    prints
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn entitlements_are_what_the_model_says(
        words in prop::collection::vec(word(), 0..16),
        hour in -60_i64..260,
    ) {
        let life = life_of(&words);
        let order: Vec<usize> = (0..life.len()).collect();
        let state = fold_in(&life, &order);
        let of = |metric| wanted(&words, metric, hour);
        let mut expected: Vec<Value> = (0..3).filter_map(of).collect();
        let support = json!({
            "feature_id": "support", "meter_id": null, "type": "boolean",
            "granted": hour * 3_600 < TRIAL_DAYS * DAY,
            "limit": null, "usage": null, "remaining": null, "resets_at": null,
            "subscription_id": "SUA-0MSC9073DVBTK",
        });
        expected.push(support);
        expected.extend((3..5).filter_map(of));
        prop_assert_eq!(rows(&state, hour), expected);
        // The customer is as old as its creation, whatever was told of earlier times.
        prop_assert_eq!(state.customer(USER, None).unwrap().created_at, time(0));
        prop_assert_eq!(state.customer_events(USER).unwrap().len(), words.len() + 1);
    }

    #[test]
    fn neither_order_nor_repetition_of_usage_matters(
        (words, order) in prop::collection::vec(word(), 0..12).prop_flat_map(|words| {
            let count = words.len() + 2;
            let places: Vec<usize> = (0..count).chain(0..count / 2).collect();
            (Just(words), Just(places).prop_shuffle())
        }),
        hour in -60_i64..260,
    ) {
        let life = life_of(&words);
        let straight: Vec<usize> = (0..life.len()).collect();
        let (one, other) = (fold_in(&life, &straight), fold_in(&life, &order));
        assert_coherent(&other);
        prop_assert_eq!(rows(&one, hour), rows(&other, hour));
        let view = |state: &State| json!(state.customer(USER, Some(as_of(hour))));
        prop_assert_eq!(view(&one), view(&other));
        let customers = |state: &State| {
            let all = prints(state).into_iter();
            all.filter(|print| print.kind == "customer").collect::<Vec<_>>()
        };
        prop_assert_eq!(customers(&one), customers(&other));
    }

    #[test]
    fn a_snapshot_keeps_usage(
        words in prop::collection::vec(word(), 0..16),
        before in 0_usize..18,
        pauses in prop::collection::vec(0_usize..4, 0..6),
        hour in -60_i64..260,
    ) {
        let life = life_of(&words);
        let fold = |state: &mut State, place: usize| state.fold(&life[place], &about(place), false);
        let (live, restored) = snapshot_under_way(life.len(), fold, before, &pauses);
        prop_assert_eq!(rows(&live, hour), rows(&restored, hour));
        prop_assert_eq!(prints(&live), prints(&restored));
        prop_assert_eq!(live.creation_of(USER).map(|made| made.seq), Some(2));
        prop_assert_eq!(restored.creation_of(USER).map(|made| made.seq), Some(2));
    }

    /// What is shown of usage is explained by events that tell of that metric, and the events after
    /// the one that explains it changed nothing more.
    #[test]
    fn rows_are_explained_by_what_was_told_of_them(
        words in prop::collection::vec(word(), 0..12),
        hour in -60_i64..260,
    ) {
        let life = life_of(&words);
        let heard: Vec<HeardEvent<'_>> = (0..life.len())
            .map(|place| HeardEvent {
                meaning: &life[place],
                about: about(place),
                event_id: None,
                recorded_at: Timestamp::EPOCH,
            })
            .collect();
        let order: Vec<usize> = (0..life.len()).collect();
        let state = fold_in(&life, &order);
        let shown = state.entitlements_explained(USER, as_of(hour), &heard).unwrap();
        for row in &shown.entitlements {
            let explain = row.explain.as_ref().unwrap();
            let object = json!(row);
            let mut row = row.clone();
            let metric = row.meter_id.take().or_else(|| row.feature_id.take()).unwrap();
            let metric = METRICS.iter().position(|held| *held == metric);
            let by = |field: &str| {
                let seq = explain.get(field).map(|found| found.by.seq)?;
                let place = usize::try_from(seq).unwrap().checked_sub(3)?;
                words.get(place).copied()
            };
            let counts = words.iter().any(|word| {
                matches!(word, Word::Read(of, ..) | Word::Counted(of, ..) if Some(*of) == metric)
            });
            prop_assert_eq!(explain.contains_key("usage"), counts);
            if let Some(Word::Read(of, ..) | Word::Counted(of, ..)) = by("usage") {
                prop_assert_eq!(Some(of), metric);
            } else {
                prop_assert!(!counts, "usage is explained by {:?}", by("usage"));
            }
            let allowed = words.iter().enumerate().filter_map(|(place, word)| match word {
                Word::Allowed(of, at, _) if Some(*of) == metric => Some((*at, place)),
                Word::Read(..) | Word::Counted(..) | Word::Allowed(..) => None,
            });
            let allowed = allowed.max().map(|(_, place)| place as u64 + 3);
            let limited_by = explain.get("limit").map(|found| found.by.seq);
            let by_plan = row.limit.is_some().then_some(1);
            prop_assert_eq!(limited_by, allowed.or(by_plan));
            for (field, value) in object.as_object().unwrap() {
                let is_told = !value.is_null() && field != "explain" && (field != "usage" || counts);
                prop_assert!(!is_told || explain.contains_key(&**field), "{} {}", field, object);
            }
        }
    }
}
