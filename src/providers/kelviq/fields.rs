//! How Kelviq writes people, times and amounts inside its objects. It knows no event types.

use iso_currency::Currency as Iso;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::words::Family;
use crate::domain::event::Naming;
use crate::domain::instrument::{Instrument, Part};
use crate::domain::money::{Currency, Money};
use crate::domain::time::Timestamp;
use crate::providers::decimal;
use crate::providers::json::{Object, has_at_most};

/// Where the object of an event is, from the root.
pub(super) const OBJECT_PATH: [&str; 2] = ["data", "object"];

/// A longer name is none of a part of a card.
const PART_NAME_CHARS_MAX: usize = 64;

/// An RFC 3339 time.
pub(super) fn time(fields: Object<'_>, key: &str) -> Option<Timestamp> {
    Timestamp::parse(fields.text(key)?)
}

/// A day (`2026-04-02`), which begins at midnight UTC.
pub(super) fn day(fields: Object<'_>, key: &str) -> Option<Timestamp> {
    Timestamp::parse(&format!("{}T00:00:00Z", fields.text(key)?))
}

/// The names of the customer. The top-level `customer_id` is Kelviq's own on most objects and the
/// merchant's on a customer and on a payment method, so the embedded customer is asked first.
pub(super) fn naming(family: Family, fields: Object<'_>) -> Naming {
    if family == Family::Customer {
        return Naming {
            identifier: fields.boxed("customer_id"),
            provider_id: fields.boxed("id"),
            ..Naming::default()
        };
    }
    let embedded = fields.object("customer");
    let merchants_id = || match family {
        Family::PaymentMethod => fields.boxed("customer_id"),
        Family::Checkout
        | Family::Customer
        | Family::Order
        | Family::Subscription
        | Family::Invoice
        | Family::Refund
        | Family::UsageAlert => None,
    };
    let own_id = || match family {
        Family::Checkout | Family::Order | Family::Invoice => fields.boxed("customer_id"),
        Family::Customer
        | Family::Subscription
        | Family::Refund
        | Family::UsageAlert
        | Family::PaymentMethod => None,
    };
    Naming {
        identifier: embedded
            .and_then(|it| it.boxed("customer_id"))
            .or_else(merchants_id),
        provider_id: embedded.and_then(|it| it.boxed("id")).or_else(own_id),
        ..Naming::default()
    }
}

/// When it is to end by its last day. Where what is charged ends on that day, it ends with it.
pub(super) fn planned_end(fields: Object<'_>) -> Option<Timestamp> {
    let last_day = day(fields, "end_date")?;
    let period_end = time(fields, "billing_period_end_time");
    let is_of_day = |end: &Timestamp| (last_day..last_day.plus_days(1)).contains(end);
    Some(period_end.filter(is_of_day).unwrap_or(last_day))
}

/// What is paid with: the words and whole numbers of its parts.
pub(super) fn instrument(parts: Object<'_>) -> Instrument {
    let told = parts.entries().filter_map(|(name, _)| {
        let text = || parts.boxed(name).map(Part::Text);
        let flag = || parts.flag(name).map(Part::Flag);
        // A text of digits (`"4242"`) is a word, and no number.
        let number = || parts.integer(name).map(Part::Number);
        Some((Box::from(name), text().or_else(flag).or_else(number)?))
    });
    let is_name = |name: &str| has_at_most(name, PART_NAME_CHARS_MAX);
    Instrument::of(told.filter(|(name, _)| is_name(name)))
}

/// An amount: its integer minor units where they are written, else its decimal number, which must
/// then be whole minor units. A negative amount is none.
pub(super) fn money(body: &[u8], fields: Object<'_>, key: &str) -> Option<Money> {
    units(fields, key).or_else(|| {
        let currency = Currency::parse(fields.text("currency")?)?;
        let [data, object] = OBJECT_PATH;
        let number = decimal::number_at(body, &[data, object, key])?;
        Some(Money {
            amount_minor: minor_units(number, currency)?,
            currency,
        })
    })
}

/// The same of an object that is elsewhere: its integer minor units alone.
pub(super) fn units(fields: Object<'_>, key: &str) -> Option<Money> {
    Some(Money {
        amount_minor: fields.count(&format!("{key}_units"))?,
        currency: Currency::parse(fields.text("currency")?)?,
    })
}

fn minor_units(amount: Decimal, currency: Currency) -> Option<i64> {
    let digits = Iso::from_code(currency.as_str())?.exponent()?;
    let scale = Decimal::from(10_i64.checked_pow(digits.into())?);
    let minor = amount.checked_mul(scale)?;
    (minor.is_integer() && !minor.is_sign_negative())
        .then(|| minor.to_i64())
        .flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_become_whole_minor_units_or_nothing() {
        let minor = |amount: &str, currency| {
            minor_units(amount.parse().unwrap(), Currency::parse(currency).unwrap())
        };
        assert_eq!(minor("10.00", "USD"), Some(1000));
        assert_eq!(minor("20.0", "USD"), Some(2000));
        assert_eq!(minor("40", "USD"), Some(4000));
        assert_eq!(minor("0.29", "EUR"), Some(29));
        assert_eq!(minor("500", "JPY"), Some(500));
        assert_eq!(minor("1.234", "KWD"), Some(1234));
        for (amount, currency) in [
            ("10.001", "USD"),
            ("0.5", "JPY"),
            ("-1.00", "USD"),
            ("1.00", "ZZZ"),
            ("79228162514264337593543950335", "USD"),
            ("92233720368547758.08", "USD"),
        ] {
            assert_eq!(minor(amount, currency), None, "{amount} {currency}");
        }
    }
}
