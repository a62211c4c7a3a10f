//! How much of something was used or may be used: exact, and without a sign. Knows no meter.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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
