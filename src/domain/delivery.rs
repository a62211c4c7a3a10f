//! One webhook on its way in: what arrived, what a valid signature makes of it, and what the log
//! keeps of it. Each step can be built only from the one before.

use serde::Serialize;

use super::time::Timestamp;

/// The headers a provider's scheme reads, as they arrived; a name may stand here more than once.
#[derive(Debug, Default)]
pub struct Headers {
    values: Vec<(&'static str, Box<[u8]>)>,
}

/// Why a header could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// It is not there.
    Missing,
    /// It is there more than once: taking the first would let a proxy and us disagree.
    Repeated,
    /// Its bytes are no text.
    NotText,
}

impl Headers {
    /// Adds one header line. `name` is in lower case.
    pub fn push(&mut self, name: &'static str, value: &[u8]) {
        self.values.push((name, value.into()));
    }

    /// The one value of `name` (lower case).
    ///
    /// # Errors
    /// [`HeaderFault`] where there is none, more than one, or no text in it.
    pub fn single(&self, name: &str) -> Result<&str, HeaderFault> {
        let mut found = self.values.iter().filter(|(known, _)| *known == name);
        let (_, value) = found.next().ok_or(HeaderFault::Missing)?;
        if found.next().is_some() {
            return Err(HeaderFault::Repeated);
        }
        std::str::from_utf8(value).map_err(|_| HeaderFault::NotText)
    }
}

/// A request to `/webhooks/{source}`, before anything about it is believed.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// The headers the provider asked for, no others.
    pub headers: &'a Headers,
    /// The exact bytes received.
    pub body: &'a [u8],
}

/// What makes two deliveries the same event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityBasis {
    /// An id that the signature covers.
    SignedId(String),
    /// No id is signed: the body itself.
    Body,
}

/// What an auditor needs, beside the body, to check the signature again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Evidence {
    /// The scheme's name, for instance `razorpay-hmac-sha256`.
    pub scheme: String,
    /// Which of the configured secrets matched.
    pub key_id: String,
    /// The signed headers, lower-case name and value. Never a secret.
    pub headers: Vec<(String, String)>,
}

/// A delivery whose signature was checked: the only thing the ledger takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The provider's id of the event, kept for people; trusted only as far as `identity` says.
    pub event_id: Option<String>,
    /// What decides whether it was seen before.
    pub identity: IdentityBasis,
    /// Kept with the record.
    pub evidence: Evidence,
    /// Set where the signed time is too far from ours: recorded, but not folded.
    pub stale: Option<Timestamp>,
}

/// A recorded delivery as a translator sees it. It carries neither sequence number nor arrival
/// time: what a body means may not depend on them.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The exact bytes received.
    pub body: &'a [u8],
}
