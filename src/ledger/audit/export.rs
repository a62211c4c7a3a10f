//! The log as text for those who check it elsewhere, or take it elsewhere. It knows which records
//! and who signs; never how the text is sent.

use crate::eventlog::export::SignedHead;
use crate::note::{Checkpoint, VerifierKey};

/// What a checkpoint says, if it is signed under the verifier key beside it: what an export's
/// reader asks of its last line.
///
/// # Errors
/// The end of a sentence that says why it is not to be believed.
pub fn open_note(checkpoint: &str, key: &str) -> Result<SignedHead, String> {
    let parsed: VerifierKey = key.parse().map_err(|error| format!("{error}"))?;
    if parsed.to_string() != key {
        return Err("its key is not written as a verifier key is".into());
    }
    let head = Checkpoint::verify(checkpoint, &parsed).map_err(|error| error.to_string())?;
    Ok(SignedHead {
        size: head.size,
        root: head.root,
    })
}
