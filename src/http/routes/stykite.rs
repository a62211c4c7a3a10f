//! The paths of Stykite's API, as its pages name them. It knows no more of a handler than its name.

use super::Access::Key;
use super::{Entry, get, post, put};
use crate::domain::key::Scope::{Read, Write};
use crate::http::error::Problem;
use crate::http::stykite::answers::{Answer, Done};
use crate::http::stykite::error::Page;
use crate::http::stykite::{
    LIST_BYTES_MAX, checkpoint, customer, entitlements, payment, shown, subscription, usage,
};
use crate::http::wording::Wording;

/// A path of a company in a country.
macro_rules! place {
    ($rest:literal) => {
        concat!("/v1/company/{companyId}/country/{countryId}/", $rest)
    };
}

/// What is asked most stands first.
pub(super) fn table() -> Vec<Entry> {
    let mut table = customers();
    table.extend(usages());
    table.extend(subscriptions());
    table
}

fn customers() -> Vec<Entry> {
    vec![
        get(
            place!("customer/{customerIdentifier}"),
            Key(Read),
            "One customer, with its subscriptions, add-ons and entitlements",
            customer::show,
        )
        .says::<Answer<shown::CustomerInFull>>()
        .in_the_words(Wording::Stykite(Page::Silent)),
        post(
            place!("customer"),
            Key(Write),
            "Makes a customer and subscribes it to a plan",
            customer::create,
        )
        .note("A customer that was made with the same before is answered again.")
        .takes::<customer::NewCustomerBody>()
        .says::<Answer<shown::Customer>>()
        .in_the_words(Wording::Stykite(Page::Silent)),
        put(
            place!("customer/{customerIdentifier}/meter-entitlements"),
            Key(Write),
            "Sets what a customer may use of meters",
            entitlements::set,
        )
        .takes::<entitlements::EntitlementSets>()
        .of_at_most(LIST_BYTES_MAX)
        .says::<Done>()
        .in_the_words(Wording::Stykite(Page::Silent)),
    ]
}

fn usages() -> Vec<Entry> {
    vec![
        post(
            place!("customer/{customerIdentifier}/usage"),
            Key(Write),
            "Records what meters showed",
            usage::report,
        )
        .note("A reading is all that was used until its time. Of one time, the first told counts.")
        .takes::<usage::Readings>()
        .of_at_most(LIST_BYTES_MAX)
        .accepts::<Done>()
        .in_the_words(Wording::Stykite(Page::Silent)),
        post(
            place!("checkpoint/usage"),
            Key(Write),
            "Prices and counts the tokens of a model, or counts units",
            checkpoint::record,
        )
        .takes::<checkpoint::CheckpointBody>()
        .says::<checkpoint::Answered>()
        .refuses(&[Problem::NotFound("customer")])
        .in_the_words(Wording::Stykite(Page::Silent)),
        post(
            "/v1/company/{companyId}/checkpoint/usage",
            Key(Write),
            "The same, with the answers of the older page",
            checkpoint::record_as_before,
        )
        .takes::<checkpoint::CheckpointBody>()
        .says::<checkpoint::OlderAnswered>()
        .in_the_words(Wording::Stykite(Page::Checkpoint)),
    ]
}

fn subscriptions() -> Vec<Entry> {
    vec![
        post(
            place!("payment"),
            Key(Write),
            "Opens a checkout for a plan or an add-on",
            payment::open,
        )
        .note("Send the payer to `/checkout/` and the transaction's id.")
        .takes::<payment::NewPaymentBody>()
        .says::<Answer<payment::Transaction>>()
        .in_the_words(Wording::Stykite(Page::Silent)),
        post(
            place!("customer/{customerIdentifier}/cancel_subscription"),
            Key(Write),
            "Cancels a subscription, at once or with its cycle",
            subscription::cancel,
        )
        .takes::<subscription::CancelBody>()
        .says::<Done>()
        .in_the_words(Wording::Stykite(Page::Cancel)),
        put(
            place!("customer/{customerIdentifier}/subscription"),
            Key(Write),
            "Sets when a subscription ends",
            subscription::update,
        )
        .takes::<subscription::UpdateBody>()
        .creates::<Done>()
        .in_the_words(Wording::Stykite(Page::Silent)),
    ]
}
