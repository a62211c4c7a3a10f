//! What a replay is compared with: the fingerprints of the state at the last clean stop, in a text
//! file beside the store. A cache of evidence, not of state: nothing is ever read back from it but
//! for comparison.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::domain::state::{FOLD_VERSION, State};

const MAGIC: &str = "subledger-state";
/// How many fingerprints are taken between two looks at the clock: a few milliseconds' worth.
const PRINTS_A_LOOK: usize = 1_000;

/// The fingerprints of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepsake {
    /// The last sequence number folded.
    pub seq: u64,
    /// The rules it was folded by.
    pub fold_version: u32,
    /// By kind and id.
    prints: BTreeMap<(String, String), String>,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `customer`, `subscription`, …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Where it is.
    pub presence: Presence,
}

/// See [`Difference`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// In both, and not the same.
    Changed,
    /// Only in what was kept.
    OnlyKept,
    /// Only in the replay.
    OnlyReplayed,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.presence {
            Presence::Changed => "is not as it was kept",
            Presence::OnlyKept => "was kept, and the replay does not have it",
            Presence::OnlyReplayed => "is in the replay, and was not kept",
        };
        write!(f, "{} {} {what}", self.kind, self.id)
    }
}

impl Keepsake {
    /// The file's name in the data folder.
    pub const FILE_NAME: &str = "state.fingerprints";

    /// Takes the fingerprints of `state`.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let forever = Self::of_while(state, || Ok::<(), Infallible>(()));
        match forever {
            Ok(whole) => whole,
            Err(never) => match never {},
        }
    }

    /// Takes the fingerprints of `state`, or gives up when `deadline` has passed.
    #[must_use]
    pub fn of_before(state: &State, deadline: Instant) -> Option<Self> {
        let in_time = || (Instant::now() <= deadline).then_some(()).ok_or(());
        Self::of_while(state, in_time).ok()
    }

    /// Takes the fingerprints of `state`; `go_on` is asked every few milliseconds.
    ///
    /// # Errors
    /// What `go_on` says, to which the work has ended.
    pub fn of_while<E>(state: &State, mut go_on: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        let mut prints = BTreeMap::new();
        for (place, print) in state.fingerprints().enumerate() {
            if place % PRINTS_A_LOOK == 0 {
                go_on()?;
            }
            prints.insert((print.kind.to_owned(), print.id), print.digest);
        }
        Ok(Self {
            seq: state.counts().last_seq,
            fold_version: FOLD_VERSION,
            prints,
        })
    }

    /// One hash over everything: equal digests, equal states.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for ((kind, id), print) in &self.prints {
            hash.update(format!("{kind}\0{id}\0{print}\n"));
        }
        hex::encode(hash.finalize())
    }

    /// What differs between this one, kept, and a replay's.
    #[must_use]
    pub fn differences(&self, replayed: &Self) -> Vec<Difference> {
        let difference = |(kind, id): &(String, String), presence| Difference {
            kind: kind.clone(),
            id: id.clone(),
            presence,
        };
        let kept = self
            .prints
            .iter()
            .filter_map(|(key, print)| match replayed.prints.get(key) {
                None => Some(difference(key, Presence::OnlyKept)),
                Some(other) if other != print => Some(difference(key, Presence::Changed)),
                Some(_) => None,
            });
        let added = replayed
            .prints
            .keys()
            .filter(|key| !self.prints.contains_key(*key));
        kept.chain(added.map(|key| difference(key, Presence::OnlyReplayed)))
            .collect()
    }

    /// Keeps it, replacing what was kept before as a whole.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder)?;
        let mut out = BufWriter::new(file);
        writeln!(
            out,
            "{MAGIC} {} {} {}",
            self.fold_version,
            self.seq,
            self.digest()
        )?;
        for ((kind, id), print) in &self.prints {
            writeln!(out, "{kind}\t{}\t{print}", escape(id))?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    }

    /// Reads what was kept; `None` where nothing was.
    ///
    /// # Errors
    /// Where the file cannot be read, or is not whole.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = Vec::new();
        for line in BufReader::new(file).lines() {
            lines.push(line?);
        }
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
        Self::parse(&lines).map(Some).ok_or_else(damaged)
    }

    fn parse(lines: &[String]) -> Option<Self> {
        let (head, lines) = lines.split_first()?;
        let mut words = head.split(' ');
        if words.next()? != MAGIC {
            return None;
        }
        let fold_version = words.next()?.parse().ok()?;
        let seq = words.next()?.parse().ok()?;
        let digest = words.next()?;
        let mut prints = BTreeMap::new();
        for line in lines {
            let mut cells = line.split('\t');
            let (kind, id, print) = (cells.next()?, cells.next()?, cells.next()?);
            prints.insert((kind.to_owned(), unescape(id)), print.to_owned());
        }
        let kept = Self {
            seq,
            fold_version,
            prints,
        };
        (kept.digest() == digest).then_some(kept)
    }
}

/// A provider may put any character into an id; a line has one line.
fn escape(id: &str) -> String {
    id.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn unescape(id: &str) -> String {
    let mut plain = String::with_capacity(id.len());
    let mut letters = id.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn keepsake(prints: &[(&str, &str)]) -> Keepsake {
        let prints = prints.iter();
        let prints = prints.map(|(id, print)| (("payment".into(), (*id).into()), (*print).into()));
        Keepsake {
            seq: 7,
            fold_version: FOLD_VERSION,
            prints: prints.collect(),
        }
    }

    #[test]
    fn is_read_back_and_a_damaged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Keepsake::FILE_NAME);
        assert_eq!(Keepsake::read(&path).unwrap(), None);
        let kept = keepsake(&[("pay_1", "aa"), ("tab\t\\t\n", "bb")]);
        kept.write(&path).unwrap();
        assert_eq!(Keepsake::read(&path).unwrap(), Some(kept));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("aa", "ab")).unwrap();
        assert!(Keepsake::read(&path).is_err());
    }

    #[test]
    fn every_difference_is_named() {
        let kept = keepsake(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let replayed = keepsake(&[("a", "1"), ("b", "2"), ("d", "1")]);
        let found: Vec<_> = kept
            .differences(&replayed)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "payment b is not as it was kept",
                "payment c was kept, and the replay does not have it",
                "payment d is in the replay, and was not kept",
            ]
        );
        assert!(kept.differences(&kept).is_empty());
    }
}
