//! One commit: a batch becomes a page, the page durable, then known, folded and answered, in that
//! order. Knows nothing of queues, and nothing of what to do after a fault.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use tokio::sync::oneshot;

use super::health::Health;
use super::stamp::Stamper;
use super::{Command, Committed, Fold, Outcome, Receipt, Unavailable};
use crate::domain::time::Timestamp;
use crate::eventlog::draft::Draft;
use crate::eventlog::engine::{Engine, Fault};
use crate::eventlog::identities::{Identities, Lookup};
use crate::eventlog::identity::{Content, Identity};
use crate::eventlog::merkle::Peaks;
use crate::eventlog::open::{Head, Opened};
use crate::eventlog::page::{Page, PageBuilder};
use crate::eventlog::record::Flags;
use crate::eventlog::witness::Keeper;

/// Where a draft came from, and who waits for it.
pub(super) enum Origin<M, R> {
    Event(oneshot::Sender<Result<Receipt, Unavailable>>),
    /// Kept whole: after a conflict it is decided again.
    Command(
        Command<M, R>,
        oneshot::Sender<Result<Outcome<R>, Unavailable>>,
    ),
}

impl<M, R> Origin<M, R> {
    /// Nobody may be listening any more; the event stays recorded all the same.
    pub(super) fn answer(self, answer: Result<Receipt, Unavailable>) {
        match self {
            Self::Event(reply) => drop(reply.send(answer)),
            Self::Command(_, reply) => drop(reply.send(answer.map(Outcome::Done))),
        }
    }
}

/// A draft that is to be committed.
pub(super) struct Pending<M, R> {
    pub(super) draft: Draft,
    pub(super) meaning: M,
    pub(super) origin: Origin<M, R>,
}

/// Why a batch was not committed. Nothing of it is remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// The log has moved on: catch up and commit again.
    Conflict,
    /// The clock cannot be believed.
    Leap,
    /// The engine's fault.
    Fault(Fault),
}

/// What a draft of the batch in hand turned out to be.
enum Fate {
    Append { identity: Identity, flags: Flags },
    Answer(Receipt),
}

/// The log's end, and all that moves with it.
pub(super) struct Committer<M> {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) head: Head,
    pub(super) identities: Identities,
    pub(super) stamper: Stamper,
    pub(super) fold: Box<dyn Fold<M>>,
    keeper: Option<Keeper>,
    health: Arc<Health>,
    builder: PageBuilder,
    fates: Vec<Fate>,
    committed: Vec<Committed<M>>,
}

impl<M> Committer<M> {
    pub(super) fn new(
        opened: Opened,
        identities: Identities,
        stamper: Stamper,
        fold: Box<dyn Fold<M>>,
        health: Arc<Health>,
    ) -> Self {
        Self {
            engine: opened.engine,
            head: opened.head,
            identities,
            stamper,
            fold,
            keeper: opened.keeper,
            health,
            builder: PageBuilder::default(),
            fates: Vec::new(),
            committed: Vec::new(),
        }
    }

    /// What is known of a request before it is decided.
    pub(super) fn known(
        &self,
        identity: Identity,
        content: Content,
    ) -> Result<Option<Receipt>, Fault> {
        let known = self.identities.lookup(identity, content);
        Ok(match known.map_err(|error| forgotten(&error))? {
            Lookup::New => None,
            Lookup::Duplicate(seq) => Some(Receipt::Duplicate { seq }),
            Lookup::Other(seq) => Some(Receipt::Mismatch { seq }),
        })
    }

    /// Commits, folds and answers the batch, which is empty afterwards. After a setback it is as it
    /// was, and nobody has been answered.
    pub(super) fn commit<R>(&mut self, batch: &mut Vec<Pending<M, R>>) -> Result<(), Setback> {
        if batch.is_empty() {
            return Ok(());
        }
        let at = self.stamper.stamp().map_err(|_| Setback::Leap)?;
        let health = Arc::clone(&self.health);
        let _under_way = health.begin_commit();
        let landed = self.append(batch, at);
        if landed.is_err() {
            self.forget();
        }
        let page = landed?;
        // Before anybody is answered: who hears that it is recorded finds the service ready.
        self.health.leap_is_over();
        self.settle(page, at, batch);
        Ok(())
    }

