//! What a customer used: what its meters showed, what was counted on them, and what it was allowed
//! beside its plan. Knows no plan and no clock.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thin_vec::ThinVec;

use super::register::{Register, Stamp};
use super::time::Timestamp;

/// Decimal places of an amount: a token of the cheapest models costs some 10^-10 of a credit.
pub const AMOUNT_PLACES: u32 = 12;
/// 10 to the power of [`AMOUNT_PLACES`].
const PARTS: i128 = 1_000_000_000_000;
/// The largest amount that one event may tell: a million million. 10^14 of them can be added up.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000;

/// How much was used or may be used, in a meter's unit. Not negative, and exact: sums are the same
/// in whatever order they are made.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// That many whole units.
    #[must_use]
    pub fn units(count: u64) -> Self {
        Self(i128::from(count).saturating_mul(PARTS))
    }

    /// The amount nearest to a number: not below zero, not above [`AMOUNT_MAX`], not finer than
    /// [`AMOUNT_PLACES`].
    #[must_use]
    pub fn nearest(number: Decimal) -> Self {
        let number = number.clamp(Decimal::ZERO, Decimal::from(AMOUNT_MAX));
        let number = number.round_dp(AMOUNT_PLACES);
        let finer = AMOUNT_PLACES.saturating_sub(number.scale());
        Self(
            number
                .mantissa()
                .saturating_mul(10_i128.saturating_pow(finer)),
        )
    }

    /// Whether a number is an amount as it stands.
    #[must_use]
    pub fn is_exact(number: Decimal) -> bool {
        (Decimal::ZERO..=Decimal::from(AMOUNT_MAX)).contains(&number)
            && number.normalize().scale() <= AMOUNT_PLACES
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it without the other; nothing where the other is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

/// A decimal without superfluous zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, parts) = (self.0 / PARTS, self.0 % PARTS);
        if parts == 0 {
            return write!(f, "{whole}");
        }
        let parts = format!("{parts:012}");
        write!(f, "{whole}.{}", parts.trim_end_matches('0'))
    }
}

/// What a meter showed at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    at: Timestamp,
    /// Of the event: of two that tell different things of one time, the first stays.
    seq: u64,
    total: Amount,
}

/// One use that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    at: Timestamp,
    /// What makes it one and not another.
    id: u64,
    /// It and all before it, so that the sum of any time is one subtraction.
    up_to: Amount,
}

/// All that is known of one customer and one meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cell {
    meter: Box<str>,
    allowance: Option<Register<Amount>>,
    /// By time, each time once.
    shown: ThinVec<Shown>,
    /// By time and id, each id once.
    counts: ThinVec<Count>,
}

impl Cell {
    fn of(meter: &str) -> Self {
        Self {
            meter: meter.into(),
            allowance: None,
            shown: ThinVec::new(),
            counts: ThinVec::new(),
        }
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
    pub counted: Option<String>,
    /// The first half of the SHA-256 of all of it, in hex.
    pub digest: String,
}

impl<'a> Summary<'a> {
    fn of(cell: &'a Cell) -> Self {
        // Numbers and texts: writing them cannot fail.
        let bytes = postcard::to_stdvec(cell).unwrap_or_default();
        let digest = Sha256::digest(bytes);
        let (last, sum) = (cell.shown.last(), cell.counts.last());
        Self {
            meter_id: &cell.meter,
            allowance: cell.allowance.as_ref().map(|held| held.value.to_string()),
            readings: cell.shown.len(),
            last_reading: last.map(|shown| shown.total.to_string()),
            counts: cell.counts.len(),
            counted: sum.map(|count| count.up_to.to_string()),
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

    /// Counts a use, once an id; of two amounts under one id the greater.
    pub fn count(&mut self, meter: &str, at: Timestamp, amount: Amount, id: u64) {
        self.change(meter, |Cell { counts, .. }| {
            let found = counts.binary_search_by_key(&(at, id), |held| (held.at, held.id));
            let (Ok(place) | Err(place)) = found;
            let before = place.checked_sub(1).and_then(|before| counts.get(before));
            let before = before.map_or(Amount::ZERO, |before| before.up_to);
            let mut more = amount;
            if found.is_err() {
                let up_to = before;
                counts.insert(place, Count { at, id, up_to });
            } else if let Some(held) = counts.get(place) {
                more = amount.less(held.up_to.less(before));
            }
            // Uses come in the order of time, so that mostly there is none after it.
            for count in counts.iter_mut().skip(place) {
                count.up_to = count.up_to.plus(more);
            }
        });
    }

    /// How much was used of a meter after `start`, else ever. A use counts from `start` on; what
    /// the meter showed at `start` is what had been used by then.
    #[must_use]
    pub fn usage(&self, meter: &str, start: Option<Timestamp>) -> Amount {
        let Some(cell) = self.cell(meter) else {
            return Amount::ZERO;
        };
        let before = |count: usize| count.checked_sub(1);
        let shown_before = start.map(|start| cell.shown.partition_point(|shown| shown.at <= start));
        let shown_before = shown_before.and_then(before);
        let shown_before = shown_before.and_then(|place| cell.shown.get(place));
        let shown_before = shown_before.map_or(Amount::ZERO, |shown| shown.total);
        let shown = cell.shown.last().map_or(Amount::ZERO, |shown| shown.total);
        let counted_before = start.map(|start| cell.counts.partition_point(|c| c.at < start));
        let counted_before = counted_before.and_then(before);
        let counted_before = counted_before.and_then(|place| cell.counts.get(place));
        let counted_before = counted_before.map_or(Amount::ZERO, |count| count.up_to);
        let counted = cell.counts.last().map_or(Amount::ZERO, |count| count.up_to);
        shown.less(shown_before).plus(counted.less(counted_before))
    }

    /// What was allowed of a meter, whatever the plan says.
    #[must_use]
    pub fn allowance(&self, meter: &str) -> Option<Amount> {
        let held = self.cell(meter)?.allowance.as_ref()?;
        Some(held.value)
    }

    /// Whether anything is known of a meter.
    #[must_use]
    pub fn knows(&self, meter: &str) -> bool {
        self.cell(meter).is_some()
    }

    /// The meters that anything is known of, by id.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|cell| &*cell.meter)
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
