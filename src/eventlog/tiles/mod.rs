//! The log's Merkle tree, answering for any of its sizes: roots and proofs by RFC 6962. Interior
//! nodes are kept on disk by a thread that follows the log; they are derived, so nothing waits for
//! them, and no proof leaves here that does not lead to the root that the log itself states.

mod follower;
mod levels;
mod nodes;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

pub use self::nodes::peaks_at;

use self::follower::Follower;
use self::levels::Levels;
use self::nodes::Nodes;
use super::engine::{Engine, Fault};
use super::merkle::Hash;
use super::proof::{consistency_ranges, inclusion_ranges, shows_consistency, shows_inclusion};

/// The folder of the tiles, in the data folder.
const TILES_FOLDER: &str = "tiles";
/// As many records are read for one proof at most: about a tenth of a second.
const UNKEPT_MAX: u64 = 65_536;

/// Why the tree does not answer.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] Fault),
    /// The nodes that are kept cannot be read.
    #[error("the tree's nodes cannot be read: {0}")]
    Nodes(#[from] io::Error),
    /// The nodes are being worked out from the log.
    #[error(
        "the tree of the log is being worked out again, {kept} of {size} events are in; ask again \
         in a moment"
    )]
    Behind {
        /// Events whose nodes are kept.
        kept: u64,
        /// Events that were asked about.
        size: u64,
    },
    /// The records do not lead to the root that their pages state.
    #[error("the log's records do not lead to its own Merkle root; run `subledger verify`")]
    Contradiction,
}

/// The tree, with the thread that keeps its nodes.
pub struct Tree {
    engine: Arc<dyn Engine>,
    follower: Arc<Follower>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Where a tree's nodes are kept.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder, by [`tiles_in`]; `None`: in memory.
    pub folder: Option<PathBuf>,
    /// The free space that must be left for the log.
    pub min_free_bytes: u64,
}

impl Tree {
    /// Begins to follow the log of `engine`.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn start(engine: Arc<dyn Engine>, place: Place) -> io::Result<Self> {
        let follower = Arc::new(Follower::new(Arc::clone(&engine), place));
        let theirs = Arc::clone(&follower);
        let thread = thread::Builder::new().name("tree".into());
        let thread = thread.spawn(move || theirs.run())?;
        Ok(Self {
            engine,
            follower,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread, wherever it is. Proofs go on, from what is kept and from the log.
    pub fn stop(&self) {
        self.follower.stop();
        let Some(thread) = self.thread.lock().take() else {
            return;
        };
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the thread that keeps the tree had stopped with a panic");
        }
    }

    /// How many events' nodes are kept.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.follower.levels.read().size()
    }

    /// The root over the first `size` records, from the log itself.
    ///
    /// # Errors
    /// [`TreeError`] where the log cannot be read, or has not so many.
    pub fn root(&self, size: u64) -> Result<Hash, TreeError> {
        Ok(peaks_at(&*self.engine, size)?.root())
    }

    /// The leaf of index `index`, from the record itself.
    ///
    /// # Errors
    /// [`TreeError`] where the log cannot be read, or has no such record.
    pub fn leaf(&self, index: u64) -> Result<Hash, TreeError> {
        Ok(nodes::leaf_at(&*self.engine, index.saturating_add(1))?)
    }

    /// The proof that `leaf` has that index in the tree of `size` leaves with that root.
    ///
    /// # Errors
    /// [`TreeError`]; [`TreeError::Contradiction`] also where there is no such proof.
    pub fn inclusion(
        &self,
        leaf: &Hash,
        index: u64,
        size: u64,
        root: &Hash,
    ) -> Result<Vec<Hash>, TreeError> {
        let ranges = inclusion_ranges(index, size);
        self.proof(&ranges, size, |proof| {
            shows_inclusion(leaf, index, size, proof, root)
        })
    }

    /// The proof that the tree of `to` leaves begins with the one of `from`.
    ///
    /// # Errors
    /// [`TreeError`]; [`TreeError::Contradiction`] also where there is no such proof.
    pub fn consistency(
        &self,
        from: (u64, &Hash),
        to: (u64, &Hash),
    ) -> Result<Vec<Hash>, TreeError> {
        let ranges = consistency_ranges(from.0, to.0);
        self.proof(&ranges, to.0, |proof| shows_consistency(from, to, proof))
    }

    /// The proof over `ranges` that passes `check`: from the kept nodes, and where those are not
    /// what they were, from the log alone.
    fn proof(
        &self,
        ranges: &[Range<u64>],
        size: u64,
        check: impl Fn(&[Hash]) -> bool,
    ) -> Result<Vec<Hash>, TreeError> {
        {
            let levels = self.follower.levels.read();
            match self.read(Some(&levels), ranges, size) {
                Ok(proof) if check(&proof) => return Ok(proof),
                Ok(_) | Err(TreeError::Nodes(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let proof = self.read(None, ranges, size);
        let is_contradicted = proof.as_ref().is_ok_and(|proof| !check(proof));
        if is_contradicted {
            return Err(TreeError::Contradiction);
        }
        // The log is right as far as was seen, so what was kept of it is not.
        self.follower.discard();
        if let Some(thread) = &*self.thread.lock() {
            thread.thread().unpark();
        }
        proof
    }

    fn read(
        &self,
        levels: Option<&Levels>,
        ranges: &[Range<u64>],
        size: u64,
    ) -> Result<Vec<Hash>, TreeError> {
        let kept = levels.map_or(0, Levels::size);
        if size.saturating_sub(kept) > UNKEPT_MAX {
            return Err(TreeError::Behind { kept, size });
        }
        let mut nodes = Nodes::new(&*self.engine, levels);
        ranges.iter().map(|range| nodes.root(range)).collect()
    }
}

impl Drop for Tree {
    /// A thread that goes on would hold the store open.
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where the tiles of a data folder are.
#[must_use]
pub fn tiles_in(data_dir: &Path) -> PathBuf {
    data_dir.join(TILES_FOLDER)
}
