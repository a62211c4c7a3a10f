//! What Kelviq's API has and a ledger does not do: each path with the sentence that says so. Nothing
//! is read of such a request but its key.

use actix_web::http::Method;

use super::super::Access::{self, Key, Open};
use super::super::{Entry, entry, get};
use super::at;
use crate::domain::key::Scope::{Client, Read, Write};
use crate::http::error::Problem;

const LICENCES: &str =
    "Licence keys are not kept by this ledger; ask the service that issues and checks them.";
const PORTAL: &str = "This ledger has no customer portal; show the answers of its API in your own.";
const CHARGES: &str = "This ledger charges nobody by itself; open a checkout instead.";
const REFUNDS: &str =
    "This ledger moves no money; refund at the payment gateway, and it is shown here.";
const PREVIEW: &str = "This ledger prorates nothing, so there is no amount to preview.";
const OFFERING: &str =
    "This ledger has no price pages; show the plans of its catalogue in your own.";
const PROMOTIONS: &str = "This ledger has no promotions; give a checkout its price instead.";
const DELIVERIES: &str = "This ledger sends no webhooks of Kelviq's, so there is no log of them.";
const CATALOGUE: &str = "The catalogue is changed in the ledger's configuration, not by its API.";
const PRODUCTS: &str =
    "This ledger keeps no settings of products, only the plans of its catalogue.";
const FILES: &str = "This ledger keeps no files.";
const PARTNERS: &str = "This ledger serves one organisation and makes no others.";

pub(super) fn table() -> Vec<Entry> {
    let mut table = money();
    table.extend(catalogue());
    table.extend(organisation());
    table
}

/// A path that refuses always, with that sentence.
fn never(
    method: Method,
    path: &'static str,
    access: Access,
    summary: &'static str,
    why: &'static str,
) -> Entry {
    let handler = move || async move { Err::<&str, _>(Problem::NotImplemented(why)) };
    let made = if method == Method::GET {
        get(path, access, summary, handler)
    } else {
        entry(method, path, access, summary, handler)
    };
    made.never(why)
}

/// Licences, the portal, and what moves money or would.
fn money() -> Vec<Entry> {
    let posted = [
        (at!("license/activate/"), "Activates a licence", LICENCES),
        (
            at!("license/deactivate/"),
            "Deactivates a licence",
            LICENCES,
        ),
        (at!("license/validate/"), "Checks a licence", LICENCES),
        (at!("portal/session/"), "Opens the customer portal", PORTAL),
        (at!("charges/"), "Charges a saved payment method", CHARGES),
        (at!("refunds/"), "Refunds an order", REFUNDS),
        (
            at!("subscriptions/{subscriptionId}/update/preview/"),
            "What an update would cost",
            PREVIEW,
        ),
    ];
    let posted = posted.into_iter();
    posted
        .map(|(path, summary, why)| never(Method::POST, path, Key(Write), summary, why))
        .collect()
}

/// What changes products and plans.
fn catalogue() -> Vec<Entry> {
    let write = [
        (Method::POST, at!("catalog/products/"), "Makes a product"),
        (
            Method::PATCH,
            at!("catalog/products/{pk}/"),
            "Changes a product",
        ),
        (
            Method::DELETE,
            at!("catalog/products/{pk}/"),
            "Archives a product",
        ),
        (Method::POST, at!("catalog/features/"), "Makes a feature"),
        (
            Method::DELETE,
            at!("catalog/features/{pk}/"),
            "Archives a feature",
        ),
        (Method::POST, at!("catalog/plans/"), "Makes a plan"),
        (
            Method::PATCH,
            at!("catalog/plans/{identifier}/"),
            "Changes a plan",
        ),
        (
            Method::DELETE,
            at!("catalog/plans/{identifier}/"),
            "Archives a plan",
        ),
        (
            Method::POST,
            at!("catalog/plans/{identifier}/publish/"),
            "Publishes a plan",
        ),
        (
            Method::DELETE,
            at!("catalog/plans/{identifier}/discard/"),
            "Drops a draft",
        ),
        (
            Method::POST,
            at!("catalog/plans/{identifier}/prices/bulk/"),
            "Sets a plan's prices",
        ),
        (
            Method::POST,
            at!("catalog/plans/{identifier}/features/"),
            "Adds features to a plan",
        ),
        (
            Method::PATCH,
            at!("catalog/plans/{identifier}/features/{feature_id}/"),
            "Changes a plan's feature",
        ),
        (
            Method::DELETE,
            at!("catalog/plans/{identifier}/features/{feature_id}/"),
            "Takes a feature from a plan",
        ),
    ];
    let write = write.into_iter();
    write
        .map(|(method, path, summary)| never(method, path, Key(Write), summary, CATALOGUE))
        .collect()
}

/// Settings, files, promotions, deliveries and other organisations, whose callers have keys of
/// another kind.
fn organisation() -> Vec<Entry> {
    let settings = at!("catalog/products/{pk}/settings/");
    let image = at!("catalog/products/{product_pk}/image/{pk}/");
    let file = at!("catalog/plans/{identifier}/file/{pk}/");
    let download = at!("catalog/plans/{identifier}/file/{pk}/download/");
    let offering = at!("monetization/product-offering/{product_id}/");
    let partners = at!("partner/organizations/");
    let partner = at!("partner/organizations/{identifier}/");
    let by_external = at!("partner/organizations/by-external-id/{externalId}/");
    vec![
        never(
            Method::GET,
            settings,
            Key(Read),
            "A product's settings",
            PRODUCTS,
        ),
        never(
            Method::PATCH,
            settings,
            Key(Write),
            "Changes a product's settings",
            PRODUCTS,
        ),
        never(
            Method::PATCH,
            image,
            Key(Write),
            "Changes a product's image",
            FILES,
        ),
        never(
            Method::DELETE,
            image,
            Key(Write),
            "Deletes a product's image",
            FILES,
        ),
        never(
            Method::PATCH,
            file,
            Key(Write),
            "Changes a plan's file",
            FILES,
        ),
        never(
            Method::DELETE,
            file,
            Key(Write),
            "Deletes a plan's file",
            FILES,
        ),
        never(Method::GET, download, Open, "A plan's file", FILES),
        never(
            Method::POST,
            at!("media/"),
            Key(Write),
            "Uploads a file",
            FILES,
        ),
        never(
            Method::GET,
            offering,
            Key(Client),
            "A product's price page",
            OFFERING,
        ),
        never(
            Method::GET,
            at!("promotions/"),
            Key(Client),
            "A promotion",
            PROMOTIONS,
        ),
        never(
            Method::GET,
            at!("webhook/logs/"),
            Key(Read),
            "Deliveries",
            DELIVERIES,
        ),
        never(
            Method::GET,
            partners,
            Open,
            "A partner's organisations",
            PARTNERS,
        ),
        never(
            Method::POST,
            partners,
            Open,
            "Makes an organisation",
            PARTNERS,
        ),
        never(Method::GET, partner, Open, "An organisation", PARTNERS),
        never(
            Method::GET,
            by_external,
            Open,
            "An organisation by its partner's id",
            PARTNERS,
        ),
    ]
}
