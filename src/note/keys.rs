//! The Ed25519 keys of notes, in the texts in which they are exchanged and kept. The private half
//! has no `Debug` and no `Display`, and never leaves but as its file's text.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{Checkpoint, KEY_ID_BYTES, NoteError, SIGNATURE_PREFIX, is_origin};

/// The byte that says Ed25519, in keys and in what their ids are hashed from.
const ED25519: u8 = 0x01;
/// What the text of a private key begins with.
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// What a checkpoint is checked with: the log's name and its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    origin: String,
    id: [u8; KEY_ID_BYTES],
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    fn new(origin: &str, key: ed25519_dalek::VerifyingKey) -> Self {
        Self {
            origin: origin.to_owned(),
            id: key_id(origin, &key),
            key,
        }
    }

    /// The key's name, which is its log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The first bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), by which a signature says
    /// whose it is.
    pub(super) const fn id(&self) -> [u8; KEY_ID_BYTES] {
        self.id
    }

    /// Whether `signature` is this key's over `text`.
    pub(super) fn fits(&self, text: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    /// `name+8 hex digits+base64(0x01 ‖ public key)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public = STANDARD.encode(tagged(self.key.as_bytes()));
        write!(f, "{}+{}+{public}", self.origin, hex::encode(self.id))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    /// Reads what [`fmt::Display`] writes; whitespace around it is dropped.
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let bad = NoteError::BadVerifierKey;
        let (origin, id, public) = read(text.trim()).ok_or(bad)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public).map_err(|_| bad)?;
        let read = Self::new(origin, key);
        (hex::encode(read.id) == id).then_some(read).ok_or(bad)
    }
}

/// What checkpoints are signed with. Its memory is wiped when it goes.
pub struct SigningKey(pub(super) ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key, of 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&rand::random()))
    }

    /// Reads a key's file: the origin that it signs for, and the key.
    ///
    /// # Errors
    /// [`NoteError::BadSigningKey`] where the text is not one that [`Self::to_file_text`] makes.
    pub fn from_file_text(text: &str) -> Result<(String, Self), NoteError> {
        let bad = NoteError::BadSigningKey;
        let encoded = text.trim_end().strip_prefix(PRIVATE_PREFIX).ok_or(bad)?;
        let (origin, id, seed) = read(encoded).ok_or(bad)?;
        let key = Self(ed25519_dalek::SigningKey::from_bytes(&seed));
        (hex::encode(key.verifier(origin).id) == id)
            .then(|| (origin.to_owned(), key))
            .ok_or(bad)
    }

    /// The text of the key's file, as the tools of signed notes write it:
    /// `PRIVATE+KEY+origin+8 hex digits+base64(0x01 ‖ seed)` and a newline.
    #[must_use]
    pub fn to_file_text(&self, origin: &str) -> SecretString {
        let id = hex::encode(self.verifier(origin).id);
        let seed = STANDARD.encode(tagged(self.0.as_bytes()));
        format!("{PRIVATE_PREFIX}{origin}+{id}+{seed}\n").into()
    }

    /// The public half, under a log's name.
    #[must_use]
    pub fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::new(origin, self.0.verifying_key())
    }

    /// The whole note of a checkpoint: its text, a blank line, and this key's signature. The
    /// checkpoint's origin must be one by [`is_origin`]; another makes a note that nobody takes.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text();
        let mut line = self.verifier(&checkpoint.origin).id.to_vec();
        line.extend_from_slice(&self.0.sign(text.as_bytes()).to_bytes());
        let line = STANDARD.encode(line);
        format!("{text}\n{SIGNATURE_PREFIX}{} {line}\n", checkpoint.origin)
    }
}

fn tagged(key: &[u8; 32]) -> Vec<u8> {
    let mut tagged = vec![ED25519];
    tagged.extend_from_slice(key);
    tagged
}

fn key_id(origin: &str, key: &ed25519_dalek::VerifyingKey) -> [u8; KEY_ID_BYTES] {
    let mut hash = Sha256::new();
    hash.update(origin.as_bytes());
    hash.update(b"\n");
    hash.update(tagged(key.as_bytes()));
    let hash: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

/// The parts of `name+id+base64(0x01 ‖ key)`: the name, the id's digits, the key.
fn read(text: &str) -> Option<(&str, &str, [u8; 32])> {
    let (origin, rest) = text.split_once('+')?;
    let (id, encoded) = rest.split_once('+')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (algorithm, key) = bytes.split_first()?;
    let key = <[u8; 32]>::try_from(key).ok()?;
    (is_origin(origin) && *algorithm == ED25519).then_some((origin, id, key))
}
