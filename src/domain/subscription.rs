//! A subscription: its facts, the rules by which one replaces another, and how it is shown.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Access, AsOf, Terms};
use super::activity::Activity;
use super::customer::CustomerName;
use super::decided::Decided;
use super::event::SubscriptionFact;
use super::explanation::Explain;
use super::own::{Quantity, Terms as Had};
use super::register::{RareSlot, Slot, SourceId, Stamp};
use super::status::Status;
use super::time::Timestamp;

/// A subscription as the fold holds it.
///
/// A snapshot replaces the one before as a whole; what must survive a newer snapshot (the last
/// status we understood, an end, the paid period) has a cell of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    snapshot: Slot<Snapshot>,
    status: Slot<Status>,
    end: RareSlot<End>,
    /// The greatest end of the periods that payments paid.
    paid_through: Option<Timestamp>,
    /// The end of the period that the newest snapshot grants, where snapshots do.
    granted_through: RareSlot<Option<Timestamp>>,
    /// What was decided here: nothing for most, and then it takes one pointer.
    decided: Option<Box<Decided>>,
}

/// What the gateway that charges a subscription says of it.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Charge<'a> {
    pub status: Status,
    pub provider_status: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub quantity: Option<i64>,
    pub period: (Option<Timestamp>, Option<Timestamp>),
    pub paid_through: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// What a provider's snapshot says, less the names in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Snapshot {
    source: SourceId,
    provider_status: Option<Box<str>>,
    reason: Option<Box<str>>,
    plan_id: Option<Box<str>>,
    quantity: Option<i64>,
    trial_used: Option<bool>,
    period_start: Option<Timestamp>,
    period_end: Option<Timestamp>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

/// How it ended, where that is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    status: Status,
    provider_status: Option<Box<str>>,
    reason: Option<Box<str>>,
    ended_at: Option<Timestamp>,
}

impl Subscription {
    /// Takes in a provider's snapshot.
    pub fn observe(&mut self, fact: &SubscriptionFact, stamp: Stamp, source: SourceId) {
        if let Some(status) = fact.status {
            self.status.offer(stamp, status);
            if fact.ends_are_final && status.is_end() {
                let end = End {
                    status,
                    provider_status: fact.provider_status.clone(),
                    reason: fact.reason.clone(),
                    ended_at: fact.ended_at,
                };
                self.end.offer(stamp, end);
            }
        }
        if fact.period_is_granted {
            self.granted_through.offer(stamp, fact.period_end);
        }
        let snapshot = Snapshot {
            source,
            provider_status: fact.provider_status.clone(),
            reason: fact.reason.clone(),
            plan_id: fact.plan_id.clone(),
            quantity: fact.quantity,
            trial_used: fact.trial_used,
            period_start: fact.period_start,
            period_end: fact.period_end,
            started_at: fact.started_at,
            ended_at: fact.ended_at,
            created_at: fact.created_at,
        };
        self.snapshot.offer(stamp, snapshot);
    }

    /// Takes in a paid period.
    pub fn pay_through(&mut self, until: Timestamp) {
        self.paid_through = self.paid_through.max(Some(until));
    }

    /// Takes in all that another record of the same subscription knows.
    pub fn merge(&mut self, other: &Self) {
        self.snapshot.merge(&other.snapshot);
        self.status.merge(&other.status);
        self.end.merge(&other.end);
        self.paid_through = self.paid_through.max(other.paid_through);
        self.granted_through.merge(&other.granted_through);
        if let Some(decided) = &other.decided {
            self.decided_mut().merge(decided);
        }
    }

    /// What was decided here about it.
    #[must_use]
    pub fn decided(&self) -> Option<&Decided> {
        self.decided.as_deref()
    }

    /// The same, to be filled.
    pub fn decided_mut(&mut self) -> &mut Decided {
        self.decided.get_or_insert_default()
    }

    /// The stamp of the newest snapshot.
    #[must_use]
    pub fn newest(&self) -> Option<Stamp> {
        self.snapshot.register().map(|register| register.stamp)
    }

