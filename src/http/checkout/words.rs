//! Amounts, periods and moments as a payer reads them. It knows no page.

use crate::domain::catalog::Period;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;

/// `INR 4,990.00`: the code, because a symbol can stand for several currencies.
pub(super) fn amount(money: Money) -> String {
    let exact = money.in_major_units();
    let (whole, rest) = match exact.split_once('.') {
        Some((whole, minor)) => (whole, format!(".{minor}")),
        None => (exact.as_str(), String::new()),
    };
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(place);
        if place > 0 && left % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{} {grouped}{rest}", money.currency)
}

/// What a price pays for.
pub(super) const fn period(period: Period, charged_again: bool) -> &'static str {
    match (period, charged_again) {
        (Period::OneTime, _) => "one payment",
        (Period::Daily, false) => "one day",
        (Period::Daily, true) => "every day, until cancelled",
        (Period::Weekly, false) => "one week",
        (Period::Weekly, true) => "every week, until cancelled",
        (Period::TwentyEightDays, false) => "28 days",
        (Period::TwentyEightDays, true) => "every 28 days, until cancelled",
        (Period::Monthly, false) => "one month",
        (Period::Monthly, true) => "every month, until cancelled",
        (Period::ThreeMonths, false) => "three months",
        (Period::ThreeMonths, true) => "every three months, until cancelled",
        (Period::SixMonths, false) => "six months",
        (Period::SixMonths, true) => "every six months, until cancelled",
        (Period::Yearly, false) => "one year",
        (Period::Yearly, true) => "every year, until cancelled",
    }
}

/// What comes before the period that is paid for.
pub(super) fn trial(days: u32) -> String {
    let days = match days {
        1 => "1 day".to_owned(),
        many => format!("{many} days"),
    };
    format!("{days}, then what is paid for begins")
}

/// `2026-11-27 00:00 UTC`
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let minutes = text.get(..16).unwrap_or(&text);
    format!("{} UTC", minutes.replace('T', " "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn amounts_are_grouped_and_exact() {
        for (amount_minor, code, wanted) in [
            (49_900, "INR", "INR 499.00"),
            (499_000, "INR", "INR 4,990.00"),
            (123_456_789, "USD", "USD 1,234,567.89"),
            (5, "USD", "USD 0.05"),
            (9_900, "JPY", "JPY 9,900"),
            (999, "JPY", "JPY 999"),
        ] {
            let currency = Currency::parse(code).unwrap();
            let money = Money {
                amount_minor,
                currency,
            };
            assert_eq!(amount(money), wanted);
        }
    }

    #[test]
    fn moments_are_told_to_the_minute() {
        let at = Timestamp::parse("2026-11-27T09:08:07Z").unwrap();
        assert_eq!(moment(at), "2026-11-27 09:08 UTC");
    }
}
