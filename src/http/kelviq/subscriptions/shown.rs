//! A subscription as Kelviq shows it. It reads the ledger's record and decides nothing.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::catalog::shown::{HeldFeature, held};
use super::super::ids::{self, KELVIQ};
use super::super::product::{Nothing, Product, ProductName, product_of};
use super::super::times::{Day, Seconds};
use crate::domain::catalog::Period;
use crate::domain::customer::CustomerName;
use crate::domain::key::Scope;
use crate::domain::own::Terms;
use crate::domain::state::{StatusSaid, SubscriptionRecord};
use crate::domain::status::Status;
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;
use crate::ledger::{Caller, Catalogue, Ledger};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;
/// Every period after which there is another.
const RECURRING: [Period; 7] = [
    Period::Daily,
    Period::Weekly,
    Period::TwentyEightDays,
    Period::Monthly,
    Period::ThreeMonths,
    Period::SixMonths,
    Period::Yearly,
];

/// What is shown of a subscription wherever it is shown.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqHeld")]
pub(in crate::http) struct Held {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    start_date: Day,
    /// When it ends or ended, where that is known.
    end_date: Option<Day>,
    /// Nothing, where it is paid once.
    billing_period_start_time: Option<Seconds>,
    billing_period_end_time: Option<Seconds>,
    /// Of one period, in the currency's major unit; `null` where its provider does not tell.
    amount: Option<String>,
    recurrence: &'static str,
    currency: Option<String>,
    status: Box<str>,
    trial_days_remaining: i64,
    billing_type: BillingType,
    recurrence_unit: Option<u32>,
    recurrence_type: Option<&'static str>,
}

/// A subscription.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSubscription")]
pub(in crate::http) struct Subscription {
    #[serde(flatten)]
    held: Held,
    /// What the gateway or another provider calls it; a client key is not told.
    external_subscription_id: Option<Box<str>>,
    product: ProductShown,
    plan: PlanName,
    features: Vec<HeldFeature>,
    customer_id: Option<Box<str>>,
    files: [Nothing; 0],
    links: [Nothing; 0],
    license: [Nothing; 0],
    canceled_at: Option<Seconds>,
    cancellation_reason: Option<CancellationReason>,
    /// A client key is not told.
    cancellation_feedback: Option<Box<str>>,
    /// The same.
    cancellation_comment: Option<Box<str>>,
}

/// Kelviq names it where it lists, and shows it where it makes.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(inline)]
enum ProductShown {
    Name(String),
    Whole(ProductName),
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
struct PlanName {
    name: Option<Box<str>>,
    identifier: Option<Box<str>>,
}

/// Whether another period follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(inline)]
enum BillingType {
    Subscription,
    OneTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[schemars(inline)]
#[allow(clippy::enum_variant_names, reason = "they are Kelviq's words")]
enum CancellationReason {
    #[serde(rename = "CANCELLED_BY_CUSTOMER")]
    Customer,
    #[serde(rename = "CANCELLED_BY_MERCHANT")]
    Merchant,
    #[serde(rename = "CANCELLED_BY_PROVIDER")]
    Provider,
}

impl CancellationReason {
    /// Kelviq's own word, where it told one of them.
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("CANCELLED_BY_CUSTOMER") => Self::Customer,
            Some("CANCELLED_BY_MERCHANT") => Self::Merchant,
            Some(_) | None => Self::Provider,
        }
    }
}

/// How a period is written: in words, how many of what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Recurrence {
    pub(in crate::http) words: &'static str,
    pub(in crate::http) unit: Option<u32>,
    pub(in crate::http) kind: Option<&'static str>,
}

