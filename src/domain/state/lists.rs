//! Lists over everything, gathered while events go on being folded. How it works: a page is
//! gathered piece by piece, and between two pieces more of a random life is folded.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tests::{empty, fold_one, life};
use super::{
    CustomerFilter, CustomersWanted, Gathering, Ident, Page, PaymentsWanted, State,
    SubscriptionFilter,
};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::event::Interpretation;
use crate::domain::payment::PaymentView;
use crate::domain::subscription::SubscriptionView;

/// Lists of a state that stands still.
impl State {
    pub(crate) fn customers(
        &self,
        filter: &CustomerFilter,
        after: Option<Ident>,
        limit: usize,
        as_of: AsOf,
    ) -> Page<CustomerView> {
        let wanted = CustomersWanted::from(filter);
        let mut page = self.begin_page(after, limit);
        while self.gather_customers(&wanted, &mut page) {}
        self.customers_page(&wanted, page, as_of)
    }

    pub(crate) fn subscriptions(
        &self,
        filter: &SubscriptionFilter,
        after: Option<Ident>,
        limit: usize,
        as_of: AsOf,
    ) -> Page<SubscriptionView> {
        let mut page = self.begin_page(after, limit);
        while self.gather_subscriptions(filter, &mut page) {}
        self.subscriptions_page(filter, page, as_of)
    }

    pub(crate) fn payments(&self, after: Option<Ident>, limit: usize) -> Page<PaymentView> {
        let wanted = PaymentsWanted::default();
        let mut page = self.begin_page(after, limit);
        while self.gather_payments(&wanted, &mut page) {}
        self.payments_page(&wanted, page)
    }
}

const AS_OF: AsOf = AsOf {
    now: crate::domain::time::Timestamp::EPOCH,
    grace_days: 3,
};

/// A ledger in the middle of a life, which goes on whenever it is let.
struct Busy {
    state: State,
    life: Vec<Interpretation>,
    folded: usize,
    /// What was listed so at every moment since it was filled.
    unchanged: BTreeSet<(String, u64)>,
}

impl Busy {
    fn with(life: Vec<Interpretation>) -> Self {
        Self {
            state: empty(),
            life,
            folded: 0,
            unchanged: BTreeSet::new(),
        }
    }

    fn go_on(&mut self) {
        if self.folded < self.life.len() {
            fold_one(&mut self.state, &self.life, self.folded, self.folded);
            self.folded += 1;
            // What changes and changes back is no longer what it was.
            let now = as_listed(&self.state);
            self.unchanged.retain(|listed| now.contains(listed));
        }
    }

    /// Gathers one page while life goes on.
    fn page<T>(
        &mut self,
        after: Option<Ident>,
        gather: impl Fn(&State, &mut Gathering) -> bool,
        finish: impl Fn(&State, Gathering) -> Page<T>,
    ) -> Page<T> {
        let mut page = self.state.begin_page(after, 2);
        while gather(&self.state, &mut page) {
            self.go_on();
        }
        finish(&self.state, page)
    }

    /// All pages; a cursor must get nearer to the end, so there are not endlessly many.
    fn pages<T>(
        &mut self,
        gather: impl Fn(&State, &mut Gathering) -> bool + Copy,
        finish: impl Fn(&State, Gathering) -> Page<T> + Copy,
    ) -> Vec<T> {
        let mut all = Vec::new();
        let mut after = None;
        for _ in 0..1_000 {
            let page = self.page(after, gather, finish);
            assert!(page.data.len() <= 2);
            all.extend(page.data);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
        panic!("a list without an end");
    }
}

/// Everything that lists show, each with its last event.
fn as_listed(state: &State) -> BTreeSet<(String, u64)> {
    let all = usize::MAX;
    let customers = state
        .customers(&CustomerFilter::default(), None, all, AS_OF)
        .data;
    let customers = customers
        .into_iter()
        .map(|view| (view.name.id, view.last_seq));
    let held = state
        .subscriptions(&SubscriptionFilter::default(), None, all, AS_OF)
        .data;
    let held = held.into_iter().map(|view| (view.id, view.last_seq));
    let paid = state.payments(None, all).data;
    let paid = paid
        .into_iter()
        .map(|view| (view.id.to_string(), view.last_seq));
    customers.chain(held).chain(paid).collect()
}

proptest! {
    /// Were this not so, a thing could be on no page of a list although nothing happened to it.
    #[test]
    fn what_does_not_change_is_listed_once(life in life(), before in 0..40_usize) {
        let before = before.min(life.len());
        let mut busy = Busy::with(life);
        (0..before).for_each(|_| busy.go_on());
        busy.unchanged = as_listed(&busy.state);
        let wanted = CustomersWanted::default();
        let mut found: Vec<String> = busy
            .pages(
                |state, page| state.gather_customers(&wanted, page),
                |state, page| state.customers_page(&wanted, page, AS_OF),
            )
            .into_iter()
            .map(|view| view.name.id)
            .collect();
        let filter = SubscriptionFilter::default();
        let held = busy.pages(
            |state, page| state.gather_subscriptions(&filter, page),
            |state, page| state.subscriptions_page(&filter, page, AS_OF),
        );
        found.extend(held.into_iter().map(|view| view.id));
        let wanted = PaymentsWanted::default();
        let paid = busy.pages(
            |state, page| state.gather_payments(&wanted, page),
            |state, page| state.payments_page(&wanted, page),
        );
        found.extend(paid.into_iter().map(|view| view.id.to_string()));
        for (id, last_seq) in &busy.unchanged {
            let times = found.iter().filter(|listed| *listed == id).count();
            prop_assert_eq!(times, 1, "{} of {}", id, last_seq);
        }
    }

    /// And where nothing happens meanwhile, the pages are the whole list in its order.
    #[test]
    fn pages_put_together_are_the_list(life in life()) {
        let mut busy = Busy::with(life);
        (0..busy.life.len()).for_each(|_| busy.go_on());
        let filter = SubscriptionFilter::default();
        let whole = busy.state.subscriptions(&filter, None, usize::MAX, AS_OF).data;
        let pages = busy.pages(
            |state, page| state.gather_subscriptions(&filter, page),
            |state, page| state.subscriptions_page(&filter, page, AS_OF),
        );
        prop_assert!(whole.is_sorted_by_key(|view| std::cmp::Reverse(view.updated_at)));
        prop_assert_eq!(pages, whole);
    }
}
