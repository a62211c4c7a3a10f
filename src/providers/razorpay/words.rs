//! Razorpay's words, event types and statuses, and what they are called here. Tables only: it
//! reads no body.
//!
//! Four event types are in no documentation but in the lists that public client code subscribes
//! to: `subscription.created`, `subscription.expired`, `payment.refunded` and
//! `invoice.payment_failed`. Each names a family whose bodies are known, so they are folded as
//! snapshots like the others. Any other word is unknown and waits in quarantine.

use crate::domain::status::CheckoutStatus;
use crate::domain::status::Status;
use crate::domain::status::{PaymentStatus, RefundStatus};

/// Which entity an event is about; without it the event cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Subscription,
    Payment,
    Dispute,
    Order,
    Invoice,
    Refund,
    PaymentLink,
}

/// What an event type says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) family: Family,
    /// Order within one second, so that a subscription's later state wins.
    pub(super) rank: u8,
    /// The status of the main entity, where the entity itself does not say.
    pub(super) implied_status: Option<&'static str>,
    /// Whether the subscription or invoice in it shows a period that its payment has paid. The
    /// other snapshots already show the unpaid one.
    pub(super) shows_paid_period: bool,
}

/// Prefixes of event types that are about the merchant's own money and accounts.
const IGNORED: &[&str] = &[
    "settlement.",
    "payment.downtime.",
    "transfer.",
    "qr_code.",
    "virtual_account.",
    "payout",
    "fund_account.",
    "account.",
];

/// Whether an event type is known to mean nothing to a subscription.
pub(super) fn is_ignored(event_type: &str) -> bool {
    IGNORED.iter().any(|prefix| event_type.starts_with(prefix))
}

/// What is known of an event type; `None` for an unknown one.
pub(super) fn kind(event_type: &str) -> Option<Kind> {
    if let Some(verb) = event_type.strip_prefix("subscription.") {
        return subscription_kind(verb);
    }
    let (family, implied_status) = match event_type {
        "payment.authorized" => (Family::Payment, Some("authorized")),
        "payment.captured" => (Family::Payment, Some("captured")),
        "payment.failed" => (Family::Payment, Some("failed")),
        "payment.pending" => (Family::Payment, Some("pending")),
        "payment.refunded" => (Family::Payment, Some("refunded")),
        "payment.dispute.created" => (Family::Dispute, Some("open")),
        "payment.dispute.won" => (Family::Dispute, Some("won")),
        "payment.dispute.lost" => (Family::Dispute, Some("lost")),
        "payment.dispute.closed" => (Family::Dispute, Some("closed")),
        "payment.dispute.under_review" => (Family::Dispute, Some("under_review")),
        "payment.dispute.action_required" => (Family::Dispute, None),
        "order.paid" => (Family::Order, Some("paid")),
        "invoice.paid" => (Family::Invoice, Some("paid")),
        "invoice.partially_paid" => (Family::Invoice, Some("partially_paid")),
        "invoice.expired" => (Family::Invoice, Some("expired")),
        "invoice.payment_failed" => (Family::Invoice, None),
        "refund.created" => (Family::Refund, Some("pending")),
        "refund.processed" => (Family::Refund, Some("processed")),
        "refund.failed" => (Family::Refund, Some("failed")),
        "refund.speed_changed" => (Family::Refund, None),
        "payment_link.paid" => (Family::PaymentLink, Some("paid")),
        "payment_link.partially_paid" => (Family::PaymentLink, Some("partially_paid")),
        "payment_link.cancelled" => (Family::PaymentLink, Some("cancelled")),
        "payment_link.expired" => (Family::PaymentLink, Some("expired")),
        _ => return None,
    };
    let shows_paid_period = event_type == "invoice.paid";
    Some(Kind {
        family,
        rank: 0,
        implied_status,
        shows_paid_period,
    })
}

fn subscription_kind(verb: &str) -> Option<Kind> {
    let (rank, implied_status) = match verb {
        "created" => (0, Some("created")),
        "authenticated" => (1, Some("authenticated")),
        "pending" => (2, Some("pending")),
        "activated" | "resumed" => (3, Some("active")),
        "charged" => (4, Some("active")),
        "updated" => (4, None),
        "paused" => (5, Some("paused")),
        "halted" => (6, Some("halted")),
        "cancelled" => (7, Some("cancelled")),
        "completed" => (7, Some("completed")),
        "expired" => (7, Some("expired")),
        _ => return None,
    };
    let shows_paid_period = matches!(verb, "charged" | "activated" | "completed");
    Some(Kind {
        family: Family::Subscription,
        rank,
        implied_status,
        shows_paid_period,
    })
}

