//! The text of a configuration file: where each key is written, and serde's complaints about it as
//! one sentence. Knows TOML; of the schema only what the complaints say.

use std::cmp::Reverse;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origins, Place, Problem};

/// A name this many letters away from a known one is taken for a slip of the finger.
const MAX_TYPO_DISTANCE: usize = 2;
/// Names longer than this are not measured against known ones: the measure is quadratic.
const MAX_MEASURED_BYTES: usize = 64;
/// The top of the document in a path.
const TOP: &str = "";

/// Reads `text` as a `T`, and remembers where each key was written.
pub(super) fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
) -> Result<(T, toml::Table, Origins), ConfigError> {
    let at_line = |at: usize, message: String| ConfigError::Line {
        file: file.to_owned(),
        line: line_of(text, at),
        message,
    };
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let not_toml =
        |error: toml::de::Error| at_line(start(&error), format!("no TOML: {}", error.message()));

    let mut keys = Keys::default();
    keys.walk(DeTable::parse(text).map_err(not_toml)?.get_ref(), TOP);
    if let Some((path, at)) = &keys.fraction {
        let message = format!(
            "{} must be a decimal in quotes, such as \"0.03\"",
            name_of(path)
        );
        return Err(at_line(*at, message));
    }
    let parsed = toml::from_str::<T>(text).map_err(|error| {
        let at = start(&error);
        at_line(at, sentence(error.message(), keys.path_at(at)))
    })?;
    let table = toml::from_str(text).map_err(not_toml)?;

    let mut origins = Origins::of(file);
    for (path, _, written_at) in keys.entries {
        origins.insert(path, Place::Line(line_of(text, written_at)));
    }
    Ok((parsed, table, origins))
}

/// Reads a table that was put together from several places; `path` is the newest part of it.
pub(super) fn reread<T: DeserializeOwned>(table: &toml::Table, path: &str) -> Result<T, Problem> {
    T::deserialize(table.clone())
        .map_err(|error| Problem::new(path, sentence(error.message(), path)))
}

/// Every key of a document: its path, the bytes it covers and where it starts.
#[derive(Default)]
struct Keys {
    entries: Vec<(String, Range<usize>, usize)>,
    /// The first binary fraction. No key takes one: they cannot hold money.
    fraction: Option<(String, usize)>,
}

impl Keys {
    fn walk(&mut self, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let name = key.get_ref();
            let path = if path == TOP {
                name.to_string()
            } else {
                format!("{path}.{name}")
            };
            let span = key.span();
            self.entries.push((path.clone(), span.clone(), span.start));
            self.value(value, path);
        }
    }

    fn value(&mut self, value: &toml::Spanned<DeValue<'_>>, path: String) {
        let start = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) => self.walk(table, &path),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.entries
                        .push((path.clone(), item.span(), item.span().start));
                    self.value(item, path);
                }
            }
            DeValue::Float(_) if self.fraction.is_none() => {
                self.fraction = Some((path.clone(), start));
            }
            DeValue::Float(_)
            | DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
        self.entries.push((path, value.span(), start));
    }

    /// The innermost key at this byte.
    fn path_at(&self, at: usize) -> &str {
        self.entries
            .iter()
            .filter(|(_, span, _)| span.contains(&at))
            .min_by_key(|(path, span, _)| (span.len(), Reverse(path.len())))
            .map_or(TOP, |(path, _, _)| path)
    }
}

/// The line, from 1, of a byte.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    before.iter().fold(1, |line, byte| {
        line.saturating_add(usize::from(*byte == b'\n'))
    })
}

/// A path as `key` in [section].
fn name_of(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((section, key)) => format!("`{key}` in {}", section_of(section)),
        None => format!("`{path}`"),
    }
}

/// A table's path as its header is written.
fn section_of(path: &str) -> String {
    let mut bare = String::with_capacity(path.len());
    let mut in_index = false;
    for letter in path.chars() {
        match letter {
            '[' => in_index = true,
            ']' => in_index = false,
            _ if in_index => {}
            _ => bare.push(letter),
        }
    }
    if path.ends_with(']') {
        format!("[[{bare}]]")
    } else {
        format!("[{bare}]")
    }
}

/// serde's words about the value at `path`, as a sentence of ours and without the value.
fn sentence(message: &str, path: &str) -> String {
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("unknown field ") {
        return unknown_key(&quoted(message), message, path);
    }
    if message.starts_with("missing field ") {
        return format!("{} needs the key `{}`", section_of(path), quoted(message));
    }
    if message.starts_with("unknown variant ") {
        let words = message
            .split_once(", expected ")
            .map_or("", |(_, words)| words);
        let word = quoted(message);
        return format!(
            "{} must be {}, not `{word}`",
            name_of(path),
            words.replace("one of ", "")
        );
    }
    if message.starts_with("must ") || message.starts_with("needs ") {
        return format!("{} {message}", name_of(path));
    }
    let wanted = message
        .rsplit_once(", expected ")
        .map_or("", |(_, wanted)| wanted);
    let kind = match wanted {
        "u8" | "u16" | "u32" | "u64" | "i64" => "a whole number that fits",
        "a boolean" => "true or false",
        "a string" => "a string in quotes",
        "a sequence" => "an array",
        _ if wanted.starts_with("a Decimal") => "a decimal in quotes, such as \"0.03\"",
        _ if wanted == "a map" || wanted.starts_with("struct ") => "a table",
        _ => return format!("{} has a value of the wrong type", name_of(path)),
    };
    format!("{} must be {kind}", name_of(path))
}

/// The sentence about a key that the schema does not know, at `path` or somewhere along it.
fn unknown_key(key: &str, message: &str, path: &str) -> String {
    let mut table = path;
    while let Some((parent, last)) = table.rsplit_once('.') {
        table = parent;
        if last == key {
            break;
        }
    }
    let section = match table {
        _ if table == path || table == key => String::new(),
        _ => format!(" in {}", section_of(table)),
    };
    let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    let distance = |name: &&str| strsim::damerau_levenshtein(key, name);
    let near = known
        .iter()
        .copied()
        .filter(|name| key.len() <= MAX_MEASURED_BYTES && distance(name) <= MAX_TYPO_DISTANCE)
        .min_by_key(distance);
    match near {
        Some(name) => format!("unknown key `{key}`{section}; did you mean `{name}`?"),
        None if known.is_empty() => format!("unknown key `{key}`{section}; it takes none"),
        None => format!(
            "unknown key `{key}`{section}; known are {}",
            known.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_as_in_the_file() {
        assert_eq!(
            section_of("catalog.plans[12].prices[0]"),
            "[[catalog.plans.prices]]"
        );
        assert_eq!(section_of("server"), "[server]");
        assert_eq!(name_of("server.bind"), "`bind` in [server]");
        assert_eq!(name_of("data_dir"), "`data_dir`");
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of("a\nb\n", 0), 1);
        assert_eq!(line_of("a\nb\n", 2), 2);
        assert_eq!(line_of("a\nb\n", 99), 3);
        assert_eq!(line_of("", 0), 1);
    }

    #[test]
    fn a_complaint_never_repeats_the_value() {
        let said = sentence(
            "invalid type: string \"hunter2, expected x\", expected u32",
            "a.b",
        );
        assert_eq!(said, "`b` in [a] must be a whole number that fits");
    }
}
