//! Customers in numbered pages, newest first. Knows no archived ones: whoever archives a customer
//! is shown it no more.

use super::State;
use super::arena::Ix;
use super::entity::Kind;
use super::numbered::{Newest, Numbered, NumberedListing, NumberedPage, Numbering, numbered};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;

/// Which customers; without either all that are not archived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomersSearched {
    /// Whose identifier, e-mail address or name contains this, in any case.
    pub search: Option<String>,
    /// The one of exactly that identifier of the merchant's.
    pub identifier: Option<String>,
}

/// A [`CustomersSearched`] made ready.
#[derive(Debug)]
pub struct SearchReady {
    /// In lower case.
    needle: Option<String>,
}

impl From<&CustomersSearched> for SearchReady {
    fn from(searched: &CustomersSearched) -> Self {
        Self {
            needle: searched.search.as_ref().map(|text| text.to_lowercase()),
        }
    }
}

/// A customer with what only those see who keep it: not what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRecord {
    /// The customer.
    pub customer: CustomerView,
    /// What the merchant notes of it: a JSON object, as text.
    pub metadata: Option<Box<str>>,
}

impl NumberedListing for SearchReady {
    fn rank(&self, state: &State, ix: Ix) -> Option<Newest> {
        let root = state.arena.get(ix);
        if root.kind != Kind::Party || root.owner != Some(ix) || state.archived_at(ix).is_some() {
            return None;
        }
        let fits = |needle: &String| state.matches(ix, root, needle);
        let made_at = state.made_at(ix).unwrap_or(root.party()?.activity.first());
        let place = Newest::of(made_at, state.customer_number(root));
        self.needle.as_ref().is_none_or(fits).then_some(place)
    }
}

impl State {
    /// One customer by any id; nothing for one that is archived.
    #[must_use]
    pub fn customer_record(&self, id: &str, as_of: AsOf) -> Option<CustomerRecord> {
        let root = self.find_customer(id)?;
        let is_there = self.archived_at(root).is_none();
        is_there.then(|| self.record_of(root, as_of))
    }

    /// The same, also for one that is archived.
    #[must_use]
    pub fn customer_kept(&self, id: &str, as_of: AsOf) -> Option<CustomerRecord> {
        Some(self.record_of(self.find_customer(id)?, as_of))
    }

    /// Looks at the next things for a numbered page of customers; says whether any are left.
    pub fn gather_searched(&self, search: &SearchReady, page: &mut Numbering) -> bool {
        self.gather_numbered(search, page)
    }

    /// The numbered page of customers, once everything was looked at.
    #[must_use]
    pub fn customers_numbered(
        &self,
        search: &SearchReady,
        page: Numbering,
        as_of: AsOf,
    ) -> Option<NumberedPage<CustomerRecord>> {
        self.finish_numbered(search, page, |ix| Some(self.record_of(ix, as_of)))
    }

    /// The same, where the merchant's identifier is asked for: that customer alone.
    #[must_use]
    pub fn customer_named(
        &self,
        identifier: &str,
        search: &SearchReady,
        asked: Numbered,
        as_of: AsOf,
    ) -> Option<NumberedPage<CustomerRecord>> {
        let found = self.named_here(identifier);
        let ranked = found.and_then(|ix| Some((search.rank(self, ix)?, ix)));
        numbered(ranked.into_iter(), asked, |ix| {
            Some(self.record_of(ix, as_of))
        })
    }

    fn record_of(&self, root: Ix, as_of: AsOf) -> CustomerRecord {
        CustomerRecord {
            customer: self.customer_view(root, Some(as_of)),
            metadata: self.metadata_at(root),
        }
    }
}
