//! Stykite: it documents no signature, so two schemes can be configured. Either a hex HMAC-SHA256
//! of the raw body (default), or the two static headers that a public client was seen to check.
//!
//! Its events carry their id in the body, so the id is as authentic as the body is.

mod interpret;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]
mod tests;

use std::sync::Arc;

use super::json::{self, Object};
use super::keyring::KeyRing;
use super::settings::{Settings, SettingsError};
use super::{Provider, Registration, Rejection, Reverified, sane_event_id};
use crate::domain::delivery::{Delivery, Evidence, IdentityBasis, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;
use crate::signature::{Key, tag_from_hex};

pub(super) use interpret::{interpret, is_envelope};

const NAME: &str = "stykite";
const HMAC_SCHEME: &str = "stykite-hmac-sha256";
const TOKEN_SCHEME: &str = "stykite-token";
const SIGNATURE: &str = "x-stykite-signature";
const API_KEY: &str = "x-api-key";
const API_HOST: &str = "x-api-host";
/// What the token scheme sends in [`API_HOST`].
const API_HOST_VALUE: &str = "stykite";

pub(super) const REGISTRATION: Registration = Registration {
    name: NAME,
    make_key: Key::new,
    build,
    interpret,
};

/// How deliveries are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Hmac,
    Token,
}

/// Stykite with one merchant's secrets.
struct Stykite {
    keys: KeyRing,
    scheme: Scheme,
}

fn build(settings: &mut Settings, keys: KeyRing) -> Result<Arc<dyn Provider>, SettingsError> {
    let scheme = match settings.take_text("scheme")?.as_deref() {
        None | Some("hmac-sha256") => Scheme::Hmac,
        Some("token") => Scheme::Token,
        Some(_) => return Err(settings.error("scheme", "must be \"hmac-sha256\" or \"token\"")),
    };
    Ok(Arc::new(Stykite { keys, scheme }))
}

impl Stykite {
    fn verify_hmac(&self, delivery: &Delivery<'_>, now: Timestamp) -> Option<Evidence> {
        let signature = delivery.headers.single(SIGNATURE).ok()?;
        let key = self
            .keys
            .signer(&[delivery.body], &tag_from_hex(signature)?, now)?;
        Some(Evidence {
            scheme: HMAC_SCHEME.into(),
            key_id: key.id().into(),
            headers: vec![(SIGNATURE.into(), signature.into())],
        })
    }

    /// The headers are the secret, so nothing of them is kept.
    fn verify_token(&self, delivery: &Delivery<'_>, now: Timestamp) -> Option<Evidence> {
        let host = delivery.headers.single(API_HOST).ok()?;
        let token = delivery.headers.single(API_KEY).ok()?;
        let key = self.keys.active(now).find(|key| key.is_secret(token))?;
        (host == API_HOST_VALUE).then(|| Evidence {
            scheme: TOKEN_SCHEME.into(),
            key_id: key.id().into(),
            headers: Vec::new(),
        })
    }

    fn signed_headers(&self, key: &Key, body: &[u8]) -> Vec<(&'static str, String)> {
        match self.scheme {
            Scheme::Hmac => vec![(SIGNATURE, hex::encode(key.sign(&[body])))],
            Scheme::Token => vec![
                (API_HOST, API_HOST_VALUE.to_owned()),
                (API_KEY, key.secret().expose().to_owned()),
            ],
        }
    }
}

impl Provider for Stykite {
    fn name(&self) -> &'static str {
        NAME
    }

    fn headers(&self) -> &'static [&'static str] {
        match self.scheme {
            Scheme::Hmac => &[SIGNATURE],
            Scheme::Token => &[API_HOST, API_KEY],
        }
    }

    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection> {
        let evidence = match self.scheme {
            Scheme::Hmac => self.verify_hmac(delivery, now),
            Scheme::Token => self.verify_token(delivery, now),
        };
        let evidence = evidence.ok_or(Rejection)?;
        let event_id = event_id(delivery.body);
        let identity = event_id
            .clone()
            .map_or(IdentityBasis::Body, IdentityBasis::SignedId);
        Ok(Verified {
            event_id,
            identity,
            evidence,
            stale: None,
        })
    }

    fn reverify(&self, body: &[u8], evidence: &Evidence) -> Reverified {
        // The record says which scheme it came by, whatever is configured now.
        if evidence.scheme == TOKEN_SCHEME {
            return Reverified::NotSigned;
        }
        let stored = evidence.headers.iter().find(|(name, _)| name == SIGNATURE);
        match stored.and_then(|(_, value)| tag_from_hex(value)) {
            Some(tag) if evidence.scheme == HMAC_SCHEME => {
                self.keys.reverify(&[body], &tag, &evidence.key_id)
            }
            _ => Reverified::Invalid,
        }
    }

    /// The event id is in the body already.
    fn sign(
        &self,
        body: &[u8],
        _event_id: Option<&str>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.signed_headers(self.keys.newest(now)?, body));
        Some(
            headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    fn interpret(&self, received: &Received<'_>) -> Interpretation {
        interpret(received)
    }
}

fn event_id(body: &[u8]) -> Option<String> {
    let parsed = json::parse(body);
    let id = parsed.as_ref().and_then(Object::of)?.text("id")?;
    sane_event_id(id).map(Into::into)
}
