//! Standard Webhooks 1.0: base64 HMAC-SHA256 of `id.timestamp.body`, as many senders and relays
//! sign. It fixes the envelope and not the contents, so bodies have a meaning here only where they
//! are another provider's beyond doubt.

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

use super::dispatch::{self, Dispatch};
use super::keyring::KeyRing;
use super::razorpay::CUSTOMER_NOTE_DEFAULT;
use super::settings::{Settings, SettingsError};
use super::{Provider, Registration, Rejection, Reverified};
use crate::domain::delivery::{Delivery, Evidence, HeaderFault, Headers, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;
use crate::signature::{Key, Tag, tag_from_base64, tag_to_base64};

const NAME: &str = "standard-webhooks";
const SCHEME: &str = "standard-webhooks-v1";
/// The only version with a shared secret; `v1a` signs with a key pair.
const VERSION: &str = "v1,";
/// A sender lists one signature for each secret it has in force. Each costs a hash of the body.
const SIGNATURES_MAX: usize = 8;

/// The three headers, in one of the two spellings that senders use.
#[derive(Debug)]
struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

const WEBHOOK: Names = Names {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};
/// The names from before the scheme was a standard.
const SVIX: Names = Names {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};
const HEADERS: &[&str] = &[
    WEBHOOK.id,
    WEBHOOK.timestamp,
    WEBHOOK.signature,
    SVIX.id,
    SVIX.timestamp,
    SVIX.signature,
];

pub(super) const REGISTRATION: Registration = Registration {
    name: NAME,
    make_key: Key::from_base64,
    build,
    interpret: interpret::interpret,
};

/// A sender that follows the standard, with its secrets.
struct StandardWebhooks {
    keys: KeyRing,
    /// For relayed bodies of Razorpay.
    customer_note: String,
}

fn build(settings: &mut Settings, keys: KeyRing) -> Result<Arc<dyn Provider>, SettingsError> {
    let customer_note = settings.take_text("customer_note")?;
    Ok(Arc::new(StandardWebhooks {
        keys,
        customer_note: customer_note.unwrap_or_else(|| CUSTOMER_NOTE_DEFAULT.to_owned()),
    }))
}

/// What one set of headers says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signed<'a> {
    dispatch: Dispatch<'a>,
    signatures: &'a str,
}

impl Names {
    /// The whole set, or none of it: a part of one is a delivery that was tampered with.
    fn read<'a>(&self, headers: &'a Headers) -> Result<Option<Signed<'a>>, Rejection> {
        let all = [self.id, self.timestamp, self.signature];
        let absent = |name| headers.single(name) == Err(HeaderFault::Missing);
        if all.into_iter().all(absent) {
            return Ok(None);
        }
        Ok(Some(Signed {
            dispatch: Dispatch::read(headers, self.id, self.timestamp)?,
            signatures: headers.single(self.signature).map_err(|_| Rejection)?,
        }))
    }
}

/// The set that is there. Where both are, they must agree: otherwise we and whoever else looks at
/// the delivery could read two different ones.
fn read<'a>(headers: &'a Headers) -> Result<(&'static Names, Signed<'a>), Rejection> {
    match (WEBHOOK.read(headers)?, SVIX.read(headers)?) {
        (Some(signed), None) => Ok((&WEBHOOK, signed)),
        (None, Some(signed)) => Ok((&SVIX, signed)),
        (Some(one), Some(other)) if one == other => Ok((&WEBHOOK, one)),
        (Some(_), Some(_)) | (None, None) => Err(Rejection),
    }
}

fn tag(signature: &str) -> Option<Tag> {
    tag_from_base64(signature.strip_prefix(VERSION)?)
}

impl Provider for StandardWebhooks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn headers(&self) -> &'static [&'static str] {
        HEADERS
    }

    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection> {
        let (names, signed) = read(delivery.headers)?;
        let dispatch = signed.dispatch;
        let message = dispatch.message(delivery.body);
        let mut listed = signed.signatures.split(' ').take(SIGNATURES_MAX);
        let matched = listed.find_map(|signature| {
            let key = self.keys.signer(&message, &tag(signature)?, now)?;
            Some((key, signature))
        });
        let (key, signature) = matched.ok_or(Rejection)?;
        // Of the list, the signature that matched is all that an auditor needs.
        let evidence = Evidence {
            scheme: SCHEME.into(),
            key_id: key.id().into(),
            headers: vec![
                (names.id.into(), dispatch.id().into()),
                (names.timestamp.into(), dispatch.timestamp().into()),
                (names.signature.into(), signature.into()),
            ],
        };
        Ok(dispatch.verified(evidence, now))
    }

    fn reverify(&self, body: &[u8], evidence: &Evidence) -> Reverified {
        let stored = [&WEBHOOK, &SVIX].into_iter().find_map(|names| {
            let dispatch = Dispatch::of_evidence(evidence, names.id, names.timestamp)?;
            let signature = dispatch::kept(evidence, names.signature)?;
            Some((dispatch, tag(signature)?))
        });
        match stored {
            Some((dispatch, tag)) if evidence.scheme == SCHEME => {
                let message = dispatch.message(body);
                self.keys.reverify(&message, &tag, &evidence.key_id)
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
        let id = event_id?;
        let timestamp = dispatch::unix_seconds(now);
        let message = dispatch::message(id, &timestamp, body);
        let tag = self.keys.newest(now)?.sign(&message);
        let headers = [
            ("content-type", "application/json".to_owned()),
            (WEBHOOK.id, id.to_owned()),
            (WEBHOOK.timestamp, timestamp.clone()),
            (
                WEBHOOK.signature,
                format!("{VERSION}{}", tag_to_base64(&tag)),
            ),
        ];
        Some(
            headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    fn interpret(&self, received: &Received<'_>) -> Interpretation {
        interpret::interpret(received)
    }

    fn customer_note(&self) -> Option<&str> {
        Some(&self.customer_note)
    }
}
