//! The paths of Kelviq's API, as its pages name them. It knows no more of a handler than its name.

mod elsewhere;
mod money;
mod people;
mod sales;

use super::Entry;
use crate::http::wording::Wording;

/// A path of this surface, with the slash that its pages write at the end.
macro_rules! at {
    ($rest:literal) => {
        concat!("/api/v1/", $rest)
    };
}
use at;

/// What is asked most stands first.
pub(super) fn table() -> Vec<Entry> {
    let families = [
        people::table(),
        sales::table(),
        money::table(),
        elsewhere::table(),
    ];
    let entries = families.into_iter().flatten();
    entries
        .map(|entry| entry.in_the_words(Wording::Kelviq))
        .collect()
}
