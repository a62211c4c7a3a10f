//! Lists in numbered pages, gathered under a guard for each piece.

use super::{Caller, Ledger, Shown};
use crate::domain::access::AsOf;
use crate::domain::state::{
    CustomerRecord, CustomersSearched, Numbered, NumberedPage, Numbering, SearchReady, State,
};

impl Ledger {
    /// Gathers a numbered page over everything there is, and shows it: `look` looks at the next
    /// things and says whether any are left, `show` makes the page of what was found.
    pub(super) fn number<T>(
        &self,
        asked: Numbered,
        look: impl Fn(&State, &mut Numbering) -> bool,
        show: impl FnOnce(&State, Numbering, AsOf) -> T,
    ) -> Shown<T> {
        self.number_from(|state| state.begin_numbered(asked), look, show)
    }

    /// The same over what `begin` says.
    pub(super) fn number_from<K, T>(
        &self,
        begin: impl FnOnce(&State) -> Numbering<K>,
        look: impl Fn(&State, &mut Numbering<K>) -> bool,
        show: impl FnOnce(&State, Numbering<K>, AsOf) -> T,
    ) -> Shown<T> {
        let (seq, mut page) = {
            let state = self.state.read();
            (state.counts().last_seq, begin(&state))
        };
        while look(&self.state.read(), &mut page) || page.begins_again() {}
        let shown = self.ask(|state, as_of| show(state, page, as_of));
        Shown { seq, ..shown }
    }

    /// Customers that are not archived, newest first; `None` past the last page.
    #[must_use]
    pub fn customers_numbered(
        &self,
        searched: &CustomersSearched,
        asked: Numbered,
    ) -> Shown<Option<NumberedPage<CustomerRecord>>> {
        let ready = SearchReady::from(searched);
        if let Some(identifier) = &searched.identifier {
            return self.ask(|state, as_of| state.customer_named(identifier, &ready, asked, as_of));
        }
        self.number(
            asked,
            |state, page| state.gather_searched(&ready, page),
            |state, page, as_of| state.customers_numbered(&ready, page, as_of),
        )
    }

    /// One customer that is not archived, by any id. Nothing is there for a `caller` who may not see
    /// it.
    #[must_use]
    pub fn customer_record(&self, caller: &Caller, id: &str) -> Shown<Option<CustomerRecord>> {
        self.ask(|state, as_of| {
            let shown = caller.sees_customer(state, id);
            shown.then(|| state.customer_record(id, as_of)).flatten()
        })
    }

    /// One customer by any id, also one that is archived: for the answer to a command that was
    /// carried out, and comes again.
    #[must_use]
    pub fn customer_kept(&self, id: &str) -> Shown<Option<CustomerRecord>> {
        self.ask(|state, as_of| state.customer_kept(id, as_of))
    }
}
