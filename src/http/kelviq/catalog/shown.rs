//! Plans and features of the catalogue as Kelviq shows them. It reads the catalogue and
//! decides nothing.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::ids::uuid_of_words;
use super::super::product::{Nothing, Product, product_of};
use super::prices::{NO_ALERTS, UsageAlerts};
use crate::domain::catalog::{Catalog, Feature, FeatureType, Plan, PlanFeature, Reset};
use crate::domain::time::Timestamp;
use crate::ledger::Catalogue;

/// What one of a feature is called where no meter says it.
const UNIT: &str = "unit";
/// Kelviq's word for a meter whose readings come in as they are.
const COUNTED: &str = "PRE_AGGREGATED_USAGE";

/// A feature.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqFeature")]
pub(in crate::http) struct CatalogFeature {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    identifier: String,
    name: String,
    description: &'static str,
    feature_type: FeatureKind,
    feature_details: FeatureDetails,
    meter: Nothing,
    details: Nothing,
    metadata: Nothing,
    is_archived: bool,
    modified_on: Timestamp,
}

/// Kelviq's words for the kinds of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
pub(in crate::http) enum FeatureKind {
    Boolean,
    Customizable,
    Meter,
}

impl From<FeatureType> for FeatureKind {
    fn from(kind: FeatureType) -> Self {
        match kind {
            FeatureType::Boolean => Self::Boolean,
            FeatureType::Customizable => Self::Customizable,
            FeatureType::Meter => Self::Meter,
        }
    }
}

#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct FeatureDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    feature_sub_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Units>,
}

#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(inline)]
struct Units {
    singular: String,
    plural: String,
}

impl CatalogFeature {
    pub(super) fn of(catalog: &Catalog, feature: &Feature, modified_on: Timestamp) -> Self {
        let mut meters = catalog.meters.iter();
        let meter = meters.find(|meter| meter.feature.as_ref() == Some(&feature.id));
        let singular = meter.map_or(UNIT, |meter| &meter.unit);
        let is_counted = feature.kind != FeatureType::Boolean;
        Self {
            id: feature_id(&feature.id),
            identifier: feature.id.clone(),
            name: feature.name.clone(),
            description: "",
            feature_type: feature.kind.into(),
            feature_details: FeatureDetails {
                feature_sub_type: (feature.kind == FeatureType::Meter).then_some(COUNTED),
                units: is_counted.then(|| Units {
                    singular: singular.to_owned(),
                    plural: format!("{singular}s"),
                }),
            },
            meter: Nothing {},
            details: Nothing {},
            metadata: Nothing {},
            is_archived: false,
            modified_on,
        }
    }
}

/// The UUID of a feature.
pub(super) fn feature_id(id: &str) -> String {
    uuid_of_words(&["feature", id])
}

/// A plan.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqPlan")]
pub(in crate::http) struct CatalogPlan {
    identifier: String,
    name: String,
    description: &'static str,
    #[schemars(extend("format" = "uuid"))]
    product: String,
    metadata: Nothing,
    /// The catalogue's own number: it is changed as a whole.
    version: u32,
    is_latest: bool,
    modified_on: Timestamp,
    created_on: Timestamp,
    details: Nothing,
    is_visible: bool,
    is_imported: bool,
    /// By ISO 3166-1 alpha-2: where it has a price of its own.
    countries: Vec<String>,
    license: Option<Nothing>,
    links: [Nothing; 0],
    files: [Nothing; 0],
    ordering: usize,
}

