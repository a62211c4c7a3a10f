//! Kelviq's words, event types and statuses, and what they are called here. Tables only: it reads
//! no body.

use crate::domain::catalog::Period;
use crate::domain::order::{Billing, OrderStatus, RefundReason, RefundWord};
use crate::domain::status::{CheckoutStatus, PaymentStatus, Status};

/// Which object an event is about; without it the event cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Checkout,
    Customer,
    Order,
    Subscription,
    Invoice,
    Refund,
    UsageAlert,
    PaymentMethod,
}

impl Family {
    /// The word that the object carries in its own `object`.
    pub(super) const fn object(self) -> &'static str {
        match self {
            Self::Checkout => "checkout_session",
            Self::Customer => "customer",
            Self::Order => "order",
            Self::Subscription => "subscription",
            Self::Invoice => "invoice",
            Self::Refund => "refund",
            Self::UsageAlert => "feature_usage_alert",
            Self::PaymentMethod => "payment_method",
        }
    }

    /// Whether it says nothing that a subscription or its money depends on.
    pub(super) const fn is_ignored(self) -> bool {
        matches!(self, Self::UsageAlert)
    }
}

/// What an event type says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) family: Family,
    /// Order within one instant, so that the later state wins.
    pub(super) rank: u8,
    /// The status of the object, where the object itself does not say.
    pub(super) implied_status: Option<&'static str>,
}

/// What takes a payment method away, for ever.
pub(super) const PAYMENT_METHOD_DELETED: &str = "payment_method.deleted";

/// What is known of an event type; `None` for an unknown one.
pub(super) fn kind(event_type: &str) -> Option<Kind> {
    let (family, rank, implied_status) = match event_type {
        "checkout.completed" => (Family::Checkout, 0, Some("success")),
        "customer.created" => (Family::Customer, 0, None),
        "customer.updated" => (Family::Customer, 1, None),
        "order.created" => (Family::Order, 0, None),
        "order.updated" => (Family::Order, 1, None),
        "order.refunded" => (Family::Order, 2, Some("REFUNDED")),
        "subscription.created" => (Family::Subscription, 0, None),
        "subscription.updated" => (Family::Subscription, 1, None),
        "subscription.plan_changed" => (Family::Subscription, 2, None),
        "subscription.cancelled" => (Family::Subscription, 3, Some("canceled")),
        "feature.usage_alert" => (Family::UsageAlert, 0, None),
        "invoice.created" => (Family::Invoice, 0, None),
        "invoice.payment_failed" => (Family::Invoice, 1, Some("PAYMENT_FAILED")),
        "invoice.paid" => (Family::Invoice, 2, Some("PAID")),
        "refund.created" => (Family::Refund, 0, None),
        "refund.updated" => (Family::Refund, 1, None),
        "payment_method.created" => (Family::PaymentMethod, 0, None),
        "payment_method.updated" => (Family::PaymentMethod, 1, None),
        PAYMENT_METHOD_DELETED => (Family::PaymentMethod, 2, None),
        _ => return None,
    };
    Some(Kind {
        family,
        rank,
        implied_status,
    })
}

/// The word for a subscription that another one replaced.
pub(super) const SUPERSEDED: &str = "superseded";

/// The canonical status of a subscription's word.
pub(super) fn subscription_status(word: &str) -> Option<Status> {
    match word {
        "incomplete" => Some(Status::Incomplete),
        "incomplete_expired" => Some(Status::Expired),
        "trialing" => Some(Status::Trialing),
        "active" => Some(Status::Active),
        "past_due" => Some(Status::PastDue),
        "canceled" => Some(Status::Canceled),
        SUPERSEDED => Some(Status::Superseded),
        _ => None,
    }
}

/// How long a period is (`1 month`); `None` for one that is none of ours.
pub(super) fn recurrence(text: &str) -> Option<Period> {
    let (count, unit) = text.split_once(' ').unwrap_or(("1", text));
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    Some(match (count, unit) {
        ("1", "day") => Period::Daily,
        ("1", "week") | ("7", "day") => Period::Weekly,
        ("28", "day") | ("4", "week") => Period::TwentyEightDays,
        ("1", "month") => Period::Monthly,
        ("3", "month") | ("1", "quarter") => Period::ThreeMonths,
        ("6", "month") => Period::SixMonths,
        ("1", "year") | ("12", "month") => Period::Yearly,
        _ => return None,
    })
}

