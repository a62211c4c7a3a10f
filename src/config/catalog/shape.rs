//! The shapes that every kind of entry shares: ids, words, labels, amounts, currencies, references.
//! Knows no kind of entry.

use std::collections::BTreeSet;

use super::Problem;
use crate::domain::money::{AMOUNT_MINOR_MAX, Currency};

/// A person's label: it is shown in lists and on the payment page.
const MAX_LABEL_CHARS: usize = 200;
/// A word that programs write: it is part of URLs and of log lines.
const MAX_WORD_BYTES: usize = 128;

/// Ids or words that are taken.
pub(super) type Seen<'a> = BTreeSet<&'a str>;

/// One entry of the catalogue, with what a complaint about it needs.
pub(super) struct Entry {
    /// As `catalog.plans[2]`.
    path: String,
    /// As `PLV-… in [[catalog.plans]]`.
    name: String,
}

impl Entry {
    /// The entry at place `at` (from 0) of `list`, which people know as `id`.
    pub(super) fn new(list: &str, at: usize, id: &str) -> Self {
        let path = format!("catalog.{list}[{at}]");
        let shown = if is_word(id) {
            id.to_owned()
        } else {
            format!("entry {}", at + 1)
        };
        Self {
            path,
            name: format!("{shown} in [[catalog.{list}]]"),
        }
    }

    /// An entry of a list inside this one.
    pub(super) fn inner(&self, list: &str, at: usize) -> Self {
        let Self { path, name } = self;
        Self {
            path: format!("{path}.{list}[{at}]"),
            name: format!("entry {} of the {list} of {name}", at + 1),
        }
    }

    /// A complaint about one key of it.
    pub(super) fn refuse(&self, key: &str, message: &str) -> Problem {
        let Self { path, name } = self;
        Problem::new(
            format!("{path}.{key}"),
            format!("{name}: `{key}` {message}"),
        )
    }

    /// Its id, well written and no other entry's.
    pub(super) fn id<'a>(
        &self,
        id: &'a str,
        prefix: &str,
        seen: &mut Seen<'a>,
    ) -> Result<(), Problem> {
        self.prefixed("id", id, prefix)?;
        self.unique("id", id, seen)
    }

    /// A prefix, then letters and digits.
    pub(super) fn prefixed(&self, key: &str, id: &str, prefix: &str) -> Result<(), Problem> {
        match id.strip_prefix(prefix) {
            Some(rest) if !rest.is_empty() && is_word(id) => Ok(()),
            _ => Err(self.refuse(
                key,
                &format!("must be {prefix} and then letters and digits"),
            )),
        }
    }

    /// A word that no other entry of the kind has.
    pub(super) fn unique<'a>(
        &self,
        key: &str,
        word: &'a str,
        seen: &mut Seen<'a>,
    ) -> Result<(), Problem> {
        if seen.insert(word) {
            return Ok(());
        }
        Err(self.refuse(key, "is another entry's already; give each its own"))
    }

    /// A word that programs write.
    pub(super) fn word(&self, key: &str, text: &str) -> Result<(), Problem> {
        if is_word(text) {
            return Ok(());
        }
        let message =
            format!("must be 1 to {MAX_WORD_BYTES} letters, digits and signs, without spaces");
        Err(self.refuse(key, &message))
    }

    /// Text for people.
    pub(super) fn label(&self, key: &str, text: &str) -> Result<(), Problem> {
        let length = text.chars().count();
        if text.trim().is_empty() || length > MAX_LABEL_CHARS || text.contains(char::is_control) {
            let message = format!("must be 1 to {MAX_LABEL_CHARS} characters on one line");
            return Err(self.refuse(key, &message));
        }
        Ok(())
    }

    /// An amount of money that is charged.
    pub(super) fn amount(&self, key: &str, minor: i64) -> Result<(), Problem> {
        if (0..=AMOUNT_MINOR_MAX).contains(&minor) {
            return Ok(());
        }
        Err(self.refuse(
            key,
            "must be whole minor units (paise, cents), not negative",
        ))
    }

    /// A currency of ISO 4217 that people pay in, in capitals.
    pub(super) fn currency(&self, key: &str, code: &str) -> Result<(), Problem> {
        let is_written = |known: &Currency| known.as_str() == code && known.is_paid_in();
        match Currency::parse(code).filter(is_written) {
            Some(_) => Ok(()),
            None => Err(self.refuse(key, "must be a currency of ISO 4217, such as INR")),
        }
    }

    /// An id that must be defined in `list`.
    pub(super) fn refers(
        &self,
        key: &str,
        id: &str,
        seen: &Seen<'_>,
        list: &str,
    ) -> Result<(), Problem> {
        if seen.contains(id) {
            return Ok(());
        }
        let shown = if is_word(id) { id } else { "something" };
        Err(self.refuse(key, &format!("names `{shown}`, which is not in {list}")))
    }
}

/// Visible ASCII, without quotes and slashes, which would have to be escaped where it is used.
fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'`/\\?#%".contains(&b);
    (1..=MAX_WORD_BYTES).contains(&text.len()) && text.bytes().all(plain)
}
