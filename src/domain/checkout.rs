//! A checkout: an attempt to have something paid on a hosted page, a provider's or our own. It knows
//! nothing of the payments: they are handed in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::customer::CustomerName;
use super::json_text::JsonText;
use super::own::{
    CancelWhen, CheckoutAtGateway, CheckoutAttempted, CheckoutOpened, CheckoutRefused, Pays,
    Pretend,
};
use super::register::{Slot, Stamp};
use super::status::CheckoutStatus;
use super::time::Timestamp;

/// A checkout as the fold holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    status: Option<CheckoutStatus>,
    /// What is known of one that was opened here.
    own: Option<Box<OwnCheckout>>,
}

impl Checkout {
    /// Takes in how far a provider says it has come.
    pub fn observe(&mut self, status: Option<CheckoutStatus>) {
        self.status = self.status.max(status);
    }

    /// How far it has come; `None` while it is known by reference alone.
    #[must_use]
    pub fn status(&self) -> Option<CheckoutStatus> {
        self.status
    }

    /// What is known of one that was opened here.
    #[must_use]
    pub fn own(&self) -> Option<&OwnCheckout> {
        self.own.as_deref()
    }

    /// The same, to be filled.
    pub fn own_mut(&mut self) -> &mut OwnCheckout {
        self.own.get_or_insert_default()
    }
}

/// The cells of a checkout that was opened here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCheckout {
    opened: Slot<JsonText<CheckoutOpened>>,
    /// By their numbers.
    attempts: BTreeMap<u32, Attempt>,
    /// When somebody first called it off.
    cancelled_at: Option<Timestamp>,
    /// For which ends of its time it was told that they passed.
    ends_passed: BTreeSet<Timestamp>,
    /// Which subscription it was opened for; nothing for an add-on.
    plan: Slot<JsonText<Pays>>,
    /// The subscriptions (`SUA-…`) that it was ever said to take the place of.
    may_supersede: BTreeSet<Box<str>>,
    /// For each payment, by the provider's id, the attempt that its notes name.
    attempt_of: BTreeMap<Box<str>, u32>,
    /// When what it sells was first had at it, because there was nothing to pay.
    taken_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    asked: Slot<Asked>,
    at_gateway: Slot<JsonText<CheckoutAtGateway>>,
    refused: Slot<Box<str>>,
}

/// What an attempt was asked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    pretend: Option<Pretend>,
    pays: Option<JsonText<Pays>>,
}

/// A payment that is linked to a checkout, as far as the checkout cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMade<'a> {
    /// When it was made.
    pub at: Timestamp,
    /// The provider's id.
    pub id: &'a str,
    /// What became of it.
    pub outcome: Outcome,
}

/// What others say of a checkout that was opened here.
#[derive(Debug, Default)]
pub struct Heard<'a> {
    /// The payments that are linked to it, in the order in which they count.
    pub payments: Vec<PaymentMade<'a>>,
    /// The gateway's ids of its pages (`plink_…`, `sub_…`) at which nothing can be paid any more.
    pub closed_pages: Vec<&'a str>,
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It pays the checkout.
    Pays,
    /// It failed.
    Failed,
    /// Neither: it is under way, too small, or in other money.
    Neither,
}

impl OwnCheckout {
    /// It was opened.
    pub fn open(&mut self, fact: &CheckoutOpened, stamp: Stamp) {
        self.opened.offer(stamp, JsonText(fact.clone()));
        if let Some(pays) = fact.pays() {
            self.may_supersede.extend(pays.supersedes.iter().cloned());
            self.plan.offer(stamp, JsonText(pays));
        }
    }

    /// The payer wants to pay.
    pub fn attempt(&mut self, fact: &CheckoutAttempted, stamp: Stamp) {
        let asked = Asked {
            pretend: fact.pretend,
            pays: fact.pays.clone().map(JsonText),
        };
        self.attempt_mut(fact.attempt).asked.offer(stamp, asked);
        let before = fact.pays.iter().flat_map(|pays| &pays.supersedes);
        self.may_supersede.extend(before.cloned());
    }

    /// The gateway has a page for it.
    pub fn at_gateway(&mut self, fact: &CheckoutAtGateway, stamp: Stamp) {
        let attempt = self.attempt_mut(fact.attempt);
        attempt.at_gateway.offer(stamp, JsonText(fact.clone()));
    }

