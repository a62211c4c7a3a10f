//! What the ledger is about, without HTTP, storage or a clock: events, the rules by which facts
//! replace each other, and the state they fold to.

pub mod accepted;
pub mod access;
pub mod activity;
pub mod addon;
pub mod amount;
pub mod catalog;
pub mod checkout;
pub mod creation;
pub mod customer;
pub mod cycle;
pub mod decided;
pub mod delivery;
pub mod entitlement;
pub mod event;
pub mod explanation;
pub mod id;
pub mod instrument;
pub mod json_text;
pub mod key;
pub mod meter;
pub mod money;
pub mod order;
pub mod own;
mod pairs;
pub mod payment;
pub mod place;
pub mod pricing;
pub mod register;
pub mod shares;
pub mod standing;
pub mod state;
pub mod status;
pub mod subscription;
pub mod time;
pub mod window;
