//! What was so at a moment: the events of one customer, less what had not happened or was not known
//! then, folded again. Knows the log and the fold; the rest of the state is not looked at.

mod absence;
mod clock;
mod hearing;
mod shown;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(super) use self::clock::Times;
pub use self::hearing::Heard;
pub(super) use self::hearing::Hearing;
use super::refold::{Refold, RefoldError};
use super::{Ledger, ReadError};
use crate::domain::access::AsOf;
use crate::domain::event::{Fact, SettingsFact};
use crate::domain::state::{CustomerNotes, FirstHeard, Named, SettingsTold, State};
use crate::domain::time::Timestamp;

/// A moment by two clocks. The default is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// By the provider's: only what had happened by then.
    pub as_of: Option<Timestamp>,
    /// By ours: only what was recorded by then.
    pub known_at: Option<KnownAt>,
}

/// How one thing is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub moment: Moment,
    /// Whether each field is shown with the event that set it.
    pub is_explained: bool,
}

/// When something was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAt {
    /// By that time.
    Time(Timestamp),
    /// When that event was the last.
    Seq(u64),
}

/// What was so, for one customer's things.
pub struct Past {
    /// The events below, folded. Of everybody else it knows nothing.
    pub state: State,
    /// The events that had a part in it, in the log's order, each with what of it had happened; the
    /// settings that were in force are among them.
    pub heard: Vec<Arc<Heard>>,
    /// The last event that was known.
    pub seq: u64,
    /// By what clock access is told.
    pub as_of: AsOf,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log is not that long.
    #[error("The log's last event is {last_seq}; there is none after it.")]
    BeyondTheLog {
        /// The last event.
        last_seq: u64,
    },
    /// It is not there, at no moment.
    #[error("There is no such {0}.")]
    Unknown(&'static str),
    /// It is there now.
    #[error("{0}")]
    NotYet(String),
}

impl From<RefoldError> for PastError {
    fn from(error: RefoldError) -> Self {
        let why = error.to_string();
        Self::Read(match error {
            RefoldError::Store(_) => ReadError::Unavailable(why),
            RefoldError::Damaged { .. } => ReadError::Damaged(why),
        })
    }
}

/// What the live state says that a look back begins with.
struct Present {
    last_seq: u64,
    settings: Vec<SettingsTold>,
    notes: CustomerNotes,
    heard_first: FirstHeard,
    family: Vec<u64>,
}

impl Present {
    /// Whether by these keys the events up to `seq` are read as they are now: no other key than
    /// those of their own sources is looked at.
    fn reads_alike(&self, notes: &CustomerNotes, seq: u64) -> bool {
        let heard = self.heard_first.iter().filter(|(_, first)| **first <= seq);
        let mut sources = heard.map(|(source, _)| source);
        sources.all(|source| notes.get(source) == self.notes.get(source))
    }
}

impl Ledger {
    /// What was so at `moment` of what is named.
    ///
    /// # Errors
    /// [`PastError`]; never [`PastError::Unknown`] or [`PastError::NotYet`], as what is not there
    /// has no events.
    pub fn past(&self, named: Named<'_>, moment: Moment) -> Result<Past, PastError> {
        let present = {
            let state = self.state.read();
            Present {
                last_seq: state.counts().last_seq,
                settings: state.all_settings().to_vec(),
                notes: state.notes_in_use().clone(),
                heard_first: state.heard_first().clone(),
                family: state.family_events(named),
            }
        };
        let (seq, known_at) = self.known_through(moment.known_at, present.last_seq)?;
        let in_force = self.settings_at(&present.settings, moment.as_of, seq)?;
        let notes = in_force.notes.unwrap_or_else(|| present.notes.clone());
        let mut family = if present.reads_alike(&notes, seq) {
            present.family
        } else {
            self.family_by(&notes, named, seq)?
        };
        family.retain(|held| *held <= seq);
        family.sort_unstable();
        let mut heard = self.hear(&family)?;
        if let Some(as_of) = moment.as_of {
            heard.retain_mut(|event| match event.until(as_of) {
                Some(part) => {
                    *event = part;
                    true
                }
                None => false,
            });
        }
        if let Some(settings) = in_force.catalogue {
            let place = heard.partition_point(|event| event.seq < settings.seq);
            heard.insert(place, settings);
        }
        Ok(Past {
            state: folded(notes, &heard),
            heard,
            seq,
            as_of: AsOf {
                now: moment
                    .as_of
                    .or(known_at)
                    .unwrap_or_else(|| self.clock.now()),
                grace_days: self.grace_days.load(Relaxed),
            },
        })
    }

