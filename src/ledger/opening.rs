//! Start-up: open the log, restore the state, start the writer, and record what the operator
//! changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use parking_lot::{Mutex, RwLock};

use super::audit::{CHECKPOINTS_FOLDER, Checkpoints, KeyError, Origin, Signer};
use super::checkup::Checkup;
use super::commands::{NotRecorded, Refusal};
use super::feed::Feed;
use super::ingest::Source;
use super::keeping::{Keeper, Subject};
use super::keepsake::Keepsake;
use super::log_time::LogTime;
use super::numbers::Tally;
use super::refold::{self, RefoldError};
use super::restoring::restore;
use super::{Ledger, acceptance, own};
use crate::clock::Clock;
use crate::domain::catalog::Catalog;
use crate::domain::event::{Interpretation, SettingsFact};
use crate::domain::state::{CustomerNotes, State};
use crate::eventlog::{
    self, Committed, Content, Fold, OpenError, OpenOptions, OutOfOrder, Place, Record, Rollback,
    StartError, Tree, tiles_in,
};
use crate::gateways::Gateway;
use crate::providers::Provider;
use crate::snapshot;

/// Events folded under one guard: a reader waits for no more than these.
const EVENTS_A_GUARD: usize = 64;

/// What a ledger is opened with.
pub struct Settings {
    /// Where the log is and how it is opened.
    pub log: OpenOptions,
    /// The sources that take deliveries, by configured name.
    pub sources: Vec<(String, Arc<dyn Provider>)>,
    /// The notes key of every configured source, also of those that are off.
    pub customer_notes: CustomerNotes,
    /// The catalogue.
    pub catalog: Catalog,
    /// Days of access after a paid period.
    pub grace_days: u32,
    /// Whether the catalogue may drop a plan in use.
    pub accept_catalogue: bool,
    /// The folder in which what is derived from the log is kept: the state, its fingerprints, and
    /// the identities of old events. `None` for a log in memory.
    pub derived_in: Option<PathBuf>,
    /// The log's name in its checkpoints.
    pub origin: Origin,
    /// Who takes the money at a checkout; without one none is opened.
    pub gateway: Option<Arc<dyn Gateway>>,
}

#[cfg(test)]
impl Settings {
    /// A ledger in memory with nothing configured. Its log begins with these settings.
    pub(crate) fn in_memory() -> Self {
        Self {
            log: OpenOptions {
                engine: eventlog::EngineKind::Memory,
                ..OpenOptions::new(PathBuf::new())
            },
            sources: Vec::new(),
            customer_notes: CustomerNotes::new(),
            catalog: Catalog::default(),
            grace_days: 0,
            accept_catalogue: false,
            derived_in: None,
            origin: Origin::Unless("a.example".into()),
            gateway: None,
        }
    }
}

/// A ledger that is open, and what the operator should know.
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// A sentence each.
    pub notices: Vec<String>,
    /// How it was folded.
    pub start: Start,
}

/// How the state came to be at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The last event that was folded in the kept state; 0 where none was used.
    pub kept_through: u64,
    /// The first event that was read from the log, one after the last where none was.
    pub read_from: u64,
    /// The last event.
    pub events: u64,
}

