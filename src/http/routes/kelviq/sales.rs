//! Kelviq's paths of checkouts and subscriptions. It knows no more of a handler than its name.

use super::super::Access::Key;
use super::super::{Entry, get, post};
use super::at;
use crate::domain::key::Scope::{Client, Read, Write};
use crate::http::error::Problem;
use crate::http::kelviq::answers::{PageOf, PageQuery};
use crate::http::kelviq::{checkout, sessions, subscriptions};

pub(super) fn table() -> Vec<Entry> {
    let mut table = held();
    table.extend(changed());
    table.extend(sold());
    table
}

/// What is asked most of subscriptions.
fn held() -> Vec<Entry> {
    vec![
        get(
            at!("subscriptions/"),
            Key(Client),
            "Subscriptions, newest started first",
            subscriptions::index,
        )
        .note(
            "Without `status` a row for each subscription that is neither over nor superseded and \
             has no end date that is past; with it every record that has one of these.",
        )
        .query::<subscriptions::ListQuery>()
        .says::<PageOf<subscriptions::shown::Subscription>>()
        .refuses(&[Problem::NotFound("page")]),
    ]
}

fn changed() -> Vec<Entry> {
    vec![
        post(
            at!("subscriptions/create/"),
            Key(Write),
            "Begins a subscription at once, without a payment",
            subscriptions::create,
        )
        .note("It lasts until it is ended. Whoever asks answers for what it is had for.")
        .takes::<subscriptions::NewSubscriptionBody>()
        .creates::<subscriptions::shown::Subscription>(),
        get(
            at!("subscriptions/{subscriptionId}/"),
            Key(Client),
            "One subscription",
            subscriptions::show,
        )
        .says::<subscriptions::shown::Subscription>(),
        post(
            at!("subscriptions/{subscriptionId}/update/"),
            Key(Write),
            "Puts another subscription in the place of one, at once",
            subscriptions::update,
        )
        .note(
            "What was paid for stays paid for, and what was counted stays counted. No payment is \
             taken and nothing is prorated.",
        )
        .takes::<subscriptions::UpdateBody>()
        .says::<subscriptions::Updated>(),
        post(
            at!("subscriptions/{subscriptionId}/cancel/"),
            Key(Write),
            "Cancels a subscription: at once, with its period, or on a date",
            subscriptions::cancel,
        )
        .takes::<subscriptions::CancelBody>()
        .says::<subscriptions::Cancelled>(),
    ]
}

fn sold() -> Vec<Entry> {
    vec![
        post(
            at!("checkout/"),
            Key(Write),
            "Opens a checkout for a plan",
            checkout::open,
        )
        .note("A `customerId` that nobody knows makes the customer. Send the payer to the answer.")
        .takes::<checkout::NewCheckoutBody>()
        .creates::<checkout::OpenedCheckout>(),
        get(
            at!("checkout/sessions/"),
            Key(Read),
            "Checkouts, newest first",
            sessions::index,
        )
        .query::<sessions::ListQuery>()
        .says::<PageOf<sessions::Session>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("checkout/sessions/{session_id}/"),
            Key(Read),
            "One checkout, with what was paid at it",
            sessions::show,
        )
        .says::<sessions::SessionInFull>(),
        get(
            at!("checkout/sessions/{session_id}/events/"),
            Key(Read),
            "What the log says of a checkout, newest first",
            sessions::events,
        )
        .query::<PageQuery>()
        .says::<PageOf<sessions::SessionEvent>>()
        .reads_the_log(),
    ]
}
