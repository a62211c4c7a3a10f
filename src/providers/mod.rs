//! The providers: how each signs its webhooks, and what its bodies mean. Each is a folder here and
//! one line in the registry; they know the domain's vocabulary, and nothing of HTTP, of the log or
//! of the state.

mod kelviq;
mod razorpay;
mod standard_webhooks;
mod stykite;

mod decimal;
mod dispatch;
mod json;
mod keyring;
mod person;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]
mod samples;
mod settings;

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::domain::delivery::{Delivery, Evidence, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;

use keyring::KeyRing;
use settings::{MakeKey, Outside, Settings};

pub use settings::SettingsError;

/// Longer event ids are no ids; all that were seen have 14 to 17 characters.
pub const EVENT_ID_CHARS_MAX: usize = 256;

/// One configured source's provider, with its secrets.
pub trait Provider: Send + Sync {
    /// The registered name.
    fn name(&self) -> &'static str;

    /// The only headers that are read, in lower case.
    fn headers(&self) -> &'static [&'static str];

    /// Checks the signature over the raw bytes, with every secret that is active at `now`.
    ///
    /// # Errors
    /// [`Rejection`] where the delivery cannot be shown to come from the provider.
    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection>;

    /// Checks a recorded delivery again, long after: every secret that is still configured
    /// counts, also one past its `not_after` and one that is `verify_only`.
    fn reverify(&self, body: &[u8], evidence: &Evidence) -> Reverified;

    /// The headers with which the provider itself would send `body`, lower-case name and value:
    /// all but those that describe the connection. Signed with the newest secret active at `now`;
    /// `None` where there is none.
    fn sign(
        &self,
        body: &[u8],
        event_id: Option<&str>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>>;

    /// What an authentic body means: total, pure, the same for live intake and for every replay.
    fn interpret(&self, received: &Received<'_>) -> Interpretation;

    /// The notes key that holds the merchant's own customer identifier, for providers whose
    /// objects carry notes.
    fn customer_note(&self) -> Option<&str> {
        None
    }
}

/// The delivery is not authentic. One kind on purpose: an answer that says which check failed
/// helps only a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct Rejection;

/// What a second look at a stored signature shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reverified {
    /// It still matches the stored body.
    Valid,
    /// The secret that matched once is known, and does not match now: body or evidence changed.
    Invalid,
    /// The secret that matched once is no longer configured.
    SecretUnknown,
    /// The scheme leaves nothing to check: the delivery was authenticated, the body not signed.
    NotSigned,
}

/// A source made ready.
pub enum Built {
    /// It takes deliveries.
    On {
        /// The provider with its secrets.
        provider: Arc<dyn Provider>,
        /// What the operator should know, a sentence each; never a secret.
        warnings: Vec<String>,
    },
    /// None of its secrets is set, which is a way to switch a source off.
    Off {
        /// Why, as a sentence that names the variables.
        reason: String,
        /// See [`Provider::customer_note`]: what it means outlives a missing secret.
        customer_note: Option<String>,
    },
}

/// Reads the provider's own keys of the table and joins them with the secrets.
type Build = fn(&mut Settings, KeyRing) -> Result<Arc<dyn Provider>, SettingsError>;

/// A provider's line in the registry.
struct Registration {
    name: &'static str,
    make_key: MakeKey,
    build: Build,
    interpret: fn(&Received<'_>) -> Interpretation,
}

const REGISTRY: &[Registration] = &[
    kelviq::REGISTRATION,
    razorpay::REGISTRATION,
    standard_webhooks::REGISTRATION,
    stykite::REGISTRATION,
];

/// The words that `provider = "…"` may take.
pub fn names() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|entry| entry.name)
}

/// The translator of a provider's bodies, which needs no secrets: for replays.
#[must_use]
pub fn interpreter(name: &str) -> Option<fn(&Received<'_>) -> Interpretation> {
    REGISTRY
        .iter()
        .find(|entry| entry.name == name)
        .map(|entry| entry.interpret)
}

