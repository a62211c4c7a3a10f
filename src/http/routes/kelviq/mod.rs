//! The paths of Kelviq's API, as its pages name them. It knows no more of a handler than its name.

mod catalogue;
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
        catalogue::table(),
        elsewhere::table(),
    ];
    let entries = families.into_iter().flatten();
    together(entries.map(|entry| entry.in_the_words(Wording::Kelviq)))
}

/// Each path's entries one after the other, where the first of them stands.
fn together(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut paths: Vec<&'static str> = Vec::new();
    let mut placed: Vec<(usize, Entry)> = Vec::new();
    for entry in entries {
        let path = entry.route.path;
        let known = paths.iter().position(|held| *held == path);
        let place = known.unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        });
        placed.push((place, entry));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, entry)| entry).collect()
}
