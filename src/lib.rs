//! subledger.

pub mod config;
pub mod domain;
pub mod providers;
pub mod signature;
pub mod telemetry;
