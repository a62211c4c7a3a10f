//! The files round a sled store: the lock, what must be gone before sled looks, and what must be
//! on the disk before anybody relies on it. Knows nothing of what sled keeps in them.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::eventlog::open_error::OpenError;

/// Makes a file's contents and length durable. Replaced only in tests, to let it fail or to take
/// an image of the file right after it.
pub type Barrier = Arc<dyn Fn(&File) -> io::Result<()> + Send + Sync>;

/// The barrier of production: `fdatasync`.
#[must_use]
pub fn fdatasync() -> Barrier {
    Arc::new(File::sync_data)
}

/// Held for as long as the store is open; the system lets go of it when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes `<data_dir>/LOCK`.
///
/// # Errors
/// [`OpenError::Locked`] where another process holds it.
pub fn lock(data_dir: &Path) -> Result<Lock, OpenError> {
    let path = data_dir.join("LOCK");
    let options = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = options.map_err(|source| OpenError::io("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(data_dir.to_path_buf())),
        Err(TryLockError::Error(source)) => Err(OpenError::io("lock", &path, source)),
    }
}

/// The file that holds everything.
pub(super) fn db_path(dir: &Path) -> PathBuf {
    dir.join("db")
}

/// The length of the store's file; `None` where there is none.
pub(super) fn db_len(dir: &Path) -> Result<Option<u64>, OpenError> {
    let path = db_path(dir);
    match fs::metadata(&path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::io("read", &path, source)),
    }
}

/// Removes half-written snapshots: sled takes a `snap.*.generating` for a whole one and refuses to
/// open.
pub(super) fn remove_unfinished_snapshots(dir: &Path) -> Result<(), OpenError> {
    for entry in fs::read_dir(dir).map_err(|source| OpenError::io("list", dir, source))? {
        let path = entry
            .map_err(|source| OpenError::io("list", dir, source))?
            .path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(|source| OpenError::io("remove", &path, source))?;
        }
    }
    Ok(())
}

/// Where an import makes a log, in the data folder. One name is enough: it is made under the lock.
const IMPORT_FOLDER: &str = ".subledger-import";
/// Where a copy lies that is inspected.
const COPY_FOLDER: &str = ".subledger-inspect";

/// Makes the folder of an import in `data_dir`, which goes when it is dropped. Under the lock: what
/// is left of an import that was killed goes first.
pub(in crate::eventlog) fn import_folder(data_dir: &Path) -> Result<TempDir, OpenError> {
    working_folder(data_dir, IMPORT_FOLDER)
}

/// Copies the store's files into a folder of `data_dir` that goes when it is dropped. Under the
/// lock: what is left of an inspection that was killed goes too.
pub(super) fn copy(data_dir: &Path, dir: &Path) -> Result<TempDir, OpenError> {
    let copy = working_folder(data_dir, COPY_FOLDER)?;
    copy_files(dir, copy.path())?;
    Ok(copy)
}

/// Removes what imports and inspections left that were killed. Under the lock.
pub(in crate::eventlog) fn remove_unfinished(data_dir: &Path) -> Result<(), OpenError> {
    remove_folder(&data_dir.join(IMPORT_FOLDER))?;
    remove_folder(&data_dir.join(COPY_FOLDER))
}

fn working_folder(data_dir: &Path, name: &str) -> Result<TempDir, OpenError> {
    remove_folder(&data_dir.join(name))?;
    let mut folder = tempfile::Builder::new();
    let folder = folder.prefix(name).rand_bytes(0).tempdir_in(data_dir);
    folder.map_err(|source| OpenError::io("make a folder in", data_dir, source))
}

/// Removes a folder that is ours by its whole name; whatever else has that name is not.
fn remove_folder(path: &Path) -> Result<(), OpenError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir_all(path).map_err(|source| OpenError::io("remove", path, source))?;
    }
    Ok(())
}

/// Copies the store's files into the folder `to`, which must exist.
pub(super) fn copy_files(dir: &Path, to: &Path) -> Result<(), OpenError> {
    check_no_blobs(dir)?;
    for entry in list(dir)? {
        let path = entry.path();
        // `blobs` is a folder and empty; sled makes its own.
        if path.is_file() {
            fs::copy(&path, to.join(entry.file_name()))
                .map_err(|source| OpenError::io("make a copy of", &path, source))?;
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<fs::DirEntry>, OpenError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    entries.map_err(|source| OpenError::io("list", folder, source))
}

/// Nothing may have spilled into blob files: sled never syncs those.
pub(super) fn check_no_blobs(dir: &Path) -> Result<(), OpenError> {
    let blobs = dir.join("blobs");
    match fs::read_dir(&blobs).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(_) => Err(OpenError::damaged(
            dir,
            "its blobs folder holds files that we never wrote",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(OpenError::io("list", &blobs, source)),
    }
}

/// Makes the store's names durable: sled syncs neither `conf` nor any directory.
pub(in crate::eventlog) fn sync_names(dir: &Path) -> Result<(), OpenError> {
    sync(&dir.join("conf"))?;
    sync(dir)?;
    let Some(data_dir) = dir.parent() else {
        return Ok(());
    };
    sync(data_dir)?;
    let parent = match data_dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    match sync(parent) {
        // A service may live in a directory whose parent it cannot read; whoever made it may.
        Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            Ok(())
        }
        other => other,
    }
}

fn sync(path: &Path) -> Result<(), OpenError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| OpenError::io("sync", path, source))
}
