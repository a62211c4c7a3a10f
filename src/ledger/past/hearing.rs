//! Recorded events, read and understood for looks back: each record by itself, and those asked for
//! lately without the log. Knows nothing of who asks.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::event::Interpretation;
use crate::domain::explanation::HeardEvent;
use crate::domain::register::{EventRef, Tie};
use crate::domain::time::Timestamp;
use crate::eventlog::Record;
use crate::ledger::history::damaged;
use crate::ledger::refold::{RefoldError, interpret};
use crate::ledger::{Ledger, ReadError, acceptance, own};

/// What is kept of events asked for lately, in bytes of their bodies: some 15,000 events. What they
/// mean takes about three times that.
const KEPT_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One event, as it was understood.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its sequence number.
    pub seq: u64,
    /// The provider's id for it.
    pub event_id: Option<Box<str>>,
    /// The provider's word for it.
    pub event_type: Option<Box<str>>,
    /// When it happened, by the provider's clock.
    pub occurred_at: Timestamp,
    /// When it was recorded, by ours.
    pub recorded_at: Timestamp,
    /// The configured name of its source.
    pub source: Box<str>,
    /// What breaks ties with other events; `None` for an event of our own.
    pub tie: Option<Tie>,
    /// Whether it came again with another body.
    pub is_conflicting: bool,
    /// What it means: of an acceptance also what the accepted event says.
    pub meaning: Interpretation,
}

impl Heard {
    fn new(record: &Record, meaning: Interpretation) -> Self {
        let content = own::content_of(record);
        let about = own::event_ref(record.seq(), record.source(), record.identity(), content);
        Self {
            seq: record.seq(),
            event_id: record.event_id().map(Into::into),
            event_type: meaning.event_type.clone(),
            occurred_at: meaning.occurred_at,
            recorded_at: record.recorded_at(),
            source: record.source().into(),
            tie: about.tie,
            is_conflicting: record.flags().conflicting,
            meaning,
        }
    }

    /// How the fold refers to it.
    #[must_use]
    pub fn about(&self) -> EventRef<'_> {
        EventRef {
            seq: self.seq,
            source: &self.source,
            tie: self.tie,
        }
    }

    /// How an explanation refers to it.
    pub(super) fn as_explained(&self) -> HeardEvent<'_> {
        HeardEvent {
            meaning: &self.meaning,
            about: self.about(),
            event_id: self.event_id.as_deref(),
            recorded_at: self.recorded_at,
        }
    }

    /// What of it had happened by then; nothing where nothing had.
    pub(super) fn until(self: &Arc<Self>, as_of: Timestamp) -> Option<Arc<Self>> {
        let told = self.meaning.told();
        if told.iter().all(|change| change.occurred_at <= as_of) {
            return (!told.is_empty()).then(|| Arc::clone(self));
        }
        let mut part = Self::clone(self);
        part.meaning.forget_after(as_of);
        (!part.meaning.told().is_empty()).then(|| Arc::new(part))
    }
}

/// Events that were asked for lately, in two halves: what was not asked for while one half filled
/// up is forgotten.
#[derive(Default)]
pub(in crate::ledger) struct Hearing {
    kept: Mutex<Kept>,
    /// A look back that needs the whole log takes every core: one at a time.
    pub(super) walk: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    young: HashMap<u64, (Arc<Heard>, usize)>,
    young_bytes: usize,
    old: HashMap<u64, (Arc<Heard>, usize)>,
}

impl Kept {
    fn get(&mut self, seq: u64) -> Option<Arc<Heard>> {
        if let Some((found, _)) = self.young.get(&seq) {
            return Some(Arc::clone(found));
        }
        let (found, bytes) = self.old.remove(&seq)?;
        self.put(Arc::clone(&found), bytes);
        Some(found)
    }

    fn put(&mut self, event: Arc<Heard>, bytes: usize) {
        if self.young_bytes.saturating_add(bytes) > KEPT_BODY_BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(event.seq, (event, bytes));
    }
}

impl Ledger {
    /// The events of these sequence numbers, which ascend.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub(in crate::ledger) fn hear(&self, seqs: &[u64]) -> Result<Vec<Arc<Heard>>, ReadError> {
        let mut heard: Vec<Option<Arc<Heard>>> = {
            let mut kept = self.hearing.kept.lock();
            seqs.iter().map(|seq| kept.get(*seq)).collect()
        };
        let missing = seqs
            .iter()
            .zip(&mut heard)
            .filter(|(_, place)| place.is_none());
        let mut missing = missing.peekable();
        while let Some((first, _)) = missing.peek() {
            let Some(page) = self.read_page(**first)? else {
                break;
            };
            while let Some((seq, place)) = missing.next_if(|(seq, _)| **seq <= page.last_seq()) {
                let Some(record) = page.record(*seq) else {
                    continue;
                };
                *place = Some(self.understood(&record.map_err(|what| damaged(*seq, what))?)?);
            }
        }
        Ok(heard.into_iter().flatten().collect())
    }

    fn understood(&self, record: &Record) -> Result<Arc<Heard>, ReadError> {
        let mut meaning = interpret(record);
        let completed = acceptance::complete(&mut meaning, record.seq(), &*self.engine);
        completed.map_err(|error| match error {
            RefoldError::Store(fault) => ReadError::Unavailable(fault.to_string()),
            RefoldError::Damaged { .. } => ReadError::Damaged(error.to_string()),
        })?;
        let event = Arc::new(Heard::new(record, meaning));
        let mut kept = self.hearing.kept.lock();
        kept.put(Arc::clone(&event), record.body().len());
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Interpretation, Standing};

    fn event(seq: u64) -> Arc<Heard> {
        let at = Timestamp::EPOCH;
        Arc::new(Heard {
            seq,
            event_id: None,
            event_type: None,
            occurred_at: at,
            recorded_at: at,
            source: "s".into(),
            tie: None,
            is_conflicting: false,
            meaning: Interpretation::without_changes(None, at, Standing::Folded),
        })
    }

    /// Whoever asks about everybody fills no memory, and what is asked about again and again stays.
    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        let bytes = KEPT_BODY_BYTES_MAX / 20;
        let mut kept = Kept::default();
        kept.put(event(1), bytes);
        for seq in 2..200 {
            kept.put(event(seq), bytes);
            assert!(kept.get(1).is_some(), "{seq}");
            let all = kept.young.values().chain(kept.old.values());
            let weight: usize = all.map(|(_, bytes)| bytes).sum();
            assert!(weight <= KEPT_BODY_BYTES_MAX + bytes, "{weight}");
        }
        assert!(kept.get(2).is_none());
        assert_eq!(kept.get(199).map(|event| event.seq), Some(199));
    }
}
