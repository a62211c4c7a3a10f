//! Money that moved, or was refused: one for each payment, for each refund that went through and
//! for each dispute that was lost.

use serde::Serialize;

use super::{Book, MoneyListing, MoneySearched, OrderRecord, Sheet};
use crate::domain::id::Tsid;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::payment::{Payment, RefundView};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::numbered::Newest;
use crate::domain::status::RefundStatus;
use crate::domain::time::Timestamp;

/// Which way money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionKind {
    /// From the customer.
    Charge,
    /// Back to the customer.
    Refund,
    /// Back to the customer, by the bank.
    Chargeback,
}

impl TransactionKind {
    /// What is paid back was paid before.
    const fn step(self) -> u8 {
        match self {
            Self::Charge => 0,
            Self::Refund => 1,
            Self::Chargeback => 2,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStatus {
    /// The money moved.
    Success,
    /// It was refused.
    Failure,
}

/// Which transactions; what is left open is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionsAsked {
    /// What is searched for, by the payment's id.
    pub searched: MoneySearched,
    /// What came of them; of a status that is none of these, none.
    pub status: Option<Option<TransactionStatus>>,
}

/// One transaction of a payment.
#[derive(Debug, Clone, Copy)]
pub struct TransactionKey {
    payment: Ix,
    id: u64,
}

/// A transaction with the order that it is of.
#[derive(Debug, Clone)]
pub struct TransactionRecord {
    /// A function of the provider and its id.
    pub id: Tsid,
    /// Which way.
    pub kind: TransactionKind,
    /// What came of it.
    pub status: TransactionStatus,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub order: OrderRecord,
}

/// A transaction before it is put beside its order.
#[derive(Debug, Clone, Copy)]
struct Moved {
    id: Tsid,
    kind: TransactionKind,
    status: TransactionStatus,
    amount: Money,
    at: Timestamp,
}

impl MoneyListing for TransactionsAsked {
    type Key = TransactionKey;
    type Record = TransactionRecord;

    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, TransactionKey)) {
        for (ix, entity) in sheet.payments() {
            if !sheet.finds(&self.searched, &[&entity.name]) {
                continue;
            }
            for moved in sheet.state.moved_by(ix) {
                let is_meant = self
                    .status
                    .is_none_or(|wanted| wanted == Some(moved.status));
                if is_meant && self.searched.is_of_the_time(moved.at) {
                    let (at, id) = (moved.at, moved.id.as_u64());
                    let place = sheet.state.placed_after(ix, at, moved.kind.step(), id);
                    offer(place, TransactionKey { payment: ix, id });
                }
            }
        }
    }

    fn record(&self, book: &Book<'_>, key: TransactionKey) -> Option<TransactionRecord> {
        let mut all = book.state.moved_by(key.payment).into_iter();
        let moved = all.find(|moved| moved.id.as_u64() == key.id)?;
        Some(TransactionRecord {
            id: moved.id,
            kind: moved.kind,
            status: moved.status,
            amount: moved.amount,
            at: moved.at,
            order: book.order(key.payment)?,
        })
    }
}

impl State {
    /// What moved by a payment. Of what no provider says how much it is, nothing.
    fn moved_by(&self, ix: Ix) -> Vec<Moved> {
        let entity = self.arena.get(ix);
        let (Some(payment), Some(at)) = (entity.payment(), self.sold_at(ix)) else {
            return Vec::new();
        };
        let charge = came_of(payment)
            .zip(payment.amount())
            .map(|(status, amount)| Moved {
                id: entity.id,
                kind: TransactionKind::Charge,
                status,
                amount,
                at,
            });
        let provider = self.arena.provider(entity.space);
        let back = |kind, id: &str, amount, at: Option<Timestamp>| Moved {
            id: Tsid::minted(provider, id),
            kind,
            status: TransactionStatus::Success,
            amount,
            at: at.unwrap_or(entity.activity.last()),
        };
        let refunds = payment.refunds_seen().into_iter().filter_map(|refund| {
            let RefundView {
                id,
                amount,
                status,
                created_at,
            } = refund.view;
            let is_done = status == Some(RefundStatus::Processed);
            let amount = amount.filter(|_| is_done)?;
            Some(back(TransactionKind::Refund, &id, amount, created_at))
        });
        let lost = payment.lost().filter_map(|lost| {
            let (amount, created_at) = (lost.amount?, lost.created_at);
            Some(back(
                TransactionKind::Chargeback,
                &lost.id,
                amount,
                created_at,
            ))
        });
        charge.into_iter().chain(refunds).chain(lost).collect()
    }
}

/// What came of the payment itself; nothing while it is under way.
fn came_of(payment: &Payment) -> Option<TransactionStatus> {
    match payment.order_status() {
        OrderStatus::Pending => None,
        OrderStatus::Failed => Some(TransactionStatus::Failure),
        OrderStatus::Complete | OrderStatus::PartialRefund | OrderStatus::Refunded => {
            Some(TransactionStatus::Success)
        }
        OrderStatus::Cancelled | OrderStatus::Fraudulent => {
            payment.is_captured().then_some(TransactionStatus::Success)
        }
    }
}
