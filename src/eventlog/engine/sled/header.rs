//! The store's own header: written once, read at every start, so that a store of another format is
//! left alone. Knows no page.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files::{self, Barrier};
use super::store::{KEY_BYTES, SEGMENT_BYTES, Store, guarded, to_io, words};
use crate::domain::time::Timestamp;
use crate::eventlog::open_error::OpenError;

/// The format this version writes; a store with a greater one is left alone.
const FORMAT: u32 = 1;
/// Seq 0 is no record's, so the store's own header lies before all pages.
pub(super) const HEADER_KEY: [u8; KEY_BYTES] = [0; KEY_BYTES];

/// Written once, when the store is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoreHeader {
    format: u32,
    segment_bytes: usize,
    /// Tells two stores apart that were made from one configuration.
    instance: String,
    created_unix_ms: i64,
}

/// Checks the store's header, or writes it where the store is new.
pub(super) fn check(
    store: &Store,
    dir: &Path,
    is_known: bool,
    barrier: &Barrier,
    now: Timestamp,
) -> Result<(), OpenError> {
    let damaged = |what: &str| OpenError::damaged(dir, what);
    let found = guarded(|| store.db.get(HEADER_KEY)).map_err(|what| damaged(&what))?;
    if let Some(bytes) = found.map_err(|error| damaged(&words(&error)))? {
        let header: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|_| damaged("its header is no JSON"))?;
        let format = header.get("format").and_then(serde_json::Value::as_u64);
        if let Some(found) = format.filter(|format| *format > u64::from(FORMAT)) {
            return Err(OpenError::Newer {
                found,
                known: FORMAT,
            });
        }
        let header: StoreHeader = serde_json::from_value(header)
            .map_err(|_| damaged("its header has the wrong fields"))?;
        return if header.segment_bytes == SEGMENT_BYTES {
            Ok(())
        } else {
            Err(damaged("its header names another segment size"))
        };
    }
    if is_known || !store.db.is_empty() {
        return Err(damaged("its header is gone, and so may be its end"));
    }
    let header = StoreHeader {
        format: FORMAT,
        segment_bytes: SEGMENT_BYTES,
        instance: hex::encode(rand::random::<[u8; 16]>()),
        created_unix_ms: now.as_millis(),
    };
    let bytes = serde_json::to_vec(&header).map_err(|error| damaged(&error.to_string()))?;
    let written = guarded(|| {
        store
            .db
            .insert(HEADER_KEY, bytes)
            .and_then(|_| store.db.flush())
    });
    let written = written.map_err(|what| damaged(&what))?;
    written.map_err(|error| OpenError::io("write", dir, to_io(error)))?;
    let path = files::db_path(dir);
    store
        .sync(barrier)
        .map_err(|source| OpenError::Sync { path, source })
}
