//! The thread that moves identities from memory to disk: it writes what the writer has frozen as a
//! run, and joins small runs into larger ones, so that few have to be asked.

use std::io::{self, ErrorKind};
use std::iter::Peekable;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use super::run::Run;
use super::table::{Seen, Table};
use crate::eventlog::engine::free_bytes;
use crate::eventlog::merkle::Peaks;

/// Two runs become one unless the older is this much larger: by the rule, ten million events lie in
/// 3 runs at most, and have been written 8 times on average.
const TIMES_LARGER: u64 = 4;
/// After a write that failed, on a full disk for instance.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Identities that nothing is added to any more.
pub(super) struct Frozen {
    pub(super) table: Arc<Table>,
    /// The first event's seq.
    pub(super) from: u64,
    /// The log's peaks after the last one.
    pub(super) peaks: Peaks,
}

/// The way to the thread. Dropped, it ends it after the work in hand.
pub(super) struct Sealer {
    jobs: Option<SyncSender<Frozen>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    folder: PathBuf,
    /// The free space that must be left for the log.
    min_free_bytes: u64,
    /// Set at an end: what joins runs gives up.
    is_closing: AtomicBool,
    /// Set while `news` holds what the writer has not taken.
    has_news: AtomicBool,
    news: Mutex<Option<News>>,
}

/// What has become of the runs.
pub(super) struct News {
    pub(super) runs: Vec<Arc<Run>>,
    /// The last event that is in them.
    pub(super) through: u64,
}

impl Sealer {
    pub(super) fn start(
        folder: PathBuf,
        min_free_bytes: u64,
        runs: Vec<Arc<Run>>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            folder,
            min_free_bytes,
            is_closing: AtomicBool::new(false),
            has_news: AtomicBool::new(false),
            news: Mutex::default(),
        });
        // The writer freezes nothing while something is frozen, so one place is enough.
        let (jobs, queue) = sync_channel(1);
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("identities".into());
        let thread = thread.spawn(move || theirs.run(&queue, runs))?;
        Ok(Self {
            jobs: Some(jobs),
            shared,
            thread: Some(thread),
        })
    }

    /// Hands over what is to become a run; says whether there is anybody to take it. Waits only
    /// where something that was frozen before has not been taken yet.
    pub(super) fn seal(&self, frozen: Frozen) -> bool {
        let jobs = self.jobs.as_ref();
        jobs.is_some_and(|jobs| jobs.send(frozen).is_ok())
    }

    /// Ends what can be done another time, which may take longer than a stop has.
    pub(super) fn hurry(&self) {
        self.shared.is_closing.store(true, Ordering::Relaxed);
    }

    /// What has become of the runs since this was asked last. One atomic where there is nothing.
    pub(super) fn news(&self) -> Option<News> {
        let has_news = self.shared.has_news.load(Ordering::Acquire);
        has_news.then(|| {
            let mut news = self.shared.news.lock();
            self.shared.has_news.store(false, Ordering::Release);
            news.take()
        })?
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.hurry();
        drop(self.jobs.take());
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread that seals identities had stopped with a panic");
        }
    }
}

impl Shared {
    fn run(&self, queue: &Receiver<Frozen>, mut runs: Vec<Arc<Run>>) {
        loop {
            // At an end nothing is joined: what every stop leaves is joined at the next start.
            let next = match queue.try_recv() {
                Err(TryRecvError::Empty) => {
                    if let Err(error) = self.join(&mut runs)
                        && !self.is_closing()
                    {
                        tracing::warn!(%error, "runs of identities could not be joined");
                    }
                    queue.recv().ok()
                }
                next => next.ok(),
            };
            let sealed = next.and_then(|frozen| self.seal(queue, &frozen));
            let Some(sealed) = sealed else {
                return;
            };
            runs.push(Arc::new(sealed));
            self.publish(&runs);
        }
    }

