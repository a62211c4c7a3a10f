//! At a start: the state and the identities as they were kept on disk, and from the log what is
//! missing in them. What cannot be used of the first is worked out from the second.

use std::path::Path;
use std::sync::Arc;

use super::opening::OpenLedgerError;
use super::own;
use super::refold::{self, Refold};
use crate::domain::event::ProviderName;
use crate::domain::state::{CustomerNotes, State};
use crate::eventlog::{Engine, Identities, Log};
use crate::providers;
use crate::snapshot::{self, Mark};

/// The folder of sealed identities in the data folder.
const IDENTITIES_FOLDER: &str = "identities";

/// What a start begins with.
pub(super) struct Restored {
    pub(super) state: State,
    pub(super) identities: Identities,
    /// The event after which the snapshot on disk begins; 0 where there is none.
    pub(super) kept: u64,
    /// The first event that was read from the log.
    pub(super) read_from: u64,
    /// A sentence each.
    pub(super) notices: Vec<String>,
}

/// Folds the log by the configured notes; keys of sources that are no longer configured stay as
/// the log last knew them. `folder` is where what is derived from the log is kept.
pub(super) fn restore(
    engine: &Arc<dyn Engine>,
    configured: &CustomerNotes,
    folder: Option<&Path>,
    min_free_bytes: u64,
) -> Result<Restored, OpenLedgerError> {
    let mut notices = Vec::new();
    let mut identities =
        match folder.map(|folder| open_identities(&**engine, folder, min_free_bytes)) {
            None => Identities::default(),
            Some(Ok(identities)) => identities,
            Some(Err(error)) => {
                notices.push(format!(
                    "identities cannot be kept on disk ({error}), so all of them are kept in memory"
                ));
                Identities::default()
            }
        };
    let mut snapshot = None;
    match folder.map(|folder| read_snapshot(engine, folder)) {
        None | Some(Ok(None)) => {}
        Some(Ok(Some(state))) => snapshot = Some(state),
        Some(Err(why)) => notices.push(format!(
            "the kept state is not used, and the whole log is folded instead: {why}"
        )),
    }
    let wanted = |state: &State| {
        let mut wanted = state.configured_notes();
        wanted.extend(configured.clone());
        wanted
    };
    // Kept by other notes, it means something else.
    let snapshot = snapshot.filter(|state| wanted(state) == *state.notes_in_use());
    let mut kept = snapshot.as_ref().map_or(0, |state| state.counts().last_seq);
    let mut state = snapshot.unwrap_or_else(|| State::new(configured.clone()));
    let mut read_from = u64::MAX;
    loop {
        let after = state.counts().last_seq.min(identities.through());
        read_from = read_from.min(after + 1);
        fold_after(&**engine, after, &mut state, &mut identities)?;
        let wanted = wanted(&state);
        if wanted == *state.notes_in_use() {
            return Ok(Restored {
                state,
                identities,
                kept,
                read_from,
                notices,
            });
        }
        state = State::new(wanted);
        kept = 0;
    }
}

/// Folds and remembers what comes after `after`, each as far as it is not there yet.
fn fold_after(
    engine: &dyn Engine,
    after: u64,
    state: &mut State,
    identities: &mut Identities,
) -> Result<(), OpenLedgerError> {
    let (folded, remembered) = (state.counts().last_seq, identities.through());
    let mut out_of_order = None;
    let rest = Refold {
        after,
        ..Refold::default()
    };
    rest.walk(engine, |stored| {
        let seq = stored.record.seq();
        if seq > folded {
            refold::fold(state, stored);
        }
        if seq > remembered
            && let Err(error) = identities.remember(&stored.record, stored.content)
        {
            out_of_order.get_or_insert(error);
        }
    })?;
    out_of_order.map_or(Ok(()), |error| Err(error.into()))
}

fn open_identities(
    engine: &dyn Engine,
    folder: &Path,
    min_free_bytes: u64,
) -> std::io::Result<Identities> {
    Identities::open(
        &folder.join(IDENTITIES_FOLDER),
        min_free_bytes,
        |through, peaks| {
            let page = engine.read(through).ok().flatten();
            page.is_some_and(|page| page.last_seq() == through && page.peaks() == peaks)
        },
    )
}

/// The state as it was kept, if it is this log's.
fn read_snapshot(engine: &Arc<dyn Engine>, folder: &Path) -> Result<Option<State>, String> {
    let read = snapshot::read(&folder.join(snapshot::FILE_NAME), provider_name);
    let Some((state, Mark { seq, leaf })) = read.map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let log = Log::new(Arc::clone(engine));
    let record = log.record(seq).map_err(|fault| fault.to_string())?;
    if record.is_some_and(|record| record.leaf() == leaf) {
        Ok(Some(state))
    } else {
        Err("it is not this log's".to_owned())
    }
}

/// The names that a kept state may hold.
fn provider_name(name: &str) -> Option<ProviderName> {
    let known = providers::names().chain([own::PROVIDER, State::MERCHANT]);
    known.into_iter().find(|known| *known == name)
}
