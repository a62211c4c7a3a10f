//! The use-cases: taking in, deciding, asking, looking back. The only room in which providers, the
//! log and the fold meet.

mod acceptance;
mod alarm;
pub mod audit;
mod catalogue;
mod checkouts;
mod checkup;
mod commands;
mod customers;
mod feed;
mod history;
mod ids;
mod ingest;
mod keeping;
mod keepsake;
mod keys;
pub mod limits;
mod log_time;
mod money;
mod numbered;
mod numbers;
mod opening;
mod own;
mod past;
mod query;
mod refold;
mod reload;
mod restoring;
mod scheduler;
mod subscriptions;
mod telling;
mod usage;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

pub use crate::domain::standing::SubscriptionStanding;
pub use acceptance::{Acceptable, NotAcceptable};
pub use audit::{
    Audit, AuditRunning, Checked, CheckpointReport, Damaged, Ended, Job, Replay, ReplayError,
    ReplayOf, Replayed, Report, Signatures, Step, Until, Verification, VerifyError,
    fields_that_differ,
};
pub use catalogue::Catalogue;
pub use checkouts::{
    CameBack, NewCheckout, OFFER_TRIAL_DAYS_MAX, Offer, OpenedCheckout, Payer, Wanted, is_address,
    origin,
};
pub use customers::{Again, CustomerChange, NewCustomer, Welcome, is_email};
pub use feed::{FeedEvent, FeedPage};
pub use history::{EventFilter, EventInFull, EventPage, EventView};
pub use ingest::{IngestError, Intake, Outcome, Source};
pub use keepsake::{Difference, Keepsake};
pub use keys::{Actor, Caller, KeyText, MadeKey, NewKey, NewKeyError};
pub use numbers::{Numbers, SourceNumbers, Stats, Tally};
pub use opening::{OpenLedgerError, Opened, Settings, Start};
pub use own::erased_by;
pub use past::{Heard, KnownAt, Look, Moment, Past, PastError};
pub use query::CustomerInFull;
pub use refold::{Refold, RefoldError, Stored, fold, interpret};
pub use reload::Change;
pub use subscriptions::{Cancel, Cancelling, NewSubscription, PlanChange, TrialEnd};
pub use usage::{Counted, FeatureCount, NewUsageEvent, Reported, TokenUse, UnitUse, UsageReport};

use self::alarm::Alarm;
use self::audit::{Checkpoints, Desk, Signer};
use self::checkup::Checkup;
pub use self::commands::{CommandError, NotRecorded, Refusal, Request};
use self::feed::Feed;
use self::keeping::Keeper;
use self::log_time::LogTime;
use self::past::{Hearing, Times};
use self::scheduler::Scheduler;
use crate::clock::Clock;
use crate::domain::event::Interpretation;
use crate::domain::state::{CustomerNotes, State};
use crate::eventlog::{COMMIT_AGE_MAX, Engine, Handle, Running, State as WriterState, Tree};
use crate::gateways::Gateway;

/// A stop has 5 s in all; what only makes the next start quicker may not be the reason to miss that.
const SNAPSHOT_BUDGET: Duration = Duration::from_millis(1_800);
/// The same for what a replay is compared with.
const KEEPSAKE_BUDGET: Duration = Duration::from_millis(400);

/// The running ledger.
pub struct Ledger {
    sources: BTreeMap<String, Source>,
    state: Arc<RwLock<State>>,
    writer: Handle<Interpretation, Refusal>,
    running: Mutex<Option<Running<Interpretation, Refusal>>>,
    engine: Arc<dyn Engine>,
    clock: Arc<dyn Clock>,
    log_time: Arc<LogTime>,
    feed: Arc<Feed>,
    tally: Tally,
    keeper: Mutex<Option<Keeper>>,
    scheduler: Mutex<Option<Scheduler>>,
    checkup: Mutex<Checkup>,
    alarm: Arc<Alarm>,
    audits: Arc<Desk>,
    witness_path: Option<PathBuf>,
    grace_days: AtomicU32,
    hearing: Hearing,
    times: Times,
    keepsake_path: Option<PathBuf>,
    tree: Tree,
    signer: Arc<Signer>,
    checkpoints: Checkpoints,
    gateway: Option<Arc<dyn Gateway>>,
    plan_words: Arc<catalogue::PlanWords>,
    desk: Mutex<Option<checkouts::Desk>>,
}

