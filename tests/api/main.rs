//! The service from outside: real HTTP on a free port, an independent signer, a clock that stands
//! still. When a world ends, its live state is compared with a replay of its log.
#![allow(
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub
)]

mod accept;
mod audit;
mod bad_input;
mod checkout;
mod contract;
mod dispatches;
mod explain;
mod export;
mod follower;
mod hostile;
mod kelviq;
mod keys;
mod lives;
mod logged;
mod metering;
mod moments;
mod monitoring;
mod openapi;
mod ops;
mod proofs;
mod queries;
mod replay;
mod samples;
mod settings;
mod stream;
mod stykite;
mod time;
mod webhooks;
mod world;
