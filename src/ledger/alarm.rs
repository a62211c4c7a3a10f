//! What is known to be damaged: whoever finds it says it here, and readiness asks here. It knows
//! nothing of how it is found.

use parking_lot::Mutex;

/// What was found, from what may be mended in the configuration to what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Hashes fit, and a provider's signature does not.
    Signature,
    /// The log is not what was written.
    Damage,
}

/// Damage that was found in the log, as a sentence.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<String>>);

impl Alarm {
    /// Says what is damaged.
    pub(super) fn raise(&self, trouble: Trouble, what: &dyn std::fmt::Display) {
        let sentence = match trouble {
            Trouble::Damage => format!(
                "The log is damaged ({what}); run `subledger verify`, then restore the data \
                 folder from a backup."
            ),
            Trouble::Signature => format!(
                "The log is in doubt ({what}): another secret is configured under that id, or the \
                 record was forged; correct the secret and run `subledger verify` again, or \
                 compare the log with checkpoints that were kept elsewhere."
            ),
        };
        tracing::error!(damage = %sentence, "the log is damaged");
        *self.0.lock() = Some(sentence);
    }

    /// All of it was checked again, and is as it was written.
    pub(super) fn clear(&self) {
        *self.0.lock() = None;
    }

    /// What is damaged.
    pub(super) fn sentence(&self) -> Option<String> {
        self.0.lock().clone()
    }
}
