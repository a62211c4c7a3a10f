//! Looking back: recorded events as they are shown. These read the store, and take as long as
//! that does.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::refold::{as_if_fresh, interpret};
use super::{Ledger, ReadError, Shown, acceptance};
use crate::domain::event::{Change, Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::eventlog::page::Page;
use crate::eventlog::{Fault, Record, RecordDamage};

/// Records that one question about the log may read: a filter that matches nothing would
/// otherwise read all of it. The answer then says where to go on.
const RECORDS_READ_MAX: usize = 50_000;

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this source.
    pub source: Option<String>,
    /// Of this type, in the provider's words.
    pub event_type: Option<String>,
}

/// One page of events, oldest first.
#[derive(Debug)]
pub struct EventPage {
    /// The events.
    pub data: Vec<EventView>,
    /// Where to go on: after this sequence number.
    pub next_after: Option<u64>,
}

/// A recorded event as it is shown.
#[derive(Debug, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Event")]
pub struct EventView {
    pub seq: u64,
    pub recorded_at: Timestamp,
    pub occurred_at: Timestamp,
    pub source: String,
    pub provider: String,
    pub event_id: Option<String>,
    pub event_type: Option<Box<str>>,
    #[schemars(extend("enum" = ["folded", "ignored", "quarantined"]))]
    pub status: &'static str,
    #[schemars(extend("enum" = ["unknown_type", "unreadable", "stale", null]))]
    pub reason: Option<&'static str>,
    pub flags: Vec<&'static str>,
    pub customer_identifier: Option<Box<str>>,
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub leaf_hash: String,
    #[serde(flatten)]
    pub details: Option<Details>,
}

/// What a single event shows beside.
#[derive(Debug, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Details {
    #[serde(flatten)]
    pub body: BodyView,
    pub evidence: EvidenceView,
    #[schemars(schema_with = "changes_schema")]
    pub changes: Vec<Change>,
}

/// A change, less its vocabulary: that may grow.
fn changes_schema(generator: &mut SchemaGenerator) -> Schema {
    let time = generator.subschema_for::<Timestamp>();
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["occurred_at", "revision", "rank", "fact"],
            "properties": {
                "occurred_at": time,
                "revision": {"type": "integer"},
                "rank": {"type": "integer"},
                "fact": {
                    "type": "object",
                    "description": "What happened; its other fields depend on `kind`.",
                    "required": ["kind"],
                    "properties": {"kind": {"type": "string"}}
                }
            }
        }
    })
}

/// The schema of an [`EventView`] with body, evidence and changes.
pub struct EventInFull;

impl JsonSchema for EventInFull {
    fn schema_name() -> Cow<'static, str> {
        "EventInFull".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "allOf": [generator.subschema_for::<EventView>()],
            "required": ["evidence", "changes"],
            "oneOf": [{"required": ["body"]}, {"required": ["body_base64"]}]
        })
    }
}

/// The exact bytes received.
#[derive(Debug, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub enum BodyView {
    #[serde(rename = "body")]
    Text(String),
    /// They are not UTF-8.
    #[serde(rename = "body_base64")]
    Base64(String),
}

/// What the signature was checked by.
#[derive(Debug, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Evidence")]
pub struct EvidenceView {
    pub scheme: String,
    pub key_id: String,
    pub headers: BTreeMap<String, String>,
}

impl Details {
    fn of(record: &Record, meaning: &Interpretation) -> Self {
        let evidence = record.evidence();
        let body = match std::str::from_utf8(record.body()) {
            Ok(text) => BodyView::Text(text.to_owned()),
            Err(_) => BodyView::Base64(STANDARD.encode(record.body())),
        };
        let evidence = EvidenceView {
            scheme: evidence.scheme,
            key_id: evidence.key_id,
            headers: evidence.headers.into_iter().collect(),
        };
        Self {
            body,
            evidence,
            changes: meaning.changes.clone(),
        }
    }
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged { .. } => Self::Damaged(fault.to_string()),
            Fault::Conflict
            | Fault::Full
            | Fault::Poisoned(_)
            | Fault::Unknown(_)
            | Fault::ReadOnly(_) => Self::Unavailable(fault.to_string()),
        }
    }
}