impl CatalogPlan {
    pub(in crate::http::kelviq) fn of(
        catalogue: &Catalogue,
        catalog: &Catalog,
        ordering: usize,
        plan: &Plan,
    ) -> Self {
        let own = plan
            .prices
            .iter()
            .filter_map(|price| price.country.as_deref());
        let codes = own.filter_map(|id| Some(catalog.country(id)?.code.clone()));
        let mut countries: Vec<String> = codes.collect();
        countries.sort();
        countries.dedup();
        Self {
            identifier: plan.identifier.clone(),
            name: plan.name.clone(),
            description: "",
            product: product_of(catalogue, None).id,
            metadata: Nothing {},
            version: catalog.version,
            is_latest: true,
            modified_on: catalogue.changed_at,
            created_on: catalogue.first_at,
            details: Nothing {},
            is_visible: true,
            is_imported: false,
            countries,
            license: None,
            links: [],
            files: [],
            ordering,
        }
    }
}

/// A product with its plans.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "KelviqProductInFull")]
pub(in crate::http) struct ProductInFull {
    #[serde(flatten)]
    pub(super) product: Product,
    /// By their identifiers.
    pub(super) plans: Vec<String>,
}

/// How a plan grants a feature.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "KelviqPlanFeature")]
pub(in crate::http) struct PlanEntitlement {
    feature: CatalogFeature,
    details: EntitlementDetails,
}

#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct EntitlementDetails {
    value: Value,
    has_unlimited_usage: bool,
    reset: Reset,
    reset_time: Option<Nothing>,
    rollover: Nothing,
    usage_alerts: UsageAlerts,
    hard_limit: bool,
    is_inherited: bool,
    is_value_overridden: bool,
}

/// How much: of what cannot be counted, whether; nothing where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(inline)]
pub(in crate::http) enum Value {
    Granted(bool),
    Limit(Option<u64>),
}

impl Value {
    fn of(kind: FeatureType, granted: &PlanFeature) -> Self {
        match kind {
            FeatureType::Boolean => Self::Granted(granted.granted),
            FeatureType::Customizable | FeatureType::Meter if !granted.granted => {
                Self::Limit(Some(0))
            }
            FeatureType::Customizable | FeatureType::Meter => Self::Limit(granted.limit),
        }
    }
}

/// The features of a plan, in the catalogue's order.
pub(super) fn entitlements(
    catalog: &Catalog,
    plan: &Plan,
    modified_on: Timestamp,
) -> Vec<PlanEntitlement> {
    let granted = plan.features.iter().filter_map(|granted| {
        let feature = catalog.feature(&granted.feature)?;
        Some(PlanEntitlement {
            feature: CatalogFeature::of(catalog, feature, modified_on),
            details: EntitlementDetails {
                value: Value::of(feature.kind, granted),
                has_unlimited_usage: granted.granted
                    && granted.limit.is_none()
                    && feature.kind != FeatureType::Boolean,
                reset: granted.reset,
                reset_time: None,
                rollover: Nothing {},
                usage_alerts: NO_ALERTS,
                hard_limit: granted.hard_limit,
                is_inherited: false,
                is_value_overridden: false,
            },
        })
    });
    granted.collect()
}

/// A feature as a subscription has it.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSubscriptionFeature")]
pub(in crate::http) struct HeldFeature {
    #[serde(flatten)]
    feature: CatalogFeature,
    reset: Reset,
    reset_time: Option<Nothing>,
    value: Value,
    hard_limit: bool,
}

/// The features that somebody has by a plan of which `bought` says how many of some were bought.
pub(in crate::http) fn held(
    catalogue: &Catalogue,
    plan: &Plan,
    bought: impl Fn(&str) -> Option<u64>,
) -> Vec<HeldFeature> {
    let Some(catalog) = catalogue.catalog() else {
        return Vec::new();
    };
    let held = plan.features.iter().filter_map(|granted| {
        let feature = catalog.feature(&granted.feature)?;
        let number = bought(&feature.id).map(|count| Value::Limit(Some(count)));
        Some(HeldFeature {
            feature: CatalogFeature::of(catalog, feature, catalogue.changed_at),
            reset: granted.reset,
            reset_time: None,
            value: number.unwrap_or_else(|| Value::of(feature.kind, granted)),
            hard_limit: granted.hard_limit,
        })
    });
    held.collect()
}