impl Recurrence {
    /// Of what is paid for so long at once.
    pub(in crate::http) const fn of(period: Period) -> Self {
        let (words, unit, kind) = match period {
            Period::OneTime => return Self::NONE,
            Period::Daily => ("day", 1, "DAY"),
            Period::Weekly => ("week", 1, "WEEK"),
            Period::TwentyEightDays => ("28 days", 28, "DAY"),
            Period::Monthly => ("month", 1, "MONTH"),
            Period::ThreeMonths => ("3 months", 3, "MONTH"),
            Period::SixMonths => ("6 months", 6, "MONTH"),
            Period::Yearly => ("year", 1, "YEAR"),
        };
        Self {
            words,
            unit: Some(unit),
            kind: Some(kind),
        }
    }

    /// Of what is paid for once.
    const NONE: Self = Self {
        words: "",
        unit: None,
        kind: None,
    };
}

/// What a status is called: a webhook of Kelviq's said so itself; of any other, the word that is
/// nearest.
pub(super) fn status_word<'a>(said: &StatusSaid<'a>) -> &'a str {
    let theirs = said.provider_status.filter(|_| said.provider == KELVIQ);
    if let Some(word) = theirs {
        return word;
    }
    match said.status {
        Status::Expired | Status::Completed => Status::Canceled.as_str(),
        Status::OnHold | Status::Paused => Status::PastDue.as_str(),
        same @ (Status::Incomplete
        | Status::Trialing
        | Status::Active
        | Status::PastDue
        | Status::Canceled
        | Status::Superseded) => same.as_str(),
    }
}

/// The same, of a subscription.
pub(in crate::http) fn status_of(view: &SubscriptionView) -> Box<str> {
    let said = StatusSaid {
        provider: view.provider,
        status: view.status,
        provider_status: view.provider_status.as_deref(),
    };
    status_word(&said).into()
}

/// For how long is paid at once: as it was said, else as the period that runs is long.
pub(in crate::http) fn period_of(record: &SubscriptionRecord) -> Period {
    if let Some(terms) = &record.terms {
        return terms.period;
    }
    let (Some(start), Some(end)) = record.running_period else {
        return Period::OneTime;
    };
    let is_as_long = |period: &Period| period.end(start) == Some(end);
    // Of another length it is still one of several.
    RECURRING
        .into_iter()
        .find(is_as_long)
        .unwrap_or(Period::Monthly)
}

/// Whole days that are left of its trial.
fn trial_days_left(record: &SubscriptionRecord, now: Timestamp) -> i64 {
    let is_tried = record.view.status == Status::Trialing;
    let end = record.trial_ends_at.filter(|_| is_tried);
    let left = end.map_or(0, |end| end.as_millis().saturating_sub(now.as_millis()));
    left.max(0).saturating_add(DAY_MILLIS - 1) / DAY_MILLIS
}

impl Held {
    pub(in crate::http) fn of(record: &SubscriptionRecord, now: Timestamp) -> Self {
        let view = &record.view;
        let period = period_of(record);
        let recurrence = Recurrence::of(period);
        let price = record.price;
        let (starts, ends) = if period == Period::OneTime {
            (None, None)
        } else {
            record.running_period
        };
        Self {
            id: ids::of_subscription(view),
            start_date: Day(view.started_at.unwrap_or(view.created_at)),
            end_date: view.ended_at.or(view.cancel_at).map(Day),
            billing_period_start_time: starts.map(Seconds),
            billing_period_end_time: ends.map(Seconds),
            amount: price.map(|price| price.in_major_units()),
            recurrence: recurrence.words,
            currency: price.map(|price| price.currency.to_string()),
            status: status_of(view),
            trial_days_remaining: trial_days_left(record, now),
            billing_type: billing_type(period),
            recurrence_unit: recurrence.unit,
            recurrence_type: recurrence.kind,
        }
    }
}

impl Subscription {
    /// As it is listed.
    pub(super) fn listed(
        record: SubscriptionRecord,
        catalogue: &Catalogue,
        ledger: &Ledger,
    ) -> Self {
        let by_name = |product: Product| ProductShown::Name(product.name);
        Self::of(record, catalogue, ledger, by_name)
    }

