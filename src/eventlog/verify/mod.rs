//! The full check of a log: every checksum, commitment and hash, that nothing is missing or there
//! twice, and that it continues every head that is remembered of it. It reads by seq, passes what
//! is damaged and names it; it never writes, and knows neither signatures nor what an event means.

mod checker;
mod heads;

use super::engine::{Engine, Fault, Tail};
use super::merkle::{Hash, Peaks};
use super::page::Page;
use super::record::Record;
use super::witness::Witness;

pub(super) use self::checker::Checker;
pub(super) use self::heads::Heads;
pub use self::heads::{KnownHead, Standing};

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
    /// A record that is as it was written; of an erased one, what is left of it is. Whether it may
    /// be erased depends on what other records mean.
    Record(&'a Record),
    /// Records that are not.
    Damage(Damage),
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
    /// What each checkpoint that was given came to, in the order in which they were given.
    pub checkpoints: Vec<Standing>,
}

impl Verdict {
    /// Nothing is damaged.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.damages == 0
    }
}

/// A check that is under way, page by page, up to where the log ended when it began.
pub struct Walk<'a> {
    engine: &'a dyn Engine,
    tail: Tail,
    next: u64,
    checker: Checker,
    heads: Heads,
    damages: u64,
}

impl<'a> Walk<'a> {
    /// Begins to check the log of `engine`: that it continues what `witness` remembers, and that
    /// it had each of `checkpoints` as its head.
    ///
    /// # Errors
    /// [`Fault`] where the store cannot be read at all.
    pub fn new(
        engine: &'a dyn Engine,
        witness: Option<&Witness>,
        checkpoints: &[KnownHead],
    ) -> Result<Self, Fault> {
        Ok(Self {
            engine,
            tail: engine.last()?,
            next: 1,
            checker: Checker::new(Some(Peaks::default())),
            heads: Heads::new(witness, checkpoints),
            damages: 0,
        })
    }

    /// The last seq looked at.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// The log's last seq.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.tail.last_seq
    }

    /// Looks at the next page, or passes what cannot be read. False once there is nothing left.
    ///
    /// # Errors
    /// [`Fault`] where the store cannot be read; nothing was told then, and it may be tried again.
    /// Damage is no error but a finding.
    pub fn step(&mut self, on: &mut dyn FnMut(Finding<'_>)) -> Result<bool, Fault> {
        if self.next > self.tail.last_seq {
            return Ok(false);
        }
        let read = match self.engine.read(self.next) {
            Ok(Some(page)) => Ok(page),
            Ok(None) => Err("it is missing".to_owned()),
            Err(Fault::Damaged { what, .. }) => Err(what),
            Err(fault) => return Err(fault),
        };
        let from = read.as_ref().map_or(self.next, Page::first_seq);
        let following = self.engine.next_page_after(from)?;
        let mut damages = 0_u64;
        let mut report = |finding: Finding<'_>| {
            if matches!(finding, Finding::Damage(_)) {
                damages = damages.saturating_add(1);
            }
            on(finding);
        };
        match read {
            Ok(page) => {
                check_neighbours(&page, self.next, following, &mut report);
                self.checker.check(&page, &mut self.heads, &mut report);
                self.next = page.last_seq().saturating_add(1);
            }
            Err(what) => {
                let end = self.tail.last_seq.saturating_add(1);
                let next = following.unwrap_or(end).min(end);
                report(Finding::Damage(Damage {
                    first_seq: self.next,
                    last_seq: next.saturating_sub(1),
                    what,
                }));
                self.checker.lose_track();
                self.next = next;
            }
        }
        self.heads.pass(self.next.saturating_sub(1));
        self.damages = self.damages.saturating_add(damages);
        Ok(true)
    }

    /// Tells what only the end shows, and what it all came to.
    pub fn finish(mut self, on: &mut dyn FnMut(Finding<'_>)) -> Verdict {
        let missing = self.heads.end(self.tail.last_seq);
        self.damages = self
            .damages
            .saturating_add(u64::try_from(missing.len()).unwrap_or(u64::MAX));
        missing
            .into_iter()
            .for_each(|damage| on(Finding::Damage(damage)));
        Verdict {
            tail: self.tail,
            root: self.checker.root(),
            damages: self.damages,
            checkpoints: self.heads.standings(),
        }
    }

    /// All of it at once.
    ///
    /// # Errors
    /// [`Fault`] where the store cannot be read.
    pub fn run(mut self, on: &mut dyn FnMut(Finding<'_>)) -> Result<Verdict, Fault> {
        while self.step(on)? {}
        Ok(self.finish(on))
    }
}

fn check_neighbours(
    page: &Page,
    expected: u64,
    following: Option<u64>,
    report: &mut dyn FnMut(Finding<'_>),
) {
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
    match following {
        Some(next) if next <= page.last_seq() => report(twice(next, page.last_seq())),
        Some(_) | None => {}
    }
}
