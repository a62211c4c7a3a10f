//! Pages checked one after another, each against the one before. Knows pages and records, not where
//! they come from.

use super::heads::Heads;
use super::{Damage, Finding};
use crate::domain::time::Timestamp;
use crate::eventlog::merkle::{Hash, Peaks};
use crate::eventlog::page::Page;
use crate::eventlog::record::{Record, RecordDamage};

/// What is known of the log up to the next page.
pub(in crate::eventlog) struct Checker {
    /// The peaks before the next page; `None` where they are not known.
    peaks: Option<Peaks>,
    /// The last page's number, in the same way.
    page_no: Option<u64>,
    recorded_at: Timestamp,
}

impl Checker {
    /// Begins after the log of `peaks`; at the log's beginning, or in the middle of it where there
    /// are none.
    pub(in crate::eventlog) fn new(peaks: Option<Peaks>) -> Self {
        Self {
            page_no: peaks.as_ref().filter(|peaks| peaks.size() == 0).map(|_| 0),
            peaks,
            recorded_at: Timestamp::EPOCH,
        }
    }

    /// What comes next does not follow what was checked last.
    pub(super) fn lose_track(&mut self) {
        self.peaks = None;
        self.page_no = None;
    }

    pub(super) fn root(&self) -> Hash {
        self.peaks.clone().unwrap_or_default().root()
    }

    /// The time of the last intact record.
    pub(in crate::eventlog) const fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Reports every record of `page`, as it was written or damaged, and compares `heads` with the
    /// log as it passes them.
    pub(in crate::eventlog) fn check(
        &mut self,
        page: &Page,
        heads: &mut Heads,
        report: &mut dyn FnMut(Finding<'_>),
    ) {
        let damage = |first_seq, last_seq, what: &str| Damage {
            first_seq,
            last_seq,
            what: what.to_owned(),
        };
        let whole = |what| Finding::Damage(damage(page.first_seq(), page.last_seq(), what));
        let mut peaks = self.peaks.take();
        if peaks
            .as_ref()
            .is_some_and(|peaks| peaks.size().saturating_add(1) != page.first_seq())
        {
            peaks = None;
            self.page_no = None;
        }
        if self
            .page_no
            .is_some_and(|before| before.checked_add(1) != Some(page.page_no()))
        {
            report(whole("their page is not numbered after the one before"));
        }
        let stated = page.peaks();
        let records: Vec<_> = page.records().collect();
        let hashed = peaks.and_then(|peaks| Self::hashed(peaks, &records, heads, report));
        let is_other = hashed.as_ref().is_some_and(|peaks| peaks != stated);
        for (seq, record) in &records {
            match record {
                Ok(record) => {
                    // What such a header says of its time, says nothing of its neighbours.
                    if !is_other {
                        if record.recorded_at() < self.recorded_at {
                            let what = "it claims to be older than the record before";
                            report(Finding::Damage(damage(*seq, *seq, what)));
                        }
                        self.recorded_at = record.recorded_at();
                    }
                    report(Finding::Record(record));
                }
                Err(error) => {
                    report(Finding::Damage(damage(*seq, *seq, &error.to_string())));
                }
            }
        }
        if is_other {
            report(whole(
                "one of them is not the record that was hashed into the tree",
            ));
        }
        // A record that is not the one that was hashed is damage, and named; the tree itself may
        // be the one that was signed all the same.
        match &hashed {
            Some(peaks) => heads.compare(page.last_seq(), &[stated, peaks], report),
            None => heads.compare(page.last_seq(), &[stated], report),
        }
        // Whatever was found, the next page is checked against what this one states.
        self.peaks = Some(stated.clone());
        self.page_no = Some(page.page_no());
    }

    /// The peaks after these records, compared with what is remembered of the log within them; `None`
    /// where one of them is damaged.
    fn hashed(
        mut peaks: Peaks,
        records: &[(u64, Result<Record, RecordDamage>)],
        heads: &mut Heads,
        report: &mut dyn FnMut(Finding<'_>),
    ) -> Option<Peaks> {
        let last = records.len().saturating_sub(1);
        for (place, (seq, record)) in records.iter().enumerate() {
            peaks.push(record.as_ref().ok()?.leaf());
            if place < last {
                heads.compare(*seq, &[&peaks], report);
            }
        }
        Some(peaks)
    }
}
