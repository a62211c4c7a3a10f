//! What is remembered of a log outside of it, compared with the log while it is read: the witness,
//! and checkpoints. Knows sizes and roots; who signed them is not known here.

use super::{Damage, Finding};
use crate::eventlog::merkle::{Hash, Peaks};
use crate::eventlog::witness::Witness;

/// A head that the log once had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHead {
    /// How many records it had.
    pub size: u64,
    /// The Merkle root over them.
    pub root: Hash,
}

/// What a head came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The log begins with the very records it was made of.
    Continued,
    /// It does not.
    Broken,
    /// The log has fewer records.
    BeyondEnd,
    /// Records just before are damaged or not there, so that the root cannot be worked out.
    Unknown,
}

/// One of them, and whose it is.
struct Remembered {
    head: KnownHead,
    /// Its place among the checkpoints that were given; the witness has none.
    place: Option<usize>,
    standing: Option<Standing>,
}

/// All that is remembered, in the order in which the log passes it.
pub(in crate::eventlog) struct Heads {
    all: Vec<Remembered>,
    /// The next one that the log has not passed.
    next: usize,
    /// Up to here the log is what it was.
    proven: u64,
    /// A head before was broken: that later ones are too is no news.
    is_broken: bool,
}

impl Heads {
    /// Nothing is remembered.
    pub(in crate::eventlog) fn none() -> Self {
        Self::new(None, &[])
    }

    /// The log is not looked at before this record.
    pub(in crate::eventlog) const fn begin_at(&mut self, before: u64) {
        self.proven = before;
    }

    pub(in crate::eventlog) fn new(witness: Option<&Witness>, checkpoints: &[KnownHead]) -> Self {
        let empty = Peaks::default().root();
        let of_witness = witness.map(|witness| Remembered {
            head: KnownHead {
                size: witness.seq(),
                root: witness.peaks.root(),
            },
            place: None,
            standing: None,
        });
        let given = checkpoints.iter().enumerate();
        let mut all: Vec<_> = given
            .map(|(place, head)| Remembered {
                head: *head,
                place: Some(place),
                standing: None,
            })
            .chain(of_witness)
            .collect();
        // Of the empty log there is one root, and nothing is read to tell it.
        for remembered in all.iter_mut().filter(|known| known.head.size == 0) {
            remembered.standing = Some(if remembered.head.root == empty {
                Standing::Continued
            } else {
                Standing::Broken
            });
        }
        all.sort_by_key(|remembered| remembered.head.size);
        Self {
            next: all.partition_point(|remembered| remembered.head.size == 0),
            all,
            proven: 0,
            is_broken: false,
        }
    }

    /// Compares what is remembered of the log of `size` with any of the trees it may be.
    pub(in crate::eventlog) fn compare(
        &mut self,
        size: u64,
        trees: &[&Peaks],
        report: &mut dyn FnMut(Finding<'_>),
    ) {
        while let Some(remembered) = self.all.get_mut(self.next) {
            if remembered.head.size != size {
                return;
            }
            let root = remembered.head.root;
            if trees.iter().any(|tree| tree.root() == root) {
                remembered.standing = Some(Standing::Continued);
                self.proven = size;
            } else {
                remembered.standing = Some(Standing::Broken);
                if !self.is_broken {
                    let whose = match remembered.place {
                        None => "the one the witness remembers",
                        Some(_) => "the one the checkpoint was signed for",
                    };
                    report(Finding::Damage(Damage {
                        first_seq: self.proven.saturating_add(1).min(size),
                        last_seq: size,
                        what: format!("the log up to {size} is not {whose}"),
                    }));
                }
                self.is_broken = true;
            }
            self.next += 1;
        }
    }

    /// The log was read up to here; what could not be compared cannot be any more.
    pub(in crate::eventlog) fn pass(&mut self, seq: u64) {
        while let Some(remembered) = self.all.get_mut(self.next) {
            if remembered.head.size > seq {
                return;
            }
            remembered.standing = Some(Standing::Unknown);
            self.next += 1;
        }
    }

    /// The log ends here: whatever is remembered beyond is missing.
    pub(in crate::eventlog) fn end(&mut self, last_seq: u64) -> Vec<Damage> {
        let mut missing = Vec::new();
        let mut told = last_seq;
        for remembered in self.all.iter_mut().skip(self.next) {
            remembered.standing = Some(Standing::BeyondEnd);
            let size = remembered.head.size;
            if size > told {
                let what = match remembered.place {
                    None => "the witness remembers them and the store does not have them",
                    Some(_) => "a checkpoint was signed for them and the log does not have them",
                };
                missing.push(Damage {
                    first_seq: told.saturating_add(1),
                    last_seq: size,
                    what: what.to_owned(),
                });
                told = size;
            }
        }
        // Nobody ever signed another root of nothing.
        let nothing = self.all.iter().take_while(|known| known.head.size == 0);
        let broken = nothing.filter(|known| known.standing == Some(Standing::Broken));
        missing.extend(broken.map(|_| Damage {
            first_seq: 1,
            last_seq: last_seq.max(1),
            what: "the checkpoint of size 0 is not that of an empty log".to_owned(),
        }));
        missing
    }

    /// What each checkpoint came to, in the order in which they were given.
    pub(in crate::eventlog) fn standings(&self) -> Vec<Standing> {
        let mut given: Vec<_> = self
            .all
            .iter()
            .filter_map(|known| Some((known.place?, known.standing.unwrap_or(Standing::Unknown))))
            .collect();
        given.sort_by_key(|(place, _)| *place);
        given.into_iter().map(|(_, standing)| standing).collect()
    }
}
