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

pub use self::against::{KeptHeads, NotBegun, head_of, kept_heads};
pub use self::export::verify_export;
use super::checkpoints::is_continued;
use super::erasures::Erasures;
use super::job::Ended;
use super::report::{Checked, CheckpointReport, Damages, Report, Signatures};
use crate::eventlog::{
    Damage, Engine, Fault, Finding, KnownHead, Record, Standing, Verdict, Walk, Witness,
};
use crate::ledger::alarm::{Alarm, Trouble};
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
    pub kept: KeptHeads,
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
            kept: KeptHeads::default(),
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
        let mut told = None;
        let given_up = self.given_up();
        let compared = |head: &&KnownHead| !given_up.contains(head);
        let heads: Vec<_> = self.checkpoints.iter().filter(compared).collect();
        let heads: Vec<_> = heads.into_iter().chain(&self.kept.heads).copied().collect();
        let mut walk = self.patiently(step, Checked { checked: 0, of: 0 }, || {
            Walk::new(&*self.engine, self.witness.as_ref(), &heads)
        })?;
        loop {
            let so_far = Checked {
                checked: walk.checked(),
                of: walk.last_seq(),
            };
            step(so_far)?;
            self.sound(&judge, &mut told);
            if !self.patiently(step, so_far, || walk.step(&mut |found| judge.take(found)))? {
                break;
            }
        }
        let verdict = walk.finish(&mut |found| judge.take(found));
        judge.end();
        self.sound(&judge, &mut told);
        let report = judge.report(self, &verdict, &given_up, began.elapsed());
        if let Some(alarm) = self.alarm.as_ref().filter(|_| self.is_complete)
            && report.damaged.is_empty()
        {
            alarm.clear();
        }
        Ok(report)
    }

    /// Those checkpoints that the log does not continue because the operator has accepted that: no
    /// news, and no damage.
    fn given_up(&self) -> Vec<KnownHead> {
        let is_given_up = |head: &&KnownHead| {
            self.kept.given_up.contains(head)
                && matches!(is_continued(&*self.engine, head), Ok(false))
        };
        self.checkpoints
            .iter()
            .filter(is_given_up)
            .copied()
            .collect()
    }

    /// Raises the alarm at the first damage, long before the last page of a long log; again where
    /// worse follows.
    fn sound(&self, judge: &Judge<'_>, told: &mut Option<Trouble>) {
        if let (Some(alarm), Some((trouble, first))) = (&self.alarm, judge.damages.first())
            && *told < Some(*trouble)
        {
            alarm.raise(*trouble, first);
            *told = Some(*trouble);
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
            Finding::Damage(damage) => self.damages.note(Trouble::Damage, damage),
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
        let (trouble, what) = match again {
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
            Again::Wrong(trouble, what) => (trouble, what),
        };
        counts.failed += 1;
        let damage = Damage {
            first_seq: record.seq(),
            last_seq: record.seq(),
            what,
        };
        self.damages.note(trouble, damage);
    }

    fn reverified(&self, record: &Record) -> Again {
        if record.provider() == own::PROVIDER {
            return if own::SOURCES.contains(&record.source()) {
                Again::Nothing
            } else {
                let what = "it says it is the ledger's own event, and its source is not";
                Again::Wrong(Trouble::Damage, what.to_owned())
            };
        }
        let signer = self.signers.get(record.source());
        let Some(signer) = signer.filter(|signer| signer.name() == record.provider()) else {
            return Again::Unknown;
        };
        let evidence = record.evidence();
        match signer.reverify(record.body(), &evidence) {
            Reverified::Valid => Again::Valid,
            Reverified::Invalid => {
                let id = &evidence.key_id;
                let what =
                    format!("its signature does not fit the secret `{id}` as configured now");
                Again::Wrong(Trouble::Signature, what)
            }
            Reverified::SecretUnknown => Again::Unknown,
            Reverified::NotSigned => Again::Nothing,
        }
    }

    /// Whatever was not explained by now never will be.
    fn end(&mut self) {
        for seq in self.erasures.all_unexplained() {
            let damage = Damage {
                first_seq: seq,
                last_seq: seq,
                what: "its body is gone, and no event says that it was erased".to_owned(),
            };
            self.damages.note(Trouble::Damage, damage);
        }
    }

    fn report(
        self,
        against: &Verification,
        verdict: &Verdict,
        given_up: &[KnownHead],
        took: Duration,
    ) -> Report {
        let damaged = self.damages.sorted();
        let kept = &against.kept;
        // Those that were given come first, without the ones that were given up.
        let compared = verdict.checkpoints.len().saturating_sub(kept.heads.len());
        let (given, of_kept) = verdict
            .checkpoints
            .split_at_checked(compared)
            .unwrap_or_default();
        let mut given = given.iter();
        let given = against.checkpoints.iter().map(|head| {
            if given_up.contains(head) {
                shown_given_up(head)
            } else {
                shown_as(head, *given.next().unwrap_or(&Standing::Unknown))
            }
        });
        let of_kept: Vec<_> = kept.heads.iter().zip(of_kept).collect();
        let fits = |(_, standing): &&(&KnownHead, &Standing)| **standing == Standing::Continued;
        let broken = of_kept.iter().find(|compared| !fits(compared));
        let newest = of_kept.iter().rev().find(fits);
        let own = broken.into_iter().chain(newest);
        let checkpoints = given.chain(own.map(|(head, standing)| shown_as(head, **standing)));
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        Report {
            intact: damaged.is_empty() && given_up.is_empty(),
            events: verdict.tail.last_seq,
            last_seq: verdict.tail.last_seq,
            root: hex::encode(verdict.root),
            witness_seq: against.witness.as_ref().map(Witness::seq),
            checkpoints: checkpoints.collect(),
            kept_checkpoints: count(kept.heads.len()),
            unusable_checkpoints: count(kept.unusable.len()),
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
    Wrong(Trouble, String),
}

fn shown_given_up(head: &KnownHead) -> CheckpointReport {
    CheckpointReport {
        size: head.size,
        ok: false,
        what: "given up by an accepted rollback".to_owned(),
    }
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
