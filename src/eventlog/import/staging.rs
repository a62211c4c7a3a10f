//! A log that is made beside the one in the data folder, as a copy of it and the records of one or
//! more exports, and takes its place only once it is whole: whatever happens before, power cut or
//! kill, the data folder holds the log that it held. Knows files and records, not what they mean.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufRead};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use super::{ImportError, Importer};
use crate::domain::time::Timestamp;
use crate::eventlog::engine::Engine;
use crate::eventlog::engine::sled::{self, Lock};
use crate::eventlog::export::{Ending, ExportReader};
use crate::eventlog::merkle::Peaks;
use crate::eventlog::open::{self, Head, OpenOptions, Purpose};
use crate::eventlog::reader::{Log, Records};
use crate::eventlog::record::Record;
use crate::eventlog::tiles::peaks_at;
use crate::eventlog::witness::Witness;

/// The witness's name in the staging folder.
const WITNESS: &str = "witness.json";

/// A log under way to a data folder.
pub struct Staging {
    importer: Importer,
    engine: Arc<dyn Engine>,
    /// Where the log ended that was there before.
    began_at: u64,
    /// Of how many records the log keeps the body that an export says was erased.
    bodies_kept: u64,
    folder: TempDir,
    options: OpenOptions,
    /// Of the data folder, held to the end.
    _lock: Lock,
}

impl Staging {
    /// Begins with what is in the data folder of `options`, which must exist; nothing in there is
    /// changed before [`Self::publish`]. What imports left behind that were killed goes.
    ///
    /// # Errors
    /// [`ImportError`] where the log that is there cannot be gone on with.
    pub fn begin(options: OpenOptions, now: Timestamp) -> Result<Self, ImportError> {
        let data_dir = &options.data_dir;
        let lock = sled::lock(data_dir)?;
        let log = sled::store_dir(data_dir);
        if log.is_symlink() {
            return Err(ImportError::Linked(log));
        }
        let folder = sled::import_folder(data_dir)?;
        let witness_path = folder.path().join(WITNESS);
        if sled::db_bytes(data_dir)? > 0 {
            sled::copy_store(data_dir, folder.path())?;
            // The copy is opened as the log itself would be, and refused where that would be.
            if let Some(witness) = Witness::read(&options.witness_path())? {
                witness.write(&witness_path)?;
            }
        }
        let staged = OpenOptions {
            engine: options.engine,
            data_dir: folder.path().to_owned(),
            witness_path: Some(witness_path),
            min_free_bytes: options.min_free_bytes,
            accept_rollback: false,
            purpose: Purpose::Serve,
            barrier: Arc::clone(&options.barrier),
        };
        let opened = open::open(&staged, now)?;
        Ok(Self {
            engine: Arc::clone(&opened.engine),
            began_at: opened.head.seq(),
            bodies_kept: 0,
            importer: Importer::new(opened),
            folder,
            options,
            _lock: lock,
        })
    }

    /// Where the log ended before anything was imported.
    #[must_use]
    pub const fn began_at(&self) -> u64 {
        self.began_at
    }

    /// How many records lost their bodies in what was read so far, and not in the log: it is never
    /// changed, only gone on with.
    #[must_use]
    pub const fn bodies_kept(&self) -> u64 {
        self.bodies_kept
    }

    /// Where the log stands with what was read so far.
    #[must_use]
    pub const fn head(&self) -> &Head {
        self.importer.ends_at()
    }

    /// The peaks of the first `size` records, which must be there.
    ///
    /// # Errors
    /// [`ImportError`] where they cannot be read.
    pub fn peaks_at(&self, size: u64) -> Result<Peaks, ImportError> {
        Ok(peaks_at(&*self.engine, size)?)
    }

    /// Takes in an export to its end: records that the log has are compared, the others added.
    /// `on` sees each.
    ///
    /// # Errors
    /// [`ImportError`]; the staging is then of no more use.
    pub fn read<R: BufRead>(
        &mut self,
        export: &mut ExportReader<R>,
        on: &mut dyn FnMut(&Record),
    ) -> Result<Ending, ImportError> {
        let mut place = None;
        while let Some(record) = export.next_record()? {
            let place = match &mut place {
                Some(place) => place,
                empty => empty.insert(self.place(record.seq())?),
            };
            on(&record);
            match place.known(record.seq()) {
                None => self.importer.push(record.stored_bytes().clone())?,
                Some(known) => {
                    // The header commits to the body: one that was erased since is no difference.
                    let known = known?;
                    if known.header_bytes() != record.header_bytes() {
                        return Err(ImportError::OtherRecord {
                            line: export.line_no(),
                            seq: record.seq(),
                        });
                    }
                    self.bodies_kept += u64::from(record.is_erased() && !known.is_erased());
                }
            }
        }
        self.importer.flush()?;
        match (place, export.ending()) {
            (Some(place), Some(ending)) if place.before == ending.peaks_before => {
                Ok(ending.clone())
            }
            (_, ending) => Err(ImportError::OtherLog {
                seq: ending.map_or(0, |ending| ending.peaks_before.size()),
            }),
        }
    }