    /// Writes a run; tries until it is written, or until nobody wants it any more.
    fn seal(&self, queue: &Receiver<Frozen>, frozen: &Frozen) -> Option<Run> {
        let entries = frozen.table.sorted();
        loop {
            let count = entries.len() as u64;
            let each = entries.iter().copied().map(Ok);
            match Run::write(&self.folder, frozen.from, &frozen.peaks, count, each) {
                Ok(run) => return Some(run),
                Err(error) => tracing::warn!(%error, "identities could not be written to disk"),
            }
            match queue.recv_timeout(TRY_AGAIN) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(_) | Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// Joins the newest runs while they are of a size.
    fn join(&self, runs: &mut Vec<Arc<Run>>) -> io::Result<()> {
        while let [.., older, newer] = runs.as_slice() {
            if older.head.len() > newer.head.len().saturating_mul(TIMES_LARGER) {
                break;
            }
            // Its parts go only when it is whole. The log's room comes first.
            let wanted = older.bytes().saturating_add(newer.bytes());
            let wanted = wanted.saturating_add(self.min_free_bytes);
            if self.min_free_bytes > 0 && free_bytes(&self.folder)? < wanted {
                break;
            }
            let peaks = newer.head.peaks();
            let peaks = peaks.ok_or_else(|| io::Error::other("a run's peaks are damaged"))?;
            let count = older.head.len() + newer.head.len();
            let both = Merge {
                older: older.entries().peekable(),
                newer: newer.entries().peekable(),
            };
            let until_closing = both.map(|entry| match self.is_closing() {
                false => entry,
                true => Err(ErrorKind::Interrupted.into()),
            });
            let from = older.head.from;
            let joined = Run::write(&self.folder, from, &peaks, count, until_closing);
            let joined = joined.inspect_err(|error| {
                // Which of the two it was is not known.
                older.remove_if_damaged(error);
                newer.remove_if_damaged(error);
            })?;
            let parts = runs.split_off(runs.len() - 2);
            runs.push(Arc::new(joined));
            self.publish(runs);
            parts.iter().try_for_each(|part| part.remove())?;
        }
        Ok(())
    }

    fn publish(&self, runs: &[Arc<Run>]) {
        *self.news.lock() = Some(News {
            runs: runs.to_vec(),
            through: runs.last().map_or(0, |run| run.head.through),
        });
        self.has_news.store(true, Ordering::Release);
    }
}

/// Two sorted lists as one.
struct Merge<A: Iterator, B: Iterator> {
    older: Peekable<A>,
    newer: Peekable<B>,
}

impl<A, B> Iterator for Merge<A, B>
where
    A: Iterator<Item = io::Result<Seen>>,
    B: Iterator<Item = io::Result<Seen>>,
{
    type Item = io::Result<Seen>;

    fn next(&mut self) -> Option<Self::Item> {
        let older_first = match (self.older.peek(), self.newer.peek()) {
            (Some(Ok(older)), Some(Ok(newer))) => older <= newer,
            (Some(Err(_)) | None, _) => self.older.peek().is_some(),
            (Some(Ok(_)), newer) => newer.is_none(),
        };
        if older_first {
            self.older.next()
        } else {
            self.newer.next()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::eventlog::identity::{Content, Identity};
    use crate::eventlog::merkle::leaf_hash;

    fn run(folder: &Path, from: u64, peaks: &mut Peaks) -> Arc<Run> {
        let mut table = Table::default();
        for seq in from..from + 4 {
            peaks.push(leaf_hash(&seq.to_be_bytes()));
            let identity = Identity::of_signed_id("s", &seq.to_string());
            table.insert(identity, Content::of_body(b""), seq);
        }
        let entries = table.sorted().into_iter().map(Ok);
        Arc::new(Run::write(folder, from, peaks, 4, entries).unwrap())
    }

    /// A join of ten million takes seconds, and a stop has few.
    #[test]
    fn at_an_end_a_join_gives_up_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let shared = |is_closing, min_free_bytes| Shared {
            folder: folder.path().to_owned(),
            min_free_bytes,
            is_closing: AtomicBool::new(is_closing),
            has_news: AtomicBool::new(false),
            news: Mutex::default(),
        };
        let mut peaks = Peaks::default();
        let mut runs = vec![
            run(folder.path(), 1, &mut peaks),
            run(folder.path(), 5, &mut peaks),
        ];
        assert!(shared(true, 0).join(&mut runs).is_err());
        assert_eq!((runs.len(), files()), (2, 2));
        shared(false, u64::MAX).join(&mut runs).unwrap();
        assert_eq!((runs.len(), files()), (2, 2), "the log's room comes first");
        shared(false, 0).join(&mut runs).unwrap();
        assert_eq!((runs.len(), files()), (1, 1));
    }
}
