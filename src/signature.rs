//! HMAC-SHA256, comparisons in constant time, and the types that hold secrets. A leaf: it knows
//! neither providers nor HTTP, and nothing in it can print a secret.

mod tag;

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use tag::{tag_from_base64, tag_from_hex, tag_to_base64};

/// Below this a secret can be guessed; an empty one would let anybody sign.
pub const SECRET_BYTES_MIN: usize = 8;
/// Above this a `file:` secret is more likely a wrong path than a secret.
pub const SECRET_BYTES_MAX: usize = 4096;
/// The length of an HMAC-SHA256, in bytes.
pub const TAG_BYTES: usize = 32;
/// How secrets of the Standard Webhooks scheme may begin; not part of the key.
const BASE64_SECRET_PREFIX: &str = "whsec_";
/// Secrets are typed and pasted, so the padding at their end may be missing.
const PASTED_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An HMAC-SHA256.
pub type Tag = [u8; TAG_BYTES];

/// Why a secret cannot be used. The sentences name the setting's source, never its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// Empty or shorter than [`SECRET_BYTES_MIN`].
    #[error("is shorter than {SECRET_BYTES_MIN} bytes; use a longer secret")]
    TooShort,
    /// Longer than [`SECRET_BYTES_MAX`].
    #[error("is longer than {SECRET_BYTES_MAX} bytes; check what it was read from")]
    TooLong,
    /// Not what the scheme makes its keys of.
    #[error("is not base64; copy it from the provider whole, with or without its whsec_")]
    NotBase64,
    /// The file of a `file:` secret cannot be read.
    #[error("names the file {path}, which cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

/// A secret text. It has no `Debug` and no `Display`, and its memory is cleared when it is dropped.
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text itself.
    ///
    /// # Errors
    /// [`SecretFault`] where it is too short or too long.
    pub fn new(text: String) -> Result<Self, SecretFault> {
        let secret = Self(SecretString::from(text));
        match secret.expose().len() {
            length if length < SECRET_BYTES_MIN => Err(SecretFault::TooShort),
            length if length > SECRET_BYTES_MAX => Err(SecretFault::TooLong),
            _ => Ok(secret),
        }
    }

    /// Reads a setting: `env:NAME`, `file:PATH` (one trailing newline is dropped), else the text
    /// itself. `Ok(None)` where the variable of an `env:` secret is not set.
    ///
    /// # Errors
    /// [`SecretFault`] where the file cannot be read, or the secret is too short or too long.
    pub fn resolve(
        setting: &str,
        env: &dyn Fn(&str) -> Option<String>,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Option<Self>, SecretFault> {
        if let Some(name) = setting.strip_prefix("env:") {
            return env(name).map(Self::new).transpose();
        }
        let Some(path) = setting.strip_prefix("file:") else {
            return Self::new(setting.to_owned()).map(Some);
        };
        let mut text = read_file(Path::new(path)).map_err(|cause| SecretFault::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        if text.ends_with('\n') {
            text.pop();
        }
        if text.ends_with('\r') {
            text.pop();
        }
        Self::new(text).map(Some)
    }

    /// The text. Callers keep it out of logs, errors and records.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// A [`Secret`] made ready to sign, with an id by which records name it.
pub struct Key {
    id: Box<str>,
    secret: Secret,
    // Keyed once: every message then costs two compressions less.
    mac: Hmac<Sha256>,
}

impl Key {
    /// `id` names the key in records; without one it is derived from the secret, 8 hex digits of
    /// HMAC(secret, "key-id").
    ///
    /// # Errors
    /// [`SecretFault::TooLong`] where the secret cannot be a key.
    pub fn new(secret: Secret, id: Option<&str>) -> Result<Self, SecretFault> {
        let mac = keyed_with(secret.expose().as_bytes())?;
        Ok(Self::with_mac(secret, mac, id))
    }

    /// The same, where the secret is base64 after an optional `whsec_`, and its decoded bytes are
    /// the key.
    ///
    /// # Errors
    /// [`SecretFault`] where it is not base64, or decodes to less than [`SECRET_BYTES_MIN`].
    pub fn from_base64(secret: Secret, id: Option<&str>) -> Result<Self, SecretFault> {
        let text = secret.expose();
        let text = text.strip_prefix(BASE64_SECRET_PREFIX).unwrap_or(text);
        let decoded = PASTED_BASE64.decode(text);
        let decoded = SecretSlice::from(decoded.map_err(|_| SecretFault::NotBase64)?);
        if decoded.expose_secret().len() < SECRET_BYTES_MIN {
            return Err(SecretFault::TooShort);
        }
        let mac = keyed_with(decoded.expose_secret())?;
        Ok(Self::with_mac(secret, mac, id))
    }

    fn with_mac(secret: Secret, mac: Hmac<Sha256>, id: Option<&str>) -> Self {
        let mut key = Self {
            id: Box::default(),
            secret,
            mac,
        };
        key.id = match id {
            Some(id) => id.into(),
            None => hex::encode(key.sign(&[b"key-id"]))
                .chars()
                .take(8)
                .collect(),
        };
        key
    }

    /// The name of the key in records. Not secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA256 over the parts, joined without a separator.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> Tag {
        self.keyed(parts).finalize().into_bytes().into()
    }

    /// Whether `tag` is the HMAC-SHA256 of the joined parts, in constant time.
    #[must_use]
    pub fn verifies(&self, parts: &[&[u8]], tag: &Tag) -> bool {
        self.keyed(parts).verify_slice(tag).is_ok()
    }

    /// Whether `candidate` is the secret itself, in constant time.
    #[must_use]
    pub fn is_secret(&self, candidate: &str) -> bool {
        same_bytes(self.secret.expose().as_bytes(), candidate.as_bytes())
    }

    /// The secret, for schemes that send it as it is.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    fn keyed(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts
            .iter()
            .fold(self.mac.clone(), |mac, part| mac.chain_update(part))
    }
}

