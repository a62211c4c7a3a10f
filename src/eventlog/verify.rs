//! The full check of a log: every checksum, commitment and hash, and that nothing is missing or
//! there twice. It reads by seq, passes what is damaged and names it; it never writes.

use super::engine::{Engine, Fault, Tail};
use super::merkle::{Hash, Peaks};
use super::page::Page;
use super::record::Record;
use super::witness::Witness;
use crate::domain::time::Timestamp;

/// Records that are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The first of them.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
    /// What is wrong, as a sentence's end.
    pub what: String,
}

/// What the check comes by, in the log's order.
#[derive(Debug)]
pub enum Finding<'a> {
    /// A record that is as it was written.
    Record(&'a Record),
    /// Records that are not.
    Damage(Damage),
    /// Everything up to here has been looked at.
    Progress {
        /// The last seq looked at.
        seq: u64,
        /// The log's last seq.
        of: u64,
    },
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where the log ends.
    pub tail: Tail,
    /// The Merkle root over what was read.
    pub root: Hash,
    /// How many times [`Finding::Damage`] was found.
    pub damages: u64,
}

impl Verdict {
    /// Nothing is damaged.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.damages == 0
    }
}

/// Checks the whole log of `engine`, and that it continues what `witness` remembers.
///
/// # Errors
/// [`Fault`] where the store cannot be read at all; damage is no error but a finding.
pub fn verify(
    engine: &dyn Engine,
    witness: Option<&Witness>,
    on: &mut dyn FnMut(Finding<'_>),
) -> Result<Verdict, Fault> {
    let tail = engine.last()?;
    let mut checker = Checker::new(Some(Peaks::default()));
    let mut damages = 0_u64;
    let mut report = |finding: Finding<'_>| {
        if matches!(finding, Finding::Damage(_)) {
            damages = damages.saturating_add(1);
        }
        on(finding);
    };
    let mut next = 1;
    while next <= tail.last_seq {
        next = match engine.read(next) {
            Ok(Some(page)) => {
                check_neighbours(engine, &page, next, &mut report)?;
                checker.check(&page, &mut report);
                check_witness(witness, &page, &mut report);
                page.last_seq().saturating_add(1)
            }
            Ok(None) => pass(engine, next, tail, "it is missing".to_owned(), &mut report)?,
            Err(Fault::Damaged { what, .. }) => pass(engine, next, tail, what, &mut report)?,
            Err(fault) => return Err(fault),
        };
        report(Finding::Progress {
            seq: next.saturating_sub(1),
            of: tail.last_seq,
        });
        checker.expect(next);
    }
    if let Some(witness) = witness.filter(|witness| witness.seq() > tail.last_seq) {
        let what = "the witness remembers them and the store does not have them".to_owned();
        let (first_seq, last_seq) = (tail.last_seq.saturating_add(1), witness.seq());
        report(Finding::Damage(Damage {
            first_seq,
            last_seq,
            what,
        }));
    }
    Ok(Verdict {
        tail,
        root: checker.root(),
        damages,
    })
}

/// Reports what cannot be read and answers where to go on.
fn pass(
    engine: &dyn Engine,
    from: u64,
    tail: Tail,
    what: String,
    report: &mut dyn FnMut(Finding<'_>),
) -> Result<u64, Fault> {
    let end = tail.last_seq.saturating_add(1);
    let next = engine.next_page_after(from)?.unwrap_or(end);
    let last_seq = next.saturating_sub(1);
    report(Finding::Damage(Damage {
        first_seq: from,
        last_seq,
        what,
    }));
    Ok(next)
}

fn check_neighbours(
    engine: &dyn Engine,
    page: &Page,
    expected: u64,
    report: &mut dyn FnMut(Finding<'_>),
) -> Result<(), Fault> {
    let twice = |first_seq, last_seq| {
        let what = "two pages of the store hold them".to_owned();
        Finding::Damage(Damage {
            first_seq,
            last_seq,
            what,
        })
    };
    if page.first_seq() < expected {
        report(twice(page.first_seq(), expected.saturating_sub(1)));
    }
    match engine.next_page_after(page.first_seq())? {
        Some(next) if next <= page.last_seq() => report(twice(next, page.last_seq())),
        Some(_) | None => {}
    }
    Ok(())
}

fn check_witness(witness: Option<&Witness>, page: &Page, report: &mut dyn FnMut(Finding<'_>)) {
    let Some(witness) = witness else { return };
    if !(page.first_seq()..=page.last_seq()).contains(&witness.seq()) {
        return;
    }
    if page.peaks() != &witness.peaks {
        let what = "the log up to here is not the one the witness remembers".to_owned();
        let (first_seq, last_seq) = (page.first_seq(), page.last_seq());
        report(Finding::Damage(Damage {
            first_seq,
            last_seq,
            what,
        }));
    }
}

/// Checks pages one after another, each against the one before.
pub(super) struct Checker {
    /// The peaks before the next page; `None` where they are not known.
    peaks: Option<Peaks>,
    recorded_at: Timestamp,
}

impl Checker {
    pub(super) const fn new(peaks: Option<Peaks>) -> Self {
        Self {
            peaks,
            recorded_at: Timestamp::EPOCH,
        }
    }

    /// Forgets the peaks unless the next page begins right after them.
    fn expect(&mut self, next: u64) {
        if self
            .peaks
            .as_ref()
            .is_some_and(|peaks| peaks.size().saturating_add(1) != next)
        {
            self.peaks = None;
        }
    }

    fn root(&self) -> Hash {
        self.peaks.clone().unwrap_or_default().root()
    }

    /// The time of the last intact record.
    pub(super) const fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Reports every record of `page`, as it was written or damaged.
    pub(super) fn check(&mut self, page: &Page, report: &mut dyn FnMut(Finding<'_>)) {
        let damage = |first_seq, last_seq, what| Damage {
            first_seq,
            last_seq,
            what,
        };
        let mut peaks = self.peaks.take();
        for (seq, record) in page.records() {
            match record {
                Ok(record) => {
                    if record.recorded_at() < self.recorded_at {
                        let what = "it claims to be older than the record before".to_owned();
                        report(Finding::Damage(damage(seq, seq, what)));
                    }
                    self.recorded_at = record.recorded_at();
                    if let Some(peaks) = &mut peaks {
                        peaks.push(record.leaf());
                    }
                    report(Finding::Record(&record));
                }
                Err(error) => {
                    peaks = None;
                    report(Finding::Damage(damage(seq, seq, error.to_string())));
                }
            }
        }
        if peaks.is_some_and(|peaks| &peaks != page.peaks()) {
            let what = "one of them is not the record that was hashed into the tree".to_owned();
            report(Finding::Damage(damage(
                page.first_seq(),
                page.last_seq(),
                what,
            )));
        }
        // Whatever was found, the next page is checked against what this one states.
        self.peaks = Some(page.peaks().clone());
    }
}
