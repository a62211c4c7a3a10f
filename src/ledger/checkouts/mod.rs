//! Checkouts: opened for something of the catalogue, paid on a hosted page, called off. What a
//! gateway is asked comes after the event that says so, and what it answers is another event.
//! Knows no page and no vendor's words.

mod address;
mod desk;
mod errand;
mod list;
mod offer;
mod open;
mod pay;
mod payer;
mod queue;
mod target;

pub use address::{is_address, origin};
pub(super) use desk::Desk;
pub use offer::{OFFER_TRIAL_DAYS_MAX, Offer};
pub use open::{NewCheckout, OpenedCheckout, Wanted};
pub use payer::Payer;

use std::time::{Duration, Instant};

use super::Ledger;
use super::customers::customer_conflict;
use crate::domain::checkout::CheckoutView;
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;
pub use crate::gateways::CameBack;

/// A day: long enough for a payer who asks somebody first, short enough for a price to hold.
const OPEN_FOR_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// How often somebody who waits for a gateway looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Commands about one customer, and those about one checkout, are decided one after the other.
fn conflicts(identifier: &str, checkout: Option<&str>) -> Vec<String> {
    let checkout = checkout.map(|id| format!("checkout {id}"));
    let customer = customer_conflict(identifier);
    [customer].into_iter().chain(checkout).collect()
}

/// How far a checkout has come at `now`.
fn status_at(view: &CheckoutView, now: Timestamp) -> CheckoutStatus {
    view.status.at(view.opened.expires_at, now)
}

impl Ledger {
    /// Why a checkout that is not over cannot be tried (again), in a sentence; `None` where it can.
    #[must_use]
    pub fn hindrance(&self, view: &CheckoutView) -> Option<String> {
        let gateway = self.gateway.as_ref().map(|gateway| gateway.name());
        let state = self.state.read();
        pay::payable(&state, view, gateway, self.clock.now()).err()
    }

    /// What the gateway says through the parameters with which it sends a payer back; `None` unless
    /// it signed them. It changes nothing but what a page says.
    #[must_use]
    pub fn came_back(&self, view: &CheckoutView, query: &str) -> Option<CameBack> {
        let gateway = self.gateway.as_ref()?;
        let mut pages = view.pages.iter();
        pages.find_map(|page| gateway.came_back(&view.opened.id, &page.reference, query))
    }

    /// One checkout, once its payer need not wait any more, or after `patience`.
    pub async fn checkout_moved(&self, id: &str, patience: Duration) -> Option<CheckoutView> {
        let deadline = Instant::now() + patience;
        loop {
            let view = self.checkout(id)?;
            let waits = view.status == CheckoutStatus::Processing && view.at_gateway.is_none();
            if !waits || Instant::now() >= deadline {
                return Some(view);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// One checkout, as it stands now.
    #[must_use]
    pub fn checkout(&self, id: &str) -> Option<CheckoutView> {
        let now = self.clock.now();
        let mut view = self.state.read().checkout(id)?;
        view.status = status_at(&view, now);
        Some(view)
    }
}