/// An answer with the last sequence number folded into it.
#[derive(Debug, Clone)]
pub struct Shown<T> {
    /// The sequence number.
    pub seq: u64,
    /// The answer.
    pub value: T,
}

impl<T> Shown<T> {
    /// The same, shown otherwise.
    pub fn map<U>(self, show: impl FnOnce(T) -> U) -> Shown<U> {
        Shown {
            seq: self.seq,
            value: show(self.value),
        }
    }
}

/// Why the log could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not now.
    #[error("{0}")]
    Unavailable(String),
    /// What was read is not what was written.
    #[error("{0}")]
    Damaged(String),
}

impl Ledger {
    /// The source of that configured name, if it takes deliveries.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// Counts since start.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether webhooks can be stored.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn ready(&self) -> Result<(), String> {
        let health = self.writer.health();
        if health.is_hung() {
            let seconds = COMMIT_AGE_MAX.as_secs();
            return Err(format!(
                "A commit has waited for the disk for over {seconds} s; look at the disk."
            ));
        }
        match health.state() {
            WriterState::Serving => {
                let damage = self.alarm.sentence();
                let wrong = damage.or_else(|| self.checkpoints.contradiction());
                wrong.map_or(Ok(()), Err)
            }
            WriterState::Full => Err("The disk is full; free some space.".into()),
            WriterState::ClockLeap => Err("This machine's clock leapt ahead; set it right.".into()),
            WriterState::Stopped => Err("The service is stopping.".into()),
            WriterState::Faulted(why) | WriterState::ReadOnly(why) => Err(why),
        }
    }

    /// Folds the log again, beside the live state.
    ///
    /// # Errors
    /// [`RefoldError`] at the first record that cannot be read.
    pub fn replay(&self, what: &Refold, notes: CustomerNotes) -> Result<State, RefoldError> {
        what.state(&*self.engine, notes, |_| {})
    }

    /// The fingerprints of the live state.
    #[must_use]
    pub fn keepsake(&self) -> Keepsake {
        Keepsake::of(&self.state.read())
    }

    /// Drains what is queued, stops writing, and keeps a checkpoint, the state, and what a replay is
    /// compared with.
    pub fn stop(&self) {
        self.audits.close();
        self.checkup.lock().stop();
        self.tree.stop();
        self.checkpoints.stop();
        let scheduler = self.scheduler.lock().take();
        scheduler.iter().for_each(Scheduler::end);
        if let Some(desk) = self.desk.lock().take() {
            desk.stop();
        }
        if let Some(running) = self.running.lock().take() {
            running.stop();
        }
        scheduler.into_iter().for_each(Scheduler::wait);
        self.checkpoints.keep();
        if let Some(keeper) = self.keeper.lock().take() {
            keeper.stop(Instant::now() + SNAPSHOT_BUDGET);
        }
        // Its next step was long ago; what it reads keeps the store open.
        self.audits.wait();
        let Some(path) = &self.keepsake_path else {
            return;
        };
        let kept = Keepsake::of_before(&self.state.read(), Instant::now() + KEEPSAKE_BUDGET);
        // An old keepsake stays true of the sequence it names.
        match kept.map(|kept| kept.write(path)) {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                let path = path.display();
                tracing::warn!(%path, %error, "the state's fingerprints could not be kept");
            }
            None => tracing::warn!("the state is too large to keep its fingerprints at a stop"),
        }
    }
}
