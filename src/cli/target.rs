//! Where text goes that must be whole or not be there: standard output, or a file that gets its name
//! last. Knows nothing of the text.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Failure;

/// What is written at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// See the module.
pub(super) enum Target {
    /// Whoever reads it must look for the last line.
    StandardOutput(BufWriter<io::Stdout>),
    /// Under another name beside its own until [`Target::keep`].
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Target {
    /// Standard output for no path, and for `-`.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let output = BufWriter::with_capacity(BUFFER_BYTES, io::stdout());
            return Ok(Self::StandardOutput(output));
        };
        // Also a link that leads nowhere: it is not followed.
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let name = path.file_name().ok_or("--out needs the name of a file")?;
        let file = tempfile::Builder::new()
            .prefix(&format!(".{}.", name.to_string_lossy()))
            .suffix(".part")
            .tempfile_in(folder(path));
        let file = file.map_err(|error| not_written(path, &error))?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self::File(file, path.to_owned()))
    }

    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        match self {
            Self::StandardOutput(output) => output.write_all(text).map_err(unprinted),
            Self::File(file, path) => file
                .write_all(text)
                .map_err(|error| not_written(path, &error)),
        }
    }

    /// All was written: the file is made durable and gets its name, unless that was taken since.
    pub(super) fn keep(self) -> Result<(), Failure> {
        let (file, path) = match self {
            Self::StandardOutput(mut output) => return output.flush().map_err(unprinted),
            Self::File(file, path) => (file, path),
        };
        let wrong = |error: &io::Error| not_written(&path, error);
        let file = file.into_inner().map_err(|error| wrong(error.error()))?;
        file.as_file().sync_all().map_err(|error| wrong(&error))?;
        file.persist_noclobber(&path).map_err(|refused| {
            if refused.error.kind() == ErrorKind::AlreadyExists {
                exists(&path)
            } else {
                wrong(&refused.error)
            }
        })?;
        let folder = File::open(folder(&path)).and_then(|folder| folder.sync_all());
        folder.map_err(|error| wrong(&error))
    }
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

fn exists(path: &Path) -> Failure {
    format!(
        "{} exists; choose another name, or move it away",
        path.display()
    )
    .into()
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    format!("cannot write {path}: {error}; nothing is left of it").into()
}

fn unprinted(error: io::Error) -> Failure {
    format!("cannot write standard output: {error}; what was written has no last line").into()
}
