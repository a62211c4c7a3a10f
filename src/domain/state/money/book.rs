//! What several payments of one customer have in common, worked out once while a list is made: a
//! page costs about as much as its customers have payments, and never the square of that.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::MoneySearched;
use super::methods::Method;
use crate::domain::access::AsOf;
use crate::domain::catalog::Period;
use crate::domain::customer::CustomerView;
use crate::domain::order::{Billing, OrderStatus};
use crate::domain::own::Item;
use crate::domain::standing::{Word, word_of};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::Entity;
use crate::domain::state::records::SubscriptionRecord;
use crate::domain::time::Timestamp;

/// One customer, while a list looks at it.
pub struct Sheet<'a> {
    pub(in crate::domain::state) state: &'a State,
    pub(super) root_ix: Ix,
    pub(super) root: &'a Entity,
    is_searched: OnceCell<bool>,
    /// For each subscription its first payment.
    first_paid: OnceCell<HashMap<Ix, Word<'a>>>,
    /// What a payment for each subscription is for, where its provider does not say; nothing of one
    /// that no payment has begun.
    billing: RefCell<HashMap<Ix, Option<Billing>>>,
    customer: OnceCell<CustomerView>,
    methods: OnceCell<Vec<Method<'a>>>,
}

impl<'a> Sheet<'a> {
    pub(in crate::domain::state) fn of(state: &'a State, root_ix: Ix) -> Self {
        Self {
            state,
            root_ix,
            root: state.arena.get(root_ix),
            is_searched: OnceCell::new(),
            first_paid: OnceCell::new(),
            billing: RefCell::default(),
            customer: OnceCell::new(),
            methods: OnceCell::new(),
        }
    }

    /// What belongs to the customer.
    pub(in crate::domain::state) fn members(&self) -> impl Iterator<Item = (Ix, &'a Entity)> {
        self.state.members(self.root)
    }

    /// The payments that are told of.
    pub(super) fn payments(&self) -> impl Iterator<Item = (Ix, &'a Entity)> {
        self.state.payments_of(self.root)
    }

    /// Whether one of these ids, or else the customer, is searched for: in one list by one text.
    pub(in crate::domain::state) fn finds(&self, searched: &MoneySearched, ids: &[&str]) -> bool {
        searched.finds(ids, |needle| {
            let matches = || self.state.matches(self.root_ix, self.root, needle);
            *self.is_searched.get_or_init(matches)
        })
    }

    /// Whether a payment is for another period: by its provider's word, else because the same
    /// subscription was paid before.
    pub(super) fn is_renewal(&self, ix: Ix) -> bool {
        let payment = self.state.arena.get(ix).payment();
        let told = payment.and_then(|held| held.is_renewal());
        told.unwrap_or_else(|| self.is_paid_before(ix).unwrap_or(false))
    }

    fn is_paid_before(&self, ix: Ix) -> Option<bool> {
        let own = self.word(ix, self.state.sold_at(ix)?);
        let paid = self.state.subscription_paid(ix)?;
        let first = self.first_paid.get_or_init(|| self.paid_first());
        Some(first.get(&paid).is_some_and(|first| *first < own))
    }

    /// The place of a payment among the others.
    fn word(&self, ix: Ix, at: Timestamp) -> Word<'a> {
        word_of(at, self.state.asked_for(ix), &self.state.arena.get(ix).name)
    }

    fn paid_first(&self) -> HashMap<Ix, Word<'a>> {
        let mut first = HashMap::new();
        for (ix, entity) in self.payments() {
            // What is no order yet has not paid, whatever is told of when it was.
            let order = entity.payment();
            let order = order.filter(|held| held.order_status() != OrderStatus::Pending);
            let at = order.and_then(|payment| payment.paid_at());
            if let Some((at, paid)) = at.zip(self.state.subscription_paid(ix)) {
                let own = self.word(ix, at);
                let held = first.entry(paid).or_insert(own);
                *held = own.min(*held);
            }
        }
        first
    }

    /// What a payment is for: by its provider's word, else by what is sold.
    pub(super) fn billing_of(&self, ix: Ix) -> Billing {
        let told = self.state.arena.get(ix).payment();
        if let Some(told) = told.and_then(|held| held.billing()) {
            return told;
        }
        let Some(paid) = self.state.subscription_paid(ix) else {
            return Billing::OneTime;
        };
        let mut known = self.billing.borrow_mut();
        let sold = *known.entry(paid).or_insert_with(|| self.billing_sold(ix));
        sold.unwrap_or_else(|| self.billing_offered(ix))
    }

    fn billing_sold(&self, ix: Ix) -> Option<Billing> {
        let paid = self.state.subscription_shown(ix)?;
        let view = self.state.subscription_view(paid, None);
        Some(match view.and_then(|view| view.terms) {
            Some(terms) if terms.period == Period::OneTime => Billing::OneTime,
            _ => Billing::Subscription,
        })
    }

    /// By the checkout at which it was tried to pay.
    fn billing_offered(&self, ix: Ix) -> Billing {
        match self.state.offered_to(ix) {
            Some(Item::Plan { period, .. }) if *period != Period::OneTime => Billing::Subscription,
            Some(Item::Plan { .. } | Item::Addon { .. }) | None => Billing::OneTime,
        }
    }

    /// The customer, less what it holds.
    pub(super) fn customer(&self) -> CustomerView {
        let alone = || self.state.customer_alone(self.root_ix);
        self.customer.get_or_init(alone).clone()
    }

    /// What it pays with.
    pub(super) fn methods(&self) -> &[Method<'a>] {
        self.methods
            .get_or_init(|| self.state.methods_of(self.root))
    }
}

/// The customers and subscriptions of one page.
pub struct Book<'a> {
    pub(in crate::domain::state) state: &'a State,
    pub(in crate::domain::state) as_of: AsOf,
    sheets: RefCell<HashMap<Ix, Rc<Sheet<'a>>>>,
    subscriptions: RefCell<HashMap<Ix, Option<SubscriptionRecord>>>,
}

impl<'a> Book<'a> {
    pub(super) fn of(state: &'a State, as_of: AsOf) -> Self {
        Self {
            state,
            as_of,
            sheets: RefCell::default(),
            subscriptions: RefCell::default(),
        }
    }

    /// Of the customer that is kept there.
    pub(super) fn sheet(&self, root: Ix) -> Rc<Sheet<'a>> {
        let mut sheets = self.sheets.borrow_mut();
        let sheet = sheets
            .entry(root)
            .or_insert_with(|| Rc::new(Sheet::of(self.state, root)));
        Rc::clone(sheet)
    }

    /// What a payment pays for, where that is shown.
    pub(super) fn subscription_of(&self, payment: Ix) -> Option<SubscriptionRecord> {
        let paid = self.state.subscription_paid(payment)?;
        let mut known = self.subscriptions.borrow_mut();
        let record = known
            .entry(paid)
            .or_insert_with(|| self.state.record_at(paid, self.as_of));
        record.clone()
    }
}
