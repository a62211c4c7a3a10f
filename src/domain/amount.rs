//! How much of something was used or may be used, and by how much more or less it is: exact. Knows no
//! meter.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

/// Decimal places of an amount: a token of the cheapest models costs some 10^-10 of a credit.
pub const AMOUNT_PLACES: u32 = 12;
/// 10 to the power of [`AMOUNT_PLACES`].
const PARTS: i128 = 1_000_000_000_000;
/// The largest amount that one event may tell: a million million. 10^14 of them can be added up.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000;

/// The most that one report may tell: a thousand million million. JSON's readers keep such whole
/// numbers exactly, and 10^11 of them can be added up.
pub const REPORTED_MAX: u64 = 1_000_000_000_000_000;

/// A number as so many of the smallest parts.
fn parts(number: Decimal) -> i128 {
    let number = number.round_dp(AMOUNT_PLACES);
    let finer = AMOUNT_PLACES.saturating_sub(number.scale());
    let finer = 10_i128.saturating_pow(finer);
    number.mantissa().saturating_mul(finer)
}

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
        Self(parts(number))
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

    /// With a step added; nothing where that takes more than there is.
    #[must_use]
    pub fn stepped(self, step: Step) -> Self {
        Self(self.0.saturating_add(step.0).max(0))
    }

    /// The whole units in it.
    #[must_use]
    pub fn floor(self) -> u64 {
        u64::try_from(self.0 / PARTS).unwrap_or(u64::MAX)
    }

    /// The fewest whole units that it is not more than.
    #[must_use]
    pub fn ceil(self) -> u64 {
        let up = u64::from(self.0 % PARTS != 0);
        self.floor().saturating_add(up)
    }

    /// What is left of it without the other; nothing where the other is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

/// By how much more or less something is, in a meter's unit: exact like [`Amount`].
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Step(i128);

impl Step {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The step nearest to a number: not greater than [`REPORTED_MAX`] either way, not finer than
    /// [`AMOUNT_PLACES`].
    #[must_use]
    pub fn nearest(number: Decimal) -> Self {
        let most = Decimal::from(REPORTED_MAX);
        Self(parts(number.clamp(-most, most)))
    }

    /// Whether a number is a step as it stands.
    #[must_use]
    pub fn is_exact(number: Decimal) -> bool {
        number.abs() <= Decimal::from(REPORTED_MAX) && number.normalize().scale() <= AMOUNT_PLACES
    }

    /// Up from nothing.
    #[must_use]
    pub const fn up(amount: Amount) -> Self {
        Self(amount.0)
    }

    /// Both, one after the other.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// It without the other.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether it leads below nothing.
    #[must_use]
    pub const fn is_below_zero(self) -> bool {
        self.0 < 0
    }
}

/// Writes an amount as its decimal, and none as `null`.
pub(super) fn as_text<S: Serializer>(
    amount: &Option<Amount>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => serializer.collect_str(amount),
        None => serializer.serialize_none(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_written_as_they_were_read() {
        for text in ["0", "5", "0.5", "1990", "0.000000000001", "1000000000000"] {
            assert!(Amount::is_exact(number(text)), "{text}");
            assert_eq!(Amount::nearest(number(text)).to_string(), text);
        }
        assert!(Amount::is_exact(number("5.500000000000000")));
        assert_eq!(Amount::nearest(number("5.500")).to_string(), "5.5");
        assert_eq!(Amount::units(u64::MAX).to_string(), u64::MAX.to_string());
        for text in ["-1", "0.0000000000001", "1000000000000.1"] {
            assert!(!Amount::is_exact(number(text)), "{text}");
        }
        assert_eq!(Amount::nearest(number("-3")), Amount::ZERO);
        assert_eq!(Amount::nearest(Decimal::MAX), Amount::units(AMOUNT_MAX));
    }
}
