//! The tree against the naive definition and against an implementation that is not ours, while its
//! files are cut, flipped, exchanged and in the way. It must never know what an event is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fs::{self, File};
use std::time::Instant;

use proptest::prelude::*;
use tlog_tiles::tlog;

use super::*;
use crate::eventlog::engine::memory::MemoryEngine;
use crate::eventlog::merkle::{Peaks, leaf_hash};
use crate::eventlog::page::PageBuilder;

/// Nothing here takes a second; a machine under load may.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A log and what is known of it.
struct Log {
    engine: Arc<MemoryEngine>,
    /// Made into each record, so that two logs differ.
    salt: u8,
    peaks: Peaks,
    leaves: Vec<Hash>,
    pages: u64,
}

impl Log {
    fn new(salt: u8, pages: &[usize]) -> Self {
        let mut log = Self {
            engine: Arc::new(MemoryEngine::default()),
            salt,
            peaks: Peaks::default(),
            leaves: Vec::new(),
            pages: 0,
        };
        pages.iter().for_each(|records| log.add(*records));
        log
    }

    fn add(&mut self, records: usize) {
        let mut builder = PageBuilder::default();
        for _ in 0..records {
            let mut header = vec![self.salt];
            header.extend_from_slice(&self.peaks.size().to_be_bytes());
            let leaf = leaf_hash(&header);
            let write = |out: &mut Vec<u8>| {
                out.extend_from_slice(&u32::try_from(header.len()).unwrap().to_be_bytes());
                out.extend_from_slice(&header);
                Ok::<_, ()>(())
            };
            builder.push(write).unwrap();
            self.peaks.push(leaf);
            self.leaves.push(leaf);
        }
        let page = builder.finish(self.pages + 1, &self.peaks).unwrap();
        self.engine.append(self.pages, &page).unwrap();
        self.pages += 1;
    }

    fn size(&self) -> u64 {
        self.peaks.size()
    }

    fn root(&self, size: u64) -> Hash {
        let mut peaks = Peaks::default();
        let leaves = self.leaves.iter().take(usize::try_from(size).unwrap());
        leaves.for_each(|leaf| peaks.push(*leaf));
        peaks.root()
    }

    fn tree(&self, folder: Option<&Path>) -> Tree {
        let engine = Arc::clone(&self.engine) as Arc<dyn Engine>;
        let place = Place {
            folder: folder.map(Path::to_path_buf),
            min_free_bytes: 0,
        };
        Tree::start(engine, place).unwrap()
    }

    /// The same, once everything is kept.
    fn kept(&self, folder: Option<&Path>) -> Tree {
        let tree = self.tree(folder);
        wait_until(&tree, self.size());
        tree
    }

    /// Checks every kind of proof about `at` and `size` with the other implementation.
    fn check(&self, tree: &Tree, at: u64, size: u64) {
        let (root, old_root) = (tree.root(size).unwrap(), tree.root(at + 1).unwrap());
        assert_eq!(root, self.root(size));
        let leaf = tree.leaf(at).unwrap();
        assert_eq!(leaf, self.leaves[usize::try_from(at).unwrap()]);
        let theirs = |proof: Vec<Hash>| proof.into_iter().map(tlog::Hash).collect::<Vec<_>>();
        let proof = theirs(tree.inclusion(&leaf, at, size, &root).unwrap());
        let (root_of, leaf_of) = (tlog::Hash(root), tlog::Hash(leaf));
        tlog::check_record(&proof, size, root_of, at, leaf_of).expect("inclusion");
        let proof = tree.consistency((at + 1, &old_root), (size, &root));
        let old = tlog::Hash(old_root);
        tlog::check_tree(&theirs(proof.unwrap()), size, root_of, at + 1, old).expect("consistency");
    }

    /// The same, over a spread of places.
    fn check_all(&self, tree: &Tree) {
        let size = self.size();
        for at in (0..size).step_by(usize::try_from(size / 13).unwrap().max(1)) {
            self.check(tree, at, size);
            self.check(tree, at, at + 1 + (size - at - 1) / 2);
        }
    }
}

fn wait_until(tree: &Tree, kept: u64) {
    let began = Instant::now();
    while tree.kept() != kept {
        assert!(began.elapsed() < PATIENCE, "{} of {kept}", tree.kept());
        thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// A log of three levels: more than 65,536 leaves.
fn deep() -> Log {
    Log::new(1, &[512; 131])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn proofs_are_right_wherever_the_kept_nodes_end(
        pages in prop::collection::vec(1_usize..400, 1..6),
        later in prop::collection::vec(1_usize..300, 0..4),
        places in prop::collection::vec((any::<u64>(), any::<u64>()), 8),
    ) {
        let mut log = Log::new(0, &pages);
        let tree = log.kept(None);
        tree.stop();
        later.iter().for_each(|records| log.add(*records));
        for (at, size) in places {
            let size = size % log.size() + 1;
            log.check(&tree, at % size, size);
        }
    }
}

#[test]
fn a_restart_goes_on_where_the_files_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new(0, &[300, 1, 211, 77]);
    for _ in 0..4 {
        let tree = log.kept(Some(folder.path()));
        log.check_all(&tree);
        tree.stop();
        log.check_all(&tree);
        drop(tree);
        log.add(391);
    }
    let names = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["0", "1", "head.json"]);
    let bytes = fs::metadata(folder.path().join("0")).unwrap().len();
    assert_eq!(bytes, (589 + 3 * 391) * 32);
}