    /// As this caller may see it: a key that stands in browsers reads no words of the merchant's.
    pub(super) fn told_to(self, caller: &Caller) -> Self {
        if caller.scope.covers(Scope::Read) {
            return self;
        }
        Self {
            external_subscription_id: None,
            cancellation_feedback: None,
            cancellation_comment: None,
            ..self
        }
    }

    /// As it is made.
    pub(super) fn made(record: SubscriptionRecord, catalogue: &Catalogue, ledger: &Ledger) -> Self {
        let whole = |product: Product| ProductShown::Whole(product.into());
        Self::of(record, catalogue, ledger, whole)
    }

    fn of(
        record: SubscriptionRecord,
        catalogue: &Catalogue,
        ledger: &Ledger,
        product: impl FnOnce(Product) -> ProductShown,
    ) -> Self {
        let view = &record.view;
        let by_provider = (view.status == Status::Canceled)
            .then_some(view.ended_at)
            .flatten();
        let (canceled_at, reason) = match (&record.cancel, &record.cancelled_there, by_provider) {
            (Some(cancel), _, _) => (Some(cancel.asked_at), Some(CancellationReason::Merchant)),
            (None, Some((at, why)), _) => (Some(*at), Some(CancellationReason::of(why.as_deref()))),
            (None, None, Some(at)) => (Some(at), Some(CancellationReason::Provider)),
            (None, None, None) => (None, None),
        };
        let plan = record.plan.as_ref();
        let left = view.plan.id.as_deref();
        let left = left.and_then(|id| catalogue.plan_word(id));
        let customer = view.customer.as_ref();
        let company = customer.and_then(|customer| ledger.company_of(&customer.id));
        Self {
            held: Held::of(&record, catalogue.asked_at),
            external_subscription_id: record.charged_as.clone(),
            product: product(product_of(catalogue, company.as_deref())),
            plan: PlanName {
                name: plan
                    .map(|plan| plan.name.as_str().into())
                    .or(view.plan.name.clone()),
                identifier: plan
                    .map(|plan| plan.identifier.as_str().into())
                    .or_else(|| left.map(Into::into))
                    .or(view.plan.id.clone()),
            },
            features: plan.map_or_else(Vec::new, |plan| {
                held(catalogue, plan, |feature| {
                    bought(record.terms.as_ref(), feature)
                })
            }),
            customer_id: customer.map(|named| customer_id(named, ledger)),
            files: [],
            links: [],
            license: [],
            canceled_at: canceled_at.map(Seconds),
            cancellation_reason: reason,
            cancellation_feedback: record.cancel.as_ref().and_then(|it| it.feedback.clone()),
            cancellation_comment: record.cancel.as_ref().and_then(|it| it.comment.clone()),
        }
    }
}

/// Whether another period follows.
const fn billing_type(period: Period) -> BillingType {
    match period {
        Period::OneTime => BillingType::OneTime,
        Period::Daily
        | Period::Weekly
        | Period::TwentyEightDays
        | Period::Monthly
        | Period::ThreeMonths
        | Period::SixMonths
        | Period::Yearly => BillingType::Subscription,
    }
}

/// How many of a feature were bought with it.
fn bought(terms: Option<&Terms>, feature: &str) -> Option<u64> {
    let mut quantities = terms?.quantities.iter();
    let found = quantities.find(|quantity| *quantity.feature == *feature);
    found.map(|quantity| quantity.count)
}

/// What the merchant calls the customer; of one that only a provider told of, what that calls it.
fn customer_id(named: &CustomerName, ledger: &Ledger) -> Box<str> {
    if let Some(identifier) = &named.customer_identifier {
        return identifier.clone();
    }
    let customer = ledger.customer(&named.id).value;
    let by_provider = customer.and_then(|view| view.references.into_values().next());
    by_provider.unwrap_or_else(|| named.id.as_str().into())
}
