//! Where the admin key comes from: the environment, its file, or chance. It never knows what the
//! key opens.

use std::path::Path;

use super::{AppError, kept};
use crate::ledger::KeyText;

/// The environment variable that holds the admin key.
pub const ADMIN_KEY_VARIABLE: &str = "SUBLEDGER_ADMIN_KEY";
/// Where a key that was made is kept, in the data folder.
pub const ADMIN_KEY_FILE: &str = "admin.key";
/// A shorter admin key could be guessed.
pub(super) const ADMIN_KEY_BYTES_MIN: usize = 8;

/// The admin key: from the environment, else from its file, else made now. The second is set where
/// it was made.
pub(super) fn admin_key(
    data_dir: &Path,
    from_env: Option<String>,
) -> Result<(String, Option<String>), AppError> {
    if let Some(key) = from_env {
        return long_enough(key, ADMIN_KEY_VARIABLE).map(|key| (key, None));
    }
    if let Some(key) = kept_admin_key(data_dir)? {
        return Ok((key, None));
    }
    let path = data_dir.join(ADMIN_KEY_FILE);
    let key = KeyText::random().expose().to_owned();
    kept::write(&path, &key).map_err(|cause| AppError::DataDir { path, cause })?;
    Ok((key.clone(), Some(key)))
}

/// The admin key in its file; `None` where there is none.
pub(super) fn kept_admin_key(data_dir: &Path) -> Result<Option<String>, AppError> {
    let path = data_dir.join(ADMIN_KEY_FILE);
    match kept::read(&path) {
        Ok(kept) => kept
            .map(|key| long_enough(key, &path.display().to_string()))
            .transpose(),
        Err(cause) => Err(AppError::DataDir { path, cause }),
    }
}

pub(super) fn long_enough(key: String, place: &str) -> Result<String, AppError> {
    if key.len() >= ADMIN_KEY_BYTES_MIN {
        Ok(key)
    } else {
        Err(AppError::ShortAdminKey(place.into()))
    }
}
