//! An event that was set aside because it came too late, and that a person accepts after all. Knows
//! neither where the event is recorded nor how it is read.

use serde::Serialize;

use super::event::{Change, Fact, Interpretation, Reason, Standing};
use super::register::{EventRef, Tie};
use super::time::Timestamp;

/// The acceptance of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcceptedFact {
    /// The event's sequence number.
    pub seq: u64,
    /// What it says. An acceptance names its event alone; whoever reads the log looks it up, and
    /// finds nothing where that event was not too late.
    pub said: Option<Said>,
}

/// What an event says that came too late.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// The configured name of its source.
    pub source: Box<str>,
    /// Its own tie, so that its fresh resend and its acceptance come to the same.
    #[serde(skip)]
    pub tie: Option<Tie>,
    /// What became of it had it come in time.
    pub standing: Standing,
    /// What it changes.
    pub changes: Vec<Change>,
}

impl Interpretation {
    /// Keeps the event aside: whatever it says is not folded.
    pub fn set_aside(&mut self, reason: Reason) {
        self.standing = Standing::Quarantined(reason);
        self.changes.clear();
    }

    /// The acceptance that this event is.
    #[must_use]
    pub fn acceptance(&self) -> Option<&AcceptedFact> {
        self.changes.iter().find_map(|change| {
            if let Fact::Accepted(fact) = &change.fact {
                Some(&**fact)
            } else {
                None
            }
        })
    }

    /// Adds to an acceptance what the accepted event says.
    pub fn quote(&mut self, said: Said) {
        let facts = self.changes.iter_mut().map(|change| &mut change.fact);
        for fact in facts {
            if let Fact::Accepted(accepted) = fact {
                accepted.said = Some(said);
                return;
            }
        }
    }

    /// Keeps of what the event changes what had happened by then; of an acceptance, of what the
    /// accepted event does.
    pub fn forget_after(&mut self, as_of: Timestamp) {
        let had_happened = |change: &Change| change.occurred_at <= as_of;
        let accepted = self.changes.iter_mut().find_map(|change| {
            if let Fact::Accepted(fact) = &mut change.fact {
                fact.said.as_mut()
            } else {
                None
            }
        });
        match accepted {
            Some(said) => said.changes.retain(had_happened),
            None => self.changes.retain(had_happened),
        }
    }

    /// What the event, which the fold meets as `about`, changes, and as which event it says so: an
    /// acceptance stands for the accepted event.
    #[must_use]
    pub fn as_folded<'a>(&'a self, about: &EventRef<'a>) -> (EventRef<'a>, &'a [Change]) {
        let said = self.acceptance().and_then(|fact| fact.said.as_ref());
        match said {
            Some(said) => (said.as_of(about.seq), &said.changes),
            None => (*about, &self.changes),
        }
    }

    /// What the event changes: of an acceptance, what the accepted event does.
    #[must_use]
    pub fn told(&self) -> &[Change] {
        let said = self.acceptance().and_then(|fact| fact.said.as_ref());
        said.map_or(&self.changes, |said| &said.changes)
    }
}

impl Said {
    /// The accepted event where the fold meets it: it arrived, as far as the state is concerned,
    /// with its acceptance.
    #[must_use]
    pub fn as_of(&self, acceptance: u64) -> EventRef<'_> {
        EventRef {
            seq: acceptance,
            source: &self.source,
            tie: self.tie,
        }
    }
}
