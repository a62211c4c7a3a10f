//! Checkouts: opened for something of the catalogue, paid on a hosted page, called off. What a
//! gateway is asked comes after the event that says so, and what it answers is another event.
//! Knows no page and no vendor's words.

mod desk;
mod errand;
mod open;
mod pay;

pub(super) use desk::Desk;
pub use open::{NewCheckout, OpenedCheckout, Wanted};

use super::Ledger;
use crate::domain::checkout::CheckoutView;
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;

/// A day: long enough for a payer who asks somebody first, short enough for a price to hold.
const OPEN_FOR_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Commands about one customer, and those about one checkout, are decided one after the other.
fn conflicts(identifier: &str, checkout: Option<&str>) -> Vec<String> {
    let names = [Some(identifier), checkout].into_iter().flatten();
    names.map(str::to_owned).collect()
}

/// How far a checkout has come at `now`: the scheduler may not have said yet that it is over.
fn status_at(view: &CheckoutView, now: Timestamp) -> CheckoutStatus {
    let is_over = now >= view.opened.expires_at && view.status < CheckoutStatus::Cancelled;
    if is_over {
        CheckoutStatus::Expired
    } else {
        view.status
    }
}

impl Ledger {
    /// One checkout, as it stands now.
    #[must_use]
    pub fn checkout(&self, id: &str) -> Option<CheckoutView> {
        let now = self.clock.now();
        let mut view = self.state.read().checkout(id)?;
        view.status = status_at(&view, now);
        Some(view)
    }
}
