//! subledger.

pub mod domain;
pub mod providers;
pub mod signature;
