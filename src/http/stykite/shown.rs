//! A customer as Stykite's clients see one. The first fields are those of its own pages; what the
//! answer holds beside them is ours, in its vocabulary. It reads views of the domain.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{Exact, Millis};
use crate::domain::addon::AddonView;
use crate::domain::amount::Amount;
use crate::domain::catalog::Period;
use crate::domain::customer::{Address, AddressView, CustomerView};
use crate::domain::entitlement::Entitlement;
use crate::domain::status::Status;
use crate::domain::subscription::{PeriodView, SubscriptionView};
use crate::ledger;

/// A customer as `POST …/customer` answers it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteCustomer")]
pub(in crate::http) struct Customer {
    email: Option<Box<str>>,
    #[serde(rename = "firstName")]
    first_name: Option<Box<str>>,
    #[serde(rename = "lastName")]
    last_name: Option<Box<str>>,
    phone: Option<Box<str>>,
    address: AddressView,
    /// `CUS-…`
    tsid: String,
    customer_identifier: Option<Box<str>>,
    created_at: Millis,
    updated_at: Millis,
    company_tsid: Option<Box<str>>,
    country_tsid: Option<Box<str>>,
}

/// A customer with what it holds, as `GET …/customer/{customerIdentifier}` answers it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteCustomerInFull")]
pub(in crate::http) struct CustomerInFull {
    #[serde(flatten)]
    customer: Customer,
    /// Of the best of its subscriptions; `null` without one.
    status: Option<Word>,
    /// Whether the trial of any subscription was used.
    trial_used: bool,
    subscriptions: Vec<Subscription>,
    addons: Vec<Addon>,
    meter_entitlements: Vec<MeterEntitlement>,
}

/// Stykite's words for how a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "StykiteStatus")]
enum Word {
    Active,
    Trial,
    OnHold,
    Pause,
    Cancelled,
}

impl Word {
    fn of(subscription: &SubscriptionView) -> Self {
        let has_access = subscription
            .access
            .as_ref()
            .is_some_and(|held| held.granted);
        match subscription.status {
            Status::Active => Self::Active,
            Status::Trialing => Self::Trial,
            // A charge failed and is tried again: on hold once that costs the access.
            Status::PastDue if has_access => Self::Active,
            Status::PastDue | Status::OnHold | Status::Incomplete => Self::OnHold,
            Status::Paused => Self::Pause,
            Status::Canceled | Status::Completed | Status::Expired | Status::Superseded => {
                Self::Cancelled
            }
        }
    }
}

/// How long a plan is paid for at once.
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
enum PlanType {
    Monthly,
    Quarterly,
    Yearly,
}

impl PlanType {
    /// As it was said, else the one whose period is shown.
    fn of(view: &SubscriptionView) -> Option<Self> {
        match view.terms.as_ref().map(|terms| terms.period) {
            Some(Period::Monthly) => Some(Self::Monthly),
            Some(Period::ThreeMonths) => Some(Self::Quarterly),
            Some(Period::Yearly) => Some(Self::Yearly),
            Some(
                Period::OneTime
                | Period::Daily
                | Period::Weekly
                | Period::TwentyEightDays
                | Period::SixMonths,
            ) => None,
            None => Self::as_long_as(view.current_period),
        }
    }

    fn as_long_as(period: PeriodView) -> Option<Self> {
        let (start, end) = (period.start?, period.end?);
        let known = [(Self::Monthly, 1), (Self::Quarterly, 3), (Self::Yearly, 12)];
        let mut known = known.into_iter();
        known
            .find(|(_, months)| start.plus_months(*months) == end)
            .map(|(found, _)| found)
    }
}

/// A subscription.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteSubscription")]
struct Subscription {
    /// `SUA-…`
    tsid: String,
    /// The same, as requests name it.
    subscription_tsid: String,
    status: Word,
    /// Whether it may be used now.
    granted: bool,
    plan_tsid: Option<Box<str>>,
    plan_name: Option<Box<str>>,
    plan_type: Option<PlanType>,
    trial_used: Option<bool>,
    trial_end_date: Option<Millis>,
    start_date: Option<Millis>,
    /// When it ended, or will as things stand; `null`: never.
    end_date: Option<Millis>,
    /// When it ends because it was cancelled.
    cancel_date: Option<Millis>,
    current_period_start: Option<Millis>,
    current_period_end: Option<Millis>,
    created_at: Millis,
    updated_at: Millis,
}

/// An add-on that was bought.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteAddon")]
struct Addon {
    /// `ADV-…`
    tsid: Option<Box<str>>,
    /// `ADO-…`, with one `d`, as Stykite writes it.
    adon_tsid: Option<Box<str>>,
    name: Option<Box<str>>,
    price: Option<Exact>,
    status: Option<Box<str>>,
    transaction_tsid: Option<Box<str>>,
    purchased_at: Millis,
}

