//! The catalogue: plans, prices, features, meters, add-ons. One for every surface.
//!
//! It comes from the operator's configuration, is checked there as a whole, and enters the ledger
//! as an event, so that a replay knows which catalogue was in force.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Catalog {
    /// The operator's own number for it.
    pub version: u32,
    /// Companies (merchants).
    pub companies: Vec<Company>,
    /// Countries (pricing regions).
    pub countries: Vec<Country>,
    /// Features that plans grant.
    pub features: Vec<Feature>,
    /// Meters that usage is counted on.
    pub meters: Vec<Meter>,
    /// Plans.
    pub plans: Vec<Plan>,
    /// Add-ons.
    pub addons: Vec<Addon>,
    /// Prices of model tokens.
    pub token_prices: Vec<TokenPrice>,
}

impl Catalog {
    /// The company of that id (`COM-…`).
    #[must_use]
    pub fn company(&self, id: &str) -> Option<&Company> {
        self.companies.iter().find(|company| company.id == id)
    }

    /// The country of that id (`CON-…`).
    #[must_use]
    pub fn country(&self, id: &str) -> Option<&Country> {
        self.countries.iter().find(|country| country.id == id)
    }

    /// The plan of that id (`PLV-…`).
    #[must_use]
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// What a new customer gets unasked.
    #[must_use]
    pub fn default_plan(&self) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.default)
    }

    /// The feature of that id.
    #[must_use]
    pub fn feature(&self, id: &str) -> Option<&Feature> {
        self.features.iter().find(|feature| feature.id == id)
    }

    /// The meter of that id (`MTR-…`).
    #[must_use]
    pub fn meter(&self, id: &str) -> Option<&Meter> {
        self.meters.iter().find(|meter| meter.id == id)
    }

    /// Under what the use of a feature is counted: the id of its first meter, else its own.
    #[must_use]
    pub fn metric_of<'a>(&'a self, feature: &'a Feature) -> &'a str {
        let counts = |meter: &&Meter| meter.feature.as_ref() == Some(&feature.id);
        let meter = self.meters.iter().find(counts);
        meter.map_or(&feature.id, |meter| &meter.id)
    }

    /// Under what the use of a meter or a feature is counted.
    #[must_use]
    pub fn metric(&self, meter_or_feature: &str) -> Option<&str> {
        if let Some(meter) = self.meter(meter_or_feature) {
            return Some(&meter.id);
        }
        let feature = self.feature(meter_or_feature)?;
        Some(self.metric_of(feature))
    }

    /// The add-on that has that version (`ADV-…`).
    #[must_use]
    pub fn addon_version(&self, id: &str) -> Option<&Addon> {
        self.addons.iter().find(|addon| addon.version_id == id)
    }

    /// What `plan` costs for `period` in a country (`CON-…`): the country's own price, else one of
    /// everywhere, best in the country's currency.
    #[must_use]
    pub fn price<'a>(
        &self,
        plan: &'a Plan,
        period: Period,
        country: Option<&str>,
    ) -> Option<&'a Price> {
        let currency = country
            .and_then(|id| self.country(id))
            .map(|found| &found.currency);
        let fits = |price: &&Price| {
            let only = price.country.as_deref();
            price.period == period && (only.is_none() || only == country)
        };
        let rank = |price: &&Price| (price.country.is_none(), Some(&price.currency) != currency);
        plan.prices.iter().filter(fits).min_by_key(rank)
    }

    /// What tokens of a model cost at a checkpoint: the price for that checkpoint, else the one for
    /// all.
    #[must_use]
    pub fn token_price(
        &self,
        provider: &str,
        model: &str,
        checkpoint: &str,
    ) -> Option<&TokenPrice> {
        let of_model = |price: &&TokenPrice| price.provider == provider && price.model == model;
        let priced = || self.token_prices.iter().filter(of_model);
        let here = priced().find(|price| price.checkpoint.as_deref() == Some(checkpoint));
        here.or_else(|| priced().find(|price| price.checkpoint.is_none()))
    }
}

impl Plan {
    /// Whether any of its prices is more than nothing.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.prices.iter().any(|price| price.amount_minor > 0)
    }
}

/// A company on the Stykite surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// `COM-…`
    pub id: String,
    /// For people.
    pub name: String,
}

/// A country or pricing region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// `CON-…`
    pub id: String,
    /// ISO 3166-1 alpha-2.
    pub code: String,
    /// ISO 4217.
    pub currency: String,
}

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureType {
    /// Granted or not.
    Boolean,
    /// Counted against a limit.
    Meter,
    /// A number that the plan sets.
    Customizable,
}

/// Something a plan grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The merchant's word (`max-projects`).
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FeatureType,
}

/// A counter of consumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// `MTR-…`
    pub id: String,
    /// The feature it counts for, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// What one is called (`credit`).
    pub unit: String,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `PLV-…`
    pub id: String,
    /// The merchant's word (`pro`).
    pub identifier: String,
    /// For people.
    pub name: String,
    /// Whether a new customer gets it unasked.
    #[serde(default)]
    pub default: bool,
    /// Length of the trial, in days.
    #[serde(default)]
    pub trial_days: u32,
    /// What it costs.
    #[serde(default)]
    pub prices: Vec<Price>,
    /// What it grants.
    #[serde(default)]
    pub features: Vec<PlanFeature>,
}

/// How often a price is charged: Kelviq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Period {
    OneTime,
    Daily,
    Weekly,
    TwentyEightDays,
    Monthly,
    ThreeMonths,
    SixMonths,
    Yearly,
}

/// One price of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// How often.
    pub period: Period,
    /// Integer minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Only in this country (`CON-…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The plan at Razorpay that charges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub razorpay_plan: Option<String>,
}

/// When a counter starts again at zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Reset {
    #[default]
    Never,
    EveryDay,
    #[serde(rename = "EVERY_28_DAYS")]
    Every28Days,
    EveryMonth,
    EveryQuarter,
    EveryYear,
}

/// How a plan grants a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFeature {
    /// The feature's id.
    pub feature: String,
    /// How much; absent: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// When the count starts again.
    #[serde(default)]
    pub reset: Reset,
    /// Whether the limit stops use, rather than only being shown.
    #[serde(default)]
    pub hard_limit: bool,
    /// Whether it is granted at all.
    #[serde(default = "yes")]
    pub granted: bool,
}

const fn yes() -> bool {
    true
}

/// An add-on, sold beside a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addon {
    /// `ADO-…`
    pub id: String,
    /// `ADV-…`
    pub version_id: String,
    /// For people.
    pub name: String,
    /// Integer minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The plans (`PLV-…`) it may be bought with.
    #[serde(default)]
    pub plans: Vec<String>,
}

/// What tokens of a model cost, in money and in a meter's units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPrice {
    /// `OPENAI`
    pub provider: String,
    /// `GPT_4`
    pub model: String,
    /// Price of 1,000 input tokens.
    pub input_per_1k: Decimal,
    /// Price of 1,000 output tokens.
    pub output_per_1k: Decimal,
    /// Credits debited for one unit of price.
    pub credits_per_unit: Decimal,
    /// Only for this checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The meter (`MTR-…`) that is debited.
    pub meter: String,
}
