//! The real binary as a child process, over real HTTP, through kills, damage, full disks and
//! failing system calls. Knows the program's command line, its HTTP surface and its files; it links
//! none of its code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(missing_docs, unreachable_pub, clippy::wildcard_enum_match_arm)]

mod audit;
mod configuration;
mod damage;
mod derived;
mod export;
mod exporting;
mod fixture;
#[path = "../api/follower.rs"]
mod follower;
mod full;
mod hostile;
mod http;
mod io_errors;
mod keys;
mod kills;
mod load;
mod manager;
mod output;
mod process;
mod reload;
mod replay;
mod rig;
mod story;
mod strace;
mod stream;
mod syscalls;
mod tools;
mod verify;
