//! Kelviq: hex HMAC-SHA256 of `id.timestamp.body` under the whole text of the secret, its
//! `kq_whsec_` included, and bodies that carry one object each.
//!
//! It looks like the Standard Webhooks scheme and differs in the key, in the digits, and in that
//! there is exactly one signature: Kelviq's own packages compare all that follows `v1,`.

mod facts;
mod fields;
mod interpret;
mod person;
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

use super::dispatch::{self, Dispatch};
use super::json::{self, Object};
use super::keyring::KeyRing;
use super::settings::{Settings, SettingsError};
use super::{Provider, Registration, Rejection, Reverified, sane_event_id};
use crate::domain::delivery::{Delivery, Evidence, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;
use crate::signature::{Key, Tag, tag_from_hex};

pub(super) use interpret::{interpret, is_envelope};

const NAME: &str = "kelviq";
const SCHEME: &str = "kelviq-hmac-sha256";
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const HEADERS: &[&str] = &[ID, TIMESTAMP, SIGNATURE];
/// How the one signature begins.
const VERSION: &str = "v1,";

pub(super) const REGISTRATION: Registration = Registration {
    name: NAME,
    make_key: Key::new,
    build,
    interpret,
};

/// Kelviq with one endpoint's secrets.
struct Kelviq {
    keys: KeyRing,
}

fn build(_: &mut Settings, keys: KeyRing) -> Result<Arc<dyn Provider>, SettingsError> {
    Ok(Arc::new(Kelviq { keys }))
}

fn tag(signature: &str) -> Option<Tag> {
    tag_from_hex(signature.strip_prefix(VERSION)?)
}

impl Provider for Kelviq {
    fn name(&self) -> &'static str {
        NAME
    }

    fn headers(&self) -> &'static [&'static str] {
        HEADERS
    }

    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection> {
        let dispatch = Dispatch::read(delivery.headers, ID, TIMESTAMP)?;
        let signature = delivery.headers.single(SIGNATURE).map_err(|_| Rejection)?;
        let tag = tag(signature).ok_or(Rejection)?;
        let message = dispatch.message(delivery.body);
        let key = self.keys.signer(&message, &tag, now).ok_or(Rejection)?;
        let evidence = Evidence {
            scheme: SCHEME.into(),
            key_id: key.id().into(),
            headers: vec![
                (ID.into(), dispatch.id().into()),
                (TIMESTAMP.into(), dispatch.timestamp().into()),
                (SIGNATURE.into(), signature.into()),
            ],
        };
        Ok(dispatch.verified(evidence, now))
    }

    fn reverify(&self, body: &[u8], evidence: &Evidence) -> Reverified {
        let dispatch = Dispatch::of_evidence(evidence, ID, TIMESTAMP);
        let tag = dispatch::kept(evidence, SIGNATURE).and_then(tag);
        match dispatch.zip(tag) {
            Some((dispatch, tag)) if evidence.scheme == SCHEME => {
                let message = dispatch.message(body);
                self.keys.reverify(&message, &tag, &evidence.key_id)
            }
            _ => Reverified::Invalid,
        }
    }

    /// The event id is the body's own; the given one stands in where the body has none.
    fn sign(
        &self,
        body: &[u8],
        event_id: Option<&str>,
        now: Timestamp,
    ) -> Option<Vec<(String, String)>> {
        let parsed = json::parse(body);
        let own = parsed
            .as_ref()
            .and_then(Object::of)
            .and_then(|root| root.text("id"));
        let id = own.and_then(sane_event_id).or(event_id)?;
        let timestamp = dispatch::unix_seconds(now);
        let message = dispatch::message(id, &timestamp, body);
        let tag = self.keys.newest(now)?.sign(&message);
        let headers = [
            ("content-type", "application/json".to_owned()),
            (ID, id.to_owned()),
            (TIMESTAMP, timestamp.clone()),
            (SIGNATURE, format!("{VERSION}{}", hex::encode(tag))),
        ];
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