/// The canonical status of a subscription's word.
pub(super) fn subscription_status(word: &str) -> Option<Status> {
    match word {
        "created" | "authenticated" => Some(Status::Incomplete),
        "active" => Some(Status::Active),
        "pending" => Some(Status::PastDue),
        "halted" => Some(Status::OnHold),
        "paused" => Some(Status::Paused),
        "cancelled" => Some(Status::Canceled),
        "completed" => Some(Status::Completed),
        "expired" => Some(Status::Expired),
        _ => None,
    }
}

/// The canonical status of a payment's word. A refunded payment was money once, and stays it:
/// refunds are counted beside it. `pending` is cash on delivery that nobody has collected yet.
pub(super) fn payment_status(word: &str) -> Option<PaymentStatus> {
    match word {
        "created" | "pending" => Some(PaymentStatus::Created),
        "authorized" => Some(PaymentStatus::Authorized),
        "failed" => Some(PaymentStatus::Failed),
        "captured" | "refunded" => Some(PaymentStatus::Captured),
        _ => None,
    }
}

/// The canonical status of a refund's word.
pub(super) fn refund_status(word: &str) -> Option<RefundStatus> {
    match word {
        "pending" => Some(RefundStatus::Pending),
        "failed" => Some(RefundStatus::Failed),
        "processed" => Some(RefundStatus::Processed),
        _ => None,
    }
}

/// The canonical status of a payment link's word.
pub(super) fn link_status(word: &str) -> Option<CheckoutStatus> {
    match word {
        "created" => Some(CheckoutStatus::Open),
        "partially_paid" => Some(CheckoutStatus::Processing),
        "cancelled" => Some(CheckoutStatus::Cancelled),
        "expired" => Some(CheckoutStatus::Expired),
        "paid" => Some(CheckoutStatus::Paid),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranks_follow_a_subscriptions_life() {
        let order = [
            "created",
            "authenticated",
            "pending",
            "activated",
            "charged",
            "paused",
            "halted",
            "cancelled",
        ];
        let ranks: Vec<u8> = order
            .iter()
            .map(|verb| kind(&format!("subscription.{verb}")).unwrap().rank)
            .collect();
        assert_eq!(ranks, [0, 1, 2, 3, 4, 5, 6, 7]);
        for (verb, rank) in [
            ("resumed", 3),
            ("updated", 4),
            ("completed", 7),
            ("expired", 7),
        ] {
            assert_eq!(
                kind(&format!("subscription.{verb}")).unwrap().rank,
                rank,
                "{verb}"
            );
        }
    }

    #[test]
    fn an_implied_status_is_a_known_word() {
        for verb in [
            "authenticated",
            "activated",
            "resumed",
            "charged",
            "halted",
            "expired",
        ] {
            let word = kind(&format!("subscription.{verb}"))
                .unwrap()
                .implied_status
                .unwrap();
            assert!(subscription_status(word).is_some(), "{verb}");
        }
        for verb in ["authorized", "captured", "failed", "pending", "refunded"] {
            let word = kind(&format!("payment.{verb}"))
                .unwrap()
                .implied_status
                .unwrap();
            assert!(payment_status(word).is_some(), "{verb}");
        }
    }

    #[test]
    fn words_are_exact() {
        for word in [
            "",
            "subscription.",
            "subscription",
            "SUBSCRIPTION.CHARGED",
            "payment.settled",
        ] {
            assert_eq!(kind(word), None, "{word}");
            assert!(!is_ignored(word), "{word}");
        }
        for word in [
            "settlement.processed",
            "payment.downtime.started",
            "payout.processed",
        ] {
            assert!(is_ignored(word) && kind(word).is_none(), "{word}");
        }
        assert!(is_ignored("payout_link.issued") && !is_ignored("settlements"));
        assert_eq!(subscription_status("Active"), None);
    }
}
