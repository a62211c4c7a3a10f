//! Is every record what was recorded? The walk over the log, with what it takes to know more than
//! hashes to judge it: the providers' signatures, and which records were erased. The same for a
//! running ledger, a stopped store and the check after a start. It never writes into the log.

mod against;
mod export;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub use self::against::{NotBegun, head_of, kept_heads};
pub use self::export::verify_export;
use super::erasures::Erasures;
use super::job::Ended;
use super::report::{Checked, CheckpointReport, Damages, Report, Signatures};
use crate::eventlog::{
    Damage, Engine, Fault, Finding, KnownHead, Record, Standing, Verdict, Walk, Witness,
};
use crate::ledger::alarm::Alarm;
use crate::ledger::own;
use crate::providers::{Provider, Reverified};

/// While the store of a running ledger is brought back after a fault.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It was ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] Fault),
}

/// Each source's provider, by the source's name.
pub type Signers = BTreeMap<String, Arc<dyn Provider>>;

/// What a log is checked against.
pub struct Verification {
    engine: Arc<dyn Engine>,
    /// What was durable once.
    pub witness: Option<Witness>,
    /// Heads that were kept elsewhere, and had been signed by this ledger: whoever hands them over
    /// has checked that.
    pub checkpoints: Vec<KnownHead>,
    /// Those that the ledger has kept itself; see [`kept_heads`].
    pub kept: Vec<KnownHead>,
    /// Each source's provider, with every secret that is configured.
    pub signers: Signers,
    /// Of the running ledger that this is the log of.
    alarm: Option<Arc<Alarm>>,
    /// Nothing that the ledger knows is left out, so that what is found intact is.
    is_complete: bool,
}

impl Verification {
    /// Checks the log of `engine` against itself alone.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self {
            engine,
            witness: None,
            checkpoints: Vec::new(),
            kept: Vec::new(),
            signers: BTreeMap::new(),
            alarm: None,
            is_complete: false,
        }
    }

    pub(in crate::ledger) fn with_alarm(self, alarm: Arc<Alarm>) -> Self {
        Self {
            alarm: Some(alarm),
            ..self
        }
    }

    /// Checks all that is there now. `step` is told how far it came after each page, a few
    /// milliseconds of work, and may end it. What a running ledger's log came to is what its
    /// readiness says from then on.
    ///
    /// # Errors
    /// [`VerifyError`] where there is no verdict; damage is one.
    pub fn run(
        &self,
        step: &mut dyn FnMut(Checked) -> Result<(), Ended>,
    ) -> Result<Report, VerifyError> {
        let began = Instant::now();
        let mut judge = Judge::new(&self.signers);
        let mut is_told = false;
        let heads = [&self.checkpoints[..], &self.kept].concat();
        let mut walk = self.patiently(step, Checked { checked: 0, of: 0 }, || {
            Walk::new(&*self.engine, self.witness.as_ref(), &heads)
        })?;
        loop {
            let so_far = Checked {
                checked: walk.checked(),
                of: walk.last_seq(),
            };
            step(so_far)?;
            self.sound(&judge, &mut is_told);
            if !self.patiently(step, so_far, || walk.step(&mut |found| judge.take(found)))? {
                break;
            }
        }
        let verdict = walk.finish(&mut |found| judge.take(found));
        judge.end();
        self.sound(&judge, &mut is_told);
        let report = judge.report(self, &verdict, began.elapsed());
        if let Some(alarm) = self.alarm.as_ref().filter(|_| self.is_complete)
            && report.intact
        {
            alarm.clear();
        }
        Ok(report)
    }

    /// Raises the alarm at the first damage, long before the last page of a long log.
    fn sound(&self, judge: &Judge<'_>, is_told: &mut bool) {
        if let (Some(alarm), Some(first), false) = (&self.alarm, judge.damages.first(), *is_told) {
            alarm.raise(first);
            *is_told = true;
        }
    }

    /// A store that cannot be read now may be whole: a running ledger brings it back.
    fn patiently<T>(
        &self,
        step: &mut dyn FnMut(Checked) -> Result<(), Ended>,
        so_far: Checked,
        mut attempt: impl FnMut() -> Result<T, Fault>,
    ) -> Result<T, VerifyError> {
        loop {
            match attempt() {
                Ok(done) => return Ok(done),
                Err(fault) if self.alarm.is_none() => return Err(fault.into()),
                Err(fault @ Fault::Damaged { .. }) => return Err(fault.into()),
                Err(_) => {
                    thread::sleep(TRY_AGAIN);
                    step(so_far)?;
                }
            }
        }
    }
}

