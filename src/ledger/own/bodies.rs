//! The bodies of the ledger's own events: the same bytes for the same content. Knows nothing of what
//! they come to mean.

use serde::Serialize;

use super::{
    AcceptanceData, Envelope, KEY_CREATED, KEY_REVOKED, KeyCreatedData, KeyRevokedData,
    QUARANTINE_ACCEPTED, SETTINGS, SOURCE_SCHEDULER, SettingsData, VERSION,
};
use crate::domain::event::SettingsFact;
use crate::domain::key::KeyFact;
use crate::domain::own::OwnFact;
use crate::domain::time::Timestamp;
use crate::ledger::commands::Request;

#[derive(Serialize)]
struct OperationData<'a> {
    detail: &'a str,
}

/// The body of a settings event.
pub(crate) fn settings_body(fact: &SettingsFact, at: Timestamp) -> Vec<u8> {
    let data = SettingsData {
        customer_notes: fact.customer_notes.clone(),
        catalog: fact.catalog.clone(),
    };
    body(SETTINGS, "config", at, None, data)
}

/// The body of an operator's act.
pub(crate) fn operation_body(what: &str, detail: &str, at: Timestamp) -> Vec<u8> {
    body(what, "operator", at, None, OperationData { detail })
}

/// The body of an event about a key.
pub(crate) fn key_body(fact: &KeyFact, request: &Request, at: Timestamp) -> Vec<u8> {
    let (actor, sha256) = (request.actor.to_string(), request.sha256());
    match fact {
        KeyFact::Created(made) => {
            let data = KeyCreatedData {
                id: made.key_sha256.id().to_string(),
                key_sha256: made.key_sha256.to_hex(),
                label: made.label.clone(),
                scope: made.scope,
                customer: made.customer.clone(),
            };
            body(KEY_CREATED, &actor, at, sha256, data)
        }
        KeyFact::Revoked { id } => {
            let data = KeyRevokedData { id: id.to_string() };
            body(KEY_REVOKED, &actor, at, sha256, data)
        }
    }
}

/// The body of an event about a customer, a checkout or a subscription. `at` is when it was
/// decided, or due.
pub(crate) fn fact_body(fact: &OwnFact, request: &Request, at: Timestamp) -> Vec<u8> {
    told_body(fact, &request.actor.to_string(), at, request.sha256())
}

/// The body of an event that its time brought about: the same bytes whenever it is told.
pub(crate) fn due_body(fact: &OwnFact, due: Timestamp) -> Vec<u8> {
    told_body(fact, SOURCE_SCHEDULER, due, None)
}

fn told_body(fact: &OwnFact, actor: &str, at: Timestamp, sha256: Option<[u8; 32]>) -> Vec<u8> {
    let told = serde_json::to_value(fact).unwrap_or_default();
    let kind = told.get("type").and_then(|kind| kind.as_str());
    let data = told.get("data");
    body(kind.unwrap_or_default(), actor, at, sha256, data)
}

/// The body of an acceptance.
pub(crate) fn acceptance_body(seq: u64, request: &Request, at: Timestamp) -> Vec<u8> {
    let (actor, sha256) = (request.actor.to_string(), request.sha256());
    body(
        QUARANTINE_ACCEPTED,
        &actor,
        at,
        sha256,
        AcceptanceData { seq },
    )
}

fn body<T: Serialize>(
    kind: &str,
    actor: &str,
    at: Timestamp,
    request_sha256: Option<[u8; 32]>,
    data: T,
) -> Vec<u8> {
    let envelope = Envelope {
        r#type: kind.to_owned(),
        v: VERSION,
        actor: actor.to_owned(),
        at: at.as_millis(),
        request_sha256: request_sha256.map(hex::encode),
        data,
    };
    // Strings, numbers and lists: writing them cannot fail.
    serde_json::to_vec(&envelope).unwrap_or_default()
}
