//! API keys: who may ask what. A key is known by its SHA-256 alone; its text is never here.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::id::{Prefix, Tsid};
use super::time::Timestamp;

/// What a key may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Entitlements and subscriptions of one named customer.
    Client,
    /// Every query.
    Read,
    /// What [`Scope::Read`] may, and commands.
    Write,
    /// What [`Scope::Read`] may, and the proofs of the log.
    Audit,
    /// Everything, and keys.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Client,
        Self::Read,
        Self::Write,
        Self::Audit,
        Self::Admin,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Read => "read",
            Self::Write => "write",
            Self::Audit => "audit",
            Self::Admin => "admin",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether a key of this scope may do what needs `needed`.
    #[must_use]
    pub const fn covers(self, needed: Self) -> bool {
        match self {
            Self::Client => matches!(needed, Self::Client),
            Self::Read => matches!(needed, Self::Client | Self::Read),
            Self::Write => matches!(needed, Self::Client | Self::Read | Self::Write),
            Self::Audit => matches!(needed, Self::Client | Self::Read | Self::Audit),
            Self::Admin => true,
        }
    }
}

/// The SHA-256 of a key. Compared in constant time; written as hex.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of `key`.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// 64 hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The id of the key, a function of its digest, so that the digest finds it.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Tsid::minted("key", &self.to_hex()))
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyDigest {}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({})", self.id())
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| D::Error::custom("not a SHA-256 in hex"))
    }
}

/// The name of a key, `KEY-…`. It tells nothing that could be used as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Tsid);

impl KeyId {
    /// Reads it as it is written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Tsid::parse(Prefix::Key, text).map(Self)
    }

    /// The bare number, for the order of lists.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0.as_u64()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.with(Prefix::Key).fmt(f)
    }
}

impl JsonSchema for KeyId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KeyId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^KEY-[0-9A-HJKMNP-TV-Z]{13}$"})
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not the id of a key"))
    }
}

/// What is said of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum KeyFact {
    /// It was made.
    Created(KeyCreated),
    /// It no longer opens anything, for ever.
    Revoked {
        /// Which.
        id: KeyId,
    },
}

/// See [`KeyFact::Created`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCreated {
    /// By what it is recognised.
    pub key_sha256: KeyDigest,
    /// What its maker calls it.
    pub label: Box<str>,
    /// What it may do.
    pub scope: Scope,
    /// The only customer it may ask about, by any id; only with [`Scope::Client`].
    pub customer: Option<Box<str>>,
    /// The key that made it, or who else did.
    pub created_by: Box<str>,
}

/// A key as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Key")]
pub struct KeyView {
    pub id: KeyId,
    pub label: Box<str>,
    pub scope: Scope,
    pub customer: Option<Box<str>>,
    pub created_at: Timestamp,
    pub created_by: Box<str>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scopes_contain_each_other_as_documented() {
        use Scope::{Admin, Audit, Client, Read, Write};
        let table = [
            (Client, vec![Client]),
            (Read, vec![Client, Read]),
            (Write, vec![Client, Read, Write]),
            (Audit, vec![Client, Read, Audit]),
            (Admin, Scope::ALL.to_vec()),
        ];
        for (scope, covered) in table {
            let found: Vec<_> = Scope::ALL
                .into_iter()
                .filter(|s| scope.covers(*s))
                .collect();
            assert_eq!(found, covered, "{scope:?}");
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("root"), None);
    }

    #[test]
    fn an_id_is_written_and_read_back_and_a_digest_never_printed() {
        let digest = KeyDigest::of("sl_x");
        let id = digest.id();
        assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        assert_eq!(KeyId::parse("SUA-0MSC9073DVBTK"), None);
        assert_eq!(format!("{digest:?}"), format!("KeyDigest({id})"));
        assert!(digest != KeyDigest::of("sl_y"));
        let hex = serde_json::to_value(digest).unwrap();
        assert_eq!(KeyDigest::from_hex(hex.as_str().unwrap()), Some(digest));
        assert_eq!(KeyDigest::from_hex("00"), None);
    }
}
