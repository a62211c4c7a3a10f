//! What became of an order, told from what is known of it: made, paid or refused, paid back.

use crate::domain::id::Tsid;
use crate::domain::money::Money;
use crate::domain::order::{OrderStatus, RefundWord};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::numbered::{Newest, Numbered, NumberedPage, numbered};
use crate::domain::time::Timestamp;

/// What happened to an order. Of one moment, what stands first here happened first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happening {
    /// It was made.
    Created,
    /// Its payment was refused.
    Failed,
    /// It was paid.
    Completed,
    /// Some of it was paid back.
    Refunded,
    /// Some of it was taken back by a bank.
    ChargedBack,
}

impl Happening {
    const ALL: [Self; 5] = [
        Self::Created,
        Self::Failed,
        Self::Completed,
        Self::Refunded,
        Self::ChargedBack,
    ];

    /// How many of [`Happening::ALL`] are not before it.
    fn place(self) -> u64 {
        Self::ALL
            .into_iter()
            .fold(0, |count, other| count + u64::from(other >= self))
    }
}

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// A function of the order and of what happened.
    pub id: Tsid,
    /// The provider's id of the payment.
    pub order: Box<str>,
    /// What.
    pub what: Happening,
    /// When.
    pub at: Timestamp,
    /// How much money it is about.
    pub amount: Option<Money>,
    /// The last digits of the card, where it is one.
    pub last4: Option<Box<str>>,
}

impl Happened {
    /// Its place among the others: the newest first, and of one moment what happened last.
    fn rank(&self) -> Newest {
        // What tells two of one kind apart takes the rest of the number.
        let apart = self.id.as_u64() >> 8;
        Newest {
            at: self.at,
            id: (self.what.place() << 56) | apart,
        }
    }
}

impl State {
    /// All that happened to the order that a payment is of.
    fn happened(&self, ix: Ix) -> Vec<Happened> {
        let entity = self.arena.get(ix);
        let Some(payment) = entity.payment() else {
            return Vec::new();
        };
        let sold = payment.sold();
        let (first, last) = (entity.activity.first(), entity.activity.last());
        let provider = self.arena.provider(entity.space);
        let instrument = sold.instrument.as_ref();
        let last4 = instrument.and_then(|it| it.text("last4"));
        let happened = |what: Happening, by: &str, at, amount| {
            let space = format!("{provider} {what:?}");
            Happened {
                id: Tsid::minted(&space, by),
                order: entity.name.clone(),
                what,
                at,
                amount,
                last4: last4.map(Into::into),
            }
        };
        let own = |what, at| happened(what, &entity.name, at, payment.amount());
        let mut all = vec![own(Happening::Created, payment.made_at().unwrap_or(first))];
        if sold.status == OrderStatus::Failed {
            all.push(own(Happening::Failed, last));
        }
        if let Some(paid_at) = sold.paid_at {
            all.push(own(Happening::Completed, paid_at));
        }
        let back = sold.refunds.iter();
        for refund in back.filter(|refund| refund.word == RefundWord::Succeeded) {
            let at = refund.view.created_at.unwrap_or(last);
            let (id, amount) = (&refund.view.id, refund.view.amount);
            all.push(happened(Happening::Refunded, id, at, amount));
        }
        for lost in &sold.lost {
            let at = lost.created_at.unwrap_or(last);
            all.push(happened(Happening::ChargedBack, &lost.id, at, lost.amount));
        }
        all
    }

    /// A numbered page of what happened to all orders of the subscription that this one pays, or to
    /// this one alone, newest first; `None` past the last page, and nothing at all where there is no
    /// such order.
    #[must_use]
    pub fn order_happenings(
        &self,
        id: &str,
        asked: Numbered,
    ) -> Option<Option<NumberedPage<Happened>>> {
        let orders = self.orders_beside(id);
        if orders.is_empty() {
            return None;
        }
        let all = orders.into_iter().flat_map(|ix| self.happened(ix));
        Some(numbered(all.map(|it| (it.rank(), it)), asked, Some))
    }
}