    /// The gateway refused for good.
    pub fn refuse(&mut self, fact: &CheckoutRefused, stamp: Stamp) {
        let attempt = self.attempt_mut(fact.attempt);
        attempt.refused.offer(stamp, fact.why.clone());
    }

    /// Somebody called it off.
    pub fn cancel(&mut self, at: Timestamp) {
        let first = self.cancelled_at.map_or(at, |held| held.min(at));
        self.cancelled_at = Some(first);
    }

    /// What it sells was had at it, because there is nothing to pay.
    pub fn take(&mut self, at: Timestamp) {
        let first = self.taken_at.map_or(at, |held| held.min(at));
        self.taken_at = Some(first);
    }

    /// Its time was over at `due`, if that is its end.
    pub fn end_passed(&mut self, due: Timestamp) {
        self.ends_passed.insert(due);
    }

    /// A payment's notes name the attempt it was made in.
    pub fn paid_in(&mut self, payment: &str, attempt: u32) {
        let held = self.attempt_of.entry(payment.into()).or_default();
        *held = attempt.max(*held);
    }

    fn attempt_mut(&mut self, number: u32) -> &mut Attempt {
        self.attempts.entry(number).or_default()
    }

    /// Which subscription its payments are for, with the stamp of what says so: the newest attempt,
    /// else what it was opened for. Nothing while it is not known to be a plan's.
    #[must_use]
    pub fn pays(&self) -> Option<(Stamp, &Pays)> {
        let plan = self.plan.register()?;
        let asked = self.newest().and_then(|(_, held)| held.asked.register());
        let pays = asked.and_then(|asked| Some((asked.stamp, &asked.value.pays.as_ref()?.0)));
        Some(pays.unwrap_or((plan.stamp, &plan.value.0)))
    }

    /// Whether it takes the place of that subscription (`SUA-…`), once it is paid.
    #[must_use]
    pub fn supersedes(&self, subscription: &str) -> bool {
        let is_plan = self.opened().is_some_and(|opened| opened.pays().is_some());
        let pays = self.pays().filter(|_| is_plan);
        pays.is_some_and(|(_, pays)| pays.supersedes.iter().any(|id| **id == *subscription))
    }

    /// The subscriptions (`SUA-…`) that it was ever said to take the place of.
    pub fn may_supersede(&self) -> impl Iterator<Item = &str> {
        self.may_supersede.iter().map(|id| &**id)
    }

    /// What was opened; `None` while it is known by reference alone.
    #[must_use]
    pub fn opened(&self) -> Option<&CheckoutOpened> {
        self.opened.get().map(|opened| &opened.0)
    }

