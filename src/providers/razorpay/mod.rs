//! Razorpay: hex HMAC-SHA256 of the raw body under the webhook secret, and bodies that carry
//! snapshots of payments, subscriptions and what belongs to them.
//!
//! The event id is a header that the signature does not cover, so it is kept for people and decides
//! nothing: the body itself is what makes two deliveries the same event. Retries repeat it exactly.

mod contact;
mod entities;
mod facts;
mod interpret;
mod method;
mod notes;
mod words;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]
mod tests;

use std::sync::Arc;

use super::keyring::KeyRing;
use super::settings::{Settings, SettingsError};
use super::{Provider, Registration, Rejection, Reverified, sane_event_id};
use crate::domain::delivery::{Delivery, Evidence, IdentityBasis, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;
use crate::signature::{Key, tag_from_hex};

pub(super) use interpret::{interpret, is_envelope};

const NAME: &str = "razorpay";
const SCHEME: &str = "razorpay-hmac-sha256";
const SIGNATURE: &str = "x-razorpay-signature";
const EVENT_ID: &str = "x-razorpay-event-id";
const HEADERS: &[&str] = &[SIGNATURE, EVENT_ID];
/// The key a merchant is advised to put the own customer id under.
pub(super) const CUSTOMER_NOTE_DEFAULT: &str = "customer_identifier";

pub(super) const REGISTRATION: Registration = Registration {
    name: NAME,
    make_key: Key::new,
    build,
    interpret,
};

/// Razorpay with one account's webhook secrets.
struct Razorpay {
    keys: KeyRing,
    customer_note: String,
}

fn build(settings: &mut Settings, keys: KeyRing) -> Result<Arc<dyn Provider>, SettingsError> {
    let customer_note = settings.take_text("customer_note")?;
    let customer_note = customer_note.unwrap_or_else(|| CUSTOMER_NOTE_DEFAULT.to_owned());
    Ok(Arc::new(Razorpay {
        keys,
        customer_note,
    }))
}

impl Provider for Razorpay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn headers(&self) -> &'static [&'static str] {
        HEADERS
    }

    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection> {
        let signature = delivery.headers.single(SIGNATURE).map_err(|_| Rejection)?;
        let tag = tag_from_hex(signature).ok_or(Rejection)?;
        let key = self
            .keys
            .signer(&[delivery.body], &tag, now)
            .ok_or(Rejection)?;
        let event_id = delivery
            .headers
            .single(EVENT_ID)
            .ok()
            .and_then(sane_event_id);
        Ok(Verified {
            event_id: event_id.map(Into::into),
            identity: IdentityBasis::Body,
            evidence: Evidence {
                scheme: SCHEME.into(),
                key_id: key.id().into(),
                headers: vec![(SIGNATURE.into(), signature.into())],
            },
            stale: None,
        })
    }

    fn reverify(&self, body: &[u8], evidence: &Evidence) -> Reverified {
        let stored = evidence.headers.iter().find(|(name, _)| name == SIGNATURE);
        let tag = stored.and_then(|(_, value)| tag_from_hex(value));
        match tag {
            Some(tag) if evidence.scheme == SCHEME => {
                self.keys.reverify(&[body], &tag, &evidence.key_id)
            }
            _ => Reverified::Invalid,
        }
    }

    fn sign(
        &self,
        body: &[u8],
        event_id: Option<&str>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>> {
        let signature = hex::encode(self.keys.newest(now)?.sign(&[body]));
        let mut headers = vec![
            ("user-agent", "Razorpay-Webhook/v1".to_owned()),
            ("content-type", "application/json".to_owned()),
            (SIGNATURE, signature),
        ];
        if let Some(id) = event_id {
            headers.push(("request-id", id.to_owned()));
            headers.push((EVENT_ID, id.to_owned()));
        }
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

    fn customer_note(&self) -> Option<&str> {
        Some(&self.customer_note)
    }
}
