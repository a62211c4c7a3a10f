//! What orders, refunds and transactions show in common: who paid, with what, and how much.

use actix_web::HttpResponse;
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::answers::{PAGE_SIZE, PageQuery, page};
use super::asked::Asked;
use crate::domain::customer::CustomerView;
use crate::domain::instrument::Instrument;
use crate::domain::money::Money;
use crate::domain::state::{MoneyListing, OrderRecord};
use crate::http::error::Problem;
use crate::ledger::Catalogue;

/// Who paid.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPayer")]
pub(in crate::http) struct Payer {
    customer_id: Box<str>,
    name: Option<String>,
    email: Option<Box<str>>,
}

impl Payer {
    pub(super) fn of(key: &str, view: &CustomerView) -> Self {
        Self {
            customer_id: key.into(),
            name: whole_name(view),
            email: view.email.clone(),
        }
    }
}

/// A page of orders, refunds or transactions.
pub(super) async fn listed<L, S>(
    asked: Asked,
    query: &PageQuery,
    wanted: L,
    show: fn(&Catalogue, &L::Record) -> S,
) -> Result<HttpResponse, Problem>
where
    L: MoneyListing + Send + 'static,
    L::Record: Send + 'static,
    S: Serialize,
{
    let numbered = query.numbered(PAGE_SIZE)?;
    let look = asked.looked_through(move |ledger| ledger.money_numbered(&wanted, numbered));
    let found = look.await?;
    let catalogue = asked.ledger().catalogue().value;
    page(&asked, numbered, found, |record| show(&catalogue, &record))
}

/// Both names of a customer.
pub(super) fn whole_name(view: &CustomerView) -> Option<String> {
    let names = [&view.first_name, &view.last_name];
    let names: Vec<&str> = names.into_iter().flatten().map(|name| &**name).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// What was paid with.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPaidWith")]
pub(in crate::http) struct PaidWith {
    payment_method_type: Box<str>,
    payment_method_name: Option<Box<str>>,
    last4: Option<Box<str>>,
}

impl PaidWith {
    /// Nothing where the gateway does not tell.
    pub(super) fn of(record: &OrderRecord) -> Option<Self> {
        let word = record.payment.method.clone()?;
        let told = record.sold.instrument.as_ref();
        Some(Self {
            payment_method_type: word,
            payment_method_name: told.and_then(name_of).map(Into::into),
            last4: told.and_then(|it| it.text("last4")).map(Into::into),
        })
    }
}

/// A card's brand, a wallet's name or a bank's.
pub(super) fn name_of(instrument: &Instrument) -> Option<&str> {
    let parts = ["brand", "wallet", "bank"];
    parts.into_iter().find_map(|part| instrument.text(part))
}

/// An exact JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Number(Decimal);

impl Number {
    pub(super) const ZERO: Self = Self(Decimal::ZERO);

    /// An amount in major units: `25` and `25.5`.
    pub(super) fn of(money: Money) -> Self {
        // What is written is a decimal.
        let units: Option<Decimal> = money.in_major_units().parse().ok();
        Self(units.unwrap_or_default().normalize())
    }

    pub(super) fn negative(self) -> Self {
        Self(-self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_string());
        raw.map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KelviqNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number"})
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn amounts_are_exact_numbers() {
        let number = |amount_minor, code| {
            let currency = Currency::parse(code).unwrap();
            serde_json::to_string(&Number::of(Money {
                amount_minor,
                currency,
            }))
            .unwrap()
        };
        assert_eq!(number(2_500, "USD"), "25");
        assert_eq!(number(2_550, "USD"), "25.5");
        assert_eq!(number(0, "USD"), "0");
        assert_eq!(number(49_900, "JPY"), "49900");
        assert_eq!(number(i64::MAX, "KWD"), "9223372036854775.807");
        let back = Number::of(Money {
            amount_minor: 450,
            currency: Currency::parse("USD").unwrap(),
        });
        assert_eq!(serde_json::to_string(&back.negative()).unwrap(), "-4.5");
    }
}