#[test]
fn a_hundred_thousand_leaves_are_proved_from_three_levels() {
    let folder = tempfile::tempdir().unwrap();
    let log = deep();
    let tree = log.kept(Some(folder.path()));
    tree.stop();
    assert_eq!(fs::metadata(folder.path().join("2")).unwrap().len(), 32);
    log.check_all(&tree);
}

/// What a power cut, a bad disk or a hand may leave; what is needed of it is worked out again.
#[test]
fn damaged_files_are_never_served_and_made_anew() {
    let whole = tempfile::tempdir().unwrap();
    let log = Log::new(0, &[512; 5]);
    log.kept(Some(whole.path())).stop();
    let other = tempfile::tempdir().unwrap();
    Log::new(9, &[512; 5]).kept(Some(other.path())).stop();
    type Harm = Box<dyn Fn(&Path)>;
    let flip = |name: &'static str, at: usize| -> Harm {
        Box::new(move |folder| {
            let path = folder.join(name);
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 0x10;
            fs::write(&path, bytes).unwrap();
        })
    };
    let cut = |name: &'static str, to: u64| -> Harm {
        Box::new(move |folder| {
            let file = File::options().write(true).open(folder.join(name)).unwrap();
            file.set_len(to).unwrap();
        })
    };
    let remove = |name: &'static str| -> Harm {
        Box::new(move |folder| fs::remove_file(folder.join(name)).unwrap())
    };
    let exchange = |name: &'static str| -> Harm {
        let from = other.path().join(name);
        Box::new(move |folder| {
            fs::copy(&from, folder.join(name)).unwrap();
        })
    };
    let harms: Vec<Harm> = vec![
        flip("0", 0),
        flip("0", 32 * 1000 + 7),
        flip("0", 32 * 2559),
        flip("1", 3),
        flip("1", 32 * 9),
        flip("head.json", 0),
        flip("head.json", 24),
        flip("head.json", 60),
        cut("0", 32 * 100 + 5),
        cut("0", 0),
        cut("1", 31),
        cut("head.json", 10),
        remove("0"),
        remove("1"),
        remove("head.json"),
        exchange("0"),
        exchange("1"),
        exchange("head.json"),
    ];
    for (number, harm) in harms.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["0", "1", "head.json"] {
            fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
        }
        harm(folder.path());
        let tree = log.kept(Some(folder.path()));
        // Two leaves of a tile: their proofs need every hash of it.
        for at in (0..log.size()).step_by(127) {
            let (leaf, root) = (tree.leaf(at).unwrap(), log.peaks.root());
            let proof = tree.inclusion(&leaf, at, log.size(), &root);
            let proof: Vec<_> = proof.unwrap().into_iter().map(tlog::Hash).collect();
            let (root, leaf) = (tlog::Hash(root), tlog::Hash(leaf));
            let checked = tlog::check_record(&proof, log.size(), root, at, leaf);
            checked.unwrap_or_else(|error| panic!("harm {number}, leaf {at}: {error}"));
        }
        let same = |name: &str| {
            fs::read(folder.path().join(name)).ok() == fs::read(whole.path().join(name)).ok()
        };
        let began = Instant::now();
        while !["0", "1"].iter().all(|name| same(name)) {
            assert!(began.elapsed() < PATIENCE, "harm {number} is still there");
            thread::sleep(std::time::Duration::from_millis(2));
        }
        tree.stop();
    }
}

/// With the wrong leaf or root there is no proof, and it is no fault of the files.
#[test]
fn what_is_not_so_is_not_proved() {
    let log = Log::new(0, &[100, 100]);
    let tree = log.kept(None);
    let (leaf, root) = (tree.leaf(3).unwrap(), log.peaks.root());
    let refused = |proof| matches!(proof, Err(TreeError::Contradiction));
    assert!(refused(tree.inclusion(&leaf, 4, 200, &root)));
    assert!(refused(tree.inclusion(&leaf, 3, 200, &leaf)));
    assert!(refused(tree.consistency((7, &leaf), (200, &root))));
    assert!(tree.root(201).is_err() && tree.leaf(200).is_err());
    assert_eq!(tree.kept(), 200);
}

#[test]
fn a_full_disk_only_delays_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(0, &[40, 40]);
    let place = Place {
        folder: Some(folder.path().join("tiles")),
        min_free_bytes: u64::MAX / 2,
    };
    let tree = Tree::start(Arc::clone(&log.engine) as Arc<dyn Engine>, place).unwrap();
    log.check_all(&tree);
    tree.stop();
    assert_eq!(
        (tree.kept(), folder.path().join("tiles").exists()),
        (0, false)
    );
    let tree = log.kept(Some(&folder.path().join("tiles")));
    log.check_all(&tree);
}

/// Reading the whole log for one answer would be a way to keep the service busy.
#[test]
fn far_behind_it_says_so() {
    let log = deep();
    let tree = log.tree(None);
    tree.stop();
    let kept = tree.kept();
    assert!(
        kept < log.size() - UNKEPT_MAX || kept == log.size(),
        "{kept}"
    );
    *tree.follower.levels.write() = Levels::default();
    let (leaf, root) = (tree.leaf(0).unwrap(), log.peaks.root());
    let proof = tree.inclusion(&leaf, 0, log.size(), &root);
    assert!(
        matches!(proof, Err(TreeError::Behind { kept: 0, .. })),
        "{proof:?}"
    );
    log.check(&tree, 0, UNKEPT_MAX);
}
