//! The ledger's own events: `{"type","v","actor","data"}`. The same road as a webhook, so they are
//! recorded, replayed and shown like one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::commands::Request;
use crate::domain::accepted::AcceptedFact;
use crate::domain::catalog::Catalog;
use crate::domain::event::{
    Change, Fact, Interpretation, OperationFact, Reason, SettingsFact, Standing,
};
use crate::domain::key::{KeyCreated, KeyDigest, KeyFact, KeyId, Scope};
use crate::domain::own::{OwnFact, UsageRead};
use crate::domain::register::{EventRef, Tie};
use crate::domain::time::Timestamp;
use crate::eventlog::{Content, Identity, Record};

pub(crate) use crate::domain::own::PROVIDER;
/// The source of settings that change what events mean.
pub(crate) const SOURCE_CATALOGUE: &str = "catalogue";
/// The source of commands.
pub(crate) const SOURCE_API: &str = "api";
/// The source of what is due.
pub(crate) const SOURCE_SCHEDULER: &str = "scheduler";
/// The source of payments that are pretended: Razorpay's words, and no money.
pub(crate) const SOURCE_SANDBOX: &str = "sandbox";
/// Every source that is ours; none can be configured.
pub(crate) const SOURCES: [&str; 4] = [
    SOURCE_API,
    SOURCE_CATALOGUE,
    SOURCE_SCHEDULER,
    SOURCE_SANDBOX,
];
/// The version of the bodies below.
const VERSION: u32 = 1;
const SETTINGS: &str = "catalogue.changed";
const KEY_CREATED: &str = "key.created";
const KEY_REVOKED: &str = "key.revoked";
/// An event that was set aside as stale counts after all.
pub(crate) const QUARANTINE_ACCEPTED: &str = "quarantine.accepted";

/// The types of [`OwnFact`].
const OWN_FACTS: [&str; 15] = [
    "customer.created",
    "customer.allowances_set",
    "usage.read",
    "usage.counted",
    "checkout.opened",
    "checkout.attempted",
    "checkout.at_gateway",
    "checkout.refused",
    "checkout.cancelled",
    "checkout.expired",
    "subscription.cancel_asked",
    "subscription.cancelled_at_gateway",
    "subscription.end_date_set",
    "trial.ended",
    "subscription.ended",
];

/// What an operator may do to the log itself.
const OPERATIONS: &[&str] = &[ROLLBACK_ACCEPTED, ERASED];
/// Salt and body of the events it names are gone.
const ERASED: &str = "event.erased";
pub(crate) const ROLLBACK_ACCEPTED: &str = "log.rollback_accepted";

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    r#type: String,
    v: u32,
    /// The id of the key that asked, or who else did.
    actor: String,
    /// When the command was decided, unix milliseconds.
    at: i64,
    /// Of the request that asked for it, in hex, where the request counts once: what a repetition
    /// must have in common with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    request_sha256: Option<String>,
    data: T,
}

#[derive(Serialize, Deserialize)]
struct SettingsData {
    customer_notes: BTreeMap<Box<str>, Box<str>>,
    catalog: Catalog,
}

#[derive(Serialize)]
struct OperationData<'a> {
    detail: &'a str,
}

