//! Kelviq's paths of customers, entitlements and usage. It knows no more of a handler than its name.

use super::super::Access::Key;
use super::super::{Entry, delete, get, patch, post};
use super::at;
use crate::domain::key::Scope::{Client, Read, Write};
use crate::http::error::Problem;
use crate::http::kelviq::answers::PageOf;
use crate::http::kelviq::{customers, entitlements, usage};

pub(super) fn table() -> Vec<Entry> {
    let mut table = asked_most();
    table.extend(customers());
    table
}

fn asked_most() -> Vec<Entry> {
    vec![
        get(
            at!("entitlements/"),
            Key(Client),
            "What a customer may use now",
            entitlements::index,
        )
        .note("A row for each feature of each subscription that grants access.")
        .query::<entitlements::EntitlementsQuery>()
        .says::<entitlements::Entitlements<'static>>()
        .refuses(&[Problem::NotFound("customer")]),
        post(
            at!("report/usage/"),
            Key(Write),
            "Records how much was used of a feature",
            usage::report,
        )
        .note("It is recorded also without a subscription, and beyond any limit.")
        .takes::<usage::UsageBody>()
        .says::<usage::UsageReported<'static>>(),
        post(
            at!("report/event/"),
            Key(Write),
            "Records something that happened, once for its idempotency key",
            usage::record,
        )
        .takes::<usage::EventBody>()
        .says::<usage::EventReported>(),
    ]
}

fn customers() -> Vec<Entry> {
    vec![
        get(
            at!("customers/"),
            Key(Read),
            "Customers that are not archived, newest first",
            customers::index,
        )
        .query::<customers::ListQuery>()
        .says::<PageOf<customers::Customer>>()
        .refuses(&[Problem::NotFound("page")]),
        post(
            at!("customers/"),
            Key(Write),
            "Makes a customer",
            customers::create,
        )
        .note("An identifier is never free again, whoever told of it.")
        .takes::<customers::NewCustomerBody>()
        .creates::<customers::Customer>(),
        get(
            at!("customers/{customerId}/"),
            Key(Read),
            "One customer",
            customers::show,
        )
        .says::<customers::Customer>(),
        patch(
            at!("customers/{customerId}/"),
            Key(Write),
            "Changes what is known of a customer",
            customers::update,
        )
        .takes::<customers::ChangeBody>()
        .says::<customers::Customer>(),
        delete(
            at!("customers/{customerId}/"),
            Key(Write),
            "Archives a customer",
            customers::archive,
        )
        .note("Refused while a subscription of it is active, on trial or past due.")
        .counts_once(),
    ]
}