/// What may be used of one meter.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "StykiteMeterEntitlement")]
struct MeterEntitlement {
    /// `MTR-…`
    meter_tsid: String,
    /// The whole allowance; `null`: unlimited.
    entitlement: Option<Exact>,
    usage: Option<Exact>,
    /// What is left of it; `null`: unlimited.
    remaining: Option<Exact>,
    granted: bool,
    resets_at: Option<Millis>,
    subscription_tsid: Option<String>,
}

impl From<&CustomerView> for Customer {
    fn from(view: &CustomerView) -> Self {
        Self {
            email: view.email.clone(),
            first_name: view.first_name.clone(),
            last_name: view.last_name.clone(),
            phone: view.phone.clone(),
            address: view
                .address
                .clone()
                .unwrap_or_else(|| Address::default().into()),
            tsid: view.name.id.clone(),
            customer_identifier: view.name.customer_identifier.clone(),
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
            company_tsid: view.company_id.clone(),
            country_tsid: view.country_id.clone(),
        }
    }
}

impl From<&ledger::CustomerInFull> for CustomerInFull {
    fn from(full: &ledger::CustomerInFull) -> Self {
        let held = &full.customer.subscriptions;
        let subscriptions: Vec<_> = held
            .iter()
            .map(|held| Subscription::of(held, full.standings.get(&held.id)))
            .collect();
        Self {
            customer: Customer::from(&full.customer),
            status: subscriptions.iter().map(|held| held.status).min(),
            trial_used: subscriptions
                .iter()
                .any(|held| held.trial_used == Some(true)),
            addons: full.customer.addons.iter().map(Addon::from).collect(),
            meter_entitlements: of_meters(&full.entitlements),
            subscriptions,
        }
    }
}

impl Subscription {
    fn of(view: &SubscriptionView, standing: Option<&ledger::SubscriptionStanding>) -> Self {
        let millis = |time: Option<_>| time.map(Millis::from);
        let will_end = standing
            .and_then(|standing| standing.ends_at)
            .or(view.cancel_at);
        Self {
            tsid: view.id.clone(),
            subscription_tsid: view.id.clone(),
            status: Word::of(view),
            granted: view.access.as_ref().is_some_and(|access| access.granted),
            plan_tsid: view.plan.id.clone(),
            plan_name: view.plan.name.clone(),
            plan_type: PlanType::of(view),
            trial_used: view.trial_used.or_else(|| was_trial_used(view, standing?)),
            trial_end_date: millis(standing.and_then(|standing| standing.trial_ends_at)),
            start_date: millis(view.started_at),
            end_date: millis(view.ended_at.or(will_end)),
            cancel_date: millis(view.cancel_at),
            current_period_start: millis(view.current_period.start),
            current_period_end: millis(view.current_period.end),
            created_at: view.created_at.into(),
            updated_at: view.updated_at.into(),
        }
    }
}

/// Providers tell it of theirs; of ours it follows.
fn was_trial_used(
    view: &SubscriptionView,
    standing: &ledger::SubscriptionStanding,
) -> Option<bool> {
    let is_over = standing.trial_ends_at.is_some() && view.status != Status::Trialing;
    standing.is_ours.then_some(is_over)
}

impl From<&AddonView> for Addon {
    fn from(view: &AddonView) -> Self {
        Self {
            tsid: view.version_id.clone(),
            adon_tsid: view.id.clone(),
            name: view.name.clone(),
            price: view.price.as_deref().and_then(Exact::shown),
            status: view.status.clone(),
            transaction_tsid: view.transaction_id.clone(),
            purchased_at: view.purchased_at.into(),
        }
    }
}

/// The rows that are counted on a meter, each meter once: of several subscriptions, the row that
/// grants, and of those the one that leaves most.
fn of_meters(rows: &[Entitlement]) -> Vec<MeterEntitlement> {
    best_of_meters(rows)
        .into_values()
        .map(MeterEntitlement::from)
        .collect()
}

/// See [`of_meters`].
pub(super) fn best_of_meters(rows: &[Entitlement]) -> BTreeMap<&str, &Entitlement> {
    let mut best: BTreeMap<&str, &Entitlement> = BTreeMap::new();
    for row in rows {
        let Some(meter) = row.meter_id.as_deref() else {
            continue;
        };
        let held = best.entry(meter).or_insert(row);
        if worth(row) > worth(held) {
            *held = row;
        }
    }
    best
}

/// Granted before not, unlimited before limited, more left before less.
fn worth(row: &Entitlement) -> (bool, bool, Option<Amount>) {
    (row.granted, row.limit.is_none(), row.remaining)
}

impl From<&Entitlement> for MeterEntitlement {
    fn from(row: &Entitlement) -> Self {
        let number = |amount: Option<Amount>| Exact::shown(&amount?.to_string());
        Self {
            meter_tsid: row.meter_id.clone().unwrap_or_default(),
            entitlement: number(row.limit),
            usage: number(row.usage),
            remaining: number(row.remaining),
            granted: row.granted,
            resets_at: row.resets_at.map(Millis::from),
            subscription_tsid: row.subscription_id.clone(),
        }
    }
}