    /// When it was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<Timestamp> {
        self.opened
            .register()
            .map(|register| register.stamp.occurred_at)
    }

    /// The newest attempt that was made.
    fn newest(&self) -> Option<(u32, &Attempt)> {
        let mut made = self.made();
        made.next_back()
    }

    fn made(&self) -> impl DoubleEndedIterator<Item = (u32, &Attempt)> {
        let all = self.attempts.iter().map(|(number, held)| (*number, held));
        all.filter(|(_, held)| held.asked.get().is_some())
    }

    /// The attempt that a payment was made in: the one its notes name, else the newest that was
    /// asked for by then. Gateways tell times in seconds.
    fn attempt_of(&self, payment: &PaymentMade<'_>) -> Option<u32> {
        let named = self.attempt_of.get(payment.id).copied();
        named.or_else(|| {
            let second = |at: Timestamp| at.as_millis() / 1_000;
            let by_then = |(_, held): &(u32, &Attempt)| {
                let asked = held.asked.register();
                asked.is_some_and(|asked| second(asked.stamp.occurred_at) <= second(payment.at))
            };
            let mut made = self.made();
            made.rfind(by_then).map(|(number, _)| number)
        })
    }

    /// When the attempt was asked for that a payment was made in: the one its notes name, else the
    /// first. Nothing where there was none.
    #[must_use]
    pub fn asked_for(&self, payment: &str) -> Option<Stamp> {
        let named = self.attempt_of.get(payment);
        let named = named.and_then(|number| self.attempts.get(number)?.asked.register());
        let first = || {
            self.made()
                .next()
                .and_then(|(_, held)| held.asked.register())
        };
        named.or_else(first).map(|asked| asked.stamp)
    }

    /// How far it has come, with what others say of it.
    #[must_use]
    pub fn status(&self, heard: &Heard<'_>) -> CheckoutStatus {
        let payments = &heard.payments;
        let Some(opened) = self.opened() else {
            return CheckoutStatus::Open;
        };
        let is_paid = payments.iter().any(|made| made.outcome == Outcome::Pays);
        if is_paid || self.taken_at.is_some() {
            return CheckoutStatus::Paid;
        }
        if self.ends_passed.contains(&opened.expires_at) {
            return CheckoutStatus::Expired;
        }
        if self.cancelled_at.is_some() {
            return CheckoutStatus::Cancelled;
        }
        let Some((number, newest)) = self.newest() else {
            return CheckoutStatus::Open;
        };
        let failed = |made: &PaymentMade<'_>| {
            made.outcome == Outcome::Failed && self.attempt_of(made) == Some(number)
        };
        let page = newest.at_gateway.get().map(|page| &*page.0.reference);
        let is_closed = page.is_some_and(|page| heard.closed_pages.contains(&page));
        if newest.refused.get().is_some() || is_closed || payments.iter().any(failed) {
            CheckoutStatus::Failed
        } else {
            CheckoutStatus::Processing
        }
    }

    /// When it falls due to be expired: never once it is paid, called off or expired.
    #[must_use]
    pub fn due(&self, heard: &Heard<'_>) -> Option<Timestamp> {
        let opened = self.opened()?;
        let waits = self.status(heard) < CheckoutStatus::Cancelled;
        waits.then_some(opened.expires_at)
    }

    /// How it is seen by whoever decides about it; `None` while it is known by reference alone.
    #[must_use]
    pub fn view(&self, heard: &Heard<'_>, customer: CustomerName) -> Option<CheckoutView> {
        let opened = self.opened()?.clone();
        let newest = self.newest();
        let asked = newest.and_then(|(_, held)| held.asked.register());
        let pages = self.attempts.values();
        let pages = pages.filter_map(|held| Some(held.at_gateway.get()?.0.clone()));
        let mut payments = heard.payments.iter();
        let paid = payments.find(|made| made.outcome == Outcome::Pays);
        let paid_at = [paid.map(|made| made.at), self.taken_at];
        let pages: Vec<_> = pages.collect();
        let is_closed = |page: &CheckoutAtGateway| heard.closed_pages.contains(&&*page.reference);
        Some(CheckoutView {
            is_page_closed: pages.iter().any(is_closed),
            opened_at: self.opened_at()?,
            status: self.status(heard),
            attempt: newest.map_or(0, |(number, _)| number),
            attempted_at: asked.map(|asked| asked.stamp.occurred_at),
            pretend: asked.and_then(|asked| asked.value.pretend),
            at_gateway: newest.and_then(|(_, held)| Some(held.at_gateway.get()?.0.clone())),
            pages,
            refused: newest.and_then(|(_, held)| held.refused.get().cloned()),
            paid_at: paid_at.into_iter().flatten().min(),
            payment_id: paid.map(|made| made.id.into()),
            customer,
            opened,
        })
    }
}

/// A checkout as those see it who decide about it. It is not part of any answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckoutView {
    /// What was opened.
    pub opened: CheckoutOpened,
    /// When.
    pub opened_at: Timestamp,
    /// How far it has come, whatever the clock says.
    pub status: CheckoutStatus,
    /// The number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// When that was asked for.
    pub attempted_at: Option<Timestamp>,
    /// What the sandbox shall pretend in it.
    pub pretend: Option<Pretend>,
    /// The gateway's page for it.
    pub at_gateway: Option<CheckoutAtGateway>,
    /// The gateway's pages for all attempts, oldest first.
    pub pages: Vec<CheckoutAtGateway>,
    /// Whether nothing can be paid any more at one of them.
    pub is_page_closed: bool,
    /// Why the gateway refused it, where it did.
    pub refused: Option<Box<str>>,
    /// When it was paid, or what it sells was had because there is nothing to pay.
    pub paid_at: Option<Timestamp>,
    /// The provider's id of the payment that paid it first; nothing where there was none to make.
    pub payment_id: Option<Box<str>>,
    /// Whose it is.
    pub customer: CustomerName,
}

/// Something that must be asked of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GatewayWork {
    /// A page for an attempt.
    Open {
        /// `TRN-…`
        checkout: Box<str>,
        /// Which attempt.
        attempt: u32,
    },
    /// That it stops charging.
    Cancel {
        /// `SUA-…`
        subscription_id: Box<str>,
        /// The gateway's id of it (`sub_…`).
        reference: Box<str>,
        /// When.
        when: CancelWhen,
    },
}
