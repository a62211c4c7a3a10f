//! What an auditor asks: work that goes through much of the log while the ledger serves. It knows
//! nothing of HTTP, and writes nothing into the log.

mod export;

pub use self::export::open_note;