/// The canonical status of an order's word. A refunded order was money once, and stays it: refunds
/// are counted beside it. Whether one called off or found fraudulent had been paid, it does not
/// say, so these leave the status as it was.
pub(super) fn order_status(word: &str) -> Option<PaymentStatus> {
    match word {
        "PENDING" => Some(PaymentStatus::Created),
        "FAILED" => Some(PaymentStatus::Failed),
        "COMPLETE" | "REFUNDED" | "PARTIAL_REFUND" => Some(PaymentStatus::Captured),
        _ => None,
    }
}

/// The word of an order.
pub(super) fn order_word(word: &str) -> Option<OrderStatus> {
    Some(match word {
        "PENDING" => OrderStatus::Pending,
        "FAILED" => OrderStatus::Failed,
        "COMPLETE" => OrderStatus::Complete,
        "PARTIAL_REFUND" => OrderStatus::PartialRefund,
        "REFUNDED" => OrderStatus::Refunded,
        "CANCELLED" => OrderStatus::Cancelled,
        "FRAUDULENT" => OrderStatus::Fraudulent,
        _ => return None,
    })
}

/// What an order is paid for.
pub(super) fn billing(word: &str) -> Option<Billing> {
    match word {
        "ONE_TIME" => Some(Billing::OneTime),
        "SUBSCRIPTION" => Some(Billing::Subscription),
        _ => None,
    }
}

/// The word of a refund.
pub(super) fn refund_word(word: &str) -> Option<RefundWord> {
    Some(match word {
        "PENDING" => RefundWord::Pending,
        "PROCESSING" => RefundWord::Processing,
        "SUCCEEDED" => RefundWord::Succeeded,
        "FAILED" => RefundWord::Failed,
        "CANCELED" => RefundWord::Canceled,
        _ => return None,
    })
}

/// Why something was paid back; a reason that is not listed is another one.
pub(super) fn refund_reason(word: &str) -> RefundReason {
    match word {
        "DUPLICATE" => RefundReason::Duplicate,
        "DASHBOARD_INITIATED" => RefundReason::DashboardInitiated,
        "FRAUDULENT" => RefundReason::Fraudulent,
        "REQUESTED_BY_CUSTOMER" => RefundReason::RequestedByCustomer,
        _ => RefundReason::Other,
    }
}

/// The canonical status of a checkout session's word.
pub(super) fn checkout_status(word: &str) -> Option<CheckoutStatus> {
    (word == "success").then_some(CheckoutStatus::Paid)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranks_follow_a_subscriptions_life() {
        let verbs = ["created", "updated", "plan_changed", "cancelled"];
        let ranks: Vec<u8> = verbs
            .iter()
            .map(|verb| kind(&format!("subscription.{verb}")).unwrap().rank)
            .collect();
        assert_eq!(ranks, [0, 1, 2, 3]);
    }

    #[test]
    fn a_recurrence_is_one_of_our_periods_or_none() {
        for (text, period) in [
            ("1 month", Some(Period::Monthly)),
            ("month", Some(Period::Monthly)),
            ("3 months", Some(Period::ThreeMonths)),
            ("6 months", Some(Period::SixMonths)),
            ("28 days", Some(Period::TwentyEightDays)),
            ("1 week", Some(Period::Weekly)),
            ("1 year", Some(Period::Yearly)),
            ("2 months", None),
            ("", None),
            ("1 eon", None),
        ] {
            assert_eq!(recurrence(text), period, "{text}");
        }
    }

    #[test]
    fn words_are_exact() {
        for word in [
            "",
            "subscription",
            "subscription.canceled",
            "charge.completed",
            "payment.failed",
        ] {
            assert_eq!(kind(word), None, "{word}");
        }
        assert_eq!(subscription_status("cancelled"), None);
        assert_eq!(order_status("complete"), None);
        assert_eq!(refund_word("CANCELLED"), None);
    }
}
