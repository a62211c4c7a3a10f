//! Kelviq's paths of orders, transactions, refunds and payment methods. It knows no more of a handler than its name.

use super::super::Entry;

pub(super) fn table() -> Vec<Entry> {
    Vec::new()
}
