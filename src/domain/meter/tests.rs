//! One meter against a sum over everything that was told of it. Knows no customer.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]
use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::register::Origin;

fn time(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + second).unwrap()
}

/// One thing that is told of one meter, at one of few times, in tenths.
#[derive(Debug, Clone)]
enum Told {
    Read(i64, u32),
    Counted(i64, i64),
    Set(i64, u32),
    Allowed(i64, u32),
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        4 => (0_i64..12, 0_u32..500).prop_map(|(at, total)| Told::Read(at, total)),
        6 => (0_i64..12, -40_i64..60).prop_map(|(at, used)| Told::Counted(at, used)),
        2 => (0_i64..12, 0_u32..200).prop_map(|(at, value)| Told::Set(at, value)),
        1 => (0_i64..12, 0_u32..900).prop_map(|(at, limit)| Told::Allowed(at, limit)),
    ]
}

fn fold(all: &[Told], order: &[usize]) -> Meters {
    let mut meters = Meters::default();
    for place in order {
        let seq = *place as u64 + 1;
        let amount = |tenths: u32| Amount::nearest(Decimal::new(i64::from(tenths), 1));
        match all[*place] {
            Told::Read(at, total) => meters.read("MTR-1", time(at), amount(total), seq),
            Told::Counted(at, used) => {
                meters.count("MTR-1", time(at), Step::nearest(Decimal::new(used, 1)), seq);
            }
            Told::Set(at, value) => meters.set("MTR-1", time(at), amount(value), seq),
            Told::Allowed(at, limit) => {
                let stamp = Stamp {
                    occurred_at: time(at),
                    origin: Origin::Ours { seq },
                };
                meters.allow("MTR-1", amount(limit), stamp);
            }
        }
    }
    meters
}

/// In tenths, by looking at everything every time.
fn level(all: &[Told], start: Option<i64>, now: i64) -> i64 {
    let is_in = |at: i64| start.is_none_or(|start| at >= start);
    let sets = all
        .iter()
        .enumerate()
        .filter_map(|(place, told)| match told {
            Told::Set(at, value) if is_in(*at) => Some(((*at, place), i64::from(*value))),
            _ => None,
        });
    let base = sets.max();
    let from = base.map(|((at, _), _)| at).or(start);
    let now = from.map_or(now, |from| now.max(from));
    let mut readings = BTreeMap::new();
    let mut used = base.map_or(0, |(_, value)| value);
    for (place, told) in all.iter().enumerate() {
        match *told {
            Told::Read(at, total) => {
                readings.entry(at).or_insert(i64::from(total));
            }
            Told::Counted(at, step) if at <= now => {
                let is_after = base.is_none_or(|(set, _)| (at, place) > set);
                used += if is_after && is_in(at) { step } else { 0 };
            }
            Told::Counted(..) | Told::Set(..) | Told::Allowed(..) => {}
        }
    }
    let last = readings.values().next_back().copied().unwrap_or(0);
    let before = from.and_then(|from| readings.range(..=from).next_back());
    used + (last - before.map_or(0, |(_, total)| *total)).max(0)
}

proptest! {
    /// Whatever the window, it shows what a sum over everything shows, in any order and however
    /// often it was told.
    #[test]
    fn usage_is_what_a_sum_over_everything_says(
        (all, order, start, now) in prop::collection::vec(told(), 1..30).prop_flat_map(|all| {
            let places: Vec<usize> = (0..all.len()).chain(0..all.len() / 2).collect();
            let start = prop::option::of(-1_i64..13);
            (Just(all), Just(places).prop_shuffle(), start, -1_i64..13)
        })
    ) {
        let straight: Vec<usize> = (0..all.len()).collect();
        let meters = fold(&all, &order);
        prop_assert_eq!(&meters, &fold(&all, &straight));
        let wanted = Decimal::new(level(&all, start, now), 1);
        let (start, now) = (start.map(time), time(now));
        prop_assert_eq!(meters.level("MTR-1", start, now), Step::nearest(wanted));
        let usage = meters.usage("MTR-1", start, now);
        prop_assert_eq!(usage, Amount::nearest(wanted));
        let newest = all.iter().enumerate().filter_map(|(place, told)| match told {
            Told::Allowed(at, limit) => Some((*at, place, *limit)),
            Told::Read(..) | Told::Counted(..) | Told::Set(..) => None,
        });
        let newest = newest.max().map(|(_, _, limit)| Decimal::new(i64::from(limit), 1));
        prop_assert_eq!(meters.allowance("MTR-1"), newest.map(Amount::nearest));
        prop_assert_eq!(meters.usage("MTR-2", None, now), Amount::ZERO);
    }

    /// Nothing of it is lost in a summary, nor made up.
    #[test]
    fn summaries_differ_where_meters_do(
        one in prop::collection::vec(told(), 1..8),
        other in prop::collection::vec(told(), 1..8),
    ) {
        let fold = |all: &[Told]| fold(all, &(0..all.len()).collect::<Vec<_>>());
        let (one, other) = (fold(&one), fold(&other));
        prop_assert_eq!(one == other, one.summaries() == other.summaries());
    }
}
