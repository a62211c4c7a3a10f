//! The fold: everything the ledger believes, as a pure function of its events.
//!
//! No clock, no randomness, no I/O and no configuration: the same events give the same state, in
//! whatever order and however often they are folded. Only what must differ with arrival does: the
//! `last_seq` of things, and the lists of events.

mod apply;
mod arena;
mod census;
mod checkouts;
mod customers;
mod digest;
mod dues;
mod emails;
mod entitlements;
mod entity;
mod explain;
mod family;
mod held;
mod keys;
mod lineage;
mod links;
#[cfg(test)]
mod lists;
mod meters;
mod money;
mod numbered;
mod own;
mod page;
mod payments;
mod records;
mod sales;
mod searched;
mod sessions;
mod snapshot;
mod stops;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

pub use census::Census;
pub use customers::{CustomerFilter, CustomersWanted};
pub use digest::{Exhibit, Fingerprint};
pub use family::{Named, SettingsTold};
pub use held::{Span, StatusSaid, StatusWanted, SubscriptionsAsked};
pub use meters::Made;
pub use money::{
    Book, Happened, Happening, MethodKey, MoneyListing, MoneySearched, OrderKey, OrderRecord,
    OrdersAsked, PaymentMethodRecord, PaymentMethodsAsked, RefundKey, RefundRecord, RefundsAsked,
    Sheet, TransactionKey, TransactionKind, TransactionRecord, TransactionStatus,
    TransactionsAsked,
};
pub use numbered::{Newest, Numbered, NumberedPage, Numbering, Place};
pub use page::{Gathering, Ident, Page};
pub use payments::PaymentsWanted;
pub use records::{CancelRecord, SubscriptionRecord};
pub use searched::{CustomerRecord, CustomersSearched, SearchReady};
pub use sessions::{CheckoutKey, CheckoutRecord, CheckoutsSearched};
pub use snapshot::{NotRestored, Part, SNAPSHOT_FORMAT};
pub use subscriptions::SubscriptionFilter;

use self::arena::Arena;
use self::dues::Dues;
use self::emails::Emails;
use self::entity::Kind;
use self::family::Met;
use self::keys::Keys;
use self::money::Refunds;
use super::catalog::Catalog;
use super::event::{ProviderName, Reason, SettingsFact};
use super::id::{Prefix, Tsid};
use super::own::PROVIDER;
use super::register::{Slot, SourceId};

/// Raised whenever the same events would fold to something else than before.
pub const FOLD_VERSION: u32 = 3;

/// For each source, the notes key that holds the merchant's identifier of a customer.
pub type CustomerNotes = BTreeMap<Box<str>, Box<str>>;

/// The first sequence number of each source.
pub type FirstHeard = BTreeMap<Box<str>, u64>;

/// See the module.
#[derive(Debug, Default)]
pub struct State {
    arena: Arena,
    /// The keys by which this fold reads notes. A settings event that changes them is for all
    /// events, also those before it: see [`State::reads_notes_as_configured`].
    customer_notes: CustomerNotes,
    settings: Slot<Arc<SettingsFact>>,
    /// Every settings event, oldest first.
    settings_told: Vec<SettingsTold>,
    /// What belonged together once, or in one event, and does not by the links in force.
    met: Met,
    keys: Keys,
    /// What falls due, and what gateways must be asked.
    dues: Dues,
    emails: Emails,
    refunds: Refunds,
    /// The first event of each source.
    heard_first: FirstHeard,
    /// In the order of first mention.
    sources: Vec<Arc<str>>,
    /// Sorted: which of two providers' equal ids a path means may not follow arrival.
    providers: Vec<ProviderName>,
    quarantine: Vec<(u64, Reason)>,
    counts: Counts,
    customers: u64,
}

/// How many events there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All events.
    pub events: u64,
    /// The last sequence number folded.
    pub last_seq: u64,
    /// Of them, how many are known to mean nothing.
    pub ignored: u64,
    /// Of them, how many came again with another body.
    pub conflicting: u64,
}

impl State {
    /// The word for the merchant's own identifiers, beside the providers' names.
    pub const MERCHANT: ProviderName = entity::MERCHANT;

    /// An empty ledger that reads notes by these keys.
    #[must_use]
    pub fn new(customer_notes: CustomerNotes) -> Self {
        Self {
            customer_notes,
            ..Self::default()
        }
    }

    /// Whether the newest settings event, if there is one, names the keys this fold reads by. If
    /// not, the log must be folded again with [`State::new`]`(`[`State::configured_notes`]`)`.
    #[must_use]
    pub fn reads_notes_as_configured(&self) -> bool {
        self.settings
            .get()
            .is_none_or(|settings| settings.customer_notes == self.customer_notes)
    }

    /// The keys of the newest settings event, else those this fold reads by.
    #[must_use]
    pub fn configured_notes(&self) -> CustomerNotes {
        self.settings.get().map_or_else(
            || self.customer_notes.clone(),
            |held| held.customer_notes.clone(),
        )
    }

    /// The keys this fold reads notes by.
    #[must_use]
    pub fn notes_in_use(&self) -> &CustomerNotes {
        &self.customer_notes
    }

    /// The first event of each source: of one that is not here, nothing was heard.
    #[must_use]
    pub fn heard_first(&self) -> &FirstHeard {
        &self.heard_first
    }

    /// The newest settings event.
    #[must_use]
    pub fn settings(&self) -> Option<&Arc<SettingsFact>> {
        self.settings.get()
    }

    /// What the newest catalogue says: nothing at all before there is one.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        static NONE: LazyLock<Catalog> = LazyLock::new(Catalog::default);
        self.settings().map_or(&NONE, |held| &held.catalog)
    }

    /// How many events there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether a customer, a subscription or a checkout of that id is known. A use that was counted
    /// is only kept as part of a sum.
    #[must_use]
    pub fn has_id(&self, prefix: Prefix, id: Tsid) -> bool {
        let text = id.with(prefix).to_string();
        match prefix {
            Prefix::Customer => self.has_customer(&text),
            Prefix::Subscription => self.find_subscription(&text).is_some(),
            Prefix::Checkout => {
                let found = self.arena.find(Kind::Checkout, PROVIDER, &text);
                found.is_some()
            }
            Prefix::Key | Prefix::Usage | Prefix::Checkpoint => false,
        }
    }

    /// How many customers there are.
    #[must_use]
    pub fn customer_count(&self) -> u64 {
        self.customers
    }

    /// The name of a source.
    fn source_name(&self, id: Option<SourceId>) -> Arc<str> {
        let held = id.and_then(|id| self.sources.get(usize::from(id.0)));
        held.map(Arc::clone).unwrap_or_default()
    }

    /// The events set aside, oldest first, and why.
    #[must_use]
    pub fn quarantine(&self) -> &[(u64, Reason)] {
        &self.quarantine
    }

    /// Why an event is set aside now; `None` where it is not.
    #[must_use]
    pub fn set_aside_as(&self, seq: u64) -> Option<Reason> {
        let place = self
            .quarantine
            .binary_search_by_key(&seq, |(held, _)| *held);
        place
            .ok()
            .and_then(|place| self.quarantine.get(place))
            .map(|(_, reason)| *reason)
    }
}
