//! The log from outside: one suite for every engine, crash images, damaged stores, and the writer
//! under faults. Knows only the log's public interface, and sled's files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub
)]

#[path = "engines/conformance.rs"]
mod conformance;
#[path = "engines/crash.rs"]
mod crash;
#[path = "engines/damage.rs"]
mod damage;
#[path = "engines/export.rs"]
mod export;
#[path = "engines/faults.rs"]
mod faults;
#[path = "engines/flips.rs"]
mod flips;
#[path = "engines/rig.rs"]
mod rig;
#[path = "engines/writer.rs"]
mod writer;
