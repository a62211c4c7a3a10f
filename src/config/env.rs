//! Overrides from the environment: `SUBLEDGER__SERVER__BIND=…` is `[server] bind`. Never reads the
//! process's environment itself: the variables are handed in.

use toml::{Table, Value};

use super::error::{ConfigError, Problem};

/// What the name of an override starts with. One underscore alone (`SUBLEDGER_ADMIN_KEY`) is none.
const PREFIX: &str = "SUBLEDGER__";
/// Between two levels of tables.
const LEVEL: &str = "__";
/// The schema is four tables deep; anything deeper names no key.
const MAX_LEVELS: usize = 8;

/// A key that the environment sets.
pub(super) struct Override {
    /// The variable's name.
    pub(super) variable: String,
    /// The key, as `server.bind`.
    pub(super) path: String,
    /// The values it can be read as, in the order in which they are tried.
    pub(super) readings: Vec<Value>,
}

/// The overrides among these variables, in the order of their names; `table` is what is
/// overridden, so that `MY_SOURCE` finds a table written `my-source`.
///
/// # Errors
/// A name that is not in upper case: it would race the one that is.
pub(super) fn overrides(
    variables: impl Iterator<Item = (String, String)>,
    table: &Table,
) -> Result<Vec<Override>, ConfigError> {
    let mut found = Vec::new();
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        if name != name.to_uppercase() {
            let message = "must be written in upper case".to_owned();
            return Err(ConfigError::Variable {
                name: variable,
                message,
            });
        }
        found.push(Override {
            path: path_of(name, table),
            readings: readings(&text),
            variable,
        });
    }
    found.sort_by(|a, b| a.variable.cmp(&b.variable));
    Ok(found)
}

/// `table` with `value` at `path`.
///
/// # Errors
/// The path leads through something that is no table, or through a nameless one.
pub(super) fn set(table: &mut Table, path: &str, value: Value) -> Result<(), Problem> {
    let refuse = |message: &str| Err(Problem::new(path, message));
    let mut keys: Vec<&str> = path.split('.').collect();
    if keys.iter().any(|key| key.is_empty()) || keys.len() > MAX_LEVELS {
        return refuse(
            "names no key; write SUBLEDGER__SECTION__KEY, as in SUBLEDGER__SERVER__BIND",
        );
    }
    let Some(last) = keys.pop() else {
        return refuse("names no key");
    };
    let mut table = table;
    for key in keys {
        let inner = table
            .entry(key)
            .or_insert_with(|| Value::Table(Table::new()));
        match inner {
            Value::Table(inner) => table = inner,
            Value::Array(_) => return refuse("sets part of a list; write the list in the file"),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => return refuse("goes through a key that is no section"),
        }
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

/// The path that a variable's name means. A key of the file whose dashes the shell cannot write is
/// found by its underscores.
fn path_of(name: &str, table: &Table) -> String {
    let mut path: Vec<String> = Vec::new();
    let mut table = Some(table);
    for level in name.split(LEVEL) {
        let key = level.to_lowercase();
        let written = table.and_then(|table| {
            table.keys().find(|written| **written == key).or_else(|| {
                table
                    .keys()
                    .find(|written| written.replace('-', "_") == key)
            })
        });
        let key = written.cloned().unwrap_or(key);
        table = table
            .and_then(|table| table.get(&key))
            .and_then(Value::as_table);
        path.push(key);
    }
    path.join(".")
}

/// A number or a truth value where the text is one, else the text itself. Text that looks like a
/// number can still be meant as text (a key id of digits), so both are offered.
fn readings(text: &str) -> Vec<Value> {
    let scalar = text.trim().parse().ok().filter(|value| {
        matches!(
            value,
            Value::Integer(_) | Value::Boolean(_) | Value::Datetime(_) | Value::String(_)
        )
    });
    scalar
        .into_iter()
        .chain([Value::String(text.to_owned())])
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn paths(names: &[&str], file: &str) -> Result<Vec<String>, String> {
        let variables = names.iter().map(|name| ((*name).to_owned(), String::new()));
        overrides(variables, &file.parse().unwrap())
            .map(|found| found.into_iter().map(|one| one.path).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn two_underscores_part_the_levels() {
        let names = [
            "SUBLEDGER__SERVER__PUBLIC_URL",
            "SUBLEDGER_ADMIN_KEY",
            "PATH",
            "SUBLEDGER__A",
        ];
        assert_eq!(paths(&names, "").unwrap(), ["a", "server.public_url"]);
    }

    #[test]
    fn underscores_find_the_dashes_of_the_file() {
        let names = ["SUBLEDGER__SOURCES__MY_SHOP__PROVIDER"];
        assert_eq!(
            paths(&names, "[sources.my-shop]").unwrap(),
            ["sources.my-shop.provider"]
        );
        let both = "[sources.my-shop]\n[sources.my_shop]";
        assert_eq!(paths(&names, both).unwrap(), ["sources.my_shop.provider"]);
    }

    #[test]
    fn lower_case_is_refused() {
        assert_eq!(
            paths(&["SUBLEDGER__Server__BIND"], "").unwrap_err(),
            "environment variable SUBLEDGER__Server__BIND: must be written in upper case"
        );
    }

    #[test]
    fn text_is_read_as_a_scalar_where_it_is_one() {
        assert_eq!(readings("7")[0], Value::Integer(7));
        assert_eq!(readings(" true ")[0], Value::Boolean(true));
        assert_eq!(readings("\"7\"")[0], Value::String("7".to_owned()));
        for text in ["127.0.0.1:80", "", "0.5", "[1]", "{ a = 1 }", "1\nb = 2"] {
            assert_eq!(readings(text), [Value::String(text.to_owned())], "{text}");
        }
    }
}
