//! Why a configuration is refused, and where: one plain sentence each. Never holds a value that
//! was written, because the value may be a secret.

use std::collections::BTreeMap;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read at all.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// The file as it was named.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// A line of the file is wrong.
    #[error("{file} line {line}: {message}")]
    Line {
        /// The file as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// An environment variable that overrides a key is wrong.
    #[error("environment variable {name}: {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// Something is wrong that is written nowhere (a default that does not fit).
    #[error("{file}: {message}")]
    Whole {
        /// The file as it was named.
        file: String,
        /// What is wrong.
        message: String,
    },
}

/// Where a key got its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On this line of the file, from 1.
    Line(usize),
    /// From this environment variable.
    Variable(String),
}

/// A complaint about one key, before it is known where the key was written.
#[derive(Debug)]
pub(super) struct Problem {
    /// The key, as `catalog.plans[2].prices[0].currency`.
    pub(super) path: String,
    /// What is wrong.
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Where every key was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    file: String,
    places: BTreeMap<String, Place>,
}

impl Origins {
    pub(super) fn of(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            places: BTreeMap::new(),
        }
    }

    pub(super) fn insert(&mut self, path: String, place: Place) {
        self.places.insert(path, place);
    }

    /// A key that a variable sets, with the tables that exist only because of it.
    pub(super) fn override_with(&mut self, path: &str, variable: &str) {
        let place = Place::Variable(variable.to_owned());
        for (at, _) in path.match_indices('.') {
            if let Some(table) = path.get(..at) {
                self.places
                    .entry(table.to_owned())
                    .or_insert_with(|| place.clone());
            }
        }
        self.insert(path.to_owned(), place);
    }

    /// Whether the key itself was written anywhere.
    pub(super) fn is_set(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The place of the key, or of the nearest table around it.
    pub(super) fn find(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    /// The complaint, with the place that it is about.
    pub(super) fn refuse(&self, problem: Problem) -> ConfigError {
        let Problem { path, message } = problem;
        match self.find(&path) {
            Some(Place::Line(line)) => ConfigError::Line {
                file: self.file.clone(),
                line: *line,
                message,
            },
            Some(Place::Variable(name)) => ConfigError::Variable {
                name: name.clone(),
                message,
            },
            None => ConfigError::Whole {
                file: self.file.clone(),
                message,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_place_has_that_of_its_table() {
        let mut origins = Origins::of("c.toml");
        origins.insert("catalog.plans[1]".to_owned(), Place::Line(7));
        origins.insert("server.bind".to_owned(), Place::Variable("V".to_owned()));
        let sentence = |path: &str| origins.refuse(Problem::new(path, "no")).to_string();
        assert_eq!(
            sentence("catalog.plans[1].prices[0].currency"),
            "c.toml line 7: no"
        );
        assert_eq!(sentence("server.bind"), "environment variable V: no");
        assert_eq!(sentence("catalog.plans[10]"), "c.toml: no");
    }
}
