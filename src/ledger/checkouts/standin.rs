//! What the fold will answer, until it does.

use crate::domain::customer::CustomerName;
use crate::domain::own::{CancelWhen, CheckoutAtGateway, CheckoutOpened, Pretend};
use crate::domain::state::State;
use crate::domain::status::CheckoutStatus;
use crate::domain::time::Timestamp;

#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct CheckoutView {
    pub opened: CheckoutOpened,
    pub opened_at: Timestamp,
    pub status: CheckoutStatus,
    pub attempt: u32,
    pub attempted_at: Option<Timestamp>,
    pub pretend: Option<Pretend>,
    pub at_gateway: Option<CheckoutAtGateway>,
    pub refused: Option<Box<str>>,
    pub paid_at: Option<Timestamp>,
    pub customer: CustomerName,
}

pub(super) struct SubscriptionStanding {
    pub(super) id: String,
    pub(super) plan_id: Option<Box<str>>,
    pub(super) gateway_subscription: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GatewayWork {
    Open {
        checkout: Box<str>,
        attempt: u32,
    },
    Cancel {
        subscription_id: Box<str>,
        reference: Box<str>,
        when: CancelWhen,
    },
}

pub(super) trait Fold {
    fn checkout(&self, id: &str) -> Option<CheckoutView>;
    fn live_subscriptions(&self, identifier: &str) -> Vec<SubscriptionStanding>;
    fn gateway_work(&self) -> Vec<GatewayWork>;
}

impl Fold for State {
    fn checkout(&self, _: &str) -> Option<CheckoutView> {
        None
    }
    fn live_subscriptions(&self, _: &str) -> Vec<SubscriptionStanding> {
        Vec::new()
    }
    fn gateway_work(&self) -> Vec<GatewayWork> {
        Vec::new()
    }
}
