//! subledger.

pub mod clock;
pub mod domain;
pub mod eventlog;
pub mod providers;
