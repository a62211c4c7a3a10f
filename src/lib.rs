//! subledger.

pub mod domain;
pub mod providers;
