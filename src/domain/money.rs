//! Money as integer minor units of a currency. No floats anywhere.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest price in minor units: the largest integer that every JSON reader keeps (RFC 8259 §6).
pub const AMOUNT_MINOR_MAX: i64 = (1 << 53) - 1;

/// A currency's three upper-case letters (ISO 4217). Whether the letters are assigned is checked
/// where a person writes them (the catalogue), not where a provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads three ASCII letters, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(letters.map(|l| l.to_ascii_uppercase())))
    }

    /// How many decimals its major unit has; none where ISO 4217 gives it no minor unit.
    fn minor_digits(self) -> u32 {
        let assigned = iso_currency::Currency::from_code(self.as_str());
        assigned.and_then(|it| it.exponent()).unwrap_or(0).into()
    }

    /// Whether ISO 4217 has assigned the letters to money that people pay in: not to a metal, a unit
    /// of account, tests or nothing, which have no minor unit, not even a whole one.
    #[must_use]
    pub fn is_paid_in(self) -> bool {
        let assigned = iso_currency::Currency::from_code(self.as_str());
        assigned.is_some_and(|it| it.exponent().is_some())
    }

    /// The sign that people write for it (`₹`), else the letters again.
    #[must_use]
    pub fn symbol(self) -> String {
        let assigned = iso_currency::Currency::from_code(self.as_str());
        assigned.map_or_else(|| self.to_string(), |it| it.symbol().symbol)
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // `parse` lets only ASCII letters in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl JsonSchema for Currency {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Z]{3}$"})
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Letters;
        // Text that is borrowed, or that is not: a snapshot holds millions, and copies none.
        impl Visitor<'_> for Letters {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency")
            }

            fn visit_str<E: Error>(self, letters: &str) -> Result<Currency, E> {
                Currency::parse(letters).ok_or_else(|| E::custom("no currency"))
            }
        }
        deserializer.deserialize_str(Letters)
    }
}

/// An amount in the currency's smallest unit (paise, cents; JPY has none, KWD has three decimals).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize,
)]
pub struct Money {
    /// Integer minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The amount in the currency's major unit, exact (`99.00`); a currency that ISO 4217 gives no
    /// minor unit is written whole.
    #[must_use]
    pub fn in_major_units(&self) -> String {
        let digits = self.currency.minor_digits();
        Decimal::new(self.amount_minor, digits).to_string()
    }

    /// A price of so much of the currency's major unit; `None` where that has more digits than the
    /// currency, is below nothing or above [`AMOUNT_MINOR_MAX`].
    #[must_use]
    pub fn of_major_units(amount: Decimal, currency: Currency) -> Option<Self> {
        let unit = Decimal::from(10_i64.checked_pow(currency.minor_digits())?);
        let minor = amount.checked_mul(unit)?.normalize();
        let amount_minor = minor.is_integer().then(|| i64::try_from(minor).ok())??;
        if !(0..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
            return None;
        }
        Some(Self {
            amount_minor,
            currency,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn major_units_follow_the_currency() {
        let written = |amount_minor, code: &str| {
            let currency = Currency::parse(code).unwrap();
            let money = Money {
                amount_minor,
                currency,
            };
            money.in_major_units()
        };
        assert_eq!(written(9_900, "INR"), "99.00");
        assert_eq!(written(5, "USD"), "0.05");
        assert_eq!(written(9_900, "JPY"), "9900");
        assert_eq!(written(9_900, "KWD"), "9.900");
        assert_eq!(written(9_900, "QQQ"), "9900");
    }

    #[test]
    fn minor_units_are_exact_or_nothing() {
        let read = |amount: &str, code: &str| {
            let amount = Decimal::from_str_exact(amount).unwrap();
            let money = Money::of_major_units(amount, Currency::parse(code).unwrap());
            money.map(|money| money.amount_minor)
        };
        assert_eq!(read("29.99", "USD"), Some(2_999));
        assert_eq!(read("29.990", "USD"), Some(2_999));
        assert_eq!(read("29.999", "USD"), None);
        assert_eq!(read("2999", "JPY"), Some(2_999));
        assert_eq!(read("0.5", "JPY"), None);
        assert_eq!(read("1.234", "KWD"), Some(1_234));
        assert_eq!(read("79228162514264337593543950335", "USD"), None);
        assert_eq!(read("92233720368547758.08", "USD"), None);
        assert_eq!(read("90071992547409.91", "USD"), Some(AMOUNT_MINOR_MAX));
        assert_eq!(read("90071992547409.92", "USD"), None);
        assert_eq!(read("-0.01", "USD"), None);
    }

    #[test]
    fn nobody_pays_in_metals_tests_and_nothing() {
        let paid_in = |code: &str| Currency::parse(code).unwrap().is_paid_in();
        for code in ["INR", "jpy", "KWD", "XAF", "XCD"] {
            assert!(paid_in(code), "{code}");
        }
        for code in ["XXX", "XTS", "XAU", "XDR", "QQQ"] {
            assert!(!paid_in(code), "{code}");
        }
    }

    #[test]
    fn symbols_are_told_where_there_are_some() {
        let symbol = |code: &str| Currency::parse(code).unwrap().symbol();
        assert_eq!(symbol("USD"), "$");
        assert_eq!(symbol("INR"), "₹");
        assert_eq!(symbol("QQQ"), "QQQ");
    }

    #[test]
    fn reads_letters_only() {
        assert_eq!(Currency::parse("inr").unwrap().to_string(), "INR");
        for text in ["", "IN", "INRX", "1NR", "₹"] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }
}
