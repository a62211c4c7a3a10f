//! What a customer used: what its meters showed, what was counted on them or set, and what it was
//! allowed beside its plan. Knows no plan and no clock.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thin_vec::ThinVec;

use super::amount::{Amount, Step};
use super::register::{Register, Stamp};
use super::time::Timestamp;

/// What a meter showed at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    at: Timestamp,
    /// Of the event: of two that tell different things of one time, the first stays.
    seq: u64,
    total: Amount,
}

/// What was told here of one time has an order: that of the log.
type Told = (Timestamp, u64);

/// One use that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    told: Told,
    /// It and all before it, so that the sum of any time is one subtraction.
    up_to: Step,
}

/// From when on a counter stands at another value, whatever was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Base {
    told: Told,
    value: Amount,
}

/// All that is known of one customer and one meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cell {
    meter: Box<str>,
    allowance: Option<Register<Amount>>,
    /// The last one: it makes all before it count no more, in every window that it is in.
    base: Option<Base>,
    /// By time, each time once.
    shown: ThinVec<Shown>,
    /// In their order, each once.
    counts: ThinVec<Count>,
}

impl Cell {
    fn of(meter: &str) -> Self {
        Self {
            meter: meter.into(),
            allowance: None,
            base: None,
            shown: ThinVec::new(),
            counts: ThinVec::new(),
        }
    }

    /// What it showed last, until then.
    fn shown_by(&self, at: Timestamp) -> Amount {
        let count = self.shown.partition_point(|shown| shown.at <= at);
        let last = count.checked_sub(1).and_then(|last| self.shown.get(last));
        last.map_or(Amount::ZERO, |shown| shown.total)
    }

    /// What it showed last.
    fn shown_last(&self) -> Amount {
        self.shown.last().map_or(Amount::ZERO, |shown| shown.total)
    }

    /// The sum of the first so many counts.
    fn counted(&self, first: usize) -> Step {
        let last = first.checked_sub(1).and_then(|last| self.counts.get(last));
        last.map_or(Step::ZERO, |count| count.up_to)
    }

    /// Whether anything is known of it but uses that are dated after `now`.
    fn began_by(&self, now: Timestamp) -> bool {
        let counted = self.counts.first().is_some_and(|count| count.told.0 <= now);
        let is_told = self.allowance.is_some() || self.base.is_some() || !self.shown.is_empty();
        is_told || counted
    }
}

/// All of one meter in few words, for comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Summary<'a> {
    pub meter_id: &'a str,
    pub allowance: Option<String>,
    pub readings: usize,
    pub last_reading: Option<String>,
    pub counts: usize,
    pub set: Option<String>,
    /// The first half of the SHA-256 of all of it, in hex.
    pub digest: String,
}

impl<'a> Summary<'a> {
    fn of(cell: &'a Cell) -> Self {
        // Numbers and texts: writing them cannot fail.
        let bytes = postcard::to_stdvec(cell).unwrap_or_default();
        let digest = Sha256::digest(bytes);
        let last = cell.shown.last();
        Self {
            meter_id: &cell.meter,
            allowance: cell.allowance.as_ref().map(|held| held.value.to_string()),
            readings: cell.shown.len(),
            last_reading: last.map(|shown| shown.total.to_string()),
            counts: cell.counts.len(),
            set: cell.base.map(|base| base.value.to_string()),
            digest: hex::encode(digest.get(..16).unwrap_or_default()),
        }
    }
}

/// What one customer used and may use of every meter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meters(ThinVec<Cell>);

impl Meters {
    /// Notes what a customer may use of a meter; the greatest stamp counts.
    pub fn allow(&mut self, meter: &str, limit: Amount, stamp: Stamp) {
        self.change(meter, |cell| {
            let held = &mut cell.allowance;
            if held.as_ref().is_none_or(|held| stamp > held.stamp) {
                let value = limit;
                *held = Some(Register { stamp, value });
            }
        });
    }

    /// Notes what a meter showed; what was told first of a time stays.
    pub fn read(&mut self, meter: &str, at: Timestamp, total: Amount, seq: u64) {
        let new = Shown { at, seq, total };
        self.change(meter, |Cell { shown, .. }| {
            match shown.binary_search_by_key(&at, |held| held.at) {
                Err(place) => shown.insert(place, new),
                Ok(place) => {
                    if let Some(held) = shown.get_mut(place).filter(|held| seq < held.seq) {
                        *held = new;
                    }
                }
            }
        });
    }

