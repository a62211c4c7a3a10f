//! What a fact of our own refers to: the customer, and the subscriptions that begin or end with it.
//! Knows nothing of what is held of them.

use super::{CheckoutOpened, CustomerCreated, Item, OwnFact, Pays, SubscriptionBegun};

/// What a fact of our own is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// A customer alone.
    Customer,
    /// A checkout (`TRN-…`).
    Checkout(&'a str),
    /// A subscription (`SUA-…`).
    Subscription(&'a str),
}

impl OwnFact {
    /// What it is told of.
    #[must_use]
    pub fn about(&self) -> About<'_> {
        match self {
            Self::CustomerCreated(_)
            | Self::CustomerUpdated(_)
            | Self::CustomerArchived(_)
            | Self::AllowancesSet(_)
            | Self::UsageRead(_)
            | Self::UsageCounted(_)
            | Self::UsageReported(_)
            | Self::UsageEvent(_) => About::Customer,
            Self::CheckoutOpened(fact) => About::Checkout(&fact.id),
            Self::CheckoutAttempted(fact) => About::Checkout(&fact.id),
            Self::CheckoutAtGateway(fact) => About::Checkout(&fact.id),
            Self::CheckoutRefused(fact) => About::Checkout(&fact.id),
            Self::CheckoutCancelled(fact) => About::Checkout(&fact.id),
            Self::CheckoutExpired(fact) => About::Checkout(&fact.id),
            Self::SubscriptionCreated(fact) | Self::PlanChanged(fact) => {
                About::Subscription(&fact.begun.id)
            }
            Self::CancelAsked(fact) => About::Subscription(&fact.subscription_id),
            Self::CancelledAtGateway(fact) => About::Subscription(&fact.subscription_id),
            Self::EndDateSet(fact) => About::Subscription(&fact.subscription_id),
            Self::TrialEnded(fact) | Self::SubscriptionEnded(fact) => {
                About::Subscription(&fact.subscription_id)
            }
        }
    }

    /// The customer that is made with it.
    #[must_use]
    pub fn customer_made(&self) -> Option<&CustomerCreated> {
        if let Self::CustomerCreated(made) = self {
            return Some(made);
        }
        if let Self::CheckoutOpened(opened) = self {
            return opened.customer.as_deref();
        }
        None
    }

    /// The merchant's own identifier of the customer that it is told of, where it says so itself.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        match self {
            Self::CustomerCreated(fact) => Some(&fact.identifier),
            Self::CustomerUpdated(fact) => Some(&fact.identifier),
            Self::CustomerArchived(fact) => Some(&fact.identifier),
            Self::AllowancesSet(fact) => Some(&fact.identifier),
            Self::UsageReported(fact) => Some(&fact.identifier),
            Self::UsageEvent(fact) => Some(&fact.identifier),
            Self::SubscriptionCreated(fact) | Self::PlanChanged(fact) => Some(&fact.identifier),
            Self::UsageRead(fact) => Some(&fact.identifier),
            Self::UsageCounted(fact) => Some(&fact.identifier),
            Self::CheckoutOpened(fact) => Some(&fact.identifier),
            Self::CheckoutAttempted(fact) => Some(&fact.pays.as_ref()?.identifier),
            Self::CheckoutAtGateway(_)
            | Self::CheckoutRefused(_)
            | Self::CheckoutCancelled(_)
            | Self::CheckoutExpired(_)
            | Self::CancelAsked(_)
            | Self::CancelledAtGateway(_)
            | Self::EndDateSet(_)
            | Self::TrialEnded(_)
            | Self::SubscriptionEnded(_) => None,
        }
    }

    /// The subscription (`SUA-…`) that begins with it, or that it sells.
    #[must_use]
    pub fn sells(&self) -> Option<&str> {
        match self {
            Self::CustomerCreated(fact) => fact.subscription.as_ref().map(|begun| &*begun.id),
            Self::CheckoutOpened(fact) => match &fact.item {
                Item::Plan {
                    subscription_id, ..
                } => Some(subscription_id),
                Item::Addon { .. } => None,
            },
            Self::CheckoutAttempted(fact) => Some(&fact.pays.as_ref()?.subscription_id),
            Self::SubscriptionCreated(fact) | Self::PlanChanged(fact) => Some(&fact.begun.id),
            Self::CustomerUpdated(_)
            | Self::CustomerArchived(_)
            | Self::UsageReported(_)
            | Self::UsageEvent(_)
            | Self::AllowancesSet(_)
            | Self::UsageRead(_)
            | Self::UsageCounted(_)
            | Self::CheckoutAtGateway(_)
            | Self::CheckoutRefused(_)
            | Self::CheckoutCancelled(_)
            | Self::CheckoutExpired(_)
            | Self::CancelAsked(_)
            | Self::CancelledAtGateway(_)
            | Self::EndDateSet(_)
            | Self::TrialEnded(_)
            | Self::SubscriptionEnded(_) => None,
        }
    }
}

impl OwnFact {
    /// The subscription that begins without a payment.
    #[must_use]
    pub fn subscription_begun(&self) -> Option<&SubscriptionBegun> {
        if let Self::SubscriptionCreated(begun) | Self::PlanChanged(begun) = self {
            Some(begun)
        } else {
            None
        }
    }
}

impl CheckoutOpened {
    /// Which subscription it was opened for; `None` for an add-on.
    #[must_use]
    pub fn pays(&self) -> Option<Pays> {
        let Item::Plan {
            subscription_id,
            supersedes,
            ..
        } = &self.item
        else {
            return None;
        };
        Some(Pays {
            identifier: self.identifier.clone(),
            subscription_id: subscription_id.clone(),
            supersedes: supersedes.clone(),
            quantities: None,
        })
    }
}
