//! What is known to be damaged: whoever finds it says it here, and readiness asks here. It knows
//! nothing of how it is found.

use parking_lot::Mutex;

/// Damage that was found in the log, as a sentence.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<String>>);

impl Alarm {
    /// Says what is damaged.
    pub(super) fn raise(&self, what: &dyn std::fmt::Display) {
        let sentence = format!(
            "The log is damaged ({what}); run `subledger verify`, then restore the data folder \
             from a backup."
        );
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
