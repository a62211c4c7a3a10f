//! What a customer may use: the features of the catalogue's plans it is subscribed to.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::access::AsOf;
use super::amount::{Amount, Step, as_text};
use super::catalog::{Catalog, Feature, FeatureType, Meter, Plan, PlanFeature};
use super::customer::CustomerName;
use super::explanation::Explain;
use super::meter::Meters;
use super::shares::{allow_once, share_out};
use super::status::Status;
use super::subscription::SubscriptionView;
use super::time::Timestamp;
use super::window::Window;

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

/// One feature of one subscription, or one meter beside them. `limit`, `usage` and `remaining` are decimal strings; `null`
/// means unlimited, and for a feature that is not counted, that there is nothing to count.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Entitlement {
    /// `null` for a meter that counts for no feature.
    pub feature_id: Option<String>,
    pub meter_id: Option<String>,
    #[serde(rename = "type")]
    pub kind: FeatureType,
    pub granted: bool,
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    pub limit: Option<Amount>,
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    pub usage: Option<Amount>,
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    pub remaining: Option<Amount>,
    pub resets_at: Option<Timestamp>,
    // Since when `usage` is counted; `None`: ever.
    #[serde(skip)]
    pub counted_since: Option<Timestamp>,
    /// `null` where no plan grants it: it was used, or allowed to this customer alone.
    pub subscription_id: Option<String>,
    // Whether it would be granted, had it not been used up.
    #[serde(skip)]
    pub is_used_up: bool,
    // Whether its limit is the end, by the plan.
    #[serde(skip)]
    pub hard_limit: bool,
    // Whether its subscription grants access.
    #[serde(skip)]
    pub is_live: bool,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

impl Entitlement {
    /// Under what its use is counted.
    pub(super) fn metric(&self) -> &str {
        let metric = self.meter_id.as_deref().or(self.feature_id.as_deref());
        metric.unwrap_or_default()
    }
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

/// What a customer holds that may entitle it to anything.
pub struct Holder<'a> {
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// All subscriptions, also those that are over.
    pub subscriptions: &'a [SubscriptionView],
    /// What it used and was allowed.
    pub meters: &'a Meters,
}

impl<'a> Holder<'a> {
    /// A row for each feature of each subscription's plan, and one for each meter that was used or
    /// allowed and is in none of them. What another took the place of has none: the other goes on
    /// with its counters.
    #[must_use]
    pub fn rows(&self, as_of: AsOf) -> Vec<Entitlement> {
        self.rows_of(as_of, |held| held.status != Status::Superseded)
    }

    /// The same of those subscriptions alone that grant access, each use shared out among them, and
    /// what is allowed in the first row that grants it alone: what is used or allowed beside them has
    /// rows of its own.
    #[must_use]
    pub fn rows_in_force(&self, as_of: AsOf) -> Vec<Entitlement> {
        let mut rows = self.rows_of(as_of, has_access);
        allow_once(&mut rows, |metric| self.meters.allowance(metric).is_some());
        share_out(&mut rows);
        rows
    }

    fn rows_of(
        &self,
        as_of: AsOf,
        is_wanted: impl Fn(&SubscriptionView) -> bool,
    ) -> Vec<Entitlement> {
        let mut rows = Vec::new();
        let mut covered = BTreeSet::new();
        let ages = Ages::of(self.subscriptions);
        for subscription in self.subscriptions.iter().filter(|held| is_wanted(held)) {
            let line = ages.line(subscription);
            for (granted, metric) in self.granted(subscription) {
                covered.insert(metric.key);
                rows.extend(self.of_plan(&line, ages.first, granted, &metric, as_of));
            }
        }
        let has_access = self.subscriptions.iter().any(has_access);
        let known = self.meters.names(as_of.now);
        let beside = known.filter(|name| !covered.contains(name));
        let metric = |name| Metric::named(self.catalog, name, self.meters);
        rows.extend(beside.map(|name| beside_plans(&metric(name), has_access, as_of.now)));
        rows
    }