/// Why a ledger cannot be opened: one sentence, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenLedgerError {
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The log cannot be folded.
    #[error(transparent)]
    Fold(#[from] RefoldError),
    /// The log holds what it may not.
    #[error(transparent)]
    Order(#[from] OutOfOrder),
    /// The writer cannot start.
    #[error(transparent)]
    Writer(#[from] StartError),
    /// The catalogue drops a plan in use.
    #[error(
        "the catalogue no longer has the plan {plan}, which {subscriptions} subscriptions have; put \
         it back, or start once with --accept-catalogue"
    )]
    PlanInUse {
        /// The plan's id.
        plan: String,
        /// How many have it and have not ended.
        subscriptions: u64,
    },
    /// Checkpoints cannot be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The system gives no thread.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// What the operator changed could not be recorded.
    #[error(transparent)]
    NotRecorded(#[from] NotRecorded),
}

impl Ledger {
    /// Opens the log and restores the state.
    ///
    /// # Errors
    /// [`OpenLedgerError`], a sentence for the operator.
    pub fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Opened, OpenLedgerError> {
        let opened = eventlog::open(&settings.log, clock.now())?;
        let mut notices: Vec<_> = opened.warnings.iter().map(ToString::to_string).collect();
        let rollback = opened.accepted_rollback;
        let engine = Arc::clone(&opened.engine);
        let folder = settings.derived_in.as_deref();
        let restored = restore(
            &engine,
            &settings.customer_notes,
            folder,
            settings.log.min_free_bytes,
        )?;
        notices.extend(restored.notices);
        let start = Start {
            kept_through: restored.kept,
            read_from: restored.read_from,
            events: restored.state.counts().last_seq,
        };
        let state = restored.state;
        let catalog = settings.catalog;
        if !settings.accept_catalogue {
            refuse_dropped_plans(&state, &catalog)?;
        }
        let wanted = SettingsFact {
            customer_notes: state.notes_in_use().clone(),
            catalog,
        };
        let state = Arc::new(RwLock::new(state));
        let signer = Arc::new(Signer::open(folder, &settings.origin)?);
        let place = Place {
            folder: folder.map(tiles_in),
            min_free_bytes: settings.log.min_free_bytes,
        };
        let tree = Tree::start(Arc::clone(&engine), place).map_err(OpenLedgerError::Thread)?;
        let checkpoints = Checkpoints::new(
            folder.map(|folder| folder.join(CHECKPOINTS_FOLDER)),
            Arc::clone(&signer),
            Arc::clone(&engine),
            Arc::clone(&state),
        );
        let feed = Arc::new(Feed::default());
        let log_time = Arc::new(LogTime::new(Arc::clone(&clock), opened.head.recorded_at));
        let live = Box::new(LiveFold {
            state: Arc::clone(&state),
            log_time: Arc::clone(&log_time),
            feed: Arc::clone(&feed),
            engine: Arc::clone(&engine),
        });
        let (handle, running) = eventlog::start::<Interpretation, Refusal>(
            opened,
            restored.identities,
            Arc::clone(&clock),
            live,
        )?;
        let sources = settings.sources.into_iter();
        let mut ledger = Self {
            sources: sources
                .map(|(name, p)| (name.clone(), Source::new(name, p, clock.now())))
                .collect(),
            state,
            writer: handle,
            running: Mutex::new(Some(running)),
            engine,
            clock: Arc::clone(&clock),
            log_time,
            feed,
            tally: Tally::default(),
            grace_days: AtomicU32::new(settings.grace_days),
            keeper: Mutex::default(),
            scheduler: Mutex::default(),
            checkup: Mutex::default(),
            hearing: super::past::Hearing::default(),
            times: super::past::Times::default(),
            alarm: Arc::default(),
            audits: Arc::default(),
            witness_path: folder.map(|_| settings.log.witness_path()),
            keepsake_path: folder.map(|folder| folder.join(Keepsake::FILE_NAME)),
            tree,
            signer,
            checkpoints,
            gateway: settings.gateway,
            plan_words: Arc::default(),
            desk: Mutex::default(),
        };
        if settings.log.accept_rollback {
            ledger.record_rollback(rollback)?;
        }
        notices.extend(ledger.checkpoints.compare());
        ledger.record_settings(wanted)?;
        match ledger.read_plan_words() {
            Ok(words) => ledger.plan_words = Arc::new(words),
            Err(error) => tracing::warn!(%error, "plans that left the catalogue show their ids"),
        }
        // After all that can fail: their threads hold the store open until they are stopped.
        let checkup = match restored.read_from {
            // All of it was read, and checked with that.
            0 | 1 => Checkup::default(),
            _ => Checkup::start(Arc::clone(&ledger.engine), Arc::clone(&ledger.alarm))
                .map_err(OpenLedgerError::Thread)?,
        };
        *ledger.checkup.lock() = checkup;
        let started = ledger.checkpoints.start(clock.now());
        started.map_err(OpenLedgerError::Thread)?;
        if let Some(folder) = folder {
            ledger.keep(folder, settings.log.min_free_bytes, restored.kept)?;
        }
        Ok(Opened {
            ledger,
            notices,
            start,
        })
    }

    /// Records that the operator accepts a store that was rolled back, where it was: by what the
    /// witness remembers, or by checkpoints, which are given up.
    fn record_rollback(&self, rollback: Option<Rollback>) -> Result<(), NotRecorded> {
        let mut what: Vec<String> = rollback.iter().map(ToString::to_string).collect();
        for size in self.checkpoints.give_up_contradicted() {
            what.push(format!("the checkpoint of {size} events is given up"));
        }
        if what.is_empty() {
            return Ok(());
        }
        self.record_operation(own::ROLLBACK_ACCEPTED, &what.join("; "))
    }

    /// Begins to keep the state in `folder`, where it was kept through `kept`.
    fn keep(&self, folder: &Path, min_free_bytes: u64, kept: u64) -> Result<(), OpenLedgerError> {
        let subject = Subject {
            state: Arc::clone(&self.state),
            engine: Arc::clone(&self.engine),
            path: folder.join(snapshot::FILE_NAME),
            min_free_bytes,
        };
        let keeper = Keeper::start(subject, kept).map_err(OpenLedgerError::Thread)?;
        *self.keeper.lock() = Some(keeper);
        Ok(())
    }
}

/// A plan that somebody has may not vanish by an edit of a file.
fn refuse_dropped_plans(state: &State, catalog: &Catalog) -> Result<(), OpenLedgerError> {
    let Some(before) = state.settings().map(|settings| &settings.catalog) else {
        return Ok(());
    };
    for (plan_id, subscriptions) in state.plans_in_use() {
        let plan = crate::domain::entitlement::plan_of(before, &plan_id);
        let dropped = plan.filter(|plan| catalog.plans.iter().all(|kept| kept.id != plan.id));
        if let Some(plan) = dropped {
            return Err(OpenLedgerError::PlanInUse {
                plan: plan.id.clone(),
                subscriptions,
            });
        }
    }
    Ok(())
}

/// The state, as the writer's thread feeds it.
struct LiveFold {
    state: Arc<RwLock<State>>,
    log_time: Arc<LogTime>,
    feed: Arc<Feed>,
    engine: Arc<dyn eventlog::Engine>,
}

impl Fold<Interpretation> for LiveFold {
    fn committed(&mut self, batch: &mut Vec<Committed<Interpretation>>) {
        let last_seq = batch.last().map(|event| event.seq);
        if let Some(last) = batch.last() {
            self.log_time.recorded(last.recorded_at);
        }
        let mut batch = batch.drain(..).peekable();
        while batch.peek().is_some() {
            let mut state = self.state.write();
            for event in batch.by_ref().take(EVENTS_A_GUARD) {
                let about = own::event_ref(event.seq, &event.source, event.identity, event.content);
                state.fold(&event.meaning, &about, event.flags.conflicting);
            }
        }
        last_seq.into_iter().for_each(|seq| self.feed.folded(seq));
    }

    fn content_of(&self, record: &Record) -> Content {
        own::content_of(record)
    }

    fn recovered(&mut self, record: &Record) {
        self.log_time.recorded(record.recorded_at());
        let mut meaning = refold::interpret(record);
        if let Err(error) = acceptance::complete(&mut meaning, record.seq(), &*self.engine) {
            tracing::error!(%error, "an accepted event counts only after a restart");
        }
        let content = self.content_of(record);
        let about = own::event_ref(record.seq(), record.source(), record.identity(), content);
        self.state
            .write()
            .fold(&meaning, &about, record.flags().conflicting);
        self.feed.folded(record.seq());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::clock::SystemClock;

    /// Long enough for threads that end by themselves, on any machine.
    const TRIES: u32 = 600;

    #[test]
    fn a_start_that_was_refused_leaves_the_store_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let open = |min_free_bytes| {
            let settings = Settings {
                log: OpenOptions {
                    min_free_bytes,
                    ..OpenOptions::new(folder.path().to_owned())
                },
                derived_in: Some(folder.path().to_owned()),
                ..Settings::in_memory()
            };
            Ledger::open(settings, Arc::new(SystemClock))
        };
        let refused = open(u64::MAX).err().unwrap();
        assert!(
            matches!(refused, OpenLedgerError::NotRecorded(_)),
            "{refused}"
        );
        let mut tries = (0..TRIES).map(|_| {
            thread::sleep(Duration::from_millis(50));
            open(0)
        });
        let opened = tries.find_map(Result::ok);
        opened.unwrap().ledger.stop();
    }
}