    /// Makes the batch durable; `None` where all of it was there before.
    fn append<R>(
        &mut self,
        batch: &mut [Pending<M, R>],
        at: Timestamp,
    ) -> Result<Option<Page>, Setback> {
        let mut peaks = self.head.peaks.clone();
        self.plan(batch, at, &mut peaks)?;
        if peaks.size() == self.head.seq() {
            return Ok(None);
        }
        let page = self
            .builder
            .finish(self.head.page_no.saturating_add(1), &peaks);
        let page = page.map_err(|error| Setback::Fault(Fault::Poisoned(error.to_string())))?;
        self.check_before_write(batch, &page)?;
        let start = Instant::now();
        match self.engine.append(self.head.page_no, &page) {
            Ok(()) => {}
            Err(Fault::Conflict) => return Err(Setback::Conflict),
            Err(Fault::Unknown(why)) => self.look_for(&page, why)?,
            Err(fault) => return Err(Setback::Fault(fault)),
        }
        let count = page.last_seq().saturating_sub(self.head.seq());
        self.health.count_commit(
            usize::try_from(count).unwrap_or(usize::MAX),
            start.elapsed(),
        );
        Ok(Some(page))
    }

    /// Drops duplicates, numbers and encodes the rest.
    fn plan<R>(
        &mut self,
        batch: &mut [Pending<M, R>],
        at: Timestamp,
        peaks: &mut Peaks,
    ) -> Result<(), Setback> {
        self.builder.clear();
        self.fates.clear();
        for pending in batch {
            let draft = &mut pending.draft;
            let seq = peaks.size().saturating_add(1);
            let class = classify(&self.identities, draft);
            let class = class.map_err(|error| Setback::Fault(forgotten(&error)))?;
            let (identity, conflicting) = match class {
                Class::Fresh(identity, conflicting) => (identity, conflicting),
                Class::Known(receipt) => {
                    self.fates.push(Fate::Answer(receipt));
                    continue;
                }
            };
            let flags = draft.number(seq, at, conflicting);
            let leaf = self.builder.push(|out| draft.encode(out));
            let leaf = leaf.map_err(|error| Setback::Fault(Fault::Poisoned(error.to_string())))?;
            peaks.push(leaf);
            self.identities.insert(identity, draft.content, seq);
            self.fates.push(Fate::Append { identity, flags });
        }
        Ok(())
    }

    /// The last look before the bytes are for ever: every record of the page decodes to its draft.
    fn check_before_write<R>(&self, batch: &[Pending<M, R>], page: &Page) -> Result<(), Setback> {
        let appended = batch.iter().zip(&self.fates);
        let drafts = appended.filter(|(_, fate)| matches!(fate, Fate::Append { .. }));
        let mut stored = page.stored_records();
        let mut all_match = true;
        for (pending, _) in drafts {
            all_match &= stored
                .next()
                .is_some_and(|bytes| pending.draft.is_stored_as(&bytes));
        }
        if all_match && stored.next().is_none() && page.first_seq() == self.head.seq() + 1 {
            return Ok(());
        }
        let why = "an encoded record did not read back as it was meant; nothing was written";
        Err(Setback::Fault(Fault::Poisoned(why.to_owned())))
    }

    /// After an append of unknown outcome: the tail tells.
    fn look_for(&self, page: &Page, why: String) -> Result<(), Setback> {
        let tail = self.engine.last().map_err(Setback::Fault)?;
        if tail.page_no < page.page_no() {
            return Err(Setback::Fault(Fault::Unknown(why)));
        }
        match self.engine.read(page.first_seq()).map_err(Setback::Fault)? {
            Some(found) if found == *page => Ok(()),
            Some(_) | None => Err(Setback::Conflict),
        }
    }

