//! Keys: who asks, and the commands that make and revoke keys. A key's text is made here, handed
//! out once, and kept nowhere.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::commands::{CommandError, Refusal, Request, Written, append};
use super::limits::IDENTIFIER_CHARS_MAX;
use super::{Ledger, Shown, own};
use crate::domain::key::{KeyCreated, KeyDigest, KeyFact, KeyId, KeyView, Scope};
use crate::domain::state::{Ident, Page};
use crate::eventlog::Decision;

/// 32 random bytes are 43 letters of base64 and cannot be guessed.
const RANDOM_BYTES: usize = 32;
/// What every key made here begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "sl_";

/// A label is for people: a name of a service, a purpose, a date.
const LABEL_CHARS_MAX: usize = 100;

/// The text of a key. It is wiped when it goes, and has no way into a log line.
pub struct KeyText(SecretString);

impl KeyText {
    /// A new key, of 256 random bits.
    #[must_use]
    pub fn random() -> Self {
        let random: [u8; RANDOM_BYTES] = rand::random();
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)).into())
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Who asked for something that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The holder of the admin key.
    Admin,
    /// Whoever works on the stopped store.
    Operator,
    /// The holder of a key.
    Key(KeyId),
    /// Whoever has the address of a checkout's page.
    Payer,
    /// The desk that asks gateways.
    Desk,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str("admin"),
            Self::Operator => f.write_str("operator"),
            Self::Key(id) => id.fmt(f),
            Self::Payer => f.write_str("payer"),
            Self::Desk => f.write_str("desk"),
        }
    }
}

/// Who asks, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// What.
    pub scope: Scope,
    /// The only customer they may ask about.
    pub customer: Option<Box<str>>,
}

impl Caller {
    /// The holder of the admin key.
    pub const ADMIN: Self = Self {
        actor: Actor::Admin,
        scope: Scope::Admin,
        customer: None,
    };

    /// Whoever works on the stopped store.
    pub const OPERATOR: Self = Self {
        actor: Actor::Operator,
        ..Self::ADMIN
    };
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    label: Box<str>,
    scope: Scope,
    customer: Option<Box<str>>,
}

/// Why a key is not made: one sentence that names the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewKeyError {
    /// Empty, too long, or not one line.
    #[error(
        "`label` must have 1 to {LABEL_CHARS_MAX} characters, none of them a control character."
    )]
    Label,
    /// Empty, too long, or not one line.
    #[error("`customer` must be an id of 1 to {IDENTIFIER_CHARS_MAX} characters.")]
    Customer,
    /// A wider scope would not be narrowed by it.
    #[error("`customer` is for keys of scope `client`; leave it out.")]
    CustomerNeedsClient,
}

impl NewKey {
    /// `customer` is the only one it may ask about; it need not be known yet.
    ///
    /// # Errors
    /// [`NewKeyError`].
    pub fn new(label: &str, scope: Scope, customer: Option<&str>) -> Result<Self, NewKeyError> {
        if !is_line(label, LABEL_CHARS_MAX) {
            return Err(NewKeyError::Label);
        }
        if let Some(customer) = customer {
            if scope != Scope::Client {
                return Err(NewKeyError::CustomerNeedsClient);
            }
            if !is_line(customer, IDENTIFIER_CHARS_MAX) {
                return Err(NewKeyError::Customer);
            }
        }
        Ok(Self {
            label: label.into(),
            scope,
            customer: customer.map(Into::into),
        })
    }
}

fn is_line(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// A key that was made.
pub struct MadeKey {
    /// The key.
    pub view: KeyView,
    /// Its text; `None` for a repetition of the request, which is told of the key it made first.
    pub text: Option<KeyText>,
}

impl Ledger {
    /// Whose key this is; `None` for one that opens nothing (any more).
    #[must_use]
    pub fn caller(&self, digest: &KeyDigest) -> Option<Caller> {
        let state = self.state.read();
        let key = state.key(digest)?;
        Some(Caller {
            actor: Actor::Key(digest.id()),
            scope: key.scope,
            customer: key.customer.clone(),
        })
    }

    /// The keys that are not revoked, newest first.
    #[must_use]
    pub fn keys(&self, after: Option<Ident>, limit: usize) -> Shown<Page<KeyView>> {
        self.ask(|state, _| state.keys(after, limit))
    }

    /// Makes a key, recorded as an event. A repetition of `request` gets the key that was made
    /// first, without its text.
    ///
    /// # Errors
    /// [`CommandError`]; no key was made, or nobody may rely on it yet.
    pub async fn create_key(
        &self,
        wanted: NewKey,
        request: Request,
    ) -> Result<MadeKey, CommandError> {
        let text = KeyText::random();
        let fact = KeyFact::Created(KeyCreated {
            key_sha256: KeyDigest::of(text.expose()),
            label: wanted.label,
            scope: wanted.scope,
            customer: wanted.customer,
            created_by: request.actor.to_string().into(),
        });
        let clock = Arc::clone(&self.clock);
        let asked = request.clone();
        let decide = move || {
            let now = clock.now();
            let body = own::key_body(&fact, &asked, now);
            append(own::SOURCE_API, body, now, Some(&asked))
        };
        let written = self.command(&request, Box::new(decide)).await?;
        let (seq, text) = match written {
            Written::Now(seq) => (seq, Some(text)),
            Written::Before(seq) => (seq, None),
        };
        let view = self.state.read().key_made_by(seq);
        let unknown = || CommandError::Unavailable("The key is not there yet; try again.".into());
        Ok(MadeKey {
            view: view.ok_or_else(unknown)?,
            text,
        })
    }

    /// Revokes a key, recorded as an event; says whether there is such a key. One that was revoked
    /// before stays so, and nothing is recorded.
    ///
    /// # Errors
    /// [`CommandError`]; nobody may rely on the revocation yet.
    pub async fn revoke_key(&self, id: KeyId, actor: Actor) -> Result<bool, CommandError> {
        let state = Arc::clone(&self.state);
        let clock = Arc::clone(&self.clock);
        let request = Request::of(actor);
        let asked = request.clone();
        let decide = move || match state.read().key_is_live(id) {
            None => Decision::Refuse(Refusal::NoSuchKey),
            Some(false) => Decision::Refuse(Refusal::NothingChanges),
            Some(true) => {
                let now = clock.now();
                let body = own::key_body(&KeyFact::Revoked { id }, &asked, now);
                append(own::SOURCE_API, body, now, Some(&asked))
            }
        };
        match self.command(&request, Box::new(decide)).await {
            Ok(_) | Err(CommandError::Refused(Refusal::NothingChanges)) => Ok(true),
            Err(CommandError::Refused(Refusal::NoSuchKey)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_prefix_and_43_letters_of_base64() {
        let (one, other) = (KeyText::random(), KeyText::random());
        let letters = one.expose().strip_prefix("sl_").unwrap_or_default();
        assert_eq!(letters.len(), 43);
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(letters.chars().all(is_letter));
        assert_ne!(one.expose(), other.expose());
    }
}
