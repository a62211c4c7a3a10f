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
mod query;
pub(super) mod refunds;
pub(super) mod sessions;
mod sold;
pub(super) mod subscriptions;
mod times;
pub(super) mod transactions;
pub(super) mod usage;

use std::borrow::Cow;

use super::error::Problem;
use super::field_errors::FieldErrors;
use crate::ledger::{CommandError, Refusal};

/// The ledger's id of a customer whose UUID this surface shows; any other text is an id already.
pub(crate) fn customer_id(text: &str) -> Cow<'_, str> {
    ids::known(ids::Named::Customer, text)
}

/// What every path of this surface begins with.
pub(super) const PREFIX: &str = "/api/v1/";

/// Whether a path is of this surface, also where nothing is at it.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with(PREFIX) || path == PREFIX.trim_end_matches('/')
}

/// Refusals that are about one field, each with its name and the sentence for it.
type OfFields = [(Refusal, &'static str, &'static str)];

/// The refusal of a command: in the words of `of_fields`, where it is there; else told of the field
/// that its sentence names in backticks, by pairs of the ledger's word and Kelviq's.
fn refused(
    of_fields: &'static OfFields,
    names: &'static [(&str, &str)],
) -> impl Fn(CommandError) -> Problem {
    move |error| {
        let known = of_fields.iter();
        let mut known =
            known.filter(|(refusal, ..)| CommandError::Refused(refusal.clone()) == error);
        match known.next() {
            Some((_, field, sentence)) => wrong(field, sentence),
            None => named(names)(error),
        }
    }
}

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
