//! A source's own table of config.toml, key by key, with the secrets it names. It knows no
//! provider: what a key means, and which keys there are, is asked by the caller.

use std::io;
use std::path::Path;

use toml::Value;

use super::keyring::{KeyRing, RotatingKey};
use crate::domain::time::Timestamp;
use crate::signature::{Key, Secret, SecretFault};

/// Key ids are written into every record.
const KEY_ID_CHARS_MAX: usize = 64;

/// A setting that cannot be used. The message never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingsError {
    /// The key inside the source's table, for instance `secrets[0].not_after`.
    pub key: String,
    /// What is wrong and what to write, continuing the key.
    pub message: String,
}

impl SettingsError {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
        }
    }
}

/// How a provider makes a key of a secret's text, under the id that records name it by.
pub(super) type MakeKey = fn(Secret, Option<&str>) -> Result<Key, SecretFault>;

/// Where `env:` and `file:` secrets come from.
pub(super) struct Outside<'a> {
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// The secrets that could be read, and the variables that are not set.
pub(super) struct Secrets {
    pub(super) ring: KeyRing,
    pub(super) unset: Vec<String>,
}

/// A table whose keys are taken one by one, so that what is left over is unknown.
pub(super) struct Settings {
    prefix: String,
    table: toml::Table,
}

impl Settings {
    pub(super) fn new(table: toml::Table) -> Self {
        Self {
            prefix: String::new(),
            table,
        }
    }

    pub(super) fn error(&self, key: &str, message: impl Into<String>) -> SettingsError {
        SettingsError::new(format!("{}{key}", self.prefix), message)
    }

    /// Takes a text that may be left out, but not empty.
    pub(super) fn take_text(&mut self, key: &str) -> Result<Option<String>, SettingsError> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.error(key, "must be a text that is not empty")),
        }
    }

    fn take_flag(&mut self, key: &str) -> Result<bool, SettingsError> {
        match self.table.remove(key) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(flag),
            Some(_) => Err(self.error(key, "must be true or false")),
        }
    }

    fn take_time(&mut self, key: &str) -> Result<Option<Timestamp>, SettingsError> {
        let Some(value) = self.table.remove(key) else {
            return Ok(None);
        };
        let time = match &value {
            Value::String(text) => Timestamp::parse(text),
            Value::Datetime(time) => Timestamp::parse(&time.to_string()),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Array(_)
            | Value::Table(_) => None,
        };
        let message = "must be a time in RFC 3339, such as \"2026-12-31T00:00:00Z\"";
        time.map(Some).ok_or_else(|| self.error(key, message))
    }

    /// Takes `secrets = [{ secret, id, not_after, verify_only }, …]`.
    pub(super) fn take_secrets(
        &mut self,
        make_key: MakeKey,
        outside: &Outside<'_>,
    ) -> Result<Secrets, SettingsError> {
        let key = "secrets";
        let needed = "must list at least one secret, such as [{ secret = \"env:NAME\" }]";
        let items = match self.table.remove(key) {
            Some(Value::Array(items)) if !items.is_empty() => items,
            _ => return Err(self.error(key, needed)),
        };
        let mut secrets = Secrets {
            ring: KeyRing::default(),
            unset: Vec::new(),
        };
        for (place, item) in items.into_iter().enumerate() {
            let path = format!("{key}[{place}]");
            let Value::Table(table) = item else {
                return Err(self.error(&path, "must be a table such as { secret = \"env:NAME\" }"));
            };
            let mut entry = Self {
                prefix: format!("{}{path}.", self.prefix),
                table,
            };
            entry.take_secret_into(&mut secrets, make_key, outside)?;
            entry.finish()?;
        }
        Ok(secrets)
    }

    fn take_secret_into(
        &mut self,
        secrets: &mut Secrets,
        make_key: MakeKey,
        outside: &Outside<'_>,
    ) -> Result<(), SettingsError> {
        let id = self.take_key_id()?;
        let not_after = self.take_time("not_after")?;
        let verify_only = self.take_flag("verify_only")?;
        let setting = match self.table.remove("secret") {
            Some(Value::String(setting)) => setting,
            _ => {
                return Err(self.error(
                    "secret",
                    "must be a text: the secret, env:NAME or file:PATH",
                ));
            }
        };
        let fault = |fault| self.error("secret", format!("{fault}"));
        let secret = Secret::resolve(&setting, outside.env, outside.read_file).map_err(fault)?;
        let Some(secret) = secret else {
            secrets
                .unset
                .push(setting.trim_start_matches("env:").to_owned());
            return Ok(());
        };
        let key = make_key(secret, id.as_deref()).map_err(fault)?;
        if secrets.ring.has(key.id()) {
            return Err(self.error("id", "is the id of an earlier secret; each needs its own"));
        }
        secrets.ring.push(RotatingKey {
            key,
            not_after,
            verify_only,
        });
        Ok(())
    }

    fn take_key_id(&mut self) -> Result<Option<String>, SettingsError> {
        let id = self.take_text("id")?;
        let sane = |id: &String| {
            id.chars().count() <= KEY_ID_CHARS_MAX && !id.chars().any(char::is_control)
        };
        if id.as_ref().is_none_or(sane) {
            return Ok(id);
        }
        Err(self.error(
            "id",
            format!("must be a text of at most {KEY_ID_CHARS_MAX} characters"),
        ))
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<(), SettingsError> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(key) => Err(self.error(key, "is not a known key; remove it or mend its spelling")),
        }
    }
}
