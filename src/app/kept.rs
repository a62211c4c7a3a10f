//! Secrets that are made at a start and kept in the data folder, one a file, for its owner alone. It
//! never knows what they open.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A draft that a kill left behind makes way.
const DRAFT: &str = ".draft";

/// What is kept in a file; `None` where there is no file, or nothing in it: a file that a full disk
/// left empty opens nothing.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let kept = text.trim();
            Ok((!kept.is_empty()).then(|| kept.to_owned()))
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Keeps a line in a file. Whenever this ends, by a kill too, the file is whole or as it was.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn write(path: &Path, line: &str) -> io::Result<()> {
    let draft = draft_of(path);
    match fs::remove_file(&draft) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&draft)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(DRAFT);
    name.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_a_kill_left_behind_stops_no_later_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.secret");
        assert_eq!(read(&path).unwrap(), None);
        // Killed before anything was in the draft, and in the middle of it.
        for left in ["", "hal"] {
            fs::write(draft_of(&path), left).unwrap();
            assert_eq!(read(&path).unwrap(), None);
        }
        for empty in ["", "\n"] {
            fs::write(&path, empty).unwrap();
            assert_eq!(read(&path).unwrap(), None);
        }
        write(&path, "whole").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("whole"));
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(read(folder.path()).is_err());
    }
}
