//! subledger: the detailed ledger of subscriptions behind one line of the books.
//!
//! Billing providers' webhooks come in, are verified and appended, byte for byte, to a log; the
//! log folds to the state that other services ask over HTTP. The log is the truth: everything
//! else is worked out from it, and can be worked out again.
//!
//! The rooms, and the only direction in which one may know another (downwards):
//!
//! ```text
//!   main - cli - app        the command line; wiring          config, telemetry
//!            |
//!          http             paths, bodies and statuses
//!            |
//!         ledger            the use-cases: where the rooms below meet
//!       /     |    \
//! providers eventlog snapshot    verify and interpret · append, read and prove · keep the state
//! gateways    |      |           have a checkout paid
//!       \     |      /
//!         domain            events, the fold, the views: pure, no clock, no I/O
//!
//!   signature, clock, histogram   leaves that anyone may use
//!   note                          a leaf: signed tree heads, for ledger and the command line
//! ```
//!
//! Where a webhook becomes a subscription's status: `providers::razorpay` turns its body into
//! [`domain::event::Fact`]s, and [`domain::state`] folds those into a
//! [`domain::subscription::Subscription`]. Two hops; the log between them keeps the bytes.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod eventlog;
pub mod gateways;
pub mod histogram;
pub mod http;
pub mod ledger;
pub mod note;
pub mod providers;
pub mod signature;
pub mod snapshot;
pub mod telemetry;