impl Ledger {
    /// One event.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn event(&self, seq: u64) -> Result<Shown<Option<EventView>>, ReadError> {
        let folded = self.state.read().counts().last_seq;
        if seq == 0 || seq > folded {
            return Ok(Shown {
                seq: folded,
                value: None,
            });
        }
        let found = self.record(seq)?;
        Ok(Shown {
            seq: folded,
            value: found.map(|record| self.event_view(&record, true)),
        })
    }

    /// Events after a sequence number, oldest first.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn events(
        &self,
        filter: &EventFilter,
        after: u64,
        limit: usize,
    ) -> Result<Shown<EventPage>, ReadError> {
        let folded = self.state.read().counts().last_seq;
        let mut data = Vec::new();
        let (mut seen, mut read) = (after, 0_usize);
        while seen < folded && data.len() < limit && read < RECORDS_READ_MAX {
            let Some(page) = self.read_page(seen.saturating_add(1))? else {
                break;
            };
            each(&page, |record| {
                if record.seq() > seen && record.seq() <= folded && data.len() < limit {
                    seen = record.seq();
                    read += 1;
                    if filter.wants(record.source(), record.event_type()) {
                        data.push(self.event_view(&record, false));
                    }
                }
                data.len() < limit
            })?;
        }
        let next_after = (seen < folded).then_some(seen);
        Ok(Shown {
            seq: folded,
            value: EventPage { data, next_after },
        })
    }

    /// A customer's events after a sequence number, oldest first.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn customer_events(
        &self,
        id: &str,
        after: u64,
        limit: usize,
    ) -> Result<Shown<Option<EventPage>>, ReadError> {
        let (folded, seqs) = {
            let state = self.state.read();
            (state.counts().last_seq, state.customer_events(id))
        };
        let page = seqs
            .map(|seqs| self.these_events(&seqs, after, limit, |event| self.whose(event)))
            .transpose()?;
        Ok(Shown {
            seq: folded,
            value: page,
        })
    }

    /// Events set aside, after a sequence number, oldest first.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn quarantine(&self, after: u64, limit: usize) -> Result<Shown<EventPage>, ReadError> {
        let (folded, seqs) = {
            let state = self.state.read();
            let aside = state.quarantine();
            let from = aside.partition_point(|(seq, _)| *seq <= after);
            // One more than shown tells whether there is another page.
            let rest = aside.iter().skip(from).take(limit + 1).map(|(seq, _)| *seq);
            (state.counts().last_seq, rest.collect::<Vec<_>>())
        };
        Ok(Shown {
            seq: folded,
            value: self.these_events(&seqs, after, limit, |event| self.whose(event))?,
        })
    }

    /// The events of these sequence numbers, which ascend; `whose` tells whose each is.
    pub(super) fn these_events(
        &self,
        seqs: &[u64],
        after: u64,
        limit: usize,
        whose: impl Fn(&Interpretation) -> Option<Box<str>>,
    ) -> Result<EventPage, ReadError> {
        let rest = seqs
            .get(seqs.partition_point(|seq| *seq <= after)..)
            .unwrap_or_default();
        let shown = rest.get(..limit).unwrap_or(rest);
        let mut data = Vec::with_capacity(shown.len());
        let mut wanted = shown.iter().peekable();
        while let Some(first) = wanted.peek() {
            let Some(page) = self.read_page(**first)? else {
                break;
            };
            while let Some(seq) = wanted.next_if(|seq| **seq <= page.last_seq()) {
                let Some(record) = page.record(*seq) else {
                    continue;
                };
                let record = record.map_err(|what| damaged(*seq, what))?;
                data.push(self.view_of(&record, false, &whose));
            }
        }
        let next_after = shown.last().copied().filter(|_| rest.len() > shown.len());
        Ok(EventPage { data, next_after })
    }

    /// One record; `None` where there is none of that number.
    pub(super) fn record(&self, seq: u64) -> Result<Option<Record>, ReadError> {
        let page = self.read_page(seq)?;
        let found = page.and_then(|page| page.record(seq));
        found.transpose().map_err(|damage| damaged(seq, damage))
    }

    pub(super) fn read_page(&self, seq: u64) -> Result<Option<Page>, ReadError> {
        Ok(self.engine.read(seq)?)
    }

    /// Whose an event is now, by the merchant's identifier.
    fn whose(&self, meaning: &Interpretation) -> Option<Box<str>> {
        self.state.read().customer_of(meaning).map(Into::into)
    }

    pub(super) fn event_view(&self, record: &Record, with_details: bool) -> EventView {
        self.view_of(record, with_details, |meaning| self.whose(meaning))
    }

    fn view_of(
        &self,
        record: &Record,
        with_details: bool,
        whose: impl Fn(&Interpretation) -> Option<Box<str>>,
    ) -> EventView {
        let aside = self.state.read().set_aside_as(record.seq());
        let is_accepted = record.flags().stale && aside != Some(Reason::Stale);
        let mut meaning = if is_accepted {
            as_if_fresh(record)
        } else {
            interpret(record)
        };
        // An acceptance whose event cannot be read shows no more than that it is one.
        let _ = acceptance::complete(&mut meaning, record.seq(), &*self.engine);
        let (status, reason) = match meaning.standing {
            Standing::Folded => ("folded", None),
            Standing::Ignored => ("ignored", None),
            Standing::Quarantined(reason) => ("quarantined", Some(reason.as_str())),
        };
        let flags = record.flags();
        let flags = [
            (flags.stale, "stale"),
            (flags.conflicting, "conflicting"),
            (record.is_erased(), "erased"),
        ];
        let customer = whose(&meaning);
        EventView {
            seq: record.seq(),
            recorded_at: record.recorded_at(),
            occurred_at: meaning.occurred_at,
            source: record.source().to_owned(),
            provider: record.provider().to_owned(),
            event_id: record.event_id().map(str::to_owned),
            event_type: meaning.event_type.clone(),
            status,
            reason,
            flags: flags
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, word)| word)
                .collect(),
            customer_identifier: customer,
            leaf_hash: hex::encode(record.leaf()),
            details: with_details.then(|| Details::of(record, &meaning)),
        }
    }
}

impl EventFilter {
    pub(super) fn wants(&self, source: &str, event_type: Option<&str>) -> bool {
        let is_type = |wanted: &String| event_type == Some(wanted.as_str());
        self.source.as_ref().is_none_or(|wanted| source == wanted)
            && self.event_type.as_ref().is_none_or(is_type)
    }
}

/// Hands on every record of a page until `visit` has enough.
pub(super) fn each(page: &Page, mut visit: impl FnMut(Record) -> bool) -> Result<(), ReadError> {
    for (seq, record) in page.records() {
        if !visit(record.map_err(|damage| damaged(seq, damage))?) {
            break;
        }
    }
    Ok(())
}

/// What is said of a record that is not what was written.
pub(super) fn damaged(seq: u64, damage: RecordDamage) -> ReadError {
    ReadError::Damaged(format!("Record {seq} is damaged: {damage}."))
}
