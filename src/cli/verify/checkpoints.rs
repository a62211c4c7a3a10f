//! Checkpoints that were kept elsewhere, and the key that they must be signed with. Knows files and
//! notes, no log.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::eventlog::KnownHead;
use crate::ledger::audit::{CHECKPOINTS_FOLDER, Signer, head_of, kept_heads};
use crate::note::{Checkpoint, VerifierKey};

/// The texts of the files, each with its name.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Ok((name, text)),
            Err(error) => Err(format!("cannot read the checkpoint {name}: {error}").into()),
        }
    };
    files.iter().map(read).collect()
}

/// The public half of the key in the data folder. A key that cannot be read is told: the log can be
/// checked without it.
pub(super) fn own_key(data_dir: &Path) -> Option<VerifierKey> {
    let signer = Signer::read(data_dir).unwrap_or_else(|error| {
        eprintln!("subledger: {error}");
        None
    });
    signer.map(|signer| signer.verifier())
}

/// What the checkpoints say, each signed by `key`.
pub(super) fn heads(
    texts: &[(String, String)],
    key: &VerifierKey,
) -> Result<Vec<KnownHead>, Failure> {
    let head = |(name, text): &(String, String)| {
        let checkpoint = Checkpoint::verify(text, key)
            .map_err(|error| format!("the checkpoint {name} cannot be used: {error}"))?;
        Ok(head_of(&checkpoint))
    };
    texts.iter().map(head).collect()
}

/// What the checkpoints say that the ledger has kept of itself; one that cannot be used is told.
pub(super) fn kept(data_dir: &Path, key: &VerifierKey) -> Result<Vec<KnownHead>, Failure> {
    let (heads, unusable) = kept_heads(&data_dir.join(CHECKPOINTS_FOLDER), key)?;
    for what in unusable {
        eprintln!("subledger: {what}");
    }
    Ok(heads)
}