fn keyed_with(bytes: &[u8]) -> Result<Hmac<Sha256>, SecretFault> {
    Hmac::new_from_slice(bytes).map_err(|_| SecretFault::TooLong)
}

/// Whether two byte strings are equal, in a time that tells nothing of where they differ or of how
/// long they are.
#[must_use]
pub fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    Sha256::digest(left).ct_eq(&Sha256::digest(right)).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn key(secret: &str) -> Key {
        Key::new(Secret::new(secret.into()).unwrap(), None).unwrap()
    }

    /// HMAC as RFC 2104 §2 writes it, without the crate under test.
    fn reference(secret: &[u8], message: &[u8]) -> Tag {
        let mut block = [0_u8; 64];
        if secret.len() > 64 {
            block[..32].copy_from_slice(&Sha256::digest(secret));
        } else {
            block[..secret.len()].copy_from_slice(secret);
        }
        let inner = Sha256::new()
            .chain_update(block.map(|byte| byte ^ 0x36))
            .chain_update(message);
        let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
        outer.chain_update(inner.finalize()).finalize().into()
    }

    #[test]
    fn equals_the_published_vectors() {
        // RFC 4231 test cases 1 and 4 (the others have keys that are short or no text), and one
        // computed by Python's hmac module.
        let counting: String = (1_u8..=25).map(char::from).collect();
        let cases: [(&str, &[u8], &str); 3] = [
            (
                &"\u{b}".repeat(20),
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                &counting,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                "123456789",
                br#"{"entity":"event","event":"payment.captured"}"#,
                "91cb5dda550c6609d584afb1395882e1455ecde090239bd6e0958fd572510733",
            ),
        ];
        for (secret, message, expected) in cases {
            assert_eq!(hex::encode(key(secret).sign(&[message])), expected);
            assert_eq!(hex::encode(reference(secret.as_bytes(), message)), expected);
        }
    }

    #[test]
    fn long_secrets_and_split_messages_agree_with_the_reference() {
        for length in [8, 63, 64, 65, 131, 4096] {
            let secret = "k".repeat(length);
            let expected = reference(secret.as_bytes(), b"id.time.body");
            assert_eq!(
                key(&secret).sign(&[b"id.", b"time", b".body"]),
                expected,
                "{length}"
            );
            assert!(key(&secret).verifies(&[b"id.time.body"], &expected));
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let key = key("a-secret-of-length");
        let body = b"{\"a\":1}".to_vec();
        let tag = key.sign(&[&body]);
        for bit in 0..body.len() * 8 {
            let mut other = body.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(&[&other], &tag), "body bit {bit}");
        }
        for bit in 0..TAG_BYTES * 8 {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(&[&body], &other), "tag bit {bit}");
        }
    }

    #[test]
    fn a_base64_secret_may_be_pasted_in_several_ways() {
        let from = |secret: &str| Key::from_base64(Secret::new(secret.into()).unwrap(), None);
        let key = from("whsec_c3VibGVkZ2VyIGtleQ==").ok().unwrap();
        for same in ["c3VibGVkZ2VyIGtleQ==", "c3VibGVkZ2VyIGtleQ"] {
            assert_eq!(from(same).ok().unwrap().id(), key.id(), "{same}");
        }
        assert_eq!(key.sign(&[b"m"]), reference(b"subledger key", b"m"));
        for other in [
            "not base64!",
            "whsec_whsec_c3VibGVkZ2Vy",
            "c3VibGVkZ2VyIGtleR==",
        ] {
            assert!(
                matches!(from(other), Err(SecretFault::NotBase64)),
                "{other}"
            );
        }
        assert!(matches!(from("whsec_c3VibA=="), Err(SecretFault::TooShort)));
    }

    #[test]
    fn secrets_are_read_from_where_they_are_kept() {
        let env = |name: &str| (name == "SET").then(|| "from-the-env".to_owned());
        let file = |path: &Path| match path.to_str() {
            Some("/run/secret") => Ok("from-a-file\r\n".to_owned()),
            Some("/run/long") => Ok("x".repeat(SECRET_BYTES_MAX + 1)),
            _ => Err(io::Error::other("no such file")),
        };
        let read = |setting: &str| Secret::resolve(setting, &env, &file);
        assert_eq!(
            read("a literal").ok().flatten().unwrap().expose(),
            "a literal"
        );
        assert_eq!(
            read("env:SET").ok().flatten().unwrap().expose(),
            "from-the-env"
        );
        assert_eq!(
            read("file:/run/secret").ok().flatten().unwrap().expose(),
            "from-a-file"
        );
        assert!(matches!(read("env:UNSET"), Ok(None)));
        assert!(matches!(read(""), Err(SecretFault::TooShort)));
        assert!(matches!(read("1234567"), Err(SecretFault::TooShort)));
        assert!(matches!(read("file:/run/long"), Err(SecretFault::TooLong)));
        assert!(matches!(
            read("file:/nowhere"),
            Err(SecretFault::Unreadable { .. })
        ));
    }

    #[test]
    fn a_token_is_the_whole_secret() {
        let key = key("a-shared-token");
        assert!(key.is_secret("a-shared-token"));
        for other in ["", "a-shared-toke", "a-shared-token ", "A-shared-token"] {
            assert!(!key.is_secret(other), "{other}");
        }
    }

    #[test]
    fn a_key_names_itself_without_telling_its_secret() {
        assert_eq!(key("a-secret-of-length").id(), "cb7cf5d9");
        assert_ne!(
            key("a-secret-of-length").id(),
            key("a-secret-of-lengtH").id()
        );
        let named = Key::new(
            Secret::new("a-secret-of-length".into()).unwrap(),
            Some("2026-a"),
        );
        assert_eq!(named.unwrap().id(), "2026-a");
    }
}
