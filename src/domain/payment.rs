//! Payments, refunds and disputes. Money is one entry per provider payment id.

mod sold;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::sold::{Lost, RefundSeen, Sold};

use super::activity::Activity;
use super::customer::CustomerName;
use super::event::{DisputeFact, PaymentFact, RefundFact};
use super::explanation::Explain;
use super::money::Money;
use super::order::{RefundSaid, Sale};
use super::register::{RareSlot, Slot, SourceId, Stamp};
use super::status::{PaymentStatus, RefundStatus};
use super::time::Timestamp;

/// A payment as the fold holds it, with its refunds and disputes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which source described it last.
    source: Slot<SourceId>,
    status: Option<PaymentStatus>,
    amount: Slot<Money>,
    method: Slot<Box<str>>,
    /// What it was paid with, as `Instrument::to_text`: of most payments only the word is told.
    instrument: RareSlot<Box<str>>,
    sale: RareSlot<Sale>,
    created_at: Slot<Timestamp>,
    refunds: BTreeMap<Box<str>, Refund>,
    disputes: BTreeMap<Box<str>, Slot<Dispute>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Refund {
    status: Option<RefundStatus>,
    amount: Slot<Money>,
    said: RareSlot<RefundSaid>,
    created_at: Slot<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Dispute {
    status: Option<Box<str>>,
    phase: Option<Box<str>>,
    reason_code: Option<Box<str>>,
    amount: Option<Money>,
    created_at: Option<Timestamp>,
}

impl Refund {
    fn view(&self, id: &str) -> RefundView {
        RefundView {
            id: id.into(),
            amount: self.amount.get().copied(),
            status: self.status,
            created_at: self.created_at.get().copied(),
        }
    }
}

impl Payment {
    /// Takes in a provider's snapshot. Nothing that was known is cleared by its absence.
    pub fn observe(&mut self, fact: &PaymentFact, stamp: Stamp, source: SourceId) {
        self.source.offer(stamp, source);
        self.status = self.status.max(fact.status);
        if let Some(amount) = fact.amount {
            self.amount.offer(stamp, amount);
        }
        if let Some(method) = &fact.method {
            self.method.offer(stamp, method.clone());
        }
        if let Some(instrument) = &fact.instrument {
            self.instrument.offer(stamp, instrument.to_text());
        }
        if let Some(sale) = &fact.sale {
            self.sale.offer(stamp, sale.clone());
        }
        if let Some(created_at) = fact.created_at {
            self.created_at.offer(stamp, created_at);
        }
    }

    /// Takes in a refund.
    pub fn refund(&mut self, fact: &RefundFact, stamp: Stamp) {
        let refund = self.refunds.entry(fact.id.clone()).or_default();
        refund.status = refund.status.max(fact.status);
        if let Some(amount) = fact.amount {
            refund.amount.offer(stamp, amount);
        }
        if let Some(said) = fact.said {
            refund.said.offer(stamp, said);
        }
        if let Some(created_at) = fact.created_at {
            refund.created_at.offer(stamp, created_at);
        }
    }

    /// Takes in a dispute.
    pub fn dispute(&mut self, fact: &DisputeFact, stamp: Stamp) {
        let dispute = Dispute {
            status: fact.status.clone(),
            phase: fact.phase.clone(),
            reason_code: fact.reason_code.clone(),
            amount: fact.amount,
            created_at: fact.created_at,
        };
        self.disputes
            .entry(fact.id.clone())
            .or_default()
            .offer(stamp, dispute);
    }

    /// Which source described it last.
    #[must_use]
    pub fn source(&self) -> Option<SourceId> {
        self.source.get().copied()
    }

    /// Whether any event described it; one known by reference alone is not shown.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.source.get().is_some()
    }

    /// Whether it is money. What is paid back later does not undo that.
    #[must_use]
    pub fn is_captured(&self) -> bool {
        self.status == Some(PaymentStatus::Captured)
    }

    /// Whether it failed, for now.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.status == Some(PaymentStatus::Failed)
    }

    /// Whether it is at least that much, in the same currency.
    #[must_use]
    pub fn covers(&self, price: Money) -> bool {
        let amount = self.amount.get();
        amount.is_some_and(|amount| {
            amount.currency == price.currency && amount.amount_minor >= price.amount_minor
        })
    }

    /// When the provider made it, where it says so.
    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        self.created_at.get().copied()
    }

    /// The word shown: what was paid may have been paid back, in part or whole. A refund that went
    /// through also proves a capture that nobody told us of.
    fn shown_status(&self) -> &'static str {
        let refunded = self.refunded_minor();
        let paid = self.amount.get().map(|amount| amount.amount_minor);
        if refunded > 0 {
            let whole = paid.is_some_and(|paid| refunded >= paid);
            return if whole {
                "refunded"
            } else {
                "partially_refunded"
            };
        }
        match self.status {
            None | Some(PaymentStatus::Created) => "created",
            Some(PaymentStatus::Authorized) => "authorized",
            Some(PaymentStatus::Failed) => "failed",
            Some(PaymentStatus::Captured) => "captured",
        }
    }
}

