//! The only thing that appends: one plain thread behind a bounded queue. It drops duplicates,
//! numbers, hashes, commits a batch, folds it, and only then answers. It knows no billing: what a
//! draft means travels along unread, and the fold is a callback.

mod catch_up;
mod commit;
mod health;
mod queue;
mod run;
mod stamp;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use self::commit::Committer;
pub use self::health::{COMMIT_AGE_MAX, Counters, Health, State};
use self::queue::{Job, Queue, Sender};
pub use self::queue::{MAX_QUEUED, MAX_QUEUED_BYTES};
use self::run::Writer;
use self::stamp::Stamper;
use super::draft::Draft;
use super::identities::Identities;
use super::identity::{Content, Identity};
use super::open::Opened;
use super::record::{Flags, Record};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// What became of an event; it is durable and folded when this is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Written now.
    Recorded {
        /// Its place in the log.
        seq: u64,
        /// Another body had been recorded for the same event before.
        conflicting: bool,
    },
    /// Written before, with the same content.
    Duplicate {
        /// The first one's place.
        seq: u64,
    },
    /// A request whose key was used before with other content; nothing was written.
    Mismatch {
        /// The first one's place.
        seq: u64,
    },
}

/// Why an event cannot be taken now. Nothing was acknowledged: the sender should try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// More events wait than the disk can take in time.
    #[error("too many events are waiting; send it again later")]
    Busy,
    /// The disk is full.
    #[error("the disk is full; send it again once there is room")]
    Full,
    /// The store is being brought back after a fault.
    #[error("the store has a fault; send it again later")]
    Faulted,
    /// Only an operator can bring the store back.
    #[error("the log is read-only until an operator has looked at it")]
    ReadOnly,
    /// Our own clock cannot be believed.
    #[error("this machine's clock leapt ahead; set it right, or restart if it is right now")]
    ClockLeap,
    /// The service is going down.
    #[error("the service is stopping; send it again later")]
    Stopping,
}

/// What a command's `decide` came to.
pub enum Decision<M, R> {
    /// Record this, with what it means.
    Append(Draft, M),
    /// Record nothing.
    Refuse(R),
}

/// What a command is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It was recorded, or had been.
    Done(Receipt),
    /// `decide` refused it.
    Refused(R),
}

/// Something to be decided on the writer's thread, against the state after every event before it.
pub struct Command<M, R> {
    /// No two commands that share one of these are in one commit: each sees the other's effect.
    pub conflict_keys: Vec<String>,
    /// Where the request says by what its repetitions are known: looked up before `decide` is
    /// asked, so that a repetition is answered like the first and not refused for having been done.
    pub request: Option<(Identity, Content)>,
    /// Reads the state and decides. After a conflict it is asked again.
    pub decide: Box<dyn FnMut() -> Decision<M, R> + Send>,
}

/// An event that was just made durable.
#[derive(Debug)]
pub struct Committed<M> {
    /// Its place in the log.
    pub seq: u64,
    /// When the log took it in.
    pub recorded_at: Timestamp,
    /// The name under which it is recorded.
    pub identity: Identity,
    /// The source it came in by.
    pub source: String,
    /// What its repetitions have in common with it.
    pub content: Content,
    /// What only the intake could know, and whether it conflicts.
    pub flags: Flags,
    /// What travelled with the draft.
    pub meaning: M,
}

/// What is made of the log. Called on the writer's thread, in the log's order.
pub trait Fold<M>: Send {
    /// Takes the events of one commit, all durable; may empty the vector.
    fn committed(&mut self, batch: &mut Vec<Committed<M>>);

    /// Takes an event that the store held although nobody was told: one written just before a
    /// fault, or by another writer.
    fn recovered(&mut self, record: &Record);

    /// What repetitions of `record` are compared by: its body, unless it is a command's.
    fn content_of(&self, record: &Record) -> Content {
        Content::of_body(record.body())
    }
}

/// The answer to one event, once it is there.
pub type Answer = oneshot::Receiver<Result<Receipt, Unavailable>>;
/// The answer to one command.
pub type CommandAnswer<R> = oneshot::Receiver<Result<Outcome<R>, Unavailable>>;

/// The way to the writer; a clone leads to the same one.
pub struct Handle<M, R> {
    sender: Sender<M, R>,
}

impl<M, R> Clone for Handle<M, R> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl<M, R> Handle<M, R> {
    /// Hands over an event without ever waiting. An answer that never comes (the receiver's
    /// sender is dropped) means the same as [`Unavailable::Stopping`].
    ///
    /// # Errors
    /// [`Unavailable`] where it cannot be taken now.
    pub fn submit(&self, draft: Draft, meaning: M) -> Result<Answer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Job::Event {
            draft,
            meaning,
            reply,
        })?;
        Ok(answer)
    }

    /// Hands over a command without ever waiting.
    ///
    /// # Errors
    /// [`Unavailable`] where it cannot be taken now.
    pub fn command(&self, command: Command<M, R>) -> Result<CommandAnswer<R>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Job::Command { command, reply })?;
        Ok(answer)
    }

    /// How the writer is doing.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        self.sender.health()
    }
}

/// The running writer; [`Self::stop`] ends it. Dropped without, it ends when the last [`Handle`]
/// is gone.
pub struct Running<M, R> {
    sender: Sender<M, R>,
    thread: JoinHandle<()>,
}

impl<M, R> Running<M, R> {
    /// Takes nothing new, commits and answers what is queued, writes the witness, and waits for
    /// all that.
    pub fn stop(self) {
        self.sender.stop();
        if self.thread.join().is_err() {
            tracing::error!("the writer had stopped with a panic");
        }
    }
}

/// A started writer: the way to it, and the way to end it.
pub type Started<M, R> = (Handle<M, R>, Running<M, R>);

/// Why the writer did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Duplicates would be recorded twice.
    #[error("{known} events are known by identity and the log has {seq}; read the log first")]
    Behind {
        /// Where the identities end.
        known: u64,
        /// Where the log ends.
        seq: u64,
    },
    /// The system gives no thread.
    #[error("the writer's thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// Starts the writer where `opened` ends. `identities` must have been built from the whole log, and
/// `fold` must have taken it in.
///
/// # Errors
/// [`StartError`].
pub fn start<M, R>(
    opened: Opened,
    identities: Identities,
    clock: Arc<dyn Clock>,
    fold: Box<dyn Fold<M>>,
) -> Result<Started<M, R>, StartError>
where
    M: Send + 'static,
    R: Send + 'static,
{
    let (known, seq) = (identities.through(), opened.head.seq());
    if known != seq {
        return Err(StartError::Behind { known, seq });
    }
    let health = Arc::new(Health::default());
    let (sender, queue): (Sender<M, R>, Queue<M, R>) = queue::bounded(Arc::clone(&health));
    let stamper = Stamper::new(clock, opened.head.recorded_at);
    let committer = Committer::new(opened, identities, stamper, fold, Arc::clone(&health));
    let thread = std::thread::Builder::new().name("log-writer".to_owned());
    let thread = thread.spawn(move || Writer::new(committer, queue, health).run())?;
    Ok((
        Handle {
            sender: sender.clone(),
        },
        Running { sender, thread },
    ))
}