    /// The batch is durable: it becomes known, is folded, then answered.
    fn settle<R>(&mut self, page: Option<Page>, at: Timestamp, batch: &mut Vec<Pending<M, R>>) {
        let mut seq = self.head.seq();
        let mut answers = Vec::with_capacity(batch.len());
        for (pending, fate) in batch.drain(..).zip(self.fates.drain(..)) {
            let receipt = match fate {
                Fate::Answer(receipt) => {
                    self.health.counters.duplicates.fetch_add(1, Relaxed);
                    receipt
                }
                Fate::Append { identity, flags } => {
                    seq = seq.saturating_add(1);
                    let content = pending.draft.content;
                    let source = pending.draft.header.source;
                    let (recorded_at, meaning) = (at, pending.meaning);
                    let event = Committed {
                        seq,
                        recorded_at,
                        identity,
                        source,
                        content,
                        flags,
                        meaning,
                    };
                    self.committed.push(event);
                    let conflicting = flags.conflicting;
                    self.health
                        .counters
                        .conflicting
                        .fetch_add(u64::from(conflicting), Relaxed);
                    Receipt::Recorded { seq, conflicting }
                }
            };
            answers.push((pending.origin, receipt));
        }
        if let Some(page) = page {
            self.advance(&page, at);
            self.fold.committed(&mut self.committed);
            self.committed.clear();
        }
        for (origin, receipt) in answers {
            origin.answer(Ok(receipt));
        }
    }

    /// The log ends after `page` now.
    pub(super) fn advance(&mut self, page: &Page, recorded_at: Timestamp) {
        let peaks = page.peaks().clone();
        self.head = Head {
            page_no: page.page_no(),
            peaks,
            recorded_at,
        };
        self.identities.confirm(&self.head.peaks);
        if let Some(keeper) = &self.keeper {
            match self.engine.store_bytes() {
                Ok(db_len) => keeper.note(&self.head.peaks, db_len),
                Err(fault) => tracing::warn!(%fault, "the witness was not told of the last commit"),
            }
        }
    }

    /// The writer ends: what was seen is written down.
    pub(super) fn close(self) {
        self.identities.close(&self.head.peaks);
    }

    /// Nothing is remembered of a batch that did not land.
    fn forget(&mut self) {
        let mut seq = self.head.seq();
        for fate in mem::take(&mut self.fates) {
            if let Fate::Append { identity, .. } = fate {
                seq = seq.saturating_add(1);
                self.identities.forget(identity, seq);
            }
        }
    }
}

/// Whether a draft is to be recorded.
enum Class {
    /// Under this identity; the flag says whether it conflicts.
    Fresh(Identity, bool),
    /// It was: this is the answer.
    Known(Receipt),
}

fn classify(identities: &Identities, draft: &Draft) -> io::Result<Class> {
    Ok(match identities.lookup(draft.identity(), draft.content)? {
        Lookup::New => Class::Fresh(draft.identity(), false),
        Lookup::Duplicate(seq) => Class::Known(Receipt::Duplicate { seq }),
        Lookup::Other(seq) if draft.is_request => Class::Known(Receipt::Mismatch { seq }),
        Lookup::Other(_) => {
            let identity = draft.conflicting_identity();
            match identities.lookup(identity, draft.content)? {
                Lookup::Duplicate(seq) | Lookup::Other(seq) => {
                    Class::Known(Receipt::Duplicate { seq })
                }
                Lookup::New => Class::Fresh(identity, true),
            }
        }
    })
}

/// Without knowing what was seen before nothing may be taken in: it could be there twice.
fn forgotten(error: &io::Error) -> Fault {
    Fault::ReadOnly(format!(
        "the index of events seen before cannot be read ({error}), and the next start builds it anew"
    ))
}
