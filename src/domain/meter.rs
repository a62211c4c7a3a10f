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

    /// The value that it was set to since `start`, else ever.
    fn base_since(&self, start: Option<Timestamp>) -> Option<Base> {
        let base = self.base;
        base.filter(|base| start.is_none_or(|start| base.told.0 >= start))
    }

    /// How far its counter stands above nothing at `now`, where it was set to `base` since `start`,
    /// and the meter shows so much by now.
    fn level(
        &self,
        start: Option<Timestamp>,
        base: Option<Base>,
        now: Timestamp,
        shown: Amount,
    ) -> Step {
        let set = base.map_or(Amount::ZERO, |base| base.value);
        let from = base.map_or(start, |base| Some(base.told.0));
        let now = from.map_or(now, |from| now.max(from));
        let shown_before = from.map_or(Amount::ZERO, |from| self.shown_by(from));
        let before = match (base, start) {
            (Some(base), _) => self.counts.partition_point(|c| c.told <= base.told),
            (None, Some(start)) => self.counts.partition_point(|c| c.told.0 < start),
            (None, None) => 0,
        };
        let until = self.counts.partition_point(|c| c.told.0 <= now);
        let counted = self.counted(until).less(self.counted(before));
        Step::up(set)
            .plus(Step::up(shown.less(shown_before)))
            .plus(counted)
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

    /// Counts a use, or takes some back: once for each event, of that time and number. One step for
    /// each count that is later, so that many are told soonest the oldest first.
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
        let base = cell.base_since(start);
        cell.level(start, base, now, cell.shown_last())
    }

    /// How far it stood so at a time that has passed, by what had been used until then. What it was
    /// set to is kept of the last time alone: before that, it is as if it had never been set.
    #[must_use]
    pub fn level_then(&self, meter: &str, start: Option<Timestamp>, at: Timestamp) -> Step {
        let Some(cell) = self.cell(meter) else {
            return Step::ZERO;
        };
        let base = cell.base_since(start).filter(|base| base.told.0 <= at);
        cell.level(start, base, at, cell.shown_by(at))
    }

    /// Whether a use at that time, told now, adds to a counter that counts since `start`, else
    /// everything.
    #[must_use]
    pub fn is_counted_at(&self, meter: &str, start: Option<Timestamp>, at: Timestamp) -> bool {
        let base = self.cell(meter).and_then(|cell| cell.base_since(start));
        let from = base.map_or(start, |base| Some(base.told.0));
        from.is_none_or(|from| at >= from)
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
mod tests;