/// Makes a source ready: `provider` is its `provider` word, `table` the rest of its table.
///
/// # Errors
/// [`SettingsError`] where the word is unknown, a key is unknown, missing or of the wrong type, or
/// a secret cannot be used.
pub fn build(
    provider: &str,
    table: toml::Table,
    env: &dyn Fn(&str) -> Option<String>,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Built, SettingsError> {
    let Some(entry) = REGISTRY.iter().find(|entry| entry.name == provider) else {
        let known: Vec<_> = names().collect();
        let known = known.join(", ");
        return Err(SettingsError::new(
            "provider",
            format!("is none of those known: {known}"),
        ));
    };
    let mut settings = Settings::new(table);
    let secrets = settings.take_secrets(entry.make_key, &Outside { env, read_file })?;
    let takes_deliveries = secrets.ring.takes_deliveries();
    let is_off = secrets.ring.is_empty();
    let provider = (entry.build)(&mut settings, secrets.ring)?;
    settings.finish()?;
    if is_off {
        let reason = format!("the environment does not set {}", secrets.unset.join(", "));
        let customer_note = provider.customer_note().map(str::to_owned);
        return Ok(Built::Off {
            reason,
            customer_note,
        });
    }
    let mut warnings: Vec<String> = secrets
        .unset
        .iter()
        .map(|name| format!("the environment does not set {name}; that secret is left out"))
        .collect();
    if !takes_deliveries {
        warnings.push("every secret is verify_only, so all deliveries are refused".into());
    }
    Ok(Built::On { provider, warnings })
}

/// A text that may be shown as an event's id: not empty, not long, without control characters.
fn sane_event_id(text: &str) -> Option<&str> {
    let sane = !text.is_empty()
        && text.chars().count() <= EVENT_ID_CHARS_MAX
        && !text.chars().any(char::is_control);
    sane.then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn build_from(provider: &str, text: &str) -> Result<Built, SettingsError> {
        let env = |name: &str| match name {
            "SET" => Some("secret-from-env".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let file = |_: &Path| Ok("secret-from-file\n".to_owned());
        build(provider, text.parse().unwrap(), &env, &file)
    }

    fn error_key(provider: &str, text: &str) -> String {
        match build_from(provider, text) {
            Err(error) => error.key,
            Ok(_) => panic!("{text} was taken"),
        }
    }

    #[test]
    fn every_registered_word_builds_and_interprets() {
        for name in names() {
            let Ok(Built::On { provider, warnings }) =
                build_from(name, "secrets = [{ secret = 'c2VjcmV0IGVub3VnaA==' }]")
            else {
                panic!("{name}");
            };
            assert_eq!(provider.name(), name);
            assert!(warnings.is_empty());
            assert!(interpreter(name).is_some());
            for header in provider.headers() {
                assert_eq!(*header, header.to_lowercase());
            }
        }
        assert!(interpreter("stripe").is_none());
        assert_eq!(error_key("stripe", ""), "provider");
    }

    #[test]
    fn refused_settings_name_their_key() {
        let rows = [
            ("", "secrets"),
            ("secrets = []", "secrets"),
            ("secrets = 'text'", "secrets"),
            ("secrets = ['text']", "secrets[0]"),
            ("secrets = [{ id = 'a' }]", "secrets[0].secret"),
            ("secrets = [{ secret = '' }]", "secrets[0].secret"),
            ("secrets = [{ secret = '1234567' }]", "secrets[0].secret"),
            ("secrets = [{ secret = 'env:EMPTY' }]", "secrets[0].secret"),
            ("secrets = [{ secret = 5 }]", "secrets[0].secret"),
            (
                "secrets = [{ secret = '1234567812345678', id = '' }]",
                "secrets[0].id",
            ),
            (
                "secrets = [{ secret = '1234567812345678', not_after = 'soon' }]",
                "secrets[0].not_after",
            ),
            (
                "secrets = [{ secret = '1234567812345678', verify_only = 1 }]",
                "secrets[0].verify_only",
            ),
            (
                "secrets = [{ secret = '1234567812345678', valid = true }]",
                "secrets[0].valid",
            ),
            (
                "secrets = [{ secret = '1234567812345678', id = 'a' }, { secret = '1234567812345670', id = 'a' }]",
                "secrets[1].id",
            ),
            (
                "tolerance = 3\nsecrets = [{ secret = '1234567812345678' }]",
                "tolerance",
            ),
            (
                "tolerance = 3\nsecrets = [{ secret = 'env:UNSET' }]",
                "tolerance",
            ),
        ];
        for (text, key) in rows {
            for name in names() {
                assert_eq!(error_key(name, text), key, "{name}: {text}");
            }
        }
        let secrets = "secrets = [{ secret = '1234567812345678' }]";
        assert_eq!(
            error_key("stykite", &format!("scheme = 'md5'\n{secrets}")),
            "scheme"
        );
        assert_eq!(
            error_key("stykite", &format!("customer_note = 'x'\n{secrets}")),
            "customer_note"
        );
        assert_eq!(
            error_key("kelviq", &format!("customer_note = 'x'\n{secrets}")),
            "customer_note"
        );
        assert_eq!(
            error_key("razorpay", &format!("customer_note = ''\n{secrets}")),
            "customer_note"
        );
    }

    #[test]
    fn a_source_without_its_secret_is_off() {
        match build_from("razorpay", "secrets = [{ secret = 'env:UNSET' }]") {
            Ok(Built::Off { reason, .. }) => assert!(reason.contains("UNSET"), "{reason}"),
            _ => panic!("not off"),
        }
        let half = "secrets = [{ secret = 'env:UNSET' }, { secret = 'file:/run/x' }]";
        match build_from("stykite", half) {
            Ok(Built::On { warnings, .. }) => assert_eq!(warnings.len(), 1),
            _ => panic!("not on"),
        }
        match build_from(
            "stykite",
            "secrets = [{ secret = 'env:SET', verify_only = true }]",
        ) {
            Ok(Built::On { warnings, .. }) => assert_eq!(warnings.len(), 1),
            _ => panic!("not on"),
        }
    }

    #[test]
    fn event_ids_are_short_printable_text() {
        assert_eq!(sane_event_id("TUouniJth9WtQ2"), Some("TUouniJth9WtQ2"));
        let longest = "é".repeat(EVENT_ID_CHARS_MAX);
        assert_eq!(sane_event_id(&longest), Some(longest.as_str()));
        for text in ["", "a\nb", "a\u{1b}[1m", &format!("{longest}x")] {
            assert_eq!(sane_event_id(text), None, "{text:?}");
        }
    }
}
