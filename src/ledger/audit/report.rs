//! What a verification came to, as it is answered and printed. Knows no log.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::eventlog::Damage;
use crate::ledger::alarm::Trouble;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Checked {
    /// The last seq that was looked at.
    pub checked: u64,
    /// The seq at which it will be through.
    pub of: u64,
}

/// The verdict on a log, or on an export of one.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
#[schemars(rename = "Verdict")]
pub struct Report {
    /// No record is damaged, none is missing, and every checkpoint is continued, also one that was
    /// given up by an accepted rollback.
    pub intact: bool,
    /// How many events there are.
    pub events: u64,
    /// The last one's sequence number.
    pub last_seq: u64,
    /// The Merkle root over them, in hex.
    pub root: String,
    /// Where the witness stands that it was compared with.
    pub witness_seq: Option<u64>,
    /// Each checkpoint that was given; of those that the ledger has kept itself, the oldest that
    /// does not fit, and the newest that does.
    pub checkpoints: Vec<CheckpointReport>,
    /// How many checkpoints that the ledger has kept itself were compared.
    pub kept_checkpoints: u64,
    /// How many of them cannot be used: each is damaged, or another key has signed it.
    pub unusable_checkpoints: u64,
    /// What became of the providers' signatures.
    pub signatures: Signatures,
    /// Events whose body was erased, as another event says.
    pub erased: u64,
    /// What is damaged, in the log's order.
    pub damaged: Vec<Damaged>,
    /// Of an export: the key that signed the checkpoint in it, where that proves all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// One checkpoint and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[schemars(rename = "CheckedCheckpoint")]
pub struct CheckpointReport {
    /// How many events it was signed for.
    pub size: u64,
    /// Whether the log begins with the very events it was signed for.
    pub ok: bool,
    /// The same as a sentence's end.
    pub what: String,
}

/// How many events' signatures were checked again, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Signatures {
    /// The provider's, still.
    pub verified: u64,
    /// Not the provider's: each of these events is damaged.
    pub failed: u64,
    /// Nothing to check: the ledger's own events, and those authenticated by a token.
    pub not_verifiable: u64,
    /// Signed with a secret that is not configured any more, or of a source that is not.
    pub unknown_key: u64,
}

/// Events that are not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Damaged {
    /// The first of them.
    pub first_seq: u64,
    /// The last of them.
    pub last_seq: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last, what) = (self.first_seq, self.last_seq, &self.what);
        if first == last {
            write!(f, "record {first}: {what}")
        } else {
            write!(f, "records {first} to {last}: {what}")
        }
    }
}

/// What is damaged, neighbours with the same trouble as one.
#[derive(Default)]
pub(super) struct Damages {
    found: Vec<Damaged>,
    first: Option<(Trouble, Damaged)>,
}

impl Damages {
    pub(super) fn note(&mut self, trouble: Trouble, damage: Damage) {
        let Damage {
            first_seq,
            last_seq,
            what,
        } = damage;
        let damaged = Damaged {
            first_seq,
            last_seq,
            what,
        };
        if self.first.as_ref().map(|(found, _)| *found) < Some(trouble) {
            self.first = Some((trouble, damaged.clone()));
        }
        match self.found.last_mut() {
            Some(last)
                if last.what == damaged.what && last.last_seq.checked_add(1) == Some(first_seq) =>
            {
                last.last_seq = last_seq;
            }
            Some(_) | None => self.found.push(damaged),
        }
    }

    /// Of the worst kind the one that was found first.
    pub(super) const fn first(&self) -> Option<&(Trouble, Damaged)> {
        self.first.as_ref()
    }

    /// All of them, in the log's order.
    pub(super) fn sorted(mut self) -> Vec<Damaged> {
        self.found.sort_by_key(|damaged| damaged.first_seq);
        self.found
    }
}
