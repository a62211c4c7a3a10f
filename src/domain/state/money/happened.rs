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
    const fn step(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::Failed => 1,
            Self::Completed => 2,
            Self::Refunded => 3,
            Self::ChargedBack => 4,
        }
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
        let all = orders.into_iter().flat_map(|ix| {
            let happened = self.happened(ix).into_iter();
            happened.map(move |it| (self.rank(ix, &it), it))
        });
        Some(numbered(all, asked, Some))
    }

    /// Its place among the others: the newest first, and of one moment what happened last.
    fn rank(&self, order: Ix, it: &Happened) -> Newest {
        let (at, step, id) = (it.at, it.what.step(), it.id.as_u64());
        match it.what {
            Happening::Created | Happening::Failed => self.placed(order, at, step, id),
            Happening::Completed | Happening::Refunded | Happening::ChargedBack => {
                self.placed_after(order, at, step, id)
            }
        }
    }
}
