//! Signed tree heads as other people's tools read them: C2SP tlog-checkpoint in a C2SP signed
//! note, signed with Ed25519. A leaf: it never knows a log, a file or a clock.

mod keys;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use keys::{SigningKey, VerifierKey};

/// A checkpoint has a few hundred bytes; what is larger by far is another file.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// A log's own signature and those of its witnesses; the specification asks for room for 16.
const SIGNATURES_MAX: usize = 100;
/// What a signature's line begins with: an em dash, U+2014, and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";
/// An origin is a host and perhaps a path; names of hosts end at 253 characters.
pub const ORIGIN_BYTES_MAX: usize = 512;
/// The name's hash in front of each signature.
const KEY_ID_BYTES: usize = 4;

/// Why a note, a checkpoint or a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`NOTE_BYTES_MAX`].
    #[error("the note is larger than {NOTE_BYTES_MAX} bytes; check that it is a checkpoint")]
    TooLarge,
    /// Not a text, a blank line and lines of signatures.
    #[error(
        "this is not a signed note: it needs its text, one blank line, and lines of signatures \
         that begin with an em dash; copy it whole, with its last newline"
    )]
    NotANote,
    /// The text is not an origin, a size and a root.
    #[error(
        "the note is not a checkpoint: its first lines are the origin, the size in decimal and \
         the root of 32 bytes in base64"
    )]
    NotACheckpoint,
    /// A signature of the known key that does not fit.
    #[error("the signature does not fit the text: the checkpoint was changed or forged")]
    BadSignature,
    /// No signature of the known key.
    #[error("the note carries no signature of this key; use the key of the ledger that signed it")]
    Unsigned,
    /// Signed by the key, under another log's name.
    #[error("the checkpoint names another origin than the key; it is of another log")]
    OtherOrigin,
    /// Not a verifier key.
    #[error(
        "this is not a verifier key: it is written name+8 hex digits+base64, for Ed25519; \
         copy it whole"
    )]
    BadVerifierKey,
    /// Not the file of a signing key.
    #[error(
        "this is not a signing key: it is one line, PRIVATE+KEY+name+8 hex digits+base64; bring \
         the file back from where it is kept"
    )]
    BadSigningKey,
}

/// Whether a text can be an origin, and so the name of a key: not empty, at most
/// [`ORIGIN_BYTES_MAX`] bytes, with no space, no control character and no plus sign.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !text.is_empty() && text.len() <= ORIGIN_BYTES_MAX && text.chars().all(fits)
}

/// The head of a log's tree, as others keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, by which checkpoints of two logs are told apart; see [`is_origin`].
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over them, by RFC 6962.
    pub root: [u8; 32],
}

impl Checkpoint {
    /// Reads a signed note's checkpoint **without** checking a signature: to learn whose it says
    /// it is, never to believe it.
    ///
    /// # Errors
    /// [`NoteError`] where the note or its text is not of the form.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        Self::read(Note::split(text)?.text)
    }

    /// Reads a signed note's checkpoint and checks it: a signature of `key` must be there and
    /// fit, and the origin must be the key's name. Lines signed by others, and lines of the text
    /// after the root, are let be: the signature covers them.
    ///
    /// # Errors
    /// [`NoteError`] where the note is not of the form, or not of that key.
    pub fn verify(text: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let note = Note::split(text)?;
        let signature = note
            .signatures
            .iter()
            .find(|line| line.name == key.origin() && line.key_id == key.id())
            .ok_or(NoteError::Unsigned)?;
        if !key.fits(note.text.as_bytes(), &signature.bytes) {
            return Err(NoteError::BadSignature);
        }
        let checkpoint = Self::read(note.text)?;
        if checkpoint.origin == key.origin() {
            Ok(checkpoint)
        } else {
            Err(NoteError::OtherOrigin)
        }
    }

    /// The text that is signed, with its last newline.
    fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root)
        )
    }

    fn read(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split_terminator('\n');
        let origin = lines.next().filter(|line| !line.is_empty());
        let size = lines.next().and_then(decimal);
        let root = lines.next().and_then(hash);
        let (Some(origin), Some(size), Some(root)) = (origin, size, root) else {
            return Err(NoteError::NotACheckpoint);
        };
        if lines.any(str::is_empty) {
            return Err(NoteError::NotACheckpoint);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// A number as the specification writes it: no sign, no leading zero.
fn decimal(line: &str) -> Option<u64> {
    let number: u64 = line.parse().ok()?;
    (number.to_string() == line).then_some(number)
}

fn hash(line: &str) -> Option<[u8; 32]> {
    STANDARD.decode(line).ok()?.try_into().ok()
}

/// A signed note taken apart.
struct Note<'a> {
    /// What is signed, with its last newline.
    text: &'a str,
    signatures: Vec<SignatureLine<'a>>,
}

struct SignatureLine<'a> {
    name: &'a str,
    key_id: [u8; KEY_ID_BYTES],
    bytes: Vec<u8>,
}

impl<'a> Note<'a> {
    fn split(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::NotANote);
        }
        let end = note.rfind("\n\n").ok_or(NoteError::NotANote)?;
        // The first of the two newlines ends the text and is signed; the second is the blank line.
        let (text, rest) = note
            .split_at_checked(end.saturating_add(1))
            .ok_or(NoteError::NotANote)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::NotANote)?;
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(NoteError::NotANote);
        }
        let signatures: Option<Vec<_>> = lines.split('\n').map(SignatureLine::read).collect();
        Ok(Self {
            text,
            signatures: signatures.ok_or(NoteError::NotANote)?,
        })
    }
}

impl<'a> SignatureLine<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        (is_origin(name) && !signature.is_empty()).then(|| Self {
            name,
            key_id: *key_id,
            bytes: signature.to_vec(),
        })
    }
}
