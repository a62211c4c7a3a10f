//! What customers pay with: what a provider keeps for them, and what their payments were made with.

use std::collections::BTreeMap;

use super::{Book, MoneyListing, Sheet};
use crate::domain::customer::CustomerView;
use crate::domain::id::Tsid;
use crate::domain::instrument::Instrument;
use crate::domain::standing::{Word, word_of};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::{Entity, Space};
use crate::domain::state::numbered::{Newest, Place};
use crate::domain::time::Timestamp;

/// Whole numbers that every reader of JSON keeps: 53 bits.
const NUMBER_BITS: u32 = 53;
/// A provider's word for one that can be used.
const SUCCEEDED: &str = "succeeded";

/// Which payment methods; what is left open is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentMethodsAsked {
    /// Of this customer, by any id.
    customer: Option<String>,
    /// In lower case.
    email: Option<String>,
}

/// One payment method: kept by a provider, or shown by this payment first of all.
#[derive(Debug, Clone, Copy)]
pub struct MethodKey {
    root: Ix,
    id: u64,
}

/// A payment method as it is shown.
#[derive(Debug, Clone)]
pub struct PaymentMethodRecord {
    /// The provider's own number, else a function of what it is and whose; of 53 bits.
    pub id: u64,
    /// The word that its customer goes by: the merchant's identifier, else a provider's id.
    pub customer_key: Box<str>,
    /// Whose it is, less what that one holds.
    pub customer: CustomerView,
    /// `card`, …
    pub method: Box<str>,
    /// What is told of it.
    pub instrument: Instrument,
    /// Whether it is used where none is named: by its provider's word, else the one used last.
    pub is_default: bool,
    /// When it was first heard of or used.
    pub created_at: Timestamp,
    /// When it was last.
    pub modified_at: Timestamp,
}

/// One of a customer's methods.
#[derive(Debug, Clone)]
pub(super) struct Method<'a> {
    id: u64,
    word: &'a str,
    instrument: Instrument,
    is_default: bool,
    first: Timestamp,
    last: Timestamp,
    /// The place of the last payment that was made with it among all.
    last_paid: Option<Word<'a>>,
}

impl MoneyListing for PaymentMethodsAsked {
    type Key = MethodKey;
    type Record = PaymentMethodRecord;

    fn only(&self, state: &State) -> Option<Option<Place>> {
        let customer = self.customer.as_ref()?;
        Some(state.find_customer(customer).map(Place))
    }

    fn of_customer(&self, sheet: &Sheet<'_>, offer: &mut dyn FnMut(Newest, MethodKey)) {
        let methods = sheet.methods();
        if methods.is_empty() || !self.is_reached_at(sheet) {
            return;
        }
        for method in methods {
            let (at, id) = (method.first, method.id);
            let root = sheet.root_ix;
            offer(Newest::of(at, id), MethodKey { root, id });
        }
    }

    fn record(&self, book: &Book<'_>, key: MethodKey) -> Option<PaymentMethodRecord> {
        let sheet = book.sheet(key.root);
        let mut methods = sheet.methods().iter();
        let method = methods.find(|method| method.id == key.id)?;
        Some(PaymentMethodRecord {
            id: method.id,
            customer_key: sheet.root.name.clone(),
            customer: sheet.customer(),
            method: method.word.into(),
            instrument: method.instrument.clone(),
            is_default: method.is_default,
            created_at: method.first,
            modified_at: method.last,
        })
    }
}

impl PaymentMethodsAsked {
    /// Those of this customer, by any id, and of customers with this e-mail address, in any case.
    #[must_use]
    pub fn of(customer: Option<String>, email: Option<&str>) -> Self {
        Self {
            customer,
            email: email.map(str::to_lowercase),
        }
    }

    fn is_reached_at(&self, sheet: &Sheet<'_>) -> bool {
        self.email.as_ref().is_none_or(|wanted| {
            let person = sheet.state.person(sheet.root);
            person
                .email()
                .is_some_and(|email| email.to_lowercase() == *wanted)
        })
    }
}

impl State {
    /// What a customer pays with.
    pub(super) fn methods_of<'a>(&'a self, root: &'a Entity) -> Vec<Method<'a>> {
        let mut methods: Vec<Method<'a>> = self.methods_kept(root).collect();
        let is_decided = methods.iter().any(|kept| kept.is_default);
        let mut used = self.methods_used(root);
        let last = used
            .iter_mut()
            .max_by_key(|method| (method.last_paid, method.id));
        if let Some(last) = last {
            last.is_default = !is_decided;
        }
        methods.extend(used);
        methods
    }

    /// What a provider keeps for a customer, and can be used.
    fn methods_kept<'a>(&'a self, root: &'a Entity) -> impl Iterator<Item = Method<'a>> {
        self.members(root).filter_map(|(_, entity)| {
            let held = entity.payment_method()?;
            let kept = held.kept()?;
            let is_usable = kept.status.as_deref().is_none_or(|word| word == SUCCEEDED);
            let provider = self.arena.provider(entity.space);
            (is_usable && !kept.is_deleted).then(|| Method {
                id: own_number(&entity.name).unwrap_or_else(|| number(&[provider, &entity.name])),
                word: held.word().unwrap_or_default(),
                instrument: kept.instrument,
                is_default: kept.is_default,
                first: entity.activity.first(),
                last: entity.activity.last(),
                last_paid: None,
            })
        })
    }

    /// What the payments of a customer that went through were made with.
    fn methods_used<'a>(&'a self, root: &'a Entity) -> Vec<Method<'a>> {
        let mut used: BTreeMap<(Space, &str, &str), (Timestamp, Timestamp, Word<'a>)> =
            BTreeMap::new();
        for (ix, entity) in self.payments_of(root) {
            let Some(payment) = entity.payment().filter(|held| held.is_captured()) else {
                continue;
            };
            let (Some(word), Some(at)) = (payment.method(), self.sold_at(ix)) else {
                continue;
            };
            let told = payment.instrument_text().unwrap_or_default();
            let paid = word_of(at, self.asked_for(ix), &entity.name);
            let times = used.entry((entity.space, word, told));
            let times = times.or_insert((at, at, paid));
            *times = (times.0.min(at), times.1.max(at), times.2.max(paid));
        }
        let methods = used
            .into_iter()
            .map(|((space, word, told), (first, last, last_paid))| {
                let provider = self.arena.provider(space);
                Method {
                    id: number(&[provider, &root.name, word, told]),
                    word,
                    instrument: Instrument::of_text(told),
                    is_default: false,
                    first,
                    last,
                    last_paid: Some(last_paid),
                }
            });
        methods.collect()
    }
}

/// A provider's own number, where it is one that every reader keeps.
fn own_number(name: &str) -> Option<u64> {
    let number: u64 = name.parse().ok()?;
    (number < 1 << NUMBER_BITS).then_some(number)
}

/// A number for what these words name, greater than any that a provider counts up to.
fn number(words: &[&str]) -> u64 {
    let hash = Tsid::minted("payment method", &words.join("\0")).as_u64();
    (hash >> (u64::BITS - NUMBER_BITS)) | (1 << (NUMBER_BITS - 1))
}
