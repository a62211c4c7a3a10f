//! What a fact of our own refers to: the customer, and the subscriptions that begin or end with it.
//! Knows nothing of what is held of them.

use super::{CheckoutOpened, Item, OwnFact};

impl OwnFact {
    /// The merchant's own identifier of the customer that it is told of, where it says so itself.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        match self {
            Self::CustomerCreated(fact) => Some(&fact.identifier),
            Self::AllowancesSet(fact) => Some(&fact.identifier),
            Self::UsageRead(fact) => Some(&fact.identifier),
            Self::UsageCounted(fact) => Some(&fact.identifier),
            Self::CheckoutOpened(fact) => Some(&fact.identifier),
            Self::CheckoutAttempted(_)
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

    /// The subscription (`SUA-…`) that begins with it, or that it sells.
    #[must_use]
    pub fn sells(&self) -> Option<&str> {
        if let Self::CustomerCreated(fact) = self {
            return fact.subscription.as_ref().map(|begun| &*begun.id);
        }
        let Self::CheckoutOpened(fact) = self else {
            return None;
        };
        match &fact.item {
            Item::Plan {
                subscription_id, ..
            } => Some(subscription_id),
            Item::Addon { .. } => None,
        }
    }
}

impl CheckoutOpened {
    /// The subscriptions (`SUA-…`) that this takes the place of, once it is paid.
    #[must_use]
    pub fn supersedes(&self) -> &[Box<str>] {
        match &self.item {
            Item::Plan { supersedes, .. } => supersedes,
            Item::Addon { .. } => &[],
        }
    }
}
