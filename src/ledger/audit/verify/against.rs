//! What a running ledger's log is checked against: its witness, its own checkpoints, those that
//! were kept elsewhere, and the secrets of its sources. It reads what is beside the log, not the
//! log.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Verification;
use crate::eventlog::{KnownHead, Witness};
use crate::ledger::Ledger;
use crate::ledger::audit::{given_up_checkpoints, kept_checkpoints};
use crate::note::{Checkpoint, NoteError, VerifierKey};

/// What the checkpoints say that a ledger has kept of itself.
#[derive(Debug, Clone, Default)]
pub struct KeptHeads {
    /// Those that it stands by, by size.
    pub heads: Vec<KnownHead>,
    /// Those that were given up when a rollback was accepted.
    pub given_up: Vec<KnownHead>,
    /// A sentence for each that cannot be used: it proves nothing, and is no damage of the log.
    pub unusable: Vec<String>,
}

/// What the checkpoints in `folder` say that a ledger has kept of itself, each signed by `key`.
///
/// # Errors
/// Where the folder cannot be read.
pub fn kept_heads(folder: &Path, key: &VerifierKey) -> io::Result<KeptHeads> {
    let mut found = KeptHeads::default();
    for kept in kept_checkpoints(folder)? {
        match kept.read(key) {
            Some(checkpoint) => found.heads.push(head_of(&checkpoint)),
            None => found.unusable.push(format!(
                "the kept checkpoint {} is damaged, or another key has signed it; nothing is \
                 compared with it",
                kept.path.display()
            )),
        }
    }
    let given_up = given_up_checkpoints(folder)?.into_iter();
    let given_up = given_up.filter_map(|kept| kept.read(key));
    found.given_up = given_up.map(|checkpoint| head_of(&checkpoint)).collect();
    Ok(found)
}

/// What a checkpoint says of the log.
#[must_use]
pub const fn head_of(checkpoint: &Checkpoint) -> KnownHead {
    KnownHead {
        size: checkpoint.size,
        root: checkpoint.root,
    }
}

/// Why a verification does not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// A checkpoint is not this ledger's; its place among those given, from 0.
    #[error("checkpoints[{0}] cannot be used: {1}")]
    Checkpoint(usize, #[source] NoteError),
    /// What is kept beside the log cannot be read.
    #[error("{0}")]
    Unavailable(String),
}

impl Ledger {
    /// All that this ledger's log can be checked against, with checkpoints (signed notes) that were
    /// kept elsewhere.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub fn verification(&self, notes: &[String]) -> Result<Verification, NotBegun> {
        let key = self.signer.verifier();
        let read = |(place, note): (usize, &String)| {
            let checkpoint = Checkpoint::verify(note, &key);
            let checkpoint = checkpoint.map_err(|error| NotBegun::Checkpoint(place, error))?;
            Ok(head_of(&checkpoint))
        };
        let checkpoints = notes.iter().enumerate().map(read);
        let checkpoints = checkpoints.collect::<Result<_, NotBegun>>()?;
        // Read before the log's end is: what they remember is there by then.
        let kept = self.checkpoints.folder();
        let kept = kept.map(|folder| kept_heads(folder, &key)).transpose();
        let kept = kept.map_err(unavailable)?.unwrap_or_default();
        kept.unusable
            .iter()
            .for_each(|what| tracing::warn!("{what}"));
        let witness = self.witness_path.as_deref().map(Witness::read);
        let witness = witness.transpose().map_err(unavailable)?.flatten();
        let signers = self.sources.iter();
        Ok(Verification {
            engine: Arc::clone(&self.engine),
            witness,
            checkpoints,
            kept,
            signers: signers
                .map(|(name, source)| (name.clone(), source.provider()))
                .collect(),
            alarm: Some(Arc::clone(&self.alarm)),
            is_complete: true,
        })
    }
}

fn unavailable(error: impl std::fmt::Display) -> NotBegun {
    NotBegun::Unavailable(error.to_string())
}