    /// The settings that were in force. The notes are those known last, for all events; the
    /// catalogue is the one that was in force by then, and the first is for all the time before it.
    fn settings_at(
        &self,
        told: &[SettingsTold],
        as_of: Option<Timestamp>,
        seq: u64,
    ) -> Result<InForce, ReadError> {
        let stamp = |told: &&SettingsTold| (told.occurred_at, told.seq);
        let known = told.partition_point(|told| told.seq <= seq);
        // A log begins with its settings; where one does not, its first are for all before them.
        let known = told.get(..known.max(1)).unwrap_or(told);
        let newest = known.iter().max_by_key(stamp);
        let by_then = known
            .iter()
            .filter(|told| as_of.is_none_or(|as_of| told.occurred_at <= as_of));
        let catalogue = by_then
            .max_by_key(stamp)
            .or_else(|| known.iter().min_by_key(stamp));
        let hear = |told: Option<&SettingsTold>| {
            let Some(told) = told else { return Ok(None) };
            Ok::<_, ReadError>(self.hear(&[told.seq])?.pop())
        };
        Ok(InForce {
            notes: hear(newest)?
                .and_then(|event| Some(settings_of(&event)?.customer_notes.clone())),
            catalogue: hear(catalogue)?,
        })
    }

    /// The family as it is found with other keys of notes than those of now: no index knows that,
    /// so the log is folded up to `seq`.
    fn family_by(
        &self,
        notes: &CustomerNotes,
        named: Named<'_>,
        seq: u64,
    ) -> Result<Vec<u64>, PastError> {
        let _one_at_a_time = self.hearing.walk.lock();
        let mut state = State::new(notes.clone());
        let until = Refold {
            until_seq: Some(seq),
            ..Refold::default()
        };
        until.walk(&*self.engine, |stored| super::fold(&mut state, stored))?;
        Ok(state.family_events(named))
    }
}

/// Of all settings, those that count at a moment.
struct InForce {
    notes: Option<CustomerNotes>,
    catalogue: Option<Arc<Heard>>,
}

/// The settings that an event tells.
pub(super) fn settings_of(event: &Heard) -> Option<&SettingsFact> {
    event.meaning.changes.iter().find_map(|change| {
        if let Fact::Settings(fact) = &change.fact {
            Some(&**fact)
        } else {
            None
        }
    })
}

fn folded(notes: CustomerNotes, heard: &[Arc<Heard>]) -> State {
    let mut state = State::new(notes);
    heard.iter().for_each(|event| fold(&mut state, event));
    state
}

fn fold(state: &mut State, event: &Heard) {
    state.fold(&event.meaning, &event.about(), event.is_conflicting);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(all: &[(&str, &str)]) -> CustomerNotes {
        let all = all.iter().copied();
        all.map(|(source, key)| (source.into(), key.into()))
            .collect()
    }

    /// A source that is added changes nothing about what came before it.
    #[test]
    fn keys_of_sources_that_nothing_was_heard_of_do_not_matter() {
        let present = Present {
            last_seq: 9,
            settings: Vec::new(),
            notes: notes(&[("one", "id"), ("later", "id")]),
            heard_first: [("one".into(), 2), ("later".into(), 7)].into(),
            family: Vec::new(),
        };
        let before = notes(&[("one", "id")]);
        assert!(present.reads_alike(&before, 6));
        assert!(!present.reads_alike(&before, 7));
        assert!(present.reads_alike(&notes(&[("one", "id"), ("never", "id")]), 6));
        assert!(!present.reads_alike(&notes(&[("one", "other")]), 2));
        assert!(present.reads_alike(&notes(&[("one", "other")]), 1));
        assert!(!present.reads_alike(&notes(&[]), 2));
    }
}
