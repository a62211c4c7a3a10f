//! Kelviq's paths of orders, transactions, refunds and payment methods. It knows no more of a handler
//! than its name.

use super::super::Access::Key;
use super::super::{Entry, get};
use super::at;
use crate::domain::key::Scope::Read;
use crate::http::error::Problem;
use crate::http::kelviq::answers::{PageOf, PageQuery};
use crate::http::kelviq::{order_events, orders, payment_methods, refunds, transactions};

pub(super) fn table() -> Vec<Entry> {
    let mut table = orders();
    table.extend(moved());
    table
}

fn orders() -> Vec<Entry> {
    vec![
        get(
            at!("orders/"),
            Key(Read),
            "Orders that were paid or refused, the newest paid first",
            orders::index,
        )
        .note("An order is a payment; one that is under way, or nobody's, is not among them.")
        .query::<orders::ListQuery>()
        .says::<PageOf<orders::Order>>()
        .refuses(&[Problem::NotFound("page")]),
        get(at!("orders/{id}/"), Key(Read), "One order", orders::show).says::<orders::Order>(),
        get(
            at!("orders/{id}/events/"),
            Key(Read),
            "What happened to the orders of a subscription, newest first",
            order_events::index,
        )
        .query::<PageQuery>()
        .says::<PageOf<order_events::OrderEvent>>()
        .refuses(&[Problem::NotFound("page")]),
    ]
}

fn moved() -> Vec<Entry> {
    vec![
        get(
            at!("transaction/"),
            Key(Read),
            "What was charged, paid back or taken back, newest first",
            transactions::index,
        )
        .query::<transactions::ListQuery>()
        .says::<PageOf<transactions::Transaction>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("refunds/"),
            Key(Read),
            "What was paid back or is to be, newest first",
            refunds::index,
        )
        .query::<refunds::ListQuery>()
        .says::<PageOf<refunds::Refund>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("refunds/{refundId}/"),
            Key(Read),
            "One refund",
            refunds::show,
        )
        .says::<refunds::Refund>(),
        get(
            at!("payment-methods/"),
            Key(Read),
            "What customers pay with, newest first",
            payment_methods::index,
        )
        .note("What Kelviq keeps for them, and what the payments of others were made with.")
        .query::<payment_methods::ListQuery>()
        .says::<PageOf<payment_methods::PaymentMethod>>()
        .refuses(&[Problem::NotFound("page")]),
    ]
}
