//! What is born here: the facts that this ledger's own commands and its scheduler tell. Each is the
//! `data` of one recorded event, under the event's type. Knows no HTTP, no gateway and no clock.

mod had;
mod people;
mod refers;
mod sales;
mod used;

use serde::{Deserialize, Serialize};

pub use had::{
    Begun, CancelAsked, CancelWhen, CancelledAtGateway, EndDateSet, Quantity, SubscriptionBegun,
    SubscriptionDue, Terms,
};
pub use people::{CustomerArchived, CustomerCreated, CustomerUpdated};
pub use refers::About;
pub use sales::{
    CheckoutAtGateway, CheckoutAttempted, CheckoutCancelled, CheckoutDue, CheckoutOpened,
    CheckoutRefused, Item, Pays, Pretend,
};
pub use used::{
    Allowance, AllowancesSet, Behaviour, EventCount, Reading, Tokens, UsageCounted, UsageEvent,
    UsageRead, UsageReported,
};

/// The provider of everything that is born here.
pub const PROVIDER: &str = "subledger";

/// The gateway that only pretends.
pub const GATEWAY_SANDBOX: &str = "sandbox";

/// Who takes the money where there is nothing to pay.
pub const GATEWAY_NONE: &str = "none";

/// One event of our own about a customer, a checkout or a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum OwnFact {
    /// A customer was made, and subscribed.
    #[serde(rename = "customer.created")]
    CustomerCreated(CustomerCreated),
    /// What is known of a customer was set anew.
    #[serde(rename = "customer.updated")]
    CustomerUpdated(CustomerUpdated),
    /// A customer is no longer wanted. It stays known by its identifier.
    #[serde(rename = "customer.archived")]
    CustomerArchived(CustomerArchived),
    /// What a customer may use of meters was set, whatever its plan says.
    #[serde(rename = "customer.allowances_set")]
    AllowancesSet(AllowancesSet),
    /// Meters were read.
    #[serde(rename = "usage.read")]
    UsageRead(UsageRead),
    /// Something was used: credits for tokens, or units of a meter.
    #[serde(rename = "usage.counted")]
    UsageCounted(UsageCounted),
    /// How much was used, altogether or since the last report.
    #[serde(rename = "usage.reported")]
    UsageReported(UsageReported),
    /// Something happened that may count as use.
    #[serde(rename = "usage.event")]
    UsageEvent(UsageEvent),
    /// A checkout was opened.
    #[serde(rename = "checkout.opened")]
    CheckoutOpened(CheckoutOpened),
    /// The payer wants to pay: the gateway is asked after this is recorded.
    #[serde(rename = "checkout.attempted")]
    CheckoutAttempted(CheckoutAttempted),
    /// The gateway has a page for it.
    #[serde(rename = "checkout.at_gateway")]
    CheckoutAtGateway(CheckoutAtGateway),
    /// The gateway refused for good, so that the attempt is over.
    #[serde(rename = "checkout.refused")]
    CheckoutRefused(CheckoutRefused),
    /// Somebody called it off.
    #[serde(rename = "checkout.cancelled")]
    CheckoutCancelled(CheckoutCancelled),
    /// Its time is over: from the scheduler.
    #[serde(rename = "checkout.expired")]
    CheckoutExpired(CheckoutDue),
    /// A subscription begins because somebody says so.
    #[serde(rename = "subscription.created")]
    SubscriptionCreated(SubscriptionBegun),
    /// The same, in the place of another.
    #[serde(rename = "subscription.plan_changed")]
    PlanChanged(SubscriptionBegun),
    /// A subscription is to end, now, with its cycle or on a date.
    #[serde(rename = "subscription.cancel_asked")]
    CancelAsked(CancelAsked),
    /// The gateway stopped charging, or has nothing to stop.
    #[serde(rename = "subscription.cancelled_at_gateway")]
    CancelledAtGateway(CancelledAtGateway),
    /// A subscription is to end at another time.
    #[serde(rename = "subscription.end_date_set")]
    EndDateSet(EndDateSet),
    /// Its trial is over: from the scheduler.
    #[serde(rename = "trial.ended")]
    TrialEnded(SubscriptionDue),
    /// It is over: from the scheduler.
    #[serde(rename = "subscription.ended")]
    SubscriptionEnded(SubscriptionDue),
}