    /// Counts a use, or takes some back: once for each event, of that time and number.
    pub fn count(&mut self, meter: &str, at: Timestamp, step: Step, seq: u64) {
        let told = (at, seq);
        self.change(meter, |Cell { counts, .. }| {
            let Err(place) = counts.binary_search_by_key(&told, |held| held.told) else {
                return;
            };
            let before = place.checked_sub(1).and_then(|before| counts.get(before));
            let up_to = before.map_or(Step::ZERO, |before| before.up_to);
            counts.insert(place, Count { told, up_to });
            // Uses come in the order of time, so that mostly there is none after it.
            for count in counts.iter_mut().skip(place) {
                count.up_to = count.up_to.plus(step);
            }
        });
    }

    /// Makes a counter stand at a value from that time on; the last one told of the latest time
    /// counts.
    pub fn set(&mut self, meter: &str, at: Timestamp, value: Amount, seq: u64) {
        let told = (at, seq);
        self.change(meter, |Cell { base, .. }| {
            if base.is_none_or(|held| told > held.told) {
                *base = Some(Base { told, value });
            }
        });
    }

    /// How much was used of a meter from `start`, else ever, until `now`; nothing where more was taken
    /// back.
    #[must_use]
    pub fn usage(&self, meter: &str, start: Option<Timestamp>, now: Timestamp) -> Amount {
        Amount::ZERO.stepped(self.level(meter, start, now))
    }

    /// How far a meter's counter stands above nothing, or below. A use counts from `start` on, and
    /// so does a value that it was set to: then nothing before that counts. What the meter showed at
    /// `start` is what had been used by then. A use that is dated after `now` does not count yet. What
    /// a meter showed does: its clock may be ahead by the time zones of a day. Nobody sets a counter
    /// ahead.
    #[must_use]
    pub fn level(&self, meter: &str, start: Option<Timestamp>, now: Timestamp) -> Step {
        let Some(cell) = self.cell(meter) else {
            return Step::ZERO;
        };
        let base = cell.base;
        let base = base.filter(|base| start.is_none_or(|start| base.told.0 >= start));
        let set = base.map_or(Amount::ZERO, |base| base.value);
        let from = base.map_or(start, |base| Some(base.told.0));
        let now = from.map_or(now, |from| now.max(from));
        let shown_before = from.map_or(Amount::ZERO, |from| cell.shown_by(from));
        let before = match (base, start) {
            (Some(base), _) => cell.counts.partition_point(|c| c.told <= base.told),
            (None, Some(start)) => cell.counts.partition_point(|c| c.told.0 < start),
            (None, None) => 0,
        };
        let until = cell.counts.partition_point(|c| c.told.0 <= now);
        let counted = cell.counted(until).less(cell.counted(before));
        Step::up(set)
            .plus(Step::up(cell.shown_last().less(shown_before)))
            .plus(counted)
    }

    /// What was allowed of a meter, whatever the plan says.
    #[must_use]
    pub fn allowance(&self, meter: &str) -> Option<Amount> {
        let held = self.cell(meter)?.allowance.as_ref()?;
        Some(held.value)
    }

    /// Whether anything is known of a meter until `now`.
    #[must_use]
    pub fn knows(&self, meter: &str, now: Timestamp) -> bool {
        self.cell(meter).is_some_and(|cell| cell.began_by(now))
    }

    /// The meters that anything is known of until `now`, by id.
    pub fn names(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let known = self.0.iter().filter(move |cell| cell.began_by(now));
        known.map(|cell| &*cell.meter)
    }

    /// One line for each meter, which differs wherever anything of it does.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary<'_>> {
        let summary = |cell| Summary::of(cell);
        self.0.iter().map(summary).collect()
    }

    fn change(&mut self, meter: &str, change: impl FnOnce(&mut Cell)) {
        let found = self.0.binary_search_by(|cell| (*cell.meter).cmp(meter));
        let place = found.unwrap_or_else(|place| {
            self.0.reserve_exact(1);
            self.0.insert(place, Cell::of(meter));
            place
        });
        if let Some(cell) = self.0.get_mut(place) {
            change(cell);
        }
    }

    fn cell(&self, meter: &str) -> Option<&Cell> {
        let place = self
            .0
            .binary_search_by(|cell| (*cell.meter).cmp(meter))
            .ok()?;
        self.0.get(place)
    }
}

#[cfg(test)]
mod tests {
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
}
