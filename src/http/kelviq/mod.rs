//! Kelviq's API on the ledger: its paths, bodies and pages. It reads what its clients send, asks for
//! a use-case and shows the answer in Kelviq's words; nothing is decided here.

pub(super) mod answers;
mod asked;
pub(super) mod catalog;
pub(super) mod checkout;
pub(super) mod customers;
pub(super) mod entitlements;
pub(super) mod error;
mod fields;
mod filters;
mod ids;
mod kinds;
pub(super) mod order_events;
pub(super) mod orders;
pub(super) mod payment_methods;
pub(super) mod product;
pub(super) mod refunds;
pub(super) mod sessions;
mod sold;
pub(super) mod subscriptions;
mod times;
pub(super) mod transactions;
pub(super) mod usage;

use super::error::Problem;
use super::field_errors::FieldErrors;
use crate::ledger::{CommandError, Refusal};

/// What every path of this surface begins with.
pub(super) const PREFIX: &str = "/api/v1/";

/// The refusal of a command, told of the field that it names in backticks: pairs of the ledger's
/// word and Kelviq's.
fn named(names: &'static [(&str, &str)]) -> impl Fn(CommandError) -> Problem {
    move |error| {
        let CommandError::Refused(Refusal::Invalid(why)) = error else {
            return error.into();
        };
        let of_field = |(ours, _): &&(&str, &str)| why.contains(&format!("`{ours}`"));
        // A sentence that begins with its field is told of it without.
        let begins = |(ours, theirs): &(&str, &'static str)| {
            let rest = why.strip_prefix(&format!("`{ours}`: "))?;
            Some(FieldErrors::of(theirs, rest))
        };
        if let Some(told) = names.iter().find_map(begins) {
            return Problem::InvalidFields(told);
        }
        match names.iter().find(of_field) {
            Some((ours, theirs)) => {
                let why = why.replace(&format!("`{ours}`"), &format!("`{theirs}`"));
                Problem::InvalidFields(FieldErrors::of(theirs, why))
            }
            None => Problem::InvalidBody(why),
        }
    }
}

/// A command refused for one field.
fn wrong(field: &str, sentence: &str) -> Problem {
    Problem::InvalidFields(FieldErrors::of(field, sentence))
}
