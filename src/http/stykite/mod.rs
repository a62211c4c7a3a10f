//! Stykite's API on the ledger: its paths, bodies and envelopes. It reads what its clients send,
//! asks for a use-case and shows the answer in Stykite's words; nothing is decided here.

pub(super) mod error;
mod fields;

/// What every path of this surface begins with.
pub(super) const PREFIX: &str = "/v1/company/";
