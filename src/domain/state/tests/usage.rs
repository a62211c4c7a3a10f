//! Usage over random lives, against a model that looks at every event every time: what was read,
//! counted and allowed, in windows, with and without access, explained, and kept in snapshots.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::under_way::snapshot_under_way;
use super::*;
use crate::domain::explanation::HeardEvent;
use crate::domain::state::Fingerprint;

mod told;

use self::told::*;

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

fn model(words: &[Word], metric: usize, start: Option<i64>, hour: i64) -> Model {
    let of_it = || {
        words
            .iter()
            .enumerate()
            .filter(|(_, word)| word.metric() == metric)
    };
    let is_in = |at: i64| start.is_none_or(|start| at >= start);
    let sets = of_it().filter_map(|(place, word)| match *word {
        Word::Set(_, at, n) if is_in(at) => Some(((at, place), n)),
        _ => None,
    });
    let base = sets.max();
    // Nobody sets a counter ahead.
    let until = base.map_or(hour, |((at, _), _)| at.max(hour));
    let until = start.map_or(until, |start| until.max(start));
    let (mut readings, mut allowed) = (BTreeMap::new(), None::<(i64, i64)>);
    let mut used = base.map_or(0, |(_, n)| n);
    for (place, word) in of_it() {
        match *word {
            Word::Read(_, at, n) => drop(readings.entry(at).or_insert(n)),
            Word::Counted(_, at, n) | Word::Moved(_, at, n) | Word::Happened(_, at, n)
                if at <= until =>
            {
                let is_after = base.is_none_or(|(set, _)| (at, place) > set);
                used += if is_after && is_in(at) { n } else { 0 };
            }
            Word::Allowed(_, at, n) if allowed.is_none_or(|(held, _)| at >= held) => {
                allowed = Some((at, n));
            }
            Word::Counted(..)
            | Word::Moved(..)
            | Word::Happened(..)
            | Word::Allowed(..)
            | Word::Set(..) => {}
        }
    }
    let from = base.map(|((at, _), _)| at).or(start);
    let last = readings.values().next_back().copied().unwrap_or(0);
    let before = from.and_then(|from| readings.range(..=from).next_back());
    let read = last - before.map_or(0, |(_, n)| *n);
    Model {
        used: (read.max(0) + used).max(0),
        allowed: allowed.map(|(_, n)| n),
        is_known: of_it().any(|(_, word)| word.is_known_by(hour)),
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
    let model = model(words, metric, start, hour);
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
            let sets = words.iter().filter_map(|word| match *word {
                Word::Set(of, at, _) if Some(of) == metric => Some(at),
                _ => None,
            });
            let until = sets.max().map_or(hour, |at| at.max(hour));
            let of_it = |word: &Word| {
                let counts = matches!(word, Word::Read(..)) || word.hour() <= until;
                word.is_of_use() && Some(word.metric()) == metric && counts
            };
            let counts = words.iter().any(of_it);
            prop_assert_eq!(explain.contains_key("usage"), counts);
            let by_one_of_it = by("usage").is_some_and(|word| of_it(&word));
            prop_assert_eq!(by_one_of_it, counts, "usage is explained by {:?}", by("usage"));
            // Nothing from before a counter was set explains what it shows.
            let placed = |place: usize, word: &Word| match *word {
                Word::Set(of, at, _) if Some(of) == metric => Some((at, place)),
                _ => None,
            };
            let set = words.iter().enumerate().filter_map(|(place, word)| placed(place, word));
            if let (Some((at, _)), Some(found)) = (set.max(), explain.get("usage")) {
                prop_assert!(found.by.occurred_at >= time(at * 3_600));
            }
            let allowed = words.iter().enumerate().filter_map(|(place, word)| match word {
                Word::Allowed(of, at, _) if Some(*of) == metric => Some((*at, place)),
                _ => None,
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
