//! One audit at a time, beside the ledger's work and never before it: who has the turn, when to
//! rest, and when to end. It knows nothing of what is audited.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::eventlog::Health;
use crate::ledger::{Actor, Ledger};

/// While events come in it rests three times as long as it works: an eighth of two cores.
const REST: u32 = 3;
/// Shorter rests would cost more than they give; after longer work an event would wait for it.
const WORK_MIN: Duration = Duration::from_millis(2);
/// Who sends events without hurry sends the next one within this.
const QUIET_AFTER: Duration = Duration::from_millis(250);
/// A step takes milliseconds; a disk that hangs may not be waited for at a stop.
const END_DEADLINE: Duration = Duration::from_millis(500);
/// Each holds some pages in memory, and a backup needs one.
const EXPORTS_MAX: u32 = 2;

/// Far enough behind the threads that serve, and near enough that whoever waits for a lock that an
/// audit holds does not wait long.
const NICENESS: i32 = 10;

/// Lets every other thread go first, for as long as this one lives.
pub(in crate::ledger) fn let_others_go_first() {
    // Linux counts a thread as a process here; elsewhere it would slow down all of this one.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "an audit keeps the priority of the service");
    }
}

/// The kinds of work of which one may run at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// Every record is checked.
    Verify,
    /// The log is folded again.
    Replay,
    /// The log is written as text. Two of these may run, whatever else does: how long
    /// one takes is up to who reads it.
    Export,
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verify => "verify",
            Self::Replay => "replay",
            Self::Export => "export",
        })
    }
}

/// Another one has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRunning(pub Audit);

impl fmt::Display for AuditRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Audit::Verify | Audit::Replay => write!(
                f,
                "A {} is running, and one audit runs at a time; wait until it has ended.",
                self.0
            ),
            Audit::Export => write!(
                f,
                "{EXPORTS_MAX} exports are running, and no more may at a time; wait until one has \
                 ended."
            ),
        }
    }
}

/// The ledger is being stopped, or nobody waits for the result any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit was ended before it was through")]
pub struct Ended;

/// Where audits take turns.
#[derive(Default)]
pub(in crate::ledger) struct Desk {
    turn: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Default)]
struct Turn {
    running: Option<Audit>,
    exports: u32,
    is_stopping: bool,
}

impl Turn {
    fn is_idle(&self) -> bool {
        self.running.is_none() && self.exports == 0
    }

    fn take(&mut self, what: Audit) -> Result<(), AuditRunning> {
        match (what, self.running) {
            (Audit::Export, _) if self.exports >= EXPORTS_MAX => Err(AuditRunning(what)),
            (Audit::Export, _) => {
                self.exports += 1;
                Ok(())
            }
            (_, Some(running)) => Err(AuditRunning(running)),
            (_, None) => {
                self.running = Some(what);
                Ok(())
            }
        }
    }

    fn give_back(&mut self, what: Audit) {
        match what {
            Audit::Export => self.exports = self.exports.saturating_sub(1),
            Audit::Verify | Audit::Replay => self.running = None,
        }
    }
}

impl Desk {
    fn begin(self: &Arc<Self>, what: Audit, actor: Actor) -> Result<Ticket, AuditRunning> {
        self.turn.lock().take(what)?;
        Ok(Ticket {
            desk: Arc::clone(self),
            what,
            actor,
            began: Instant::now(),
            verdict: None,
        })
    }

    /// Ends whatever runs at its next step, now and from now on.
    pub(in crate::ledger) fn close(&self) {
        self.turn.lock().is_stopping = true;
        self.changed.notify_all();
    }

    /// Waits until nothing runs any more, but not for ever.
    pub(in crate::ledger) fn wait(&self) {
        let mut turn = self.turn.lock();
        let until = Instant::now() + END_DEADLINE;
        self.changed
            .wait_while_until(&mut turn, |turn| !turn.is_idle(), until);
    }

    /// Rests, unless it is time to end.
    fn rest(&self, rest: Duration) -> Result<(), Ended> {
        let mut turn = self.turn.lock();
        if !rest.is_zero() {
            self.changed
                .wait_while_for(&mut turn, |turn| !turn.is_stopping, rest);
        }
        if turn.is_stopping { Err(Ended) } else { Ok(()) }
    }
}

/// The turn of one audit; when it goes, the next one may begin.
struct Ticket {
    desk: Arc<Desk>,
    what: Audit,
    actor: Actor,
    began: Instant,
    verdict: Option<String>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (what, actor, verdict) = (self.what, self.actor, self.verdict.as_deref());
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let verdict = verdict.unwrap_or("ended before it was through");
        tracing::info!(%what, %actor, verdict, millis, "an audit has ended");
        self.desk.turn.lock().give_back(what);
        self.desk.changed.notify_all();
    }
}

/// An audit that has the turn until this is dropped, with what it reads dropped before: the store
/// closes once its last reader is gone, and a stop waits for no more than the turn.
///
/// It must not hold the [`Ledger`] itself.
pub struct Job {
    pace: Pace,
    ticket: Ticket,
    has_stepped: bool,
}

