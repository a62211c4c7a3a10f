//! The ledger's own events: `{"type","v","actor","data"}`. The same road as a webhook, so they are
//! recorded, replayed and shown like one.

mod bodies;
mod meaning;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use self::bodies::{
    acceptance_body, due_body, fact_body, key_body, operation_body, settings_body,
};
pub(crate) use self::meaning::interpret;

use crate::domain::catalog::Catalog;
use crate::domain::key::Scope;
use crate::domain::register::{EventRef, Tie};
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
