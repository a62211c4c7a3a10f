//! Checkpoints that were kept elsewhere, and the key that they must be signed with. Knows files and
//! notes, no log.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::eventlog::KnownHead;
use crate::ledger::audit::{CHECKPOINTS_FOLDER, KeptHeads, Signer, head_of, kept_heads};
use crate::note::{Checkpoint, NOTE_BYTES_MAX, NoteError, VerifierKey};

/// The texts of the files, each with its name.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        match text(path) {
            Ok(text) => Ok((name, text)),
            Err(error) => Err(format!("cannot read the checkpoint {name}: {error}").into()),
        }
    };
    files.iter().map(read).collect()
}

/// The text of a file that should be a checkpoint; of a larger one no more than tells that.
pub(in crate::cli) fn text(path: &Path) -> Result<String, Failure> {
    let one_more = NOTE_BYTES_MAX.saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?
        .take(u64::try_from(one_more)?)
        .read_to_end(&mut bytes)?;
    if bytes.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLarge.into());
    }
    Ok(String::from_utf8(bytes)?)
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
pub(in crate::cli) fn kept(data_dir: &Path, key: &VerifierKey) -> Result<KeptHeads, Failure> {
    let kept = kept_heads(&data_dir.join(CHECKPOINTS_FOLDER), key)?;
    for what in &kept.unusable {
        eprintln!("subledger: {what}");
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_larger_than_a_note_is_refused_and_not_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (bytes, is_taken) in [(NOTE_BYTES_MAX, true), (NOTE_BYTES_MAX + 1, false)] {
            std::fs::write(file.path(), "a".repeat(bytes)).unwrap();
            let read = text(file.path()).map_err(|error| error.to_string());
            match is_taken {
                true => assert_eq!(read.unwrap().len(), bytes),
                false => assert_eq!(read, Err(NoteError::TooLarge.to_string())),
            }
        }
        // Without an end.
        assert!(text(Path::new("/dev/zero")).is_err());
    }
}