#[derive(Serialize, Deserialize)]
struct KeyCreatedData {
    id: String,
    key_sha256: String,
    label: Box<str>,
    scope: Scope,
    customer: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
struct KeyRevokedData {
    id: String,
}

#[derive(Serialize, Deserialize)]
struct AcceptanceData {
    seq: u64,
}

/// What of an envelope says which records were erased: as much as the export's format promises.
#[derive(Deserialize)]
struct ErasurePart {
    r#type: String,
    v: u32,
    data: ErasureData,
}

#[derive(Deserialize)]
struct ErasureData {
    seqs: Vec<u64>,
}

/// What of an envelope says by what a repetition is known.
#[derive(Deserialize)]
struct RequestPart {
    request_sha256: Option<String>,
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

/// The checkout that an event of ours opened.
pub(crate) fn checkout_opened(body: &[u8]) -> Option<String> {
    let meaning = interpret(body);
    let mut facts = meaning.changes.into_iter().map(|change| change.fact);
    let Fact::Own(fact) = facts.next()? else {
        return None;
    };
    let OwnFact::CheckoutOpened(opened) = *fact else {
        return None;
    };
    Some(opened.id.into())
}

/// What repetitions of a record are compared by: the request that caused it where its body says
/// so, else the body; of an erased one whatever comes.
pub(crate) fn content_of(record: &Record) -> Content {
    if record.is_erased() {
        return Content::ERASED;
    }
    let of_request = || {
        let part: RequestPart = serde_json::from_slice(record.body()).ok()?;
        let sha256 = hex::decode(part.request_sha256?).ok()?.try_into().ok()?;
        Some(Content::of_sha256(&sha256))
    };
    let is_ours = record.source() == SOURCE_API && record.provider() == PROVIDER;
    let found = is_ours.then(of_request).flatten();
    found.unwrap_or_else(|| Content::of_body(record.body()))
}

/// The seqs of the records that `record` says were erased: it came by a source of our own, is of
/// type `event.erased`, with `{"seqs":[…]}` as its data, and names only what was recorded before
/// it. Empty for every other record.
#[must_use]
pub fn erased_by(record: &Record) -> Vec<u64> {
    let is_ours = record.provider() == PROVIDER && SOURCES.contains(&record.source());
    if !is_ours || record.event_type() != Some(ERASED) {
        return Vec::new();
    }
    let said = serde_json::from_slice::<ErasurePart>(record.body()).ok();
    let said = said.filter(|said| said.r#type == ERASED && said.v == VERSION);
    let mut seqs = said.map_or_else(Vec::new, |said| said.data.seqs);
    seqs.retain(|seq| (1..record.seq()).contains(seq));
    seqs
}

/// How the fold refers to a recorded event.
pub(crate) fn event_ref(
    seq: u64,
    source: &str,
    identity: Identity,
    content: Content,
) -> EventRef<'_> {
    let ours = [SOURCE_API, SOURCE_CATALOGUE, SOURCE_SCHEDULER].contains(&source);
    EventRef {
        seq,
        source,
        tie: (!ours).then(|| Tie {
            body: content.as_bytes(),
            identity: identity.tie(),
        }),
    }
}

/// What an event of our own means. Total, like every provider's translation.
pub(crate) fn interpret(body: &[u8]) -> Interpretation {
    let Ok(envelope) = serde_json::from_slice::<Envelope<serde_json::Value>>(body) else {
        let unreadable = Standing::Quarantined(Reason::Unreadable);
        return Interpretation::without_changes(None, Timestamp::EPOCH, unreadable);
    };
    let occurred_at = Timestamp::from_millis(envelope.at).unwrap_or_default();
    let kind = envelope.r#type;
    let set_aside = |reason| {
        Interpretation::without_changes(Some(&kind), occurred_at, Standing::Quarantined(reason))
    };
    let fact = if envelope.v != VERSION {
        return set_aside(Reason::UnknownType);
    } else if kind == SETTINGS {
        let Ok(data) = serde_json::from_value::<SettingsData>(envelope.data) else {
            return set_aside(Reason::Unreadable);
        };
        let SettingsData {
            customer_notes,
            catalog,
        } = data;
        Fact::Settings(Box::new(SettingsFact {
            customer_notes,
            catalog,
        }))
    } else if kind == KEY_CREATED || kind == KEY_REVOKED {
        match key_fact(&kind, &envelope.actor, envelope.data) {
            Some(fact) => Fact::Key(fact),
            None => return set_aside(Reason::Unreadable),
        }
    } else if kind == QUARANTINE_ACCEPTED {
        let Ok(AcceptanceData { seq }) = serde_json::from_value(envelope.data) else {
            return set_aside(Reason::Unreadable);
        };
        Fact::Accepted(Box::new(AcceptedFact { seq, said: None }))
    } else if OPERATIONS.contains(&kind.as_str()) {
        Fact::Operation(OperationFact {
            what: kind.as_str().into(),
        })
    } else if OWN_FACTS.contains(&kind.as_str()) {
        let told = serde_json::json!({"type": kind, "data": envelope.data});
        let Ok(fact) = serde_json::from_value::<OwnFact>(told) else {
            return set_aside(Reason::Unreadable);
        };
        return own_fact(kind.into(), occurred_at, fact);
    } else {
        return set_aside(Reason::UnknownType);
    };
    let change = Change {
        occurred_at,
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: Some(kind.into()),
        occurred_at,
        standing: Standing::Folded,
        changes: vec![change],
    }
}

/// A reading happened when the meter was read; everything else, when it was decided or due.
fn own_fact(kind: Box<str>, occurred_at: Timestamp, fact: OwnFact) -> Interpretation {
    let change = |occurred_at, fact| Change {
        occurred_at,
        revision: 0,
        rank: 0,
        fact: Fact::Own(Box::new(fact)),
    };
    let changes = if let OwnFact::UsageRead(read) = fact {
        let each = read.readings.into_iter().map(|reading| {
            let at = reading.at;
            let read = UsageRead {
                identifier: read.identifier.clone(),
                readings: vec![reading],
            };
            change(at, OwnFact::UsageRead(read))
        });
        each.collect()
    } else {
        vec![change(occurred_at, fact)]
    };
    Interpretation {
        event_type: Some(kind),
        occurred_at,
        standing: Standing::Folded,
        changes,
    }
}

fn key_fact(kind: &str, actor: &str, data: serde_json::Value) -> Option<KeyFact> {
    if kind == KEY_REVOKED {
        let data: KeyRevokedData = serde_json::from_value(data).ok()?;
        let id = KeyId::parse(&data.id)?;
        return Some(KeyFact::Revoked { id });
    }
    let data: KeyCreatedData = serde_json::from_value(data).ok()?;
    Some(KeyFact::Created(KeyCreated {
        key_sha256: KeyDigest::from_hex(&data.key_sha256)?,
        label: data.label,
        scope: data.scope,
        customer: data.customer,
        created_by: actor.into(),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_understood() {
        let at = Timestamp::from_seconds(1_790_000_000).unwrap();
        let fact = SettingsFact {
            customer_notes: [("razorpay".into(), "uid".into())].into(),
            catalog: Catalog {
                version: 3,
                ..Catalog::default()
            },
        };
        let meaning = interpret(&settings_body(&fact, at));
        assert_eq!(meaning.occurred_at, at);
        let change = meaning.changes.into_iter().next().unwrap();
        assert_eq!(change.fact, Fact::Settings(Box::new(fact)));
        assert_eq!(
            interpret(&operation_body(ROLLBACK_ACCEPTED, "", at)).standing,
            Standing::Folded
        );
    }

    #[test]
    fn what_is_not_understood_is_set_aside() {
        let standing = |body: &[u8]| interpret(body).standing;
        let unreadable = Standing::Quarantined(Reason::Unreadable);
        let unknown = Standing::Quarantined(Reason::UnknownType);
        assert_eq!(standing(b"{"), unreadable);
        assert_eq!(
            standing(br#"{"type":"x","v":1,"actor":"","at":0,"data":{}}"#),
            unknown
        );
        assert_eq!(
            standing(br#"{"type":"catalogue.changed","v":9,"actor":"","at":0,"data":{}}"#),
            unknown
        );
        assert_eq!(
            standing(br#"{"type":"catalogue.changed","v":1,"actor":"","at":0,"data":{}}"#),
            unreadable
        );
    }
}
