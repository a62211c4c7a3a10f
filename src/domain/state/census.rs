//! Counting what there is, piece by piece, so that nobody waits for the numbers.

use std::collections::BTreeMap;

use super::State;
use super::arena::Ix;
use super::entity::Kind;
use super::page::PIECE_THINGS;
use crate::domain::payment::Payment;
use crate::domain::status::Status;

/// How many there are of what was there when the count began, each as it stood when it was its
/// turn.
#[derive(Debug)]
pub struct Census {
    places: std::ops::Range<usize>,
    /// Subscriptions by status.
    pub subscriptions: BTreeMap<&'static str, u64>,
    /// Payments.
    pub payments: u64,
}

impl State {
    /// Begins to count all that is there now.
    #[must_use]
    pub fn begin_census(&self) -> Census {
        Census {
            places: 0..self.arena.len(),
            subscriptions: Status::ALL.map(|status| (status.as_str(), 0)).into(),
            payments: 0,
        }
    }

    /// Counts the next things; says whether any are left.
    pub fn count(&self, census: &mut Census) -> bool {
        for _ in 0..PIECE_THINGS {
            let Some(ix) = census.places.next().map(Ix::at) else {
                return false;
            };
            let entity = self.arena.get(ix);
            match entity.kind {
                Kind::Payment => {
                    census.payments += u64::from(entity.payment().is_some_and(Payment::is_known));
                }
                Kind::Subscription | Kind::SoleSubscription => {
                    if let Some(shown) = self.shown_subscription(ix) {
                        let status = shown.status().as_str();
                        *census.subscriptions.entry(status).or_default() += 1;
                    }
                }
                Kind::Party
                | Kind::Invoice
                | Kind::Order
                | Kind::Checkout
                | Kind::Addon
                | Kind::PaymentMethod => {}
            }
        }
        !census.places.is_empty()
    }
}