impl Job {
    /// To be called after every few milliseconds of work, a page at most. While events come in it
    /// rests in proportion to the work since the last rest. The thread that calls it stands behind
    /// all others from then on.
    ///
    /// # Errors
    /// [`Ended`] where the ledger is being stopped: the work has to end now.
    pub fn step(&mut self) -> Result<(), Ended> {
        if !self.has_stepped {
            self.has_stepped = true;
            let_others_go_first();
        }
        let rest = self.pace.rest();
        self.ticket.desk.rest(rest)?;
        if !rest.is_zero() {
            self.pace.worked_since = Instant::now();
        }
        Ok(())
    }

    /// Says what came of it, for the service's log.
    pub fn conclude(&mut self, verdict: impl fmt::Display) {
        self.ticket.verdict = Some(verdict.to_string());
    }

    /// How long it has run.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.ticket.began.elapsed()
    }
}

/// How much of its time an audit works.
struct Pace {
    health: Arc<Health>,
    events: u64,
    written_at: Option<Instant>,
    worked_since: Instant,
}

impl Pace {
    fn new(health: Arc<Health>) -> Self {
        Self {
            events: health.counters.events.load(Relaxed),
            written_at: None,
            worked_since: Instant::now(),
            health,
        }
    }

    /// How long to rest now: not at all where nothing is being written.
    fn rest(&mut self) -> Duration {
        let now = Instant::now();
        let events = self.health.counters.events.load(Relaxed);
        if events != self.events {
            self.events = events;
            self.written_at = Some(now);
        }
        let worked = now.saturating_duration_since(self.worked_since);
        let is_quiet = self
            .written_at
            .is_none_or(|at| now.saturating_duration_since(at) > QUIET_AFTER);
        if is_quiet {
            self.worked_since = now;
            return Duration::ZERO;
        }
        if worked < WORK_MIN {
            return Duration::ZERO;
        }
        worked.saturating_mul(REST)
    }
}

impl Ledger {
    /// Takes the turn for an audit that `actor` asked for.
    ///
    /// # Errors
    /// [`AuditRunning`] while another one has it.
    pub fn begin_audit(&self, what: Audit, actor: Actor) -> Result<Job, AuditRunning> {
        let ticket = self.audits.begin(what, actor)?;
        tracing::info!(%what, %actor, "an audit begins");
        Ok(Job {
            pace: Pace::new(self.writer.health()),
            ticket,
            has_stepped: false,
        })
    }

    /// Ends a running audit at its next step, and every later one at its first.
    pub fn end_audits(&self) {
        self.audits.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn job(desk: &Arc<Desk>, health: &Arc<Health>) -> Result<Job, AuditRunning> {
        Ok(Job {
            pace: Pace::new(Arc::clone(health)),
            ticket: desk.begin(Audit::Verify, Actor::Admin)?,
            has_stepped: true,
        })
    }

    #[test]
    fn one_has_the_turn_and_the_next_gets_it_after() {
        let (desk, health) = (Arc::new(Desk::default()), Arc::new(Health::default()));
        let first = job(&desk, &health).unwrap();
        assert_eq!(job(&desk, &health).err(), Some(AuditRunning(Audit::Verify)));
        drop(first);
        assert!(job(&desk, &health).is_ok());
    }

    #[test]
    fn exports_have_turns_of_their_own() {
        let desk = Arc::new(Desk::default());
        let begin = |what| desk.begin(what, Actor::Admin);
        let audit = begin(Audit::Replay).unwrap();
        let exports: Vec<_> = (0..EXPORTS_MAX)
            .map(|_| begin(Audit::Export).unwrap())
            .collect();
        assert_eq!(
            begin(Audit::Export).err(),
            Some(AuditRunning(Audit::Export))
        );
        drop(exports);
        assert_eq!(
            begin(Audit::Verify).err(),
            Some(AuditRunning(Audit::Replay))
        );
        let _export = begin(Audit::Export).unwrap();
        drop(audit);
        assert!(begin(Audit::Verify).is_ok());
    }

    #[test]
    fn a_stop_ends_the_one_that_runs_and_every_later_one() {
        let (desk, health) = (Arc::new(Desk::default()), Arc::new(Health::default()));
        let mut running = job(&desk, &health).unwrap();
        assert_eq!(running.step(), Ok(()));
        desk.close();
        assert_eq!(running.step(), Err(Ended));
        drop(running);
        desk.wait();
        assert_eq!(job(&desk, &health).unwrap().step(), Err(Ended));
    }

    /// A rest of an hour, so that one that is not cut short would show.
    #[test]
    fn a_stop_cuts_a_rest_short() {
        let desk = Arc::new(Desk::default());
        let theirs = Arc::clone(&desk);
        let resting = std::thread::spawn(move || theirs.rest(Duration::from_secs(3_600)));
        desk.close();
        assert_eq!(resting.join().unwrap(), Err(Ended));
    }

    #[test]
    fn it_rests_only_while_events_come_in() {
        let health = Arc::new(Health::default());
        let mut pace = Pace::new(Arc::clone(&health));
        let worked = |pace: &mut Pace| {
            pace.worked_since = Instant::now().checked_sub(4 * WORK_MIN).unwrap();
            pace.rest()
        };
        assert_eq!(worked(&mut pace), Duration::ZERO);
        health.counters.events.fetch_add(1, Relaxed);
        assert!(worked(&mut pace) >= 4 * WORK_MIN * REST);
        pace.written_at = Instant::now().checked_sub(2 * QUIET_AFTER);
        assert_eq!(worked(&mut pace), Duration::ZERO);
    }
}