    /// How far each counter of a metric stands above nothing that a use at a time adds to: one for each
    /// subscription that counts it and grants access, else the one of all that was ever used. It
    /// is as it stood then, and as it stands now, where that time is in it.
    #[must_use]
    pub fn counters(&self, metric: &str, at: Timestamp, as_of: AsOf) -> Vec<Step> {
        let at = at.min(as_of.now);
        let ages = Ages::of(self.subscriptions);
        let live = self.subscriptions.iter().filter(|held| has_access(held));
        let all = live.flat_map(|held| {
            let line = ages.line(held);
            let granted = self.granted(held).filter(|(_, found)| found.key == metric);
            granted.map(move |(granted, _)| (line.clone(), granted))
        });
        let all = all.map(|(line, granted)| {
            [at, as_of.now].map(|now| self.counted_since(&line, ages.first, granted, metric, now))
        });
        let mut windows: Vec<_> = all.collect();
        if windows.is_empty() {
            windows.push([None, None]);
        }
        let meters = self.meters;
        let levels = windows.into_iter().flat_map(|[then, now]| {
            let has_passed = at < as_of.now;
            let then = has_passed.then(|| meters.level_then(metric, then, at));
            let is_in = !has_passed || meters.is_counted_at(metric, now, at);
            then.into_iter()
                .chain(is_in.then(|| meters.level(metric, now, as_of.now)))
        });
        levels.collect()
    }

    /// Since when a subscription's feature is counted. A plan before it that has no such feature
    /// passes on what it would have counted in the same windows.
    fn counted_since(
        &self,
        line: &[&SubscriptionView],
        first: Timestamp,
        granted: &PlanFeature,
        metric: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut reset = granted.reset;
        let line = line.iter().enumerate().map(move |(place, held)| {
            if place > 0 {
                let mut before = self.granted(held).filter(|(_, found)| found.key == metric);
                reset = before.next().map_or(reset, |(granted, _)| granted.reset);
            }
            (reset, began(held))
        });
        Window::counted_since(line, first, now)
    }

    /// The features of a subscription's plan.
    fn granted(
        &self,
        subscription: &SubscriptionView,
    ) -> impl Iterator<Item = (&'a PlanFeature, Metric<'a>)> {
        let (catalog, meters) = (self.catalog, self.meters);
        let plan = subscription.plan.id.as_deref();
        let plan = plan.and_then(|id| plan_of(catalog, id));
        let features = plan.into_iter().flat_map(|plan| &plan.features);
        features.filter_map(move |granted| {
            let feature = catalog.feature(&granted.feature)?;
            Some((granted, Metric::of_feature(catalog, feature, meters)))
        })
    }

    fn of_plan(
        &self,
        line: &[&SubscriptionView],
        first: Timestamp,
        granted: &PlanFeature,
        metric: &Metric<'_>,
        as_of: AsOf,
    ) -> Option<Entitlement> {
        let subscription = *line.first()?;
        let is_boolean = metric
            .feature
            .is_some_and(|f| f.kind == FeatureType::Boolean);
        let bought = subscription.quantities().iter();
        let mut bought = bought.filter(|bought| *bought.feature == *granted.feature);
        let bought = bought.next().map(|bought| bought.count);
        let by_plan = bought.or(granted.limit).filter(|_| !is_boolean);
        let by_plan = by_plan.map(Amount::units);
        let limit = metric.meters.allowance(metric.key).or(by_plan);
        let window = Window::at(granted.reset, began(subscription), as_of.now);
        let is_counted = metric.is_counted(as_of.now);
        let since = || self.counted_since(line, first, granted, metric.key, as_of.now);
        let since = is_counted.then(since);
        let usage = since.map(|since| metric.meters.usage(metric.key, since, as_of.now));
        let is_full = limit.is_some_and(|limit| usage.is_some_and(|usage| usage >= limit));
        let is_live = has_access(subscription);
        let is_granted = granted.granted && is_live;
        let is_used_up = is_granted && granted.hard_limit && is_full;
        let mut row = metric.row(limit, usage, is_granted);
        row.granted = is_granted && !is_used_up;
        row.resets_at = window.end.filter(|_| is_counted);
        row.counted_since = since.flatten();
        row.subscription_id = Some(subscription.id.clone());
        row.is_used_up = is_used_up;
        row.hard_limit = granted.hard_limit;
        row.is_live = is_live;
        Some(row)
    }
}

