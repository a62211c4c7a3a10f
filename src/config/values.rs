//! Values that a plain string or number is too weak for: addresses, secrets, bounded numbers.
//! Knows the shape of each value, never which key holds it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, Error as _};

/// Shorter secrets can be guessed from one captured signature.
const MIN_SECRET_BYTES: usize = 8;
/// A log's name is a host's name or shorter (RFC 1035 §2.3.4).
const MAX_ORIGIN_BYTES: usize = 253;
/// Grace that lasts longer than a year is no grace; most likely a number of seconds was meant.
pub const MAX_GRACE_DAYS: u32 = 366;

/// A secret as it was written: a literal, `env:NAME` or `file:PATH`. No Debug, no Display.
#[derive(Clone)]
pub struct SecretText(String);

impl SecretText {
    /// Checks what can be checked without looking the secret up.
    ///
    /// # Errors
    /// A sentence that says what to write instead, without the value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("env", name)) if name.is_empty() || name.contains(['=', '\0']) => {
                Err("must name a variable after `env:`")
            }
            Some(("file", "")) => Err("must name a file after `file:`"),
            Some(("env" | "file", _)) => Ok(Self(text.to_owned())),
            _ if text.len() < MIN_SECRET_BYTES => {
                Err("must have at least 8 bytes, or be written as `env:NAME` or `file:PATH`")
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The text as written. The caller keeps it out of logs and errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A secret that may be left empty.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretText>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => SecretText::parse(text).map(Some).map_err(D::Error::custom),
    }
}

/// A path that may be left empty.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A path that may not be left empty.
pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    optional_path(deserializer)?.ok_or_else(|| D::Error::custom("must name a directory"))
}

/// An address and a port.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(|_| D::Error::custom("must be an address and a port, such as 127.0.0.1:8080"))
}

/// A number of days of grace, at most [`MAX_GRACE_DAYS`].
pub(super) fn grace_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        days if days <= MAX_GRACE_DAYS => Ok(days),
        _ => Err(D::Error::custom(format!(
            "must be at most {MAX_GRACE_DAYS} days"
        ))),
    }
}

/// The name of the log in its signed tree heads (a C2SP `tlog-checkpoint` origin line, which is
/// also a signed note's key name: no white space and no plus sign). May be left empty.
pub(super) fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if text.len() > MAX_ORIGIN_BYTES || text.contains(bad) {
        return Err(D::Error::custom(
            "must be one word without spaces and plus signs, such as ledger.example.com",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn secrets_are_long_enough_or_say_where_they_are() {
        for text in [
            "12345678",
            "env:A",
            "file:/run/x",
            "whsec_abc:def",
            "environment",
        ] {
            assert_eq!(SecretText::parse(text).ok().unwrap().expose(), text);
        }
        for text in ["", "1234567", "env:", "file:", "env:A=B"] {
            assert!(SecretText::parse(text).is_err(), "{text}");
        }
    }
}
