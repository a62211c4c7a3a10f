//! What plans cost, as Kelviq shows it. It reads the catalogue and decides nothing.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::ids::uuid_of_words;
use super::super::product::Nothing;
use crate::domain::catalog::{Period, Plan, Price, Reset};
use crate::domain::money::{Currency, Money};
use crate::http::stykite::answers::Exact;

/// What a plan costs in one place, for all its periods.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPlanPrice")]
pub(in crate::http) struct PlanPrice {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    #[schemars(extend("enum" = ["FREE", "PAID"]))]
    price_type: &'static str,
    currency: String,
    free_trial: bool,
    trial_period: u32,
    enabled: bool,
    #[schemars(extend("const" = "UNSPECIFIED"))]
    tax_behavior: &'static str,
    charge_catalog_price: [BasePrice; 1],
}

/// The price of the plan itself: features have none of their own here.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct BasePrice {
    feature: Option<Nothing>,
    #[schemars(extend("const" = "FLAT"))]
    price_model: &'static str,
    reset: Reset,
    reset_time: Option<Nothing>,
    has_unlimited_usage: bool,
    #[schemars(extend("const" = "ADVANCE_COMMITMENT"))]
    payment_type: &'static str,
    rollover: Nothing,
    usage_alerts: UsageAlerts,
    charges: Vec<Charge>,
}

#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Charge {
    charge_period: Period,
    price_data: PriceData,
    tiers: [Nothing; 0],
    advanced: Nothing,
}

#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(inline)]
struct PriceData {
    amount: Exact,
}

/// No alerts are sent.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) struct UsageAlerts {
    enabled: bool,
    thresholds: [Nothing; 0],
    threshold_type: &'static str,
}

pub(super) const NO_ALERTS: UsageAlerts = UsageAlerts {
    enabled: false,
    thresholds: [],
    threshold_type: "PERCENTAGE",
};

/// The prices of a plan, each place's together.
pub(super) fn prices(plan: &Plan) -> Vec<PlanPrice> {
    let mut places: BTreeMap<(&str, &str), Vec<&Price>> = BTreeMap::new();
    for price in &plan.prices {
        let country = price.country.as_deref().unwrap_or_default();
        places
            .entry((country, &price.currency))
            .or_default()
            .push(price);
    }
    let prices = places.into_iter().map(|((country, currency), prices)| {
        let is_paid = prices.iter().any(|price| price.amount_minor > 0);
        PlanPrice {
            id: uuid_of_words(&["price", &plan.id, country, currency]),
            price_type: if is_paid { "PAID" } else { "FREE" },
            currency: currency.to_owned(),
            free_trial: plan.trial_days > 0,
            trial_period: plan.trial_days,
            enabled: true,
            tax_behavior: "UNSPECIFIED",
            charge_catalog_price: [BasePrice {
                feature: None,
                price_model: "FLAT",
                reset: Reset::Never,
                reset_time: None,
                has_unlimited_usage: false,
                payment_type: "ADVANCE_COMMITMENT",
                rollover: Nothing {},
                usage_alerts: NO_ALERTS,
                charges: prices.into_iter().map(charge).collect(),
            }],
        }
    });
    prices.collect()
}

fn charge(price: &Price) -> Charge {
    let currency = Currency::parse(&price.currency);
    let money = currency.map(|currency| Money {
        amount_minor: price.amount_minor,
        currency,
    });
    // The catalogue takes no other currencies than those of ISO 4217.
    let amount = money.and_then(|money| Exact::shown(&money.in_major_units()));
    Charge {
        charge_period: price.period,
        price_data: PriceData {
            amount: amount.unwrap_or(Exact::plain(Decimal::ZERO)),
        },
        tiers: [],
        advanced: Nothing {},
    }
}
