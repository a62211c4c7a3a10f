//! The providers: how each signs its webhooks, and what its bodies mean.
//!
//! A provider is a folder with `verify` and `interpret`, and one word in [`by_name`]. It knows the
//! domain's vocabulary and nothing of HTTP, of the log or of the state.

use crate::domain::delivery::{Delivery, Received, Verified};
use crate::domain::event::Interpretation;
use crate::domain::time::Timestamp;

/// One configured source's provider, with its secrets.
pub trait Provider: Send + Sync {
    /// The registered name.
    fn name(&self) -> &'static str;

    /// The only headers that are read, in lower case.
    fn headers(&self) -> &'static [&'static str];

    /// Checks the signature over the raw bytes.
    ///
    /// # Errors
    /// [`Rejection`] where the delivery cannot be shown to come from the provider.
    fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection>;

    /// What an authentic body means: total, pure, the same for live intake and for every replay.
    fn interpret(&self, received: &Received<'_>) -> Interpretation;
}

/// The delivery is not authentic. One kind on purpose: an answer that says which check failed
/// helps only a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct Rejection;
