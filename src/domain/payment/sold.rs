//! A payment as what was sold with it: what follows from its own cells. It knows no links.

use serde::Serialize;

use super::{Payment, RefundView};
use crate::domain::instrument::Instrument;
use crate::domain::money::Money;
use crate::domain::order::{Billing, OrderStatus, RefundReason, RefundWord, Sale};
use crate::domain::status::RefundStatus;
use crate::domain::time::Timestamp;

/// Razorpay's word for a dispute that took the money back.
const LOST: &str = "lost";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sold {
    /// How far it has come.
    pub status: OrderStatus,
    /// When it was paid; `None` while it is not.
    pub paid_at: Option<Timestamp>,
    /// What was paid back, in minor units.
    pub refunded_minor: i64,
    /// What was paid for, where the provider says so.
    pub billing: Option<Billing>,
    /// Whether it pays another period, where the provider says so.
    pub is_renewal: Option<bool>,
    /// The provider's word for the plan.
    pub plan: Option<Box<str>>,
    /// What it was paid with, beyond the word.
    pub instrument: Option<Instrument>,
    /// What was paid back or is to be, by the provider's ids.
    pub refunds: Vec<RefundSeen>,
    /// What banks took back.
    pub lost: Vec<Lost>,
}

/// A dispute that took money back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The provider's id of the dispute.
    pub id: Box<str>,
    /// How much, where it is said.
    pub amount: Option<Money>,
    /// Since when there is a dispute.
    pub created_at: Option<Timestamp>,
}

/// A refund with all that is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundSeen {
    /// The money.
    #[serde(flatten)]
    pub view: RefundView,
    /// How far it has come.
    pub word: RefundWord,
    /// Why, where the provider says so.
    pub reason: Option<RefundReason>,
}

impl Payment {
    /// What was paid back so far, in minor units.
    pub(super) fn refunded_minor(&self) -> i64 {
        self.refunds
            .values()
            .filter(|refund| refund.status == Some(RefundStatus::Processed))
            .filter_map(|refund| refund.amount.get())
            .fold(0_i64, |sum, amount| sum.saturating_add(amount.amount_minor))
    }

    /// How far the sale has come: by the provider's word, or further by what is known of the money.
    #[must_use]
    pub fn order_status(&self) -> OrderStatus {
        let paid = self.amount.get().map(|amount| amount.amount_minor);
        let known = match self.refunded_minor() {
            0 => OrderStatus::of_payment(self.status),
            refunded if paid.is_some_and(|paid| refunded >= paid) => OrderStatus::Refunded,
            _ => OrderStatus::PartialRefund,
        };
        let said = self.sale.get().and_then(|sale| sale.status);
        said.map_or(known, |said| said.max(known))
    }

    /// When it was paid: as the provider says, else when the payment was made.
    #[must_use]
    pub fn paid_at(&self) -> Option<Timestamp> {
        let is_paid = matches!(
            self.order_status(),
            OrderStatus::Complete | OrderStatus::PartialRefund | OrderStatus::Refunded
        );
        let said = self.sale.get().and_then(|sale| sale.paid_at);
        said.or_else(|| self.made_at().filter(|_| is_paid))
    }

    /// What it was paid with, as [`Instrument::to_text`].
    #[must_use]
    pub fn instrument_text(&self) -> Option<&str> {
        self.instrument.get().map(|text| &**text)
    }

    /// `card`, `upi`, …
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.get().map(|method| &**method)
    }

    /// What is paid for, where the provider says so.
    #[must_use]
    pub fn billing(&self) -> Option<Billing> {
        self.sale.get()?.billing
    }

    /// Whether it pays another period, where the provider says so.
    #[must_use]
    pub fn is_renewal(&self) -> Option<bool> {
        self.sale.get()?.is_renewal
    }

    /// How much it is.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        self.amount.get().copied()
    }

    /// The disputes that took money back; of the whole payment, where it is not said how much.
    pub fn lost(&self) -> impl Iterator<Item = Lost> {
        let all = self.disputes.iter();
        let told = all.filter_map(|(id, slot)| Some((id, slot.get()?)));
        let lost = told.filter(|(_, dispute)| dispute.status.as_deref() == Some(LOST));
        lost.map(|(id, dispute)| Lost {
            id: id.clone(),
            amount: dispute.amount.or(self.amount()),
            created_at: dispute.created_at,
        })
    }

    /// Whether anything was paid back, or was to be.
    #[must_use]
    pub fn has_refunds(&self) -> bool {
        !self.refunds.is_empty()
    }

    /// The provider's ids of what was paid back, or was to be.
    pub fn refund_ids(&self) -> impl Iterator<Item = &str> {
        self.refunds.keys().map(|id| &**id)
    }

    /// All that its own cells say of the sale.
    #[must_use]
    pub fn sold(&self) -> Sold {
        let nothing = Sale::default();
        let sale = self.sale.get().unwrap_or(&nothing);
        let status = self.order_status();
        let total = self.amount.get().map_or(0, |amount| amount.amount_minor);
        // All was paid back, also where no refund was told of.
        let said = if status == OrderStatus::Refunded {
            total
        } else {
            0
        };
        Sold {
            status,
            paid_at: self.paid_at(),
            refunded_minor: self.refunded_minor().max(said),
            billing: sale.billing,
            is_renewal: sale.is_renewal,
            plan: sale.plan.clone(),
            instrument: self.instrument_text().map(Instrument::of_text),
            refunds: self.refunds_seen(),
            lost: self.lost().collect(),
        }
    }

    /// What was paid back, or was to be, by the provider's ids.
    #[must_use]
    pub fn refunds_seen(&self) -> Vec<RefundSeen> {
        let seen = self.refunds.iter().map(|(id, refund)| {
            let said = refund.said.get().copied().unwrap_or_default();
            let plain = RefundWord::of(refund.status);
            // A word that says less than is known from another event is not shown.
            let word = said
                .word
                .filter(|word| word.status() == plain.status())
                .unwrap_or(plain);
            RefundSeen {
                view: refund.view(id),
                word,
                reason: said.reason,
            }
        });
        seen.collect()
    }
}