/// Takes what the walk finds, and finds what the walk cannot.
struct Judge<'a> {
    signers: &'a Signers,
    signatures: Signatures,
    erasures: Erasures,
    damages: Damages,
}

impl<'a> Judge<'a> {
    fn new(signers: &'a Signers) -> Self {
        Self {
            signers,
            signatures: Signatures::default(),
            erasures: Erasures::default(),
            damages: Damages::default(),
        }
    }

    fn take(&mut self, finding: Finding<'_>) {
        match finding {
            Finding::Damage(damage) => self.damages.note(damage),
            Finding::Record(record) => {
                self.erasures.note(record);
                if !record.is_erased() {
                    self.check_signature(record);
                }
            }
        }
    }

    fn check_signature(&mut self, record: &Record) {
        let again = self.reverified(record);
        let counts = &mut self.signatures;
        let wrong = match again {
            Again::Valid => {
                counts.verified += 1;
                return;
            }
            Again::Nothing => {
                counts.not_verifiable += 1;
                return;
            }
            Again::Unknown => {
                counts.unknown_key += 1;
                return;
            }
            Again::Wrong(what) => what,
        };
        counts.failed += 1;
        self.damages.note(Damage {
            first_seq: record.seq(),
            last_seq: record.seq(),
            what: wrong.to_owned(),
        });
    }

    fn reverified(&self, record: &Record) -> Again {
        if record.provider() == own::PROVIDER {
            return if own::SOURCES.contains(&record.source()) {
                Again::Nothing
            } else {
                Again::Wrong("it says it is the ledger's own event, and its source is not")
            };
        }
        let signer = self.signers.get(record.source());
        let Some(signer) = signer.filter(|signer| signer.name() == record.provider()) else {
            return Again::Unknown;
        };
        match signer.reverify(record.body(), &record.evidence()) {
            Reverified::Valid => Again::Valid,
            Reverified::Invalid => Again::Wrong("its signature is not the provider's"),
            Reverified::SecretUnknown => Again::Unknown,
            Reverified::NotSigned => Again::Nothing,
        }
    }

    /// Whatever was not explained by now never will be.
    fn end(&mut self) {
        for seq in self.erasures.all_unexplained() {
            self.damages.note(Damage {
                first_seq: seq,
                last_seq: seq,
                what: "its body is gone, and no event says that it was erased".to_owned(),
            });
        }
    }

    fn report(self, against: &Verification, verdict: &Verdict, took: Duration) -> Report {
        let damaged = self.damages.sorted();
        let (given, kept) = verdict
            .checkpoints
            .split_at_checked(against.checkpoints.len())
            .unwrap_or_default();
        let given = against.checkpoints.iter().zip(given);
        let kept: Vec<_> = against.kept.iter().zip(kept).collect();
        let fits = |(_, standing): &&(&KnownHead, &Standing)| **standing == Standing::Continued;
        let broken = kept.iter().find(|compared| !fits(compared));
        let newest = kept.iter().rev().find(fits);
        let shown = given.chain(broken.into_iter().chain(newest).copied());
        let checkpoints = shown.map(|(head, standing)| shown_as(head, *standing));
        Report {
            intact: damaged.is_empty(),
            events: verdict.tail.last_seq,
            last_seq: verdict.tail.last_seq,
            root: hex::encode(verdict.root),
            witness_seq: against.witness.as_ref().map(Witness::seq),
            checkpoints: checkpoints.collect(),
            kept_checkpoints: u64::try_from(against.kept.len()).unwrap_or(u64::MAX),
            signatures: self.signatures,
            erased: self.erasures.erased(),
            damaged,
            key: None,
            seconds: took.as_secs_f64(),
        }
    }
}

/// What a second look at a record's signature shows.
enum Again {
    Valid,
    Nothing,
    Unknown,
    Wrong(&'static str),
}

fn shown_as(head: &KnownHead, standing: Standing) -> CheckpointReport {
    CheckpointReport {
        size: head.size,
        ok: standing == Standing::Continued,
        what: words(standing).to_owned(),
    }
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Continued => "the log begins with the very events it was signed for",
        Standing::Broken => "the log does not begin with the events it was signed for",
        Standing::BeyondEnd => "the log has fewer events than it was signed for",
        Standing::Unknown => {
            "events before its end are damaged or not there, so it cannot be compared"
        }
    }
}