/// How a customer's subscriptions followed each other.
struct Ages<'a> {
    /// When the first one began.
    first: Timestamp,
    /// By the id of what took its place: of several the one that began first.
    replaced: BTreeMap<&'a str, &'a SubscriptionView>,
}

impl<'a> Ages<'a> {
    fn of(subscriptions: &'a [SubscriptionView]) -> Self {
        let mut replaced: BTreeMap<&str, &SubscriptionView> = BTreeMap::new();
        let age = |held: &SubscriptionView| (began(held), held.created_at);
        for held in subscriptions {
            if let Some(by) = held.replaced_by.as_deref() {
                let before = replaced.entry(by).or_insert(held);
                if (age(held), &held.id) < (age(before), &before.id) {
                    *before = held;
                }
            }
        }
        Self {
            first: subscriptions.iter().map(began).min().unwrap_or_default(),
            replaced,
        }
    }

    /// A subscription, what it took the place of, what that did, and so on.
    fn line(&self, newest: &'a SubscriptionView) -> Vec<&'a SubscriptionView> {
        let before = |held: &&'a SubscriptionView| self.replaced.get(&*held.id).copied();
        let line = std::iter::successors(Some(newest), before);
        // Nothing takes its own place, whatever was told.
        line.take(self.replaced.len() + 1).collect()
    }
}

/// What is counted under one name.
struct Metric<'a> {
    key: &'a str,
    feature: Option<&'a Feature>,
    meter: Option<&'a Meter>,
    meters: &'a Meters,
}

impl<'a> Metric<'a> {
    fn of_feature(catalog: &'a Catalog, feature: &'a Feature, meters: &'a Meters) -> Self {
        let key = catalog.metric_of(feature);
        Self {
            key,
            feature: Some(feature),
            meter: catalog.meter(key),
            meters,
        }
    }

    /// The catalogue may have forgotten what it once called so.
    fn named(catalog: &'a Catalog, key: &'a str, meters: &'a Meters) -> Self {
        let meter = catalog.meter(key);
        let feature = meter.map_or(Some(key), |meter| meter.feature.as_deref());
        Self {
            key,
            feature: feature.and_then(|id| catalog.feature(id)),
            meter,
            meters,
        }
    }

    fn is_counted(&self, now: Timestamp) -> bool {
        let is_meter = self.feature.is_some_and(|f| f.kind == FeatureType::Meter);
        is_meter || self.meters.knows(self.key, now)
    }

    /// A row in which nothing is granted yet.
    fn row(&self, limit: Option<Amount>, usage: Option<Amount>, is_granted: bool) -> Entitlement {
        let remaining = usage.and_then(|usage| {
            let left = limit.map(|limit| limit.less(usage));
            if is_granted { left } else { Some(Amount::ZERO) }
        });
        let is_meter = self.meter.is_some() || self.feature.is_none();
        Entitlement {
            feature_id: self.feature.map(|feature| feature.id.clone()),
            meter_id: is_meter.then(|| self.key.to_owned()),
            kind: self
                .feature
                .map_or(FeatureType::Meter, |feature| feature.kind),
            granted: is_granted,
            limit,
            usage,
            remaining,
            resets_at: None,
            counted_since: None,
            subscription_id: None,
            is_used_up: false,
            hard_limit: false,
            is_live: false,
            explain: None,
        }
    }
}

fn has_access(subscription: &SubscriptionView) -> bool {
    let access = subscription.access.as_ref();
    access.is_some_and(|access| access.granted)
}

fn began(subscription: &SubscriptionView) -> Timestamp {
    subscription.started_at.unwrap_or(subscription.created_at)
}

/// No plan grants it, so only what was allowed does, while the customer has access to anything.
fn beside_plans(metric: &Metric<'_>, has_access: bool, now: Timestamp) -> Entitlement {
    let allowance = metric.meters.allowance(metric.key);
    let usage = metric.meters.usage(metric.key, None, now);
    metric.row(allowance, Some(usage), allowance.is_some() && has_access)
}
