//! The paths of Stykite's API, as its pages name them. It knows no more of a handler than its name.

use super::Entry;

pub(super) fn table() -> Vec<Entry> {
    vec![]
}
