//! What a customer may use: the features of the catalogue's plans it is subscribed to.

use schemars::JsonSchema;
use serde::Serialize;

use super::access::AsOf;
use super::catalog::{Catalog, FeatureType, Plan, PlanFeature, Reset};
use super::customer::CustomerName;
use super::explanation::Explain;
use super::subscription::SubscriptionView;
use super::time::Timestamp;

/// All entitlements of one customer.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Entitlements {
    pub customer: CustomerName,
    pub entitlements: Vec<Entitlement>,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

/// One feature of one subscription. `limit`, `usage` and `remaining` are decimal strings; `null`
/// means unlimited, and for a feature that is not counted, that there is nothing to count.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Entitlement {
    pub feature_id: String,
    pub meter_id: Option<String>,
    #[serde(rename = "type")]
    pub kind: FeatureType,
    pub granted: bool,
    pub limit: Option<String>,
    pub usage: Option<String>,
    pub remaining: Option<String>,
    pub resets_at: Option<Timestamp>,
    pub subscription_id: String,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

/// The plan of the catalogue that a provider's plan id stands for: its own id, its identifier, or
/// the Razorpay plan of one of its prices.
#[must_use]
pub fn plan_of<'a>(catalog: &'a Catalog, plan_id: &str) -> Option<&'a Plan> {
    catalog.plans.iter().find(|plan| {
        let at_razorpay = |id: &Option<String>| id.as_deref() == Some(plan_id);
        plan.id == plan_id
            || plan.identifier == plan_id
            || plan
                .prices
                .iter()
                .any(|price| at_razorpay(&price.razorpay_plan))
    })
}

/// What `subscription` entitles to. Nothing where the catalogue does not know its plan.
#[must_use]
pub fn of_subscription(
    catalog: &Catalog,
    subscription: &SubscriptionView,
    as_of: AsOf,
) -> Vec<Entitlement> {
    let plan = subscription
        .plan
        .id
        .as_deref()
        .and_then(|id| plan_of(catalog, id));
    let features = plan
        .map(|plan| plan.features.as_slice())
        .unwrap_or_default();
    features
        .iter()
        .filter_map(|f| entitlement(catalog, subscription, f, as_of))
        .collect()
}

fn entitlement(
    catalog: &Catalog,
    subscription: &SubscriptionView,
    granted: &PlanFeature,
    as_of: AsOf,
) -> Option<Entitlement> {
    let feature = catalog
        .features
        .iter()
        .find(|feature| feature.id == granted.feature)?;
    let meter = catalog
        .meters
        .iter()
        .find(|meter| meter.feature.as_ref() == Some(&feature.id));
    let counted = feature.kind == FeatureType::Meter;
    let limit = granted
        .limit
        .filter(|_| feature.kind != FeatureType::Boolean);
    let has_access = subscription
        .access
        .as_ref()
        .is_some_and(|access| access.granted);
    let anchor = subscription.started_at.unwrap_or(subscription.created_at);
    Some(Entitlement {
        feature_id: feature.id.clone(),
        meter_id: meter.map(|meter| meter.id.clone()),
        kind: feature.kind,
        granted: granted.granted && has_access,
        limit: limit.map(|limit| limit.to_string()),
        usage: counted.then(|| "0".to_owned()),
        remaining: limit.filter(|_| counted).map(|limit| limit.to_string()),
        resets_at: if counted {
            next_reset(granted.reset, anchor, as_of.now)
        } else {
            None
        },
        subscription_id: subscription.id.clone(),
        explain: None,
    })
}

/// The first boundary after `now` of periods counted from `anchor`.
#[must_use]
pub fn next_reset(reset: Reset, anchor: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let months = match reset {
        Reset::Never => return None,
        Reset::EveryDay => return Some(next_by_days(1, anchor, now)),
        Reset::Every28Days => return Some(next_by_days(28, anchor, now)),
        Reset::EveryMonth => 1,
        Reset::EveryQuarter => 3,
        Reset::EveryYear => 12,
    };
    // Counted from the anchor each time, so that the 31st does not drift to the 28th. The least
    // months that can have passed are skipped at once.
    const LONGEST_MONTH_MS: i64 = 31 * 86_400_000;
    let passed_ms = now.as_millis().saturating_sub(anchor.as_millis()).max(0);
    let passed = u32::try_from(passed_ms / (LONGEST_MONTH_MS * i64::from(months))).unwrap_or(0);
    let boundaries = (passed..).map(|period| anchor.plus_months(period.saturating_mul(months)));
    boundaries
        .take_while(|at| *at < Timestamp::MAX)
        .find(|at| *at > now)
}

fn next_by_days(days: i64, anchor: Timestamp, now: Timestamp) -> Timestamp {
    let length_ms = days * 86_400_000;
    let passed = now.as_millis().saturating_sub(anchor.as_millis()).max(-1);
    let periods = passed.div_euclid(length_ms) + 1;
    anchor.plus_millis(periods.saturating_mul(length_ms))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn resets_are_counted_from_the_anchor() {
        let at = |text| Timestamp::parse(text).unwrap();
        let anchor = at("2027-01-31T10:00:00Z");
        let next = |reset, now| next_reset(reset, anchor, at(now)).unwrap();
        assert_eq!(
            next(Reset::EveryMonth, "2027-02-01T00:00:00Z"),
            at("2027-02-28T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryMonth, "2027-02-28T10:00:00Z"),
            at("2027-03-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryYear, "2030-06-01T00:00:00Z"),
            at("2031-01-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryQuarter, "2027-05-01T00:00:00Z"),
            at("2027-07-31T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryDay, "2027-02-03T09:59:59Z"),
            at("2027-02-03T10:00:00Z")
        );
        assert_eq!(
            next(Reset::EveryDay, "2027-02-03T10:00:00Z"),
            at("2027-02-04T10:00:00Z")
        );
        assert_eq!(
            next(Reset::Every28Days, "2027-01-31T10:00:00Z"),
            at("2027-02-28T10:00:00Z")
        );
        assert_eq!(next(Reset::EveryMonth, "2020-01-01T00:00:00Z"), anchor);
        assert_eq!(next_reset(Reset::Never, anchor, anchor), None);
    }
}
