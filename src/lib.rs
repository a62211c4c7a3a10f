//! subledger.

pub mod clock;
pub mod config;
pub mod domain;
pub mod eventlog;
pub mod providers;
pub mod signature;
pub mod telemetry;
