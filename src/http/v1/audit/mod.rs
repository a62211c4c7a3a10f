//! `/v1/audit`: what an auditor checks the log with. Nothing is decided here.

pub(in crate::http) mod checkpoint;
pub(in crate::http) mod proofs;