/// Every word that a payment's status is shown with.
const SHOWN: [&str; 6] = [
    "created",
    "authorized",
    "failed",
    "captured",
    "partially_refunded",
    "refunded",
];

/// A payment as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Payment")]
pub struct PaymentView {
    pub id: Box<str>,
    pub provider: &'static str,
    pub source: Arc<str>,
    pub amount: Option<Money>,
    #[schemars(extend("enum" = SHOWN))]
    pub status: &'static str,
    pub method: Option<Box<str>>,
    pub customer: Option<CustomerName>,
    pub subscription_id: Option<String>,
    pub invoice_id: Option<Box<str>>,
    pub order_id: Option<Box<str>>,
    pub refunds: Vec<RefundView>,
    pub disputes: Vec<DisputeView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_seq: u64,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

/// A refund as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Refund")]
pub struct RefundView {
    pub id: Box<str>,
    pub amount: Option<Money>,
    pub status: Option<RefundStatus>,
    pub created_at: Option<Timestamp>,
}

/// A dispute as it is shown, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Dispute")]
pub struct DisputeView {
    pub id: Box<str>,
    pub status: Option<Box<str>>,
    pub phase: Option<Box<str>>,
    pub reason_code: Option<Box<str>>,
    pub amount: Option<Money>,
    pub created_at: Option<Timestamp>,
}

/// What a view needs to know of a payment beside its own cells.
#[derive(Debug)]
pub struct PaymentLinks {
    /// The provider's id.
    pub id: Box<str>,
    /// The provider.
    pub provider: &'static str,
    /// The source that described it last.
    pub source: Arc<str>,
    /// Whose it is.
    pub customer: Option<CustomerName>,
    /// Our id of the subscription it pays.
    pub subscription_id: Option<String>,
    /// The provider's id of the invoice it pays.
    pub invoice_id: Option<Box<str>>,
    /// The provider's id of the order it pays.
    pub order_id: Option<Box<str>>,
    /// When it was first and last heard of.
    pub activity: Activity,
}

impl Payment {
    /// How it is shown; `None` while it is known by reference alone.
    #[must_use]
    pub fn view(&self, links: PaymentLinks) -> Option<PaymentView> {
        self.source.get()?;
        let dispute = |(id, slot): (&str, &Slot<Dispute>)| {
            let held = slot.get()?;
            Some(DisputeView {
                id: id.into(),
                status: held.status.clone(),
                phase: held.phase.clone(),
                reason_code: held.reason_code.clone(),
                amount: held.amount,
                created_at: held.created_at,
            })
        };
        Some(PaymentView {
            id: links.id,
            provider: links.provider,
            source: links.source,
            amount: self.amount.get().copied(),
            status: self.shown_status(),
            method: self.method.get().cloned(),
            customer: links.customer,
            subscription_id: links.subscription_id,
            invoice_id: links.invoice_id,
            order_id: links.order_id,
            refunds: self
                .refunds
                .iter()
                .map(|(id, held)| held.view(id))
                .collect(),
            disputes: self
                .disputes
                .iter()
                .filter_map(|(id, held)| dispute((id, held)))
                .collect(),
            created_at: self
                .created_at
                .get()
                .copied()
                .unwrap_or(links.activity.first()),
            updated_at: links.activity.last(),
            last_seq: links.activity.last_seq(),
            explain: None,
        })
    }
}
