//! Proofs about the log as an auditor asks for them: by sequence number and size. It knows what is
//! in range; how a proof is made is the log's.

use crate::eventlog::merkle::Hash;
use crate::eventlog::{Fault, TreeError};
use crate::ledger::{Ledger, ReadError, Shown};

/// A record is in the tree of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The record's sequence number.
    pub seq: u64,
    /// The tree's size.
    pub size: u64,
    /// The leaf over the record's header.
    pub leaf: Hash,
    /// The tree's root.
    pub root: Hash,
    /// The proof, from the leaf up.
    pub hashes: Vec<Hash>,
}

/// A tree is the beginning of a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier tree's size.
    pub from: u64,
    /// The later tree's size.
    pub to: u64,
    /// The earlier tree's root.
    pub from_root: Hash,
    /// The later tree's root.
    pub to_root: Hash,
    /// The proof.
    pub hashes: Vec<Hash>,
}

/// Numbers that no proof can be about: one sentence, without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfRange(String);

impl From<TreeError> for ReadError {
    fn from(error: TreeError) -> Self {
        match &error {
            TreeError::Contradiction | TreeError::Log(Fault::Damaged { .. }) => {
                Self::Damaged(error.to_string())
            }
            TreeError::Log(_) | TreeError::Nodes(_) | TreeError::Behind { .. } => {
                Self::Unavailable(format!("{error}."))
            }
        }
    }
}

impl Ledger {
    /// The signed note of the log's head: everything that has been answered is in it. Reads the
    /// store.
    ///
    /// # Errors
    /// [`ReadError`] where the log cannot be read, and where it contradicts a checkpoint that is
    /// kept: then nothing is signed.
    pub fn checkpoint(&self) -> Result<Shown<String>, ReadError> {
        if let Some(contradiction) = self.checkpoints.contradiction() {
            return Err(ReadError::Unavailable(contradiction));
        }
        let seq = self.last_seq();
        let root = self.tree.root(seq)?;
        Ok(Shown {
            seq,
            value: self.signer.sign(seq, root),
        })
    }

    /// What checkpoints are verified with, as others write it.
    #[must_use]
    pub fn checkpoint_key(&self) -> Shown<String> {
        Shown {
            seq: self.last_seq(),
            value: self.signer.verifier().to_string(),
        }
    }

    /// The proof that the record `seq` is in the tree of the first `size` records; of all there
    /// are, where no size is given. Reads the store.
    ///
    /// # Errors
    /// [`ReadError`] where the log cannot be read; [`OutOfRange`] where there is no such proof.
    pub fn inclusion(
        &self,
        seq: u64,
        size: Option<u64>,
    ) -> Result<Result<Shown<Inclusion>, OutOfRange>, ReadError> {
        let last = self.last_seq();
        let size = size.unwrap_or(last);
        if !(1..=last).contains(&size) {
            return Ok(Err(beyond("size", last)));
        }
        if !(1..=size).contains(&seq) {
            return Ok(Err(beyond("seq", size)));
        }
        let (index, root) = (seq - 1, self.tree.root(size)?);
        let leaf = self.tree.leaf(index)?;
        let hashes = self.tree.inclusion(&leaf, index, size, &root)?;
        let value = Inclusion {
            seq,
            size,
            leaf,
            root,
            hashes,
        };
        Ok(Ok(Shown { seq: last, value }))
    }

    /// The proof that the tree of the first `to` records begins with that of the first `from`.
    /// Reads the store.
    ///
    /// # Errors
    /// [`ReadError`] where the log cannot be read; [`OutOfRange`] where there is no such proof.
    pub fn consistency(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Result<Shown<Consistency>, OutOfRange>, ReadError> {
        let last = self.last_seq();
        if !(1..=last).contains(&to) {
            return Ok(Err(beyond("to", last)));
        }
        if !(1..=to).contains(&from) {
            return Ok(Err(beyond("from", to)));
        }
        let (from_root, to_root) = (self.tree.root(from)?, self.tree.root(to)?);
        let hashes = self.tree.consistency((from, &from_root), (to, &to_root))?;
        let value = Consistency {
            from,
            to,
            from_root,
            to_root,
            hashes,
        };
        Ok(Ok(Shown { seq: last, value }))
    }
}

fn beyond(name: &str, last: u64) -> OutOfRange {
    OutOfRange(format!("`{name}` must be from 1 to {last} here"))
}
