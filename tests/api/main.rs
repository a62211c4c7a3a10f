//! The service from outside: real HTTP on a free port, an independent signer, a clock that stands
//! still. When a world ends, its live state is compared with a replay of its log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(
    missing_docs,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm
)]

mod bad_input;
mod lives;
mod ops;
mod queries;
mod samples;
mod settings;
mod webhooks;
mod world;
