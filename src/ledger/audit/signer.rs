//! Who signs the log's heads: a name that is fixed at the first start, and the key in its file.
//! It never learns what is signed, and never shows the private half.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use crate::note::{Checkpoint, NoteError, SigningKey, VerifierKey};

/// Where the key is kept, in the data folder, mode 0600.
pub const CHECKPOINT_KEY_FILE: &str = "checkpoint.key";

/// The log's name, as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Set by the operator: the log's own must be the same.
    Named(String),
    /// Not set: this is the name if the log has none yet.
    Unless(String),
}

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read or made.
    #[error("cannot use the key of the checkpoints in {path}: {cause}; change its permissions", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Its file is not one that was made here.
    #[error("{path}: {cause}", path = path.display())]
    Garbled {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: NoteError,
    },
    /// The configuration names another log.
    #[error(
        "`origin` in [audit] is {configured}, but this log was named {kept} at its first start and \
         has signed under that name; set it back, or leave it empty"
    )]
    OtherOrigin {
        /// The name in the configuration.
        configured: String,
        /// The name beside the key.
        kept: String,
    },
}

/// Signs the heads of one log.
pub struct Signer {
    origin: String,
    key: SigningKey,
}

impl Signer {
    /// The signer of the log in `folder`: its key is read, or made where there is none yet. Without
    /// a folder the key goes with the process.
    ///
    /// # Errors
    /// [`KeyError`], a sentence for the operator.
    pub fn open(folder: Option<&Path>, origin: &Origin) -> Result<Self, KeyError> {
        let kept = folder.map(Self::read).transpose()?.flatten();
        let Some(kept) = kept else {
            let (Origin::Named(name) | Origin::Unless(name)) = origin;
            let made = Self {
                origin: name.clone(),
                key: SigningKey::generate(),
            };
            if let Some(folder) = folder {
                made.write(folder)?;
            }
            return Ok(made);
        };
        match origin {
            Origin::Named(configured) if *configured != kept.origin => Err(KeyError::OtherOrigin {
                configured: configured.clone(),
                kept: kept.origin,
            }),
            Origin::Named(_) | Origin::Unless(_) => Ok(kept),
        }
    }

    /// The signer whose key is kept in `folder`; `None` where there is none.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, KeyError> {
        let path = folder.join(CHECKPOINT_KEY_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => secrecy::SecretString::from(text),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(KeyError::Io { path, cause }),
        };
        let read = SigningKey::from_file_text(text.expose_secret());
        let (origin, key) = read.map_err(|cause| KeyError::Garbled { path, cause })?;
        Ok(Some(Self { origin, key }))
    }

    /// Whole or not at all, whatever happens meanwhile, and never over another.
    fn write(&self, folder: &Path) -> Result<(), KeyError> {
        let path = folder.join(CHECKPOINT_KEY_FILE);
        let write = || {
            // A draft of this crate has the mode 0600.
            let mut draft = tempfile::NamedTempFile::new_in(folder)?;
            let text = self.key.to_file_text(&self.origin);
            draft.write_all(text.expose_secret().as_bytes())?;
            draft.as_file().sync_all()?;
            draft
                .persist_noclobber(&path)
                .map_err(|error| error.error)?;
            fs::File::open(folder)?.sync_all()
        };
        write().map_err(|cause| KeyError::Io {
            path: path.clone(),
            cause,
        })
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What others check the heads with.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier(&self.origin)
    }

    /// The signed note of a head: so many records, and the root over them.
    #[must_use]
    pub fn sign(&self, size: u64, root: [u8; 32]) -> String {
        self.key.sign(&Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn named(name: &str) -> Origin {
        Origin::Named(name.into())
    }

    fn refusal(opened: Result<Signer, KeyError>) -> String {
        opened.err().unwrap().to_string()
    }

    #[test]
    fn the_name_and_the_key_are_fixed_at_the_first_start() {
        let folder = tempfile::tempdir().unwrap();
        let open = |origin: &Origin| Signer::open(Some(folder.path()), origin);
        let first = open(&Origin::Unless("a.example".into())).unwrap();
        assert_eq!(first.origin(), "a.example");
        let path = folder.path().join(CHECKPOINT_KEY_FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        for same in [Origin::Unless("b.example".into()), named("a.example")] {
            assert_eq!(open(&same).unwrap().verifier(), first.verifier());
        }
        assert!(refusal(open(&named("b.example"))).contains("was named a.example"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        let refused = refusal(open(&named("a.example")));
        assert!(refused.contains("not a signing key") && !refused.contains(&text[30..60]));
        assert!(Signer::read(folder.path()).is_err());
        fs::remove_file(&path).unwrap();
        assert!(Signer::read(folder.path()).unwrap().is_none());
        assert_ne!(
            open(&named("b.example")).unwrap().verifier(),
            first.verifier()
        );
    }

    #[test]
    fn without_a_folder_the_key_goes_with_the_process() {
        let open = || Signer::open(None, &named("a.example")).unwrap();
        assert_ne!(open().verifier(), open().verifier());
    }
}