    /// Where an export that begins with record `begins` meets the log.
    fn place(&self, begins: u64) -> Result<Place, ImportError> {
        let ends = self.head().seq();
        if begins > ends.saturating_add(1) {
            return Err(ImportError::Gap { begins, ends });
        }
        Ok(Place {
            before: self.peaks_at(begins.saturating_sub(1))?,
            known: Log::new(Arc::clone(&self.engine)).records(begins),
            known_through: ends,
        })
    }

    /// Puts the log in its place, durably.
    ///
    /// # Errors
    /// [`ImportError`]; the data folder holds what it held.
    pub fn publish(self) -> Result<Published, ImportError> {
        let Self {
            importer,
            engine,
            began_at,
            bodies_kept: _,
            folder,
            options,
            _lock,
        } = self;
        let path = options.witness_path();
        let old = Witness::read(&path)?;
        if let Some(old) = &old {
            let (witness_seq, seq) = (old.seq(), importer.ends_at().seq());
            if witness_seq > seq || peaks_at(&*engine, witness_seq)? != old.peaks {
                return Err(ImportError::Witness {
                    path,
                    witness_seq,
                    seq,
                });
            }
        }
        // Both hold the store open; the importer's end writes the staged witness.
        drop(engine);
        let head = importer.finish()?;
        let staged = folder.path();
        if head.seq() == began_at {
            let warning = None;
            return Ok(Published { head, warning });
        }
        let witness = Witness::read(&staged.join(WITNESS))?;
        sync_all(&sled::store_dir(staged))?;
        if let (Some(old), Some(new)) = (old, &witness)
            && old.db_len > new.db_len
        {
            // It speaks of a longer file, and would have the new one refused. What it remembers of
            // the log stays: a kill before the next step leaves it to refuse a log that is gone.
            let db_len = new.db_len;
            Witness { db_len, ..old }.write(&path)?;
        }
        replace(
            &sled::store_dir(staged),
            &sled::store_dir(&options.data_dir),
        )?;
        // The data folder may be new too.
        let told = sled::sync_names(&sled::store_dir(&options.data_dir));
        let told = told
            .map_err(ImportError::from)
            .and_then(|()| match witness {
                Some(witness) => Ok(witness.write(&path)?),
                None => Ok(()),
            });
        let warning = told.err().map(|error| {
            format!("the log is in its place, and {error}; its next start writes the witness anew")
        });
        Ok(Published { head, warning })
    }
}

/// A log that has taken its place.
pub struct Published {
    /// Where it stands.
    pub head: Head,
    /// What could not be done after that, for the operator.
    pub warning: Option<String>,
}

/// Where an export meets the log.
struct Place {
    /// The log's peaks before the export's first record.
    before: Peaks,
    /// The log's records from there on.
    known: Records,
    /// The last of them.
    known_through: u64,
}

impl Place {
    /// The log's record of that number, asked for in order; `None` past its end.
    fn known(&mut self, seq: u64) -> Option<Result<Record, ImportError>> {
        if seq > self.known_through {
            return None;
        }
        Some(self.known.next()?.map_err(ImportError::from))
    }
}

/// Puts the folder `new` in the place of `old`, in one step whether that is there or not.
fn replace(new: &Path, old: &Path) -> Result<(), ImportError> {
    let done = if old.exists() {
        renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).map_err(io::Error::from)
    } else {
        fs::rename(new, old)
    };
    done.map_err(|error| ImportError::io("put the imported log in the place of", old, error))
}

/// Makes a folder's files and names durable.
fn sync_all(folder: &Path) -> Result<(), ImportError> {
    let unreadable = |error| ImportError::io("list", folder, error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        sync(&entry.map_err(unreadable)?.path())?;
    }
    sync(folder)
}

fn sync(path: &Path) -> Result<(), ImportError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| ImportError::io("sync", path, error))
}
