//! Checkpoints that were kept elsewhere, and the key that they must be signed with. Knows files and
//! notes, no log.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::eventlog::KnownHead;
use crate::note::{Checkpoint, SigningKey, VerifierKey};

/// The key of the ledger's own checkpoints, in its data folder.
const KEY_FILE: &str = "checkpoint.key";

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

/// The public half of the key in the data folder.
pub(super) fn own_key(data_dir: &Path) -> Result<VerifierKey, Failure> {
    let path = data_dir.join(KEY_FILE);
    let shown = path.display();
    let text = fs::read_to_string(&path).map_err(|error| {
        format!("cannot read {shown}: {error}; give the key with --checkpoint-key")
    })?;
    let (origin, key) = SigningKey::from_file_text(&text)
        .map_err(|error| format!("{shown}: {error}, or give the key with --checkpoint-key"))?;
    Ok(key.verifier(&origin))
}

/// What the checkpoints say, each signed by `key`.
pub(super) fn heads(
    texts: &[(String, String)],
    key: &VerifierKey,
) -> Result<Vec<KnownHead>, Failure> {
    let head = |(name, text): &(String, String)| {
        let checkpoint = Checkpoint::verify(text, key)
            .map_err(|error| format!("the checkpoint {name} cannot be used: {error}"))?;
        Ok(KnownHead {
            size: checkpoint.size,
            root: checkpoint.root,
        })
    };
    texts.iter().map(head).collect()
}