    /// What is said of it as a gateway's subscription.
    #[must_use]
    pub fn charge(&self) -> Charge<'_> {
        let snapshot = self.snapshot.get();
        let end = self.end.get();
        let of_snapshot = |text: fn(&Snapshot) -> &Option<Box<str>>| text(snapshot?).as_deref();
        Charge {
            status: self.status(),
            provider_status: match end {
                Some(end) => end.provider_status.as_deref(),
                None => of_snapshot(|snapshot| &snapshot.provider_status),
            },
            reason: match end {
                Some(end) => end.reason.as_deref(),
                None => of_snapshot(|snapshot| &snapshot.reason),
            },
            quantity: snapshot.and_then(|snapshot| snapshot.quantity),
            period: snapshot.map_or((None, None), |snapshot| {
                (snapshot.period_start, snapshot.period_end)
            }),
            paid_through: self.paid_through(),
            ended_at: match end {
                Some(end) => end.ended_at,
                None => snapshot.and_then(|snapshot| snapshot.ended_at),
            },
        }
    }

    /// The end of what is paid for, whichever way the provider tells it.
    #[must_use]
    pub fn paid_through(&self) -> Option<Timestamp> {
        let granted = self.granted_through.get().copied().flatten();
        self.paid_through.max(granted)
    }

    /// Whether any event described it; one known by reference alone is not shown.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.snapshot.get().is_some()
    }

    /// The canonical status.
    #[must_use]
    pub fn status(&self) -> Status {
        let end = self.end.get().map(|end| end.status);
        end.or_else(|| self.status.get().copied())
            .unwrap_or(Status::Incomplete)
    }

    /// The provider's word for how it stands.
    #[must_use]
    pub fn provider_status(&self) -> Option<&str> {
        self.charge().provider_status
    }

    /// Which source described it last.
    #[must_use]
    pub fn source(&self) -> Option<SourceId> {
        self.snapshot.get().map(|snapshot| snapshot.source)
    }

    /// The provider's id of the plan.
    #[must_use]
    pub fn plan_id(&self) -> Option<&str> {
        self.snapshot.get()?.plan_id.as_deref()
    }

    /// When it starts or started.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        self.snapshot.get()?.started_at
    }

    /// Whether access is granted.
    #[must_use]
    pub fn access(&self, as_of: AsOf) -> Access {
        let terms = Terms {
            status: self.status(),
            paid_through: self.paid_through(),
            cancel_at: None,
            trial_ends_at: None,
            cancelled_at: None,
        };
        Access::of(&terms, as_of)
    }
}

/// A subscription as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Subscription", transform = Access::is_always_shown)]
pub struct SubscriptionView {
    pub id: String,
    pub provider: &'static str,
    pub provider_subscription_id: Option<Box<str>>,
    pub source: Arc<str>,
    pub customer: Option<CustomerName>,
    pub status: Status,
    pub provider_status: Option<Box<str>>,
    pub reason: Option<Box<str>>,
    pub plan: PlanView,
    pub quantity: Option<i64>,
    pub trial_used: Option<bool>,
    pub current_period: PeriodView,
    pub paid_through: Option<Timestamp>,
    // Left out of digests: it depends on the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Access")]
    pub access: Option<Access>,
    pub started_at: Option<Timestamp>,
    pub cancel_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_seq: u64,
    // What one that is sold here is had for; its rows of what may be used need it.
    #[serde(skip)]
    pub terms: Option<Had>,
    // The subscription (`SUA-…`) that took its place, where one did: its counters go on there.
    #[serde(skip)]
    pub replaced_by: Option<Box<str>>,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

impl SubscriptionView {
    /// How many of what was bought with it.
    #[must_use]
    pub fn quantities(&self) -> &[Quantity] {
        self.terms.as_ref().map_or(&[], |had| &had.quantities)
    }
}

/// A plan as a subscription names it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Plan")]
pub struct PlanView {
    pub id: Option<Box<str>>,
    pub name: Option<Box<str>>,
}

/// A billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Period")]
pub struct PeriodView {
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

/// What a view needs to know of a subscription beside its own cells.
#[derive(Debug)]
pub struct Identification {
    /// `SUA-…`
    pub id: String,
    /// The provider.
    pub provider: &'static str,
    /// The provider's own id, where it has one.
    pub provider_subscription_id: Option<Box<str>>,
    /// The source that described it last.
    pub source: Arc<str>,
    /// Whose it is.
    pub customer: Option<CustomerName>,
    /// When it was first and last heard of.
    pub activity: Activity,
}

impl Subscription {
    /// How it is shown; `None` while it is known by reference alone. Without `as_of` the view
    /// holds only what the log says, and no access.
    #[must_use]
    pub fn view(&self, named: Identification, as_of: Option<AsOf>) -> Option<SubscriptionView> {
        let snapshot = self.snapshot.get()?;
        let end = self.end.get();
        let (provider_status, reason, ended_at) = match end {
            Some(end) => (&end.provider_status, &end.reason, end.ended_at),
            None => (
                &snapshot.provider_status,
                &snapshot.reason,
                snapshot.ended_at,
            ),
        };
        Some(SubscriptionView {
            id: named.id,
            provider: named.provider,
            provider_subscription_id: named.provider_subscription_id,
            source: named.source,
            customer: named.customer,
            status: self.status(),
            provider_status: provider_status.clone(),
            reason: reason.clone(),
            plan: PlanView {
                id: snapshot.plan_id.clone(),
                name: None,
            },
            quantity: snapshot.quantity,
            trial_used: snapshot.trial_used,
            current_period: PeriodView {
                start: snapshot.period_start,
                end: snapshot.period_end,
            },
            paid_through: self.paid_through(),
            access: as_of.map(|as_of| self.access(as_of)),
            started_at: snapshot.started_at,
            cancel_at: None,
            ended_at,
            created_at: snapshot.created_at.unwrap_or(named.activity.first()),
            updated_at: named.activity.last(),
            last_seq: named.activity.last_seq(),
            terms: None,
            replaced_by: None,
            explain: None,
        })
    }
}
